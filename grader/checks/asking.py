"""What checks share: the reference they are given, cases, and sentences about observations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, assert_never

import torch

from grader import diagnosis
from grader.compare import compare
from grader.errors import AnswerKeyError, RubricError
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

    def public_seed(self, item: str, number: int) -> int:
        """The seed of a case that students may see."""
        ...

    def misconceptions(self, probes: Sequence[Probe]) -> Iterator[tuple[str, Sequence[Observation]]]:
        """Per misconception of the probes' target its sentence, and what it answers to the probes."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """One probe with both observations, and how far they may be apart; where nothing is said, compare.py decides."""

    probe: Probe
    observed: Observation
    expected: Value
    rtol: float | None = None
    atol: float | None = None

    @property
    def mismatch(self) -> Mismatch | None:
        """How they differ where the student's code gave a value."""
        return self.differs(self.observed.value) if isinstance(self.observed, Returned) else None

    def differs(self, value: Value) -> Mismatch | None:
        """How a value differs from the expected one."""
        return compare(value, self.expected, rtol=self.rtol, atol=self.atol)

    @property
    def right_shape(self) -> bool:
        """Whether a finite tensor of the expected shape came."""
        return isinstance(self.observed, Returned) and right_shape(self.observed.value, self.expected)

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
        extra = {} if forward is None else {"inputs": forward}
        probes.append(Probe(question, item.target, args, kwargs, seed, {**extra, **options}))
    return probes


def ask_both(
    student: Session,
    reference: Session,
    probes: Sequence[Probe],
    *,
    rtol: float | None = None,
    atol: float | None = None,
) -> list[Answer]:
    """Ask until the student's code hangs, dies or turns out to be missing: more of the same teaches nothing.

    Args:
        student: who is asked.
        reference: who knows.
        probes: what.
        rtol: relative tolerance of the answers, if not the usual one of their dtype.
        atol: absolute tolerance of the answers, if not the usual one of their dtype and size.

    Raises:
        AnswerKeyError: the reference has no answer.
    """
    answers = []
    # Strict, because a session that falls silent must not pass for one that answered everything.
    for probe, observed, expected in zip(probes, student.ask(probes), reference.ask(probes), strict=True):
        if not isinstance(expected, Returned):
            raise AnswerKeyError(f"the reference does not answer {probe.question} of {probe.target}: {expected}")
        answers.append(Answer(probe, observed, expected.value, rtol, atol))
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
        case Raised(type="TypeError", line="", message=message) if target.isidentifier() and diagnosis.about_arguments(
            message
        ):
            return (
                f"`{target}` raised TypeError before its first line ran: "
                "does it take the arguments that are asked for, in this order and under these names?"
            )
        case Raised(type=name, line=line, message=message):
            raised = f"`{target}` raised {name}" + (f" at `{line}`." if line else ".")
            return f"{raised} {diagnosis.explain_exception(message, line)}".rstrip()
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
    """Passed when every answer is right; else what explains all wrong ones, their number and the first of them.

    What explains them is a misconception of the course or, where none fits, what their numbers have in common.
    """
    wrong = [answer for answer in answers if not answer.right]
    if not wrong and len(answers) == asked:
        return passed(f"{asked} of {asked} cases agree with the reference.")
    first = wrong[0]
    mismatch = first.mismatch
    detail = mismatch.message if mismatch else sentence(first.observed, item.target)
    if mismatch is None and says_it_all(first.observed):
        return failed(detail)
    why = _explanation(answers, reference) if len(answers) == asked else ""
    count = f"{len(wrong)} of {asked} cases are wrong." if asked > 1 else ""
    if why and mismatch is not None and mismatch.kind == "type":
        detail = ""  # what came instead of a tensor has been said
    return failed(" ".join(part for part in (why, count, _first(first, detail, asked)) if part), mismatch=mismatch)


def _first(first: Answer, detail: str, asked: int) -> str:
    return f"The first: {detail}" if detail and asked > 1 and first.mismatch else detail


def _explanation(answers: Sequence[Answer], reference: Reference | None) -> str:
    known = misconception(answers, reference, agree) if reference is not None else ""
    if known:
        return known
    cases = [diagnosis.Case(a.probe.args, a.probe.kwargs, a.observed, a.expected, a.right) for a in answers]
    return diagnosis.explain(cases, gradients=answers[0].probe.question == "gradient")


def misconception(answers: Sequence[Answer], reference: Reference, close: Callable[[Value, Value], bool]) -> str:
    """The sentence of the misconception that answers in every case as the student's code does, or "".

    Where the code raises, one that says the same when it does goes before one that raises the same type; of several
    that only do this, none is claimed.
    """
    observed = [answer.observed for answer in answers]
    known: dict[str, None] = {}
    for text, mistaken in reference.misconceptions([answer.probe for answer in answers]):
        pairs = list(zip(observed, mistaken, strict=True))
        if all(_alike(one, other, close) for one, other in pairs) and _telling(observed, mistaken):
            if all(_says_the_same(one, other) for one, other in pairs):
                return text
            known[text] = None
    return next(iter(known)) if len(known) == 1 else ""


def agree(observed: Value, mistaken: Value) -> bool:
    """Whether two values are the same within the usual tolerances."""
    try:
        return compare(observed, mistaken) is None
    except TypeError:
        return False


def _alike(observed: Observation, mistaken: Observation, close: Callable[[Value, Value], bool]) -> bool:
    if isinstance(observed, Returned) and isinstance(mistaken, Returned):
        return close(observed.value, mistaken.value)
    return isinstance(observed, Raised) and isinstance(mistaken, Raised) and observed.type == mistaken.type


def _says_the_same(observed: Observation, mistaken: Observation) -> bool:
    """Whether two exceptions have one message, whichever of two tensors comes first in it."""
    if not isinstance(observed, Raised) or not isinstance(mistaken, Raised):
        return True
    return sorted(observed.message.split()) == sorted(mistaken.message.split())


def _telling(observed: Sequence[Observation], mistaken: Sequence[Observation]) -> bool:
    """Whether there is more in common than the type of an exception, which many mistakes raise everywhere."""
    pairs = zip(observed, mistaken, strict=True)
    return any(not isinstance(a, Raised) or (isinstance(b, Raised) and a.message == b.message) for a, b in pairs)


def shares(credit: Mapping[str, float] | None, known: Sequence[str], item: Item) -> Mapping[str, float]:
    """The option `credit`: which share of the points each partial success earns; empty where there is none.

    Raises:
        RubricError: it names something else, or a share does not lie between 0 and 1.
    """
    if credit is None:
        return {}
    where = f"rubric.yaml: {item.id}: credit"
    if not isinstance(credit, Mapping):
        raise RubricError(f"{where}: expected shares by name, such as {{{known[0]}: 0.5}}")
    for name, share in credit.items():
        if name not in known:
            raise RubricError(f"{where}: {name!r} is none of {', '.join(known)}")
        if not isinstance(share, int | float) or not 0 < round(share, 4) < 1:
            raise RubricError(f"{where}: {name}: {share!r} is no number between 0 and 1")
    return {name: round(float(share), 4) for name, share in credit.items()}


def tolerances(item: Item, rtol: float | None, atol: float | None) -> None:
    """Prove that the options `rtol` and `atol` are tolerances.

    Raises:
        RubricError: one of them is no number, or below 0.
    """
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0):
            raise RubricError(f"rubric.yaml: {item.id}: {name} is {value!r}; it must be a number, 0 or more")


def right_shape(observed: Value, expected: Value) -> bool:
    """Whether a finite tensor of the expected shape came."""
    if not isinstance(observed, torch.Tensor) or not isinstance(expected, torch.Tensor):
        return False
    return observed.shape == expected.shape and bool(torch.isfinite(observed).all())


def partly(finding: Finding, share: float, because: str) -> Finding:
    """The finding with a share of the points, and the reason for it."""
    message = f"{finding.message} {because}, which earns {100 * share:g} % of the points."
    return replace(finding, outcome=Outcome.PARTIAL, credit=share, message=message)


def passed(message: str, evidence: Mapping[str, Any] | None = None) -> Finding:
    """Full credit."""
    return Finding(Outcome.PASSED, 1.0, message, evidence=evidence or {})


def failed(
    message: str, *, hint: str = "", mismatch: Mismatch | None = None, evidence: Mapping[str, Any] | None = None
) -> Finding:
    """No credit."""
    return Finding(Outcome.FAILED, 0.0, message, hint, mismatch, evidence or {})
