"""Follows what a notebook trains by itself, by whatever loop: which network, how many steps, and when it is enough.

Optimisers tell of their steps (torch lets one listen to all of them; d2l's own does so too). Whose parameters they
move shows which network is trained; its class, or the same layers under another class, shows for which item. Training
ends after its budget of steps, or once held-out images have said enough, by an exception that only stops the
statement: `TrainingOver`. Everything else that a notebook trains is stopped at once.
"""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.optim import optimizer as optimizers

from grader.kernel.inside import images
from grader.kernel.inside.capture import Captures
from grader.kernel.inside.given import Given, Scale
from grader.kernel.inside.pixels import resident
from grader.kernel.inside.progress import Progress
from grader.kernel.inside.provenance import Provenance
from grader.kernel.inside.scores import answers, device_of
from grader.kernel.inside.training import lacks, trained
from grader.probes import Probe, Value

_PATIENCE: Final = 8  # steps within which a network has to be given images
_KEPT: Final = 4  # trained networks per item
_BY_HAND: Final = 50  # steps without an optimiser that could have taught a network something


class TrainingOver(BaseException):
    """A network has been trained enough, or does not matter; no `except Exception` of the student's stops it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A network that an item asks for, and how much training it may get.

    Args:
        target: the name of its class.
        data: the data set.
        steps: the budget.
        batch: images a step in the rubric's recipe.
        size: pixels of its square images there.
        enough: see Progress.
        args: its constructor's arguments, for telling its layers.
        kwargs: the same.
    """

    target: str
    data: str
    steps: int
    batch: int
    size: int
    enough: float | None = None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        """Of the data set's images, 3 where it is not here."""
        try:
            return 1 if images.load(self.data, "val")[0].dim() == 3 else 3
        except FileNotFoundError:
            return 3


@dataclass(slots=True, eq=False)
class Run:
    """The training of one network, over all calls of `fit` and all loops."""

    wanted: Wanted
    model: nn.Module
    provenance: Provenance
    given: Given = field(default_factory=Given)
    scale: Scale | None = None
    progress: Progress | None = None
    taken: int = 0
    late: bool = False  # whether the clock stopped it
    by_hand: bool = False  # whether so much was differentiated before it that somebody may have trained by hand
    adapted: bool = False  # whether the network now takes images as everybody's does

    @property
    def over(self) -> bool:
        """Whether it is to get no further step."""
        return self.progress is not None and bool(self.progress.stopped)

    def step(self, loss: Tensor | None) -> None:
        """Note a step that was taken."""
        if self.progress is None and (self.given.complete or self.taken >= _PATIENCE):
            self.watch()
        self.taken += 1
        self.provenance.stepped()
        if self.progress is not None:
            looks = len(self.progress.curve)
            self.progress.step(loss)
            if len(self.progress.curve) > looks:
                self.provenance.keep()

    def finish(self) -> float:
        """End it; the accuracy on held-out images."""
        self.provenance.settle()
        if self.progress is None:
            self.watch()
        if self.progress is None:
            return -1.0
        if self.progress.curve[-1:] == [] or self.progress.curve[-1][0] != self.progress.taken:
            self.progress.look()
        if self.scale is not None and not self.adapted:
            self.model.register_forward_pre_hook(self.scale.adapt)
            self.adapted = True
        return -1.0 if self.progress.accuracy is None else self.progress.accuracy

    def watch(self) -> None:
        """From now on, look at held-out images; they are what the network was given."""
        self.scale = scale = self.given.scale()
        wanted = self.wanted
        size = scale.size[0] if scale and scale.size[0] == scale.size[1] else wanted.size
        held_out = resident(wanted.data, "val", size, device_of(self.model))
        progress = Progress(self.model, held_out, wanted.steps, wanted.batch, enough=wanted.enough)
        progress.taken = self.taken
        if scale:
            progress.adapted = scale.made
        self.progress = progress


@dataclass(slots=True, eq=False)
class Follower:
    """Follows all trainings of one session.

    Args:
        wanted: what items ask for.
        captures: the notebook's definitions so far.
    """

    wanted: Sequence[Wanted]
    captures: Captures
    runs: list[Run] = field(default_factory=list)  # in the order of their beginning
    crowded: torch.OutOfMemoryError | None = None  # raised by a cell
    loss: Tensor | None = None  # that was differentiated last
    unused: int = 0  # how often something was differentiated, less the steps that optimisers took
    _hooks: list[Any] = field(default_factory=list)
    _last: Run | None = None
    _known: Any = field(default_factory=weakref.WeakKeyDictionary)  # runs by optimiser
    _layers: dict[tuple[int, int], Any] = field(default_factory=dict)

    def install(self) -> None:
        """Listen to every optimiser, and to what is differentiated."""
        self._hooks.append(optimizers.register_optimizer_step_pre_hook(self._before))
        self._hooks.append(optimizers.register_optimizer_step_post_hook(self._after))
        backward: Any = Tensor.backward

        def noted(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
            if tensor.numel() == 1:
                self.loss = tensor.detach()
            self.unused += 1
            return backward(tensor, *args, **kwargs)

        setattr(Tensor, "backward", noted)  # noqa: B010 - to mypy it is no method of this form

    def finish(self) -> None:
        """Listen no longer: all cells have run, and what trains from now on is ours."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def before(self, optimizer: Any, parameters: Callable[[], Iterator[Tensor]]) -> None:
        """An optimiser is about to take a step.

        Raises:
            TrainingOver: it must not.
        """
        if not self._hooks:
            return
        if optimizer not in self._known:
            self._known[optimizer] = self._begun({id(each) for each in parameters()})
        runs: list[Run] = self._known[optimizer]
        for run in runs:
            run.provenance.stepping()
        if all(run.over for run in runs):  # also where there are none
            raise TrainingOver

    def after(self, optimizer: Any) -> None:
        """An optimiser has taken a step.

        Raises:
            TrainingOver: that was the last one.
        """
        loss, self.loss = self.loss, None
        self.unused -= 1
        runs: list[Run] = self._known.get(optimizer, [])
        for run in runs:
            self._last = run
            run.step(loss)
        if runs and all(run.over for run in runs):
            raise TrainingOver

    def out_of_time(self) -> None:
        """The clock stops a cell: the network it was training is not trained to its end."""
        if self._last is not None and not self._last.over:
            self._last.late = True

    def failed(self, error: BaseException) -> None:
        """A cell has raised: where a card had too little memory, what was trained is no fault of the student's."""
        if isinstance(error, torch.OutOfMemoryError):
            self.crowded = error

    def of(self, target: str, value: Any) -> list[Run]:
        """The trainings of networks of a class, or of the layers of such a network."""
        runs = [run for run in self.runs if run.wanted.target == target]
        return [
            run
            for run in runs
            if _by_class(run.model, value, run.wanted) or self._by_layers(run.model, value, run.wanted)
        ]

    def _before(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.before(optimizer, lambda: (each for group in optimizer.param_groups for each in group["params"]))

    def _after(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.after(optimizer)

    # ---- which network it is -----------------------------------------------------------------------------------------

    def _begun(self, moved: set[int]) -> list[Run]:
        """The trainings of the networks that hold these parameters; of those begun before, the same ones."""
        holding = _holding(moved)
        known = [run for run in self.runs if any(run.model is each for each in holding)]
        if known or not self.wanted:
            return known
        for told in (_by_class, self._by_layers):  # of two that could be meant, the one of the class is
            for model in holding:
                for wanted in self.wanted:
                    values = [each.value for each in self.captures[wanted.target]]
                    fits = _channels(model) in (None, wanted.channels)
                    if fits and any(told(model, value, wanted) for value in values):
                        return [self._new(model, wanted)]
        return []

    def _new(self, model: nn.Module, wanted: Wanted) -> Run:
        continued = next((run.provenance for run in self.runs if run.provenance.same(model)), None)
        run = Run(wanted, model, Provenance(model, continued), by_hand=self.unused > _BY_HAND)
        run.given.watch(model)
        same = [each for each in self.runs if each.wanted is wanted]
        for each in same[: len(same) + 1 - _KEPT]:  # experiments are many, and memory is not
            self.runs.remove(each)
        self.runs.append(run)
        return run

    def _by_layers(self, model: nn.Module, value: Any, wanted: Wanted) -> bool:
        """Whether a network has the layers that a class or function makes."""
        key = (id(value), id(wanted))
        if key not in self._layers:
            self._layers[key] = (value, _layers_of(value, wanted))  # holds the value, so that no address is used again
        return bool(self._layers[key][1]) and self._layers[key][1] == layers(model)


def _by_class(model: nn.Module, value: Any, wanted: Wanted) -> bool:
    return isinstance(value, type) and issubclass(type(model), value)


def layers(model: nn.Module) -> list[tuple[Any, ...]]:
    """What a network consists of: the layers in their order, with the shapes of their parameters."""
    leaves = [each for each in model.modules() if not list(each.children())]
    return [(type(each).__name__.removeprefix("Lazy"), *(tuple(p.shape) for p in each.parameters())) for each in leaves]


def _layers_of(value: Any, wanted: Wanted) -> list[tuple[Any, ...]]:
    """The layers of a network that a class or function makes; none where it makes none."""
    if not callable(value):
        return []
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            model = value(*wanted.args, **wanted.kwargs).eval()
            model(torch.zeros(2, wanted.channels, wanted.size, wanted.size))
            return layers(model)
    except Exception:  # noqa: BLE001 - a student's class may raise anything, and then there is nothing to compare
        return []


def _holding(moved: set[int]) -> list[nn.Module]:
    """Every module alive that holds one of these parameters, the outer ones first."""
    alive = [each for each in gc.get_objects() if issubclass(type(each), nn.Module)]
    found = []
    for module in alive:
        with contextlib.suppress(Exception):  # a student's module may be half made
            if any(id(each) in moved for each in module.parameters()):
                found.append(module)
    return sorted(found, key=lambda each: -len(list(each.modules())))


def _channels(model: nn.Module) -> int | None:
    """Of the images that a network takes; None where that cannot be told."""
    return next(
        (each.shape[1] for each in model.parameters() if not nn.parameter.is_lazy(each) and each.dim() == 4), None
    )


def in_notebook(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """The network that the notebook itself has trained: of several of the class, the best on held-out images.

    Returns:
        As `training.train`; `stopped` may also be end (the notebook's own) or clock. `steps` is 0, and nothing else is
        there, where the notebook has trained no such network.

    Raises:
        OutOfMemoryError: a cell was stopped by that.
    """
    if lacks(probe):
        return {"no_card": True}
    if current is not None and current.crowded is not None:
        raise current.crowded
    runs = current.of(probe.name, target) if current is not None else []
    if not runs:
        return {"steps": 0}
    best = max(runs, key=Run.finish)
    trained[probe.target] = best.model.eval()
    curve = best.progress.curve if best.progress is not None else []
    untrained = None
    if "untrained" in probe.options:
        with best.provenance.before():
            untrained = answers(best.model, probe.options["untrained"], int(probe.options["size"]))
    return {
        "losses": [loss for _, loss, _ in curve if loss is not None],
        "curve": curve,
        "steps": best.taken,
        "stopped": "clock" if best.late else (best.progress and best.progress.stopped) or "end",
        "parameters": sum(parameter.numel() for parameter in best.model.parameters()),
        "untrained": untrained,
        "by_hand": best.by_hand,
    }


current: Follower | None = None  # this session's, where it follows at all


def follow(wanted: Sequence[Mapping[str, Any]], captures: Captures) -> Follower:
    """Begin to follow the trainings of this session, which is the only one of its process."""
    global current
    rows = [Wanted(**{**each, "args": _tuples(each.get("args", ()))}) for each in wanted]
    current = Follower(rows, captures)
    current.install()
    return current


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list | tuple) else value
