"""The reference as a session: answers the same probes as a student's kernel, in our own process."""

from __future__ import annotations

import functools
import hashlib
import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias, assert_never

import numpy as np
import torch

from grader import references, seeds
from grader.errors import AnswerKeyError, RubricError
from grader.kept_answers import KeptAnswers
from grader.kernel.inside.answering import NotDefined, answer
from grader.kernel.wire import given, max_answer, observation_frame, read_observation
from grader.probes import (
    Died,
    Layer,
    Missing,
    Observation,
    Probe,
    Raised,
    Returned,
    TimedOut,
    Value,
    Version,
    names_of,
    numbered,
)
from grader.spelling import hint

_Case: TypeAlias = tuple[tuple[Value, ...], dict[str, Value], Any]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A named misconception: what it binds, and the sentence that a student reads."""

    target: str
    name: str
    sentence: str
    names: Callable[[], Mapping[str, Any]]


class AnswerKey:
    """The reference of one assignment. Answers are kept, so that a class of students costs one computation.

    Args:
        course: the folder that holds `reference/`.
        name: the package below it.
        secret: makes hidden cases of its own; without one the public cases are asked.
        kept: where answers are kept beyond this process.

    Raises:
        RubricError: there is no such reference.
    """

    def __init__(
        self, course: Path, name: str, *, secret: bytes | None = None, kept: KeptAnswers | None = None
    ) -> None:
        self._course, self._name = course, name
        self._kept: Callable[[bytes, Callable[[], Observation]], Observation] = kept or _computed
        self._secret = secret
        self._solutions = references.module(course, name, "solutions")
        self._inputs = references.module(course, name, "inputs")
        self._stand_ins: Mapping[str, Any] = references.table(course, name, "stand_ins", "STAND_INS")
        self._mistakes = references.module(course, name, "misconceptions")
        # Targets that are values: each of their misconceptions is a function that makes the names it binds.
        self._values: frozenset[str] = getattr(self._mistakes, "VALUES", frozenset())
        self._answers: dict[bytes, Observation] = {}
        self._cases: dict[tuple[str, int, int], _Case] = {}

    # ---- as a session ------------------------------------------------------------------------------------------------

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe.

        Raises:
            AnswerKeyError: the reference fails to answer, which is never the student's fault.
        """
        for probe in probes:
            key = _key(probe)
            if key not in self._answers:
                self._answers[key] = self._kept(key, functools.partial(self._answered, probe))
            yield self._answers[key]

    def versions(self, target: str) -> Sequence[Version]:
        """The reference defines everything once."""
        return [Version(1, "definition")]

    def _answered(self, probe: Probe) -> Observation:
        with _undisturbed():
            observation = answer(probe, self)
        if isinstance(observation, Returned):
            # Through the same door as a student's values, so that both are plain and detached.
            return read_observation(observation_frame(observation, max_answer(probe)))
        raise AnswerKeyError(self._failure(probe, observation))

    def _failure(self, probe: Probe, observation: Observation) -> str:
        """For the author, who may see everything."""
        match observation:
            case Missing(reason=reason):
                names = vars(self.solutions).items()
                known = [name for name, value in names if name[0] != "_" and not inspect.ismodule(value)]
                return f"{reason or probe.name}, and rubric.yaml has an item about it{hint(probe.name, known)}"
            case Raised(type=name, line=line, message=message):
                told = f"it raised {name}: {message}" + (f" at `{line}`" if line else "")
            case TimedOut(seconds=seconds):
                told = f"it gave no answer in {seconds:g} s"
            case Died(reason=reason):
                told = reason
            case Returned():
                told = "it answered"
            case _:
                assert_never(observation)
        return f"the reference's {probe.target} fails on question {probe.question!r}: {told}"

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The `Bench` of the reference: its solutions by name."""
        namespace = vars(self._solutions)
        yield _looked_up(target, namespace), namespace

    # ---- what only the reference has ---------------------------------------------------------------------------------

    def case(self, generator_name: str, seed: int, number: int) -> _Case:
        """Arguments for one case, to be read only: args, kwargs, and the inputs of forward for modules (else None).

        Raises:
            RubricError: there is no such generator.
            AnswerKeyError: it fails.
        """
        known = (generator_name, seed, number)
        if known not in self._cases:
            self._cases[known] = self._drawn(generator_name, seed, number)
        return self._cases[known]

    def _drawn(self, generator_name: str, seed: int, number: int) -> _Case:
        make = getattr(self._inputs, generator_name, None)
        if make is None:
            raise RubricError(f"rubric.yaml: inputs: {generator_name!r} is not in {self._inputs.__name__}")
        with _undisturbed():
            torch.set_default_dtype(torch.float32)  # what a generator draws must not depend on what was asked before
            try:
                made = make(torch.Generator().manual_seed(seed), number)
            except references.RAISED as error:
                raise AnswerKeyError(
                    f"the reference's generator {generator_name} fails at case {number}: {references.told(error)}"
                ) from error
        if not hasattr(made, "args") or not hasattr(made, "kwargs"):
            raise AnswerKeyError(
                f"the reference's generator {generator_name} gives a value of type {type(made).__name__};"
                " give Arguments((first, second, ...), {}), which inputs.py defines"
            )
        args = tuple(_travelling(arg, seed) for arg in made.args)
        kwargs = {name: _travelling(arg, seed) for name, arg in made.kwargs.items()}
        inputs = getattr(made, "inputs", None)
        return args, kwargs, None if inputs is None else list(inputs)

    def seed(self, item: str, number: int) -> int:
        """The seed of a case: by HMAC from the secret, so that a regrade repeats it, or public."""
        if self._secret is None:
            return self.public_seed(item, number)
        return seeds.hidden(self._secret, item, number)

    def public_seed(self, item: str, number: int) -> int:
        """The seed of a case that students may see, whatever the secret."""
        return seeds.public(item, number)

    def misconceptions(self, probes: Sequence[Probe]) -> Iterator[tuple[str, Sequence[Observation]]]:
        """Per misconception of the probes' target its sentence, and what it answers to the probes."""
        for mistaken in self._mistakes.MISCONCEPTIONS.get(probes[0].name, ()):
            text = " ".join((mistaken.__doc__ or "").split())
            yield text, [self._mistaken(mistaken, probe) for probe in probes]

    def _mistaken(self, mistaken: Any, probe: Probe) -> Observation:
        key = _key(probe) + mistaken.__qualname__.encode()
        if key not in self._answers:
            self._answers[key] = self._kept(key, functools.partial(self._answered_mistakenly, mistaken, probe))
        return self._answers[key]

    def _answered_mistakenly(self, mistaken: Any, probe: Probe) -> Observation:
        with _undisturbed():
            bound = mistaken() if probe.name in self._values else {probe.name: mistaken}
            observation = answer(probe, _OnlyOne({**vars(self._solutions), **bound}))
        return read_observation(observation_frame(observation))

    def mistakes(self) -> Iterator[Mistake]:
        """Every named misconception, in the order in which they are looked for."""
        for target, versions in self._mistakes.MISCONCEPTIONS.items():
            for mistaken in versions:
                bind = mistaken if target in self._values else functools.partial(dict, {target: mistaken})
                text = " ".join((mistaken.__doc__ or "").split())
                yield Mistake(target, mistaken.__qualname__, text, bind)

    @property
    def solutions(self) -> ModuleType:
        """The right answers by name."""
        return self._solutions

    def book_examples(self) -> Mapping[str, Callable[[ModuleType], None]]:
        """By name what the book prints about it: each raises AssertionError where a module's answer is another."""
        try:
            module = references.module(self._course, self._name, "book_examples")
        except RubricError:
            return {}
        return {name: value for name, value in vars(module).items() if inspect.isfunction(value) and name[0] != "_"}

    def equivalents(self) -> Mapping[str, Mapping[str, str]]:
        """By definition the changes that make no difference to what is asked, each with the reason."""
        return references.table(self._course, self._name, "equivalents", "EQUIVALENTS")

    def stand_in(self, target: str) -> str | None:
        """Source text of a right helper made of torch's own operations, where there is one."""
        made = self._stand_ins.get(target)
        return None if made is None else inspect.getsource(made)


def _computed(key: bytes, compute: Callable[[], Observation]) -> Observation:
    """The answer of a key that is not kept anywhere."""
    return compute()


class _OnlyOne:
    """The `Bench` of one misconception: the reference's names, those that it binds otherwise replaced."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        yield _looked_up(target, self._namespace), self._namespace


def _looked_up(target: str, namespace: Mapping[str, Any]) -> Any:
    """The value of a name, of several that belong together, or of the one that a number picks (`name@2`)."""
    bare, number = numbered(target)
    names = names_of(bare)
    if missing := [name for name in names if name not in namespace]:
        raise NotDefined(f"{missing[0]} is not in {namespace['__name__']}")
    value = namespace[names[0]] if len(names) == 1 else tuple(namespace[name] for name in names)
    return value if number is None else value[number]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave this process as it was: probes set generators and default dtype, which the grader's own code relies on."""
    dtype = torch.get_default_dtype()
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def _travelling(value: Any, seed: int) -> Value:
    if isinstance(value, Mapping) and "layer" in value:
        return Layer(value["layer"], dict(value["kwargs"]), seed)
    return value


def _key(probe: Probe) -> bytes:
    # Stand-ins replace the student's helpers; the reference has its own, so they do not change its answers.
    around = repr((probe.question, probe.target, probe.seed))
    return hashlib.sha256(given(probe).sha256 + around.encode()).digest()
