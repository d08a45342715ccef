"""Right and wrong answers as sessions in our own process: what the checks are tried on.

    Defined       a module of solutions, right or with a mistake in it, asked like a notebook
    Fabricated    answers made without computing anything: zeros, the input, what an earlier case gave ...
    WrongWithoutBiases    zeros of a module that also leaves out the biases without effect

Only the instructor's own code runs here; a student's never does.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import inspect
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import torch

from grader.checks import module_answers
from grader.errors import AnswerKeyError
from grader.kernel.inside.answering import NotDefined, ProbeTimeout, answer
from grader.kernel.session import TRAINING
from grader.kernel.wire import observation_frame, read_observation
from grader.probes import Missing, Observation, Probe, Raised, Returned, Session, Value, Version, names_of, numbered
from grader.records import Item

# Of processor time, because a right answer must not be refused where the machine is busy with something else.
_LIMIT_S = 10.0  # for one probe
_TRAIN_S = 600.0  # for one that trains
_WAITS = 10  # times the limit by the clock, for what waits and computes nothing


# ---- code ------------------------------------------------------------------------------------------------------------


class Defined:
    """The names of a module as a session: one version of each target, and the library layers that items look for.

    Args:
        names: a module's names, or those of a notebook.
        items: the items that will be asked.
    """

    def __init__(self, names: Mapping[str, Any], items: Sequence[Item]) -> None:
        self._names = dict(names)
        self._layers = {item.target: str(item.options["layers"]) for item in items if "layers" in item.options}

    def versions(self, target: str) -> Sequence[Version]:
        """The definition, then the layers that the same name is bound to later."""
        return [Version(1, kind) for kind, _ in self._bound(target)]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe within a limit, through the door that a student's values take."""
        for probe in probes:
            yield _through_the_wire(_limited(probe, self))

    @contextlib.contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The `Bench` of these names."""
        name, number = numbered(target)
        bound = self._bound(name)
        if not bound:
            raise NotDefined("")
        yield bound[number or 0][1], self._names

    def _bound(self, target: str) -> list[tuple[str, Any]]:
        names = names_of(target)
        if any(name not in self._names for name in names):
            return []
        value = self._names[names[0]] if len(names) == 1 else tuple(self._names[name] for name in names)
        layers = self._names.get(self._layers.get(target, ""), ())
        kind = "definition" if callable(value) and not isinstance(value, torch.nn.Module) else "value"
        return [(kind, value), *(("library", layer) for layer in _listed(layers))]


def _listed(layers: Any) -> Sequence[Any]:
    return layers if isinstance(layers, list | tuple) else ()


def module_of(source: str, name: str) -> ModuleType:
    """The module that a text makes, under a name of its package; whatever it raises comes out.

    Args:
        source: the text.
        name: the full name of the module that the text stands for, so that its relative imports work.
    """
    spec = importlib.util.spec_from_loader(name, _Text(source), origin=f"<{name}>")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Text(importlib.abc.InspectLoader):
    """Loads a module from its text."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, fullname: str) -> str:
        return self._source


def _limited(probe: Probe, bench: Defined) -> Observation:
    """The answer, or TimedOut; a mistake made by rule may well be an endless loop."""

    limit = _TRAIN_S if probe.question in TRAINING else _LIMIT_S

    def stop(*_: object) -> None:
        raise ProbeTimeout(limit)

    timers = ((signal.ITIMER_PROF, signal.SIGPROF, limit), (signal.ITIMER_REAL, signal.SIGALRM, _WAITS * limit))
    before = [signal.signal(number, stop) for _, number, _ in timers]
    try:
        for timer, _, seconds in timers:
            signal.setitimer(timer, seconds)
        return answer(probe, bench)
    finally:
        for (timer, number, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def _through_the_wire(observation: Observation) -> Observation:
    try:
        return read_observation(observation_frame(observation))
    except Exception as error:  # noqa: BLE001 - a wrong answer may be anything, and taking it apart may fail
        return Raised(type(error).__name__)


# ---- no code ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fabricated:
    """A session that computes nothing: every number of the right answer is replaced.

    It knows the shapes that are asked for, which no student's code does, so it is the strongest of its kind.

    Args:
        right: whoever knows the right answers.
        item: the item that is asked.
        make: from a probe and a tensor of the right answer to the tensor given instead.
    """

    right: Session
    item: Item
    make: Callable[[Probe, torch.Tensor], torch.Tensor]

    def versions(self, target: str) -> Sequence[Version]:
        """One definition, and as many layers as could be looked for."""
        return [Version(1, "definition"), *[Version(1, "library")] * 3]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer with the right form and wrong numbers."""
        for probe in probes:
            yield self._answer(probe)

    def _answer(self, probe: Probe) -> Observation:
        match probe.question:
            case "train":
                return Returned({"losses": [0.0]})
            case "logits":
                return Returned(self.make(probe, torch.zeros(len(probe.args[0]), 10)))
            case "weights" | "redraw":
                return Returned(None)
            case "text" | "calls" | "operators":
                return Missing(probe.target)
            case "shapes":  # no layers, but the right output
                (right,) = self.right.ask([probe])
                assert isinstance(right, Returned)
                return Returned({"layers": [], "modules": [], "output": right.value["output"]})
        if (layers := self.item.options.get("layers")) is not None and probe.name == self.item.target:
            probe = Probe("call", f"{layers}@0", probe.args, probe.kwargs, probe.seed)
        elif probe.question == "state":
            options = self.item.options
            return Returned(self.make(probe, torch.tensor(options["expected"]).reshape(options["shape"])))
        elif probe.name != self.item.target:
            probe = replace(probe, target=probe.name)  # the right answers have one version of everything
        (right,) = self.right.ask([probe])
        return Returned(_replaced(right.value, probe, self.make)) if isinstance(right, Returned) else right


def _replaced(value: Value, probe: Probe, make: Callable[[Probe, torch.Tensor], torch.Tensor]) -> Value:
    match value:
        case torch.Tensor():
            return make(probe, value)
        case bool() | str():
            return value
        case int() | float():
            return make(probe, torch.tensor(float(value))).reshape(-1)[0].item()
        case Mapping():
            return {key: _replaced(each, probe, make) for key, each in value.items()}
        case [list() as shape, torch.Tensor() as tensor] if all(type(n) is int for n in shape):
            return [shape, make(probe, tensor)]  # a row of a bag: a shape with its values
        case list() | tuple():
            return [_replaced(each, probe, make) for each in value]
    return value


def _tensors(probe: Probe) -> list[torch.Tensor]:
    given = [*probe.args, *probe.options.get("inputs", ())]
    return [each for each in given if isinstance(each, torch.Tensor)]


def _input(probe: Probe, right: torch.Tensor) -> torch.Tensor:
    tensors = _tensors(probe)
    return tensors[0] if tensors else torch.zeros_like(right)


def _mean(probe: Probe, right: torch.Tensor) -> torch.Tensor:
    tensors = _tensors(probe)
    return torch.full_like(right, float(tensors[0].double().mean()) if tensors else 0.0)


FABRICATIONS: Mapping[str, Callable[[Probe, torch.Tensor], torch.Tensor]] = {
    "zeros": lambda probe, right: torch.zeros_like(right),
    "ones": lambda probe, right: torch.ones_like(right),
    "the input": _input,
    "its mean": _mean,
    "NaN": lambda probe, right: torch.full_like(right, torch.nan),
}


class Memoised:
    """Gives to each case what the public case of the same shapes gave.

    Args:
        right: whoever knows the right answers.
        seen: probes of the public cases.
    """

    def __init__(self, right: Session, seen: Sequence[Probe]) -> None:
        self._given = {_form(probe): observation for probe, observation in zip(seen, right.ask(seen), strict=True)}

    def versions(self, target: str) -> Sequence[Version]:
        """One definition."""
        return [Version(1, "definition")]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Look each answer up."""
        for probe in probes:
            yield self._given.get(_form(probe), Missing(probe.target))


def _form(probe: Probe) -> str:
    """What a program can see of a probe before it computes: shapes, and values that are no tensors."""

    def form(value: Value) -> str:
        if isinstance(value, torch.Tensor):
            return f"{value.dtype}{tuple(value.shape)}"
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(form, value))}]"
        if isinstance(value, Mapping):
            return f"{{{', '.join(f'{key}: {form(each)}' for key, each in value.items())}}}"
        return type(value).__name__ if inspect.isclass(type(value)) and hasattr(value, "seed") else repr(value)

    return f"{probe.question} {probe.target} {form(probe.args)} {form(probe.kwargs)} {form(probe.options)}"


class Watched:
    """The reference as a student, and what it is asked; it has no source to show."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.probes: list[Probe] = []

    def versions(self, target: str) -> Sequence[Version]:
        """As of the session itself."""
        return self._session.versions(target)

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Ask the session."""
        for probe in probes:
            try:
                (observation,) = [Missing(probe.target)] if probe.question == "calls" else self._session.ask([probe])
            except AnswerKeyError:  # its function of this name is not the layers that students bind to it later
                observation = Missing(probe.target)
            if not isinstance(observation, Missing):
                self.probes.append(probe)
            yield observation


class WrongWithoutBiases:
    """A session of modules that give zeros and have no bias that is without effect, which leads to other questions."""

    def __init__(self, right: Session) -> None:
        self._right = right

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Wrong answers about modules; no other target is known."""
        for probe in probes:
            if probe.question != "module":
                yield Missing(probe.target)
                continue
            (observation,) = self._right.ask([probe])
            if not isinstance(observation, Returned):
                yield observation
                continue
            value = module_answers.without_idle_biases(observation.value)
            outputs = {name: torch.zeros_like(value[name]) for name in ("eval.output", "train.output")}
            yield Returned({**value, **outputs})

    def versions(self, target: str) -> Sequence[Version]:
        """One definition."""
        return [Version(1, "definition")]
