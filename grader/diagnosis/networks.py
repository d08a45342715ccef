"""What wrong answers of a network module have in common; the answers are those to the question `module`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from grader.diagnosis.closeness import alike, numbers, one, ratio, times
from grader.probes import Value

_MAX_ROWS = 10_000
_Shape: TypeAlias = tuple[int, ...]
_MODES = ("train", "eval")


@dataclass(frozen=True, slots=True)
class ModuleCase:
    """One answer to the question `module`; `right` is what the check thinks of it."""

    observed: Value
    expected: Mapping[str, Value]
    right: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """A wrong answer, read: what came and what was expected, with the outputs by mode as numbers."""

    observed: Mapping[str, Value]
    expected: Mapping[str, Value]
    mine: Mapping[str, torch.Tensor]
    theirs: Mapping[str, torch.Tensor]

    def right_in(self, mode: str) -> bool:
        return alike(self.mine[mode], self.theirs[mode])

    @property
    def forward_right(self) -> bool:
        return all(self.right_in(mode) for mode in _MODES)

    def differs_by(self, change: Callable[[torch.Tensor], torch.Tensor]) -> bool:
        """Whether a change of the right outputs gives what came, in both modes, and is a change."""
        changed = {mode: change(self.theirs[mode]) for mode in _MODES}
        return all(alike(self.mine[mode], changed[mode]) for mode in _MODES) and not self.forward_right


def explain_module(cases: Sequence[ModuleCase]) -> str:
    """One sentence that is true of all wrong cases, or ""."""
    wrong = [_read(case) for case in cases if not case.right]
    answers = [answer for answer in wrong if answer is not None]
    if not answers or len(answers) < len(wrong):
        return _lacking_parameters([case for case in cases if not case.right])
    if all(answer.forward_right for answer in answers):
        rules: Sequence[_Rule] = (_input_cut_off, _parameter_cut_off)
    else:
        rules = (_other_mode, _last_operation, _factor)
    found = next((text for rule in rules if (text := rule(answers))), "")
    different = [case for case in cases if not case.right]
    return found or _lacking_parameters(different) or _further_parameters(different) or _one_mode(answers)


_Rule: TypeAlias = Callable[[Sequence[_Answer]], str]


def _read(case: ModuleCase) -> _Answer | None:
    if not isinstance(case.observed, Mapping):
        return None
    mine = {mode: numbers(case.observed.get(f"{mode}.output")) for mode in _MODES}
    theirs = {mode: numbers(case.expected.get(f"{mode}.output")) for mode in _MODES}
    known = {mode: each for mode, each in mine.items() if each is not None}
    wanted = {mode: each for mode, each in theirs.items() if each is not None}
    if len(known) < len(_MODES) or len(wanted) < len(_MODES):
        return None
    return _Answer(case.observed, case.expected, known, wanted)


# ---- wrong outputs ---------------------------------------------------------------------------------------------------


def _other_mode(answers: Sequence[_Answer]) -> str:
    """One mode is right, and the other one gives the same."""
    distinct = [not alike(answer.theirs["train"], answer.theirs["eval"]) for answer in answers]
    if not all(distinct):
        return ""
    if all(alike(each.mine["eval"], each.theirs["train"]) and each.right_in("train") for each in answers):
        return "In eval mode, BatchNorm uses the statistics of the batch; it has to use its running statistics there."
    if all(alike(each.mine["train"], each.theirs["eval"]) and each.right_in("eval") for each in answers):
        return "In train mode, BatchNorm uses its running statistics; it has to use the statistics of the batch there."
    return ""


def _last_operation(answers: Sequence[_Answer]) -> str:
    if all(_lacks_relu(answer) for answer in answers):
        return "The outputs are right but for their negative values: a ReLU is asked for at the end."
    for change, sentence in _LAST:
        if all(answer.differs_by(change) for answer in answers):
            return sentence
    return ""


def _lacks_relu(answer: _Answer) -> bool:
    clamped = all(alike(answer.mine[mode].relu(), answer.theirs[mode]) for mode in _MODES)
    return clamped and not answer.forward_right


def _softmax(values: torch.Tensor) -> torch.Tensor:
    return values.softmax(dim=1) if values.dim() >= 2 else values


def _log_softmax(values: torch.Tensor) -> torch.Tensor:
    return values.log_softmax(dim=1) if values.dim() >= 2 else values


_LAST: tuple[tuple[Callable[[torch.Tensor], torch.Tensor], str], ...] = (
    (torch.relu, "The outputs are right but for a ReLU at the end, which is one too many."),
    (_softmax, "The outputs are right but for a softmax at the end, which is one too many: return the plain scores."),
    (_log_softmax, "The outputs are right but for a log-softmax at the end: return the plain scores."),
    (torch.sigmoid, "The outputs are right but for a sigmoid at the end, which is one too many."),
    (torch.tanh, "The outputs are right but for a tanh at the end, which is one too many."),
)


def _factor(answers: Sequence[_Answer]) -> str:
    pairs = [(answer.mine[mode], answer.theirs[mode]) for answer in answers for mode in _MODES]
    factor = one([ratio(mine, theirs) for mine, theirs in pairs])
    if factor is None or len(answers) < 2 or not any(len(theirs.unique()) > 1 for _, theirs in pairs):
        return ""
    return f"Every value of the output {times(factor)}."


def _one_mode(answers: Sequence[_Answer]) -> str:
    if len(answers) < 2:
        return ""
    for mode, other in (_MODES, _MODES[::-1]):
        if all(answer.right_in(other) and not answer.right_in(mode) for answer in answers):
            return f"The output is right in {other} mode and wrong in {mode} mode: look at what depends on the mode."
    return ""


# ---- right outputs ---------------------------------------------------------------------------------------------------


def _input_cut_off(answers: Sequence[_Answer]) -> str:
    if not all(_no_gradient(answer) for answer in answers):
        return ""
    return "The outputs are right, but no gradient reaches the input: is it cut off by .data, detach() or no_grad()?"


def _no_gradient(answer: _Answer) -> bool:
    mine, theirs = answer.observed.get("train.input_gradient"), answer.expected.get("train.input_gradient")
    if not isinstance(mine, list) or not isinstance(theirs, list) or not mine or len(mine) != len(theirs):
        return False
    wanted = [numbers(each) for each in theirs]
    if not any(each is not None and bool(each.any()) for each in wanted):
        return False
    return all(each is None or ((found := numbers(each)) is not None and not bool(found.any())) for each in mine)


def _parameter_cut_off(answers: Sequence[_Answer]) -> str:
    """Parameters that the reference uses are there and get no gradient."""
    cut = [_cut_off(answer) for answer in answers]
    if not all(cut):
        return ""
    return (
        f"The outputs are right, but a parameter of shape {cut[0][0]} gets no gradient: is it cut off by .data, "
        "detach() or no_grad()?"
    )


def _cut_off(answer: _Answer) -> list[_Shape]:
    unused = _shapes(answer.observed.get("unused")) - _shapes(answer.expected.get("unused"))
    lacking = _gradient_shapes(answer.expected) - _gradient_shapes(answer.observed)
    return [shape for shape in unused if shape in lacking]


def _lacking_parameters(cases: Sequence[ModuleCase]) -> str:
    """In every case there are too few parameter tensors of some shape; told of the first."""
    lacking = [_fewer(case.observed, case.expected) for case in cases]
    known = [each for each in lacking if each is not None]
    if not known or len(known) < len(lacking):
        return ""
    shape, found, wanted = known[0]
    tensors = "parameter tensor" if found == 1 else "parameter tensors"
    amount = "no" if found == 0 else str(found)
    verb = "is" if wanted == 1 else "are"
    return f"Your module has {amount} {tensors} of shape {shape}; {wanted} {verb} expected."


def _further_parameters(cases: Sequence[ModuleCase]) -> str:
    """In every case too many parameter tensors of some shape have a part in the output; told of the first."""
    further = [_more(case.observed, case.expected) for case in cases]
    if not further or not all(further):
        return ""
    (shape, found), wanted = further[0][0], _all_shapes(cases[0].expected)
    amount = "none" if not wanted[shape] else str(wanted[shape])
    tensors = "tensor" if found == 1 else "tensors"
    verb = "is" if wanted[shape] < 2 else "are"
    return (
        f"Your module has {found} parameter {tensors} of shape {shape}, where {amount} {verb} expected: "
        "is there a layer too many?"
    )


def _more(observed: Value, expected: Mapping[str, Value]) -> list[tuple[_Shape, int]]:
    mine = _gradient_shapes(observed) if isinstance(observed, Mapping) else Counter()
    wanted = _all_shapes(expected)
    return [(shape, count) for shape, count in mine.items() if count > wanted[shape]]


def _all_shapes(answer: Mapping[str, Value]) -> Counter[_Shape]:
    return _gradient_shapes(answer) + _shapes(answer.get("unused"))


def _fewer(observed: Value, expected: Mapping[str, Value]) -> tuple[_Shape, int, int] | None:
    if not isinstance(observed, Mapping):
        return None
    mine = _all_shapes(observed)
    for shape, wanted in _gradient_shapes(expected).items():
        if mine[shape] < wanted:
            return shape, mine[shape], wanted
    return None


def _gradient_shapes(answer: Mapping[str, Value]) -> Counter[_Shape]:
    rows = answer.get("gradients")
    pairs = rows[:_MAX_ROWS] if isinstance(rows, list) else []
    return _shapes([row[0] for row in pairs if isinstance(row, list | tuple) and len(row) == 2])


def _shapes(value: Value) -> Counter[_Shape]:
    shapes = value[:_MAX_ROWS] if isinstance(value, list) else []
    return Counter(
        tuple(shape) for shape in shapes if isinstance(shape, list | tuple) and all(type(n) is int for n in shape)
    )
