"""What public vectors have to hold, found by asking; and the proof that they hold it.

Everything that a check may want of a reference is heard while it judges a right answer and answers that compute
nothing, so that it also says what explains a wrong one. What depends on a student's answer otherwise, the module's
dtype say, is asked in each of its variants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from grader import checks
from grader.answer_key import AnswerKey
from grader.checks import module_close, picturing
from grader.checks.asking import Reference
from grader.errors import AnswerKeyError, ReleaseError
from grader.probes import Session
from grader.records import Assignment, Finding, Item, Outcome
from grader.releases import part
from grader.releases.key import NotReleased
from grader.releases.listening import Listening
from grader.verifying.candidates import FABRICATIONS, Defined, Fabricated, WrongWithoutBiases


def heard(key: AnswerKey, assignment: Assignment, done: Callable[[Item], None]) -> Listening:
    """Everything that was asked of a reference about an assignment.

    Args:
        key: the reference, for public cases.
        assignment: whose items are asked.
        done: hears which item has been asked.

    Raises:
        ReleaseError: the reference's own answer does not pass an item.
    """
    listening = Listening(key)
    for item in filter(part.asked, assignment.items):
        before = len(listening.answers)
        _passing(Defined(vars(key.solutions), assignment.items), listening, item, "the reference's own answer")
        for make in FABRICATIONS.values():
            _judged(Fabricated(key, item, make), listening, item)
        _judged(WrongWithoutBiases(key), listening, item)
        for mistake in key.mistakes():
            if mistake.target in (item.target, item.options.get("layers")):
                # What a mistake shows may lead to other questions; there its own answers explain it, or an alike one's.
                own = Listening(key)
                names = {**vars(key.solutions), **mistake.names()}
                listening.learn(own, _judged(Defined(names, assignment.items), own, item).message)
        if checks.kinds()[item.check].pictures:
            list(listening.ask(picturing.examples(listening, item, str(item.options["inputs"]))))
        for probe, _ in list(listening.answers.values())[before:]:
            if probe.question == "module":
                list(listening.ask(module_close.variants(probe)))
        done(item)
    return listening


def prove(released: Reference, key: AnswerKey, assignment: Assignment) -> None:
    """Prove that the reference's own answers pass every item by the released vectors.

    Raises:
        ReleaseError: one does not.
    """
    for item in filter(part.asked, assignment.items):
        student = Defined(vars(key.solutions), assignment.items)
        _passing(student, released, item, "by the public vectors the reference's own answer")


def helpers(key: AnswerKey, assignment: Assignment) -> Iterator[str]:
    """The names that an item builds on and that the grader has a helper for where a student's is wrong."""
    targets = {item.id: item.target for item in assignment.items}
    for name in sorted({targets[need] for item in assignment.items for need in item.needs}):
        if key.stand_in(name) is not None:
            yield name


def _passing(student: Session, reference: Reference, item: Item, whose: str) -> None:
    try:
        finding = _judged(student, reference, item)
    except AnswerKeyError as error:
        raise ReleaseError(f"{item.id}: {error}") from error
    except NotReleased:
        raise ReleaseError(f"{item.id}: check {item.check!r} asks what public vectors cannot hold") from None
    if finding.outcome is not Outcome.PASSED:
        raise ReleaseError(f"{item.id}: {whose} does not pass: {finding.message} `grader verify` tells more")


def _judged(student: Session, reference: Reference, item: Item) -> Finding:
    finding: Finding = checks.kinds()[item.check].check(student, reference, item, **item.options)
    return finding
