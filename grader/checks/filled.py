"""Modules that are filled with the reference's weights: what both answer, and in what they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from grader.checks import layouts, module_answers
from grader.checks.asking import Answer, Reference, ask_both, sentence
from grader.compare import in_words
from grader.probes import Probe, Raised, Returned, Session, Value
from grader.records import Item, Mismatch

FLOAT32: Final = {"dtype": "float32"}
UNBIASED: Final = {"bias": "zero"}

_Differ: TypeAlias = Callable[[Mapping[str, Value], Mapping[str, Value]], Mismatch | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """All answers, each with the first thing that differs, and how it was looked for."""

    answers: Sequence[Answer]
    problems: Sequence[Mismatch | None]
    differ: _Differ

    @property
    def wrong(self) -> list[tuple[Answer, Mismatch]]:
        """The answers that differ."""
        return [(a, problem) for a, problem in zip(self.answers, self.problems, strict=True) if problem is not None]


def judged(
    student: Session,
    reference: Reference,
    item: Item,
    probes: Sequence[Probe],
    *,
    optional: bool = False,
    free: bool = False,
) -> Judged:
    """Ask both sides the question `module`.

    Args:
        student: whose module is asked.
        reference: who knows.
        item: what is asked of it.
        probes: the questions, in float64.
        optional: whether convolutions may lack a bias.
        free: whether parameters may lie in another layout.
    """
    found = _asked(student, reference, item, probes, optional=optional)
    return _otherwise_kept(student, item, found) if found.wrong and free else found


def _asked(student: Session, reference: Reference, item: Item, probes: Sequence[Probe], *, optional: bool) -> Judged:
    answers = ask_both(student, reference, probes)
    if any(isinstance(answer.observed, Raised) for answer in answers):
        # Some right modules are bound to float32, by a constant tensor for instance.
        probes = [with_options(probe, **FLOAT32) for probe in probes]
        answers = ask_both(student, reference, probes)
    strict = _compared(answers, item, module_answers.differences)
    if not strict.wrong or not any(module_answers.lacks_vectors(answer) for answer in answers):
        return strict
    # A convolution needs no bias of its own before BatchNorm. With zeros in its place both sides compute the same.
    unbiased = ask_both(student, reference, [with_options(probe, **UNBIASED) for probe in probes])
    if all(module_answers.needs_no_more_vectors(answer) for answer in unbiased):
        return _compared(unbiased, item, module_answers.differences_but_biases)
    found = _compared(unbiased, item, module_answers.differences_without_biases)
    return found if optional and not found.wrong else strict


def _otherwise_kept(student: Session, item: Item, known: Judged) -> Judged:
    """All answers of a module that may keep its parameters in another layout; the same ones where none suggests itself.

    Where no layout makes it right, what is wrong shows best in the first of them.
    """
    found: list[Judged] = []
    for rows in zip(*map(layouts.other_layouts, known.answers), strict=False):
        probes = [layouts.asked(answer.probe, each) for answer, each in zip(known.answers, rows, strict=True)]
        answers = [replace(a, observed=o) for a, o in zip(known.answers, student.ask(probes), strict=True)]
        found.append(_compared(answers, item, known.differ))
    return min(found, key=lambda each: bool(each.wrong), default=known)


def _compared(answers: Sequence[Answer], item: Item, differ: _Differ) -> Judged:
    return Judged(answers, [_problem(answer, item, differ) for answer in answers], differ)


def with_options(probe: Probe, **options: Value) -> Probe:
    """The probe with further options."""
    return replace(probe, options={**probe.options, **options})


def _problem(answer: Answer, item: Item, differ: _Differ) -> Mismatch | None:
    """The first thing that differs, most telling first."""
    if not isinstance(answer.observed, Returned):
        return Mismatch("", "type", sentence(answer.observed, item.target))
    if not isinstance(answer.observed.value, Mapping):
        made = in_words(answer.observed.value)
        return Mismatch("", "type", f"`{item.target}` gives {made}; an nn.Module is asked for.")
    return differ(answer.observed.value, answer.expected)
