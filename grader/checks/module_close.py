"""A module computes what the reference computes with the same weights: forward, backward, train and eval mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from grader import diagnosis
from grader.checks import asking, module_answers
from grader.checks.asking import (
    Answer,
    Reference,
    ask_both,
    failed,
    misconception,
    partly,
    passed,
    right_shape,
    says_it_all,
    sentence,
    shares,
)
from grader.compare import in_words
from grader.errors import RubricError
from grader.probes import Probe, Raised, Returned, Session, Value
from grader.records import Finding, Item, Mismatch

_FLOAT32: Final = {"dtype": "float32"}
_UNBIASED: Final = {"bias": "zero"}
_BIASES: Final = ("needed", "optional")

_Differ: TypeAlias = Callable[[Mapping[str, Value], Mapping[str, Value]], Mismatch | None]


@dataclass(frozen=True, slots=True)
class _Judged:
    """All answers, each with the first thing that differs, and how it was looked for."""

    answers: Sequence[Answer]
    problems: Sequence[Mismatch | None]
    differ: _Differ

    @property
    def wrong(self) -> list[tuple[Answer, Mismatch]]:
        """The answers that differ."""
        return [(a, problem) for a, problem in zip(self.answers, self.problems, strict=True) if problem is not None]


def module_close(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    inputs: str,
    cases: int = 4,
    credit: Mapping[str, float] | None = None,
    convolution_bias: str = "needed",
) -> Finding:
    """Ask `cases` times for a filled module's outputs, gradients and running statistics.

    `credit` gives shares of the points to a module whose outputs are right in both modes (`forward`), and to one
    whose outputs have the right shapes at least (`shape`). Convolutions need a bias like the reference's unless
    BatchNorm follows; where `convolution_bias` is "optional" they never do.

    Raises:
        RubricError: `credit` or `convolution_bias` is not made like that.
    """
    if convolution_bias not in _BIASES:
        raise RubricError(f"rubric.yaml: {item.id}: convolution_bias: {convolution_bias!r} is not needed or optional")
    parts = shares(credit, ("forward", "shape"), item)
    probes = asking.cases(reference, item, "module", inputs, cases, dtype="float64")
    judged = _judged(student, reference, item, probes, optional=convolution_bias == "optional")
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


def _judged(student: Session, reference: Reference, item: Item, probes: Sequence[Probe], *, optional: bool) -> _Judged:
    answers = ask_both(student, reference, probes)
    if any(isinstance(answer.observed, Raised) for answer in answers):
        # Some right modules are bound to float32, by a constant tensor for instance.
        probes = [_with_options(probe, **_FLOAT32) for probe in probes]
        answers = ask_both(student, reference, probes)
    strict = _compared(answers, item, module_answers.differences)
    if not strict.wrong or not any(module_answers.lacks_vectors(answer) for answer in answers):
        return strict
    # A convolution needs no bias of its own before BatchNorm. With zeros in its place both sides compute the same.
    unbiased = ask_both(student, reference, [_with_options(probe, **_UNBIASED) for probe in probes])
    if all(module_answers.needs_no_more_vectors(answer) for answer in unbiased):
        return _compared(unbiased, item, module_answers.differences_but_biases)
    judged = _compared(unbiased, item, module_answers.differences_without_biases)
    return judged if optional and not judged.wrong else strict


def _compared(answers: Sequence[Answer], item: Item, differ: _Differ) -> _Judged:
    return _Judged(answers, [_problem(answer, item, differ) for answer in answers], differ)


def variants(probe: Probe) -> list[Probe]:
    """Everything that the reference may be asked in place of one probe, itself first; the student's answers decide."""
    changes: tuple[Mapping[str, Value], ...] = ({}, _FLOAT32, _UNBIASED, {**_FLOAT32, **_UNBIASED})
    return [_with_options(probe, **each) for each in changes]


def _with_options(probe: Probe, **options: Value) -> Probe:
    return replace(probe, options={**probe.options, **options})


def _problem(answer: Answer, item: Item, differ: _Differ) -> Mismatch | None:
    """The first thing that differs, most telling first."""
    if not isinstance(answer.observed, Returned):
        return Mismatch("", "type", sentence(answer.observed, item.target))
    if not isinstance(answer.observed.value, Mapping):
        made = in_words(answer.observed.value)
        return Mismatch("", "type", f"`{item.target}` gives {made}; an nn.Module is asked for.")
    return differ(answer.observed.value, answer.expected)


def _explanation(judged: _Judged, reference: Reference) -> str:
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
