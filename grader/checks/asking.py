"""What checks share: the reference they are given, cases, and sentences about observations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

from grader.compare import compare
from grader.errors import AnswerKeyError
from grader.probes import Died, Missing, Observation, Probe, Raised, Returned, Session, TimedOut, Value
from grader.records import Finding, Item, Mismatch, Outcome


class Reference(Session, Protocol):
    """The right answers, with what only the reference has."""

    def case(self, generator_name: str, seed: int, number: int) -> tuple[tuple[Value, ...], dict[str, Value], Any]:
        """Arguments, keyword arguments and module inputs of one case."""
        ...

    def seed(self, item: str, number: int) -> int:
        """The seed of one case of one item: hidden where the gradebook has a secret, else public."""
        ...

    def misconceptions(self, probes: Sequence[Probe]) -> Iterator[tuple[str, Sequence[Observation]]]:
        """Per misconception of the probes' target its sentence, and what it answers to the probes."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """One probe with both observations."""

    probe: Probe
    observed: Observation
    expected: Value

    @property
    def mismatch(self) -> Mismatch | None:
        """How they differ where the student's code gave a value."""
        return compare(self.observed.value, self.expected) if isinstance(self.observed, Returned) else None

    @property
    def right(self) -> bool:
        """Whether a value came and is the expected one."""
        return isinstance(self.observed, Returned) and self.mismatch is None


def cases(reference: Reference, item: Item, question: str, inputs: str, count: int, **options: Value) -> list[Probe]:
    """The probes of an item, one per case of its generator; module inputs become the option `inputs`."""
    probes = []
    for number in range(count):
        seed = reference.seed(item.id, number)
        args, kwargs, forward = reference.case(inputs, seed, number)
        extra = {} if forward is None else {"inputs": list(forward)}
        probes.append(Probe(question, item.target, args, kwargs, seed, {**extra, **options}))
    return probes


def ask_both(student: Session, reference: Session, probes: Sequence[Probe]) -> list[Answer]:
    """Ask until the student's code hangs, dies or turns out to be missing: more of the same teaches nothing.

    Raises:
        AnswerKeyError: the reference has no answer.
    """
    answers = []
    # Strict, because a session that falls silent must not pass for one that answered everything.
    for probe, observed, expected in zip(probes, student.ask(probes), reference.ask(probes), strict=True):
        if not isinstance(expected, Returned):
            raise AnswerKeyError(f"the reference does not answer {probe.question} of {probe.target}: {expected}")
        answers.append(Answer(probe, observed, expected.value))
        if isinstance(observed, TimedOut | Died | Missing):
            break
    return answers


def sentence(observation: Observation, target: str) -> str:
    """What happened, for the student."""
    match observation:
        case Returned():
            return f"`{target}` gave a value."
        case Raised(type="NotImplementedError"):
            return f"`{target}` is still the stub: it raises NotImplementedError."
        case Raised(type=name, line=line):
            return f"`{target}` raised {name}" + (f" at `{line}`." if line else ".")
        case TimedOut(seconds=seconds):
            return f"`{target}` gave no answer in {seconds:g} s."
        case Missing(target=name, reason=reason):
            return f"`{name}` is not defined" + (f": {reason}." if reason else ".")
        case Died(reason=reason):
            return f"`{target}` ended the kernel: {reason}."
        case _:
            assert_never(observation)


def says_it_all(observation: Observation) -> bool:
    """Whether nothing is gained by counting how many cases went the same way."""
    stub = isinstance(observation, Raised) and observation.type == "NotImplementedError"
    return stub or isinstance(observation, Missing | TimedOut | Died)


def judge_all(answers: Sequence[Answer], asked: int, item: Item, *, reference: Reference | None = None) -> Finding:
    """Passed when every answer is right; else the first wrong one, and the misconception that explains them all."""
    wrong = [answer for answer in answers if not answer.right]
    if not wrong and len(answers) == asked:
        return passed(f"{asked} of {asked} cases agree with the reference.")
    first = wrong[0]
    mismatch = first.mismatch
    detail = mismatch.message if mismatch else sentence(first.observed, item.target)
    if mismatch is None and says_it_all(first.observed):
        return failed(detail)
    known = _misconception(answers, reference) if reference is not None and len(answers) == asked else ""
    count = f"{len(wrong)} of {asked} cases are wrong." if asked > 1 else ""
    return failed(" ".join(part for part in (known, count, _first(first, detail, asked)) if part), mismatch=mismatch)


def _first(first: Answer, detail: str, asked: int) -> str:
    return f"The first: {detail}" if asked > 1 and first.mismatch else detail


def _misconception(answers: Sequence[Answer], reference: Reference) -> str:
    for text, observations in reference.misconceptions([answer.probe for answer in answers]):
        pairs = zip(answers, observations, strict=True)
        if all(_alike(answer.observed, observation) for answer, observation in pairs):
            return text
    return ""


def _alike(observed: Observation, mistaken: Observation) -> bool:
    if isinstance(observed, Returned) and isinstance(mistaken, Returned):
        try:
            return compare(observed.value, mistaken.value) is None
        except TypeError:
            return False
    return isinstance(observed, Raised) and isinstance(mistaken, Raised) and observed.type == mistaken.type


def passed(message: str, evidence: Mapping[str, Any] | None = None) -> Finding:
    """Full credit."""
    return Finding(Outcome.PASSED, 1.0, message, evidence=evidence or {})


def failed(
    message: str, *, hint: str = "", mismatch: Mismatch | None = None, evidence: Mapping[str, Any] | None = None
) -> Finding:
    """No credit."""
    return Finding(Outcome.FAILED, 0.0, message, hint, mismatch, evidence or {})
