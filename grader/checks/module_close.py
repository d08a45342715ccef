"""A module computes what the reference computes with the same weights: forward, backward, train and eval mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from grader import diagnosis
from grader.checks import asking, filled, module_answers
from grader.checks.asking import (
    Answer,
    Reference,
    failed,
    misconception,
    partly,
    passed,
    right_shape,
    says_it_all,
    shares,
)
from grader.checks.filled import FLOAT32, UNBIASED, Judged, with_options
from grader.errors import RubricError
from grader.probes import Probe, Returned, Session, Value
from grader.records import Finding, Item

_BIASES: Final = ("needed", "optional")
_LAYOUTS: Final = ("fixed", "free")


def module_close(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    inputs: str,
    cases: int = 4,
    credit: Mapping[str, float] | None = None,
    convolution_bias: str = "needed",
    weight_layout: str = "fixed",
) -> Finding:
    """Ask `cases` times for a filled module's outputs, gradients and running statistics.

    `credit` gives shares of the points to a module whose outputs are right in both modes (`forward`), and to one
    whose outputs have the right shapes at least (`shape`). Convolutions need a bias like the reference's unless
    BatchNorm follows; where `convolution_bias` is "optional" they never do. Where `weight_layout` is "free" nobody
    asks how a parameter is kept: the weight of `X @ W`, or that of a convolution as a matrix, is as good as a layer's.

    Raises:
        RubricError: `credit`, `convolution_bias` or `weight_layout` is not made like that.
    """
    for name, value, known in (
        ("convolution_bias", convolution_bias, _BIASES),
        ("weight_layout", weight_layout, _LAYOUTS),
    ):
        if value not in known:
            raise RubricError(f"rubric.yaml: {item.id}: {name}: {value!r} is not {' or '.join(known)}")
    parts = shares(credit, ("forward", "shape"), item)
    probes = asking.cases(reference, item, "module", inputs, cases, dtype="float64")
    optional, free = convolution_bias == "optional", weight_layout == "free"
    judged = filled.judged(student, reference, item, probes, optional=optional, free=free)
    if not judged.wrong:
        agree = f"agree with the reference in {len(judged.answers)} of {cases} cases"
        if any(map(_dropped_by_hand, judged.answers)):
            return passed(f"Outputs in eval mode {agree}; a dropout by hand leaves nothing to compare in train mode.")
        return passed(f"Outputs and gradients {agree}.")
    answer, problem = judged.wrong[0]
    message = problem.message
    if not says_it_all(answer.observed):
        count = f"{len(judged.wrong)} of {cases} cases are wrong." if cases > 1 else ""
        message = " ".join(part for part in (_explanation(judged, reference), count, message) if part)
    return _with_credit(failed(message, mismatch=problem), judged.answers, parts)


def _dropped_by_hand(answer: Answer) -> bool:
    match answer.observed:
        case Returned(value=Mapping() as observed):
            return module_answers.drops_by_hand(observed, answer.expected)
    return False


def variants(probe: Probe) -> list[Probe]:
    """Everything that the reference may be asked in place of one probe, itself first; the student's answers decide."""
    changes: tuple[Mapping[str, Value], ...] = ({}, FLOAT32, UNBIASED, {**FLOAT32, **UNBIASED})
    return [with_options(probe, **each) for each in changes]


def _explanation(judged: Judged, reference: Reference) -> str:
    def close(observed: Value, mistaken: Value) -> bool:
        maps = isinstance(observed, Mapping) and isinstance(mistaken, Mapping)
        return maps and judged.differ(observed, mistaken) is None

    if known := misconception(judged.answers, reference, close):
        return known
    cases = [
        diagnosis.ModuleCase(answer.observed.value, answer.expected, problem is None)
        for answer, problem in zip(judged.answers, judged.problems, strict=True)
        if isinstance(answer.observed, Returned)
    ]
    return diagnosis.explain_module(cases) if len(cases) == len(judged.answers) else ""


def _with_credit(finding: Finding, answers: Sequence[Answer], parts: Mapping[str, float]) -> Finding:
    if "forward" in parts and all(_outputs(answer, _is_close) for answer in answers):
        return partly(finding, parts["forward"], "The outputs are right in train and eval mode")
    if "shape" in parts and all(_outputs(answer, right_shape) for answer in answers):
        return partly(finding, parts["shape"], "The outputs have the right shapes")
    return finding


def _is_close(observed: Value, expected: Value) -> bool:
    return module_answers.difference_of(observed, expected) is None


def _outputs(answer: Answer, right: Callable[[Value, Value], bool]) -> bool:
    """Whether both outputs are right in some sense."""
    observed = answer.observed.value if isinstance(answer.observed, Returned) else None
    if not isinstance(observed, Mapping):
        return False
    names = ("eval.output", "train.output")
    return all(right(observed.get(name), answer.expected[name]) for name in names)
