"""Pictures of wrong answers: what a function gives for public examples, beside what it should.

Hidden inputs are never shown, nor may they be told by a function that remembers them. So public examples are asked
before any hidden one, by `Previewed`, and the check finds the answers ready; where they are not, there is no picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeGuard

import torch

from grader.checks.asking import Answer, Reference
from grader.diagnosis.sizes import Geometry, geometry
from grader.probes import PUBLIC, Died, Missing, Observation, Probe, Returned, Session, TimedOut, Value, Version
from grader.records import Item

_EXAMPLES: Final = 3  # asked of every function that can be asked: no misconception of hw2-cnn needs the fourth
_LOOKED_AT: Final = 12  # cases of a generator among which they are chosen
_MOST_SIDE: Final = 8  # rows and columns of an example
_TOO_FEW: Final = 4  # elements that show no pattern
_DIGITS: Final = 4


def examples(reference: Reference, item: Item, inputs: str) -> list[Probe]:
    """Public cases small enough to be drawn, the first ones of the generator.

    Args:
        reference: who draws them.
        item: what is asked.
        inputs: the generator.
    """
    probes = []
    for number in range(_LOOKED_AT):
        seed = reference.public_seed(item.id, number)
        args, kwargs, _ = reference.case(inputs, seed, number)
        image = next((arg for arg in args if isinstance(arg, torch.Tensor)), None)
        if _is_small(image) and image.numel() > _TOO_FEW:
            probes.append(Probe("call", item.target, args, kwargs, seed, {PUBLIC: True}))
    return probes[:_EXAMPLES]


def picture(student: Session, reference: Reference, item: Item, inputs: str) -> dict[str, Any]:
    """Evidence that shows the first public example which the student's function gets wrong; empty where none does.

    `got` and `expected` are matrices (the first channel that is wrong), `wrong` says where they differ, `inputs` are
    the matrices that went in, `window` is what the first wrong value is computed from: [top, left, height, width].
    """
    probes = examples(reference, item, inputs)
    for probe, observed, expected in zip(probes, student.ask(probes), reference.ask(probes), strict=True):
        if isinstance(observed, Returned) and isinstance(expected, Returned):
            answer = Answer(probe, observed, expected.value)
            if not answer.right and (drawn := _drawn(answer)):
                return {"picture": drawn}
    return {}


def _drawn(answer: Answer) -> dict[str, Any]:
    observed = answer.observed.value if isinstance(answer.observed, Returned) else None
    got, expected = _planes(observed), _planes(answer.expected)
    if got is None or expected is None:
        return {}
    drawn: dict[str, Any] = {}
    if got.shape == expected.shape:
        wrong = ~torch.isclose(got, expected, rtol=1e-3, atol=1e-3, equal_nan=True)
        if not bool(wrong.any()):
            return {}
        channel, row, column = torch.nonzero(wrong)[0].tolist()
        got, expected = got[channel], expected[channel]
        drawn["wrong"] = wrong[channel].tolist()
        drawn |= _window(answer, expected, row, column)
    else:
        got, expected = got[0], expected[0]
    given = [arg for arg in answer.probe.args if _is_small(arg) and arg.dim() == 2]
    sizes = geometry(answer.probe.args, answer.probe.kwargs)
    # Two matrices may be anything, such as queries and keys; a kernel leaves an output of its own size.
    slid = sizes is not None and (sizes.noun != "kernel" or tuple(expected.shape) == _left_over(sizes))
    kind = {"kind": sizes.noun} if sizes is not None and slid else {}
    inputs = [_rows(arg.double()) for arg in given]
    return {"got": _rows(got), "expected": _rows(expected), "inputs": inputs, **kind, **drawn}


def _window(answer: Answer, expected: torch.Tensor, row: int, column: int) -> dict[str, Any]:
    """Where the first wrong value comes from, if the output has the size that a sliding window leaves of one plane."""
    sizes = geometry(answer.probe.args, answer.probe.kwargs)
    if sizes is None or answer.probe.args[0].dim() != 2:
        return {}
    height, width = sizes.kernel
    return {"window": [row, column, height, width]} if tuple(expected.shape) == _left_over(sizes) else {}


def _left_over(sizes: Geometry) -> tuple[int, int]:
    """The sides of the output that a sliding window leaves."""
    return sizes.image[0] - sizes.kernel[0] + 1, sizes.image[1] - sizes.kernel[1] + 1


def _is_small(value: Value) -> TypeGuard[torch.Tensor]:
    return (
        isinstance(value, torch.Tensor)
        and 2 <= value.dim() <= 3
        and not value.is_complex()
        and all(0 < side <= _MOST_SIDE for side in value.shape)
    )


def _planes(value: Value) -> torch.Tensor | None:
    """A small tensor as (channels, height, width); None for anything else."""
    if not _is_small(value):
        return None
    return value.detach().double().reshape(-1, *value.shape[-2:])


def _rows(values: torch.Tensor) -> list[list[float | None]]:
    """The values with few digits; None is no number, or infinite."""
    return [[_rounded(value) for value in row] for row in values.tolist()]


def _rounded(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if value - value == 0 else None


# ---- before hidden cases ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Previewed:
    """A session whose questions for pictures are asked before any other one; those that were not are not asked."""

    session: Session
    answers: list[tuple[Probe, Observation]] = field(default_factory=list)
    over: bool = False  # a function hung or ended the kernel; marks must not wait for pictures

    def preview(self, reference: Reference, item: Item) -> None:
        """Ask for the pictures of an item, whose function is asked with cases of its option `inputs`."""
        versions = [n for n, version in enumerate(self.session.versions(item.target)) if version.kind == "definition"]
        if self.over or not versions:
            return
        asked = examples(reference, item, str(item.options["inputs"]))
        probes = [replace(probe, target=f"{item.target}@{number}") for number in versions for probe in asked]
        for probe, observation in zip(probes, self.session.ask(probes), strict=True):
            drawable = not isinstance(observation, Returned) or _is_small(observation.value)
            self.answers.append((probe, observation if drawable else Returned(None)))  # kept until all is graded
            if isinstance(observation, TimedOut | Died):
                self.over = True
                return

    def versions(self, target: str) -> Sequence[Version]:
        """As of the session itself."""
        return self.session.versions(target)

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """What was answered before to questions for pictures; all else as the session answers."""
        if not any(PUBLIC in probe.options for probe in probes):
            return self.session.ask(probes)
        return iter([self._found(probe) for probe in probes])

    def _found(self, probe: Probe) -> Observation:
        for asked, observation in self.answers:
            same = (asked.question, asked.target, asked.seed) == (probe.question, probe.target, probe.seed)
            if same and not probe.stand_ins:
                return observation
        return Missing(probe.target)
