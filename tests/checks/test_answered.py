"""A written answer is there, and waits for a person."""

from __future__ import annotations

import pytest

from grader.checks.answered import answered
from grader.probes import Missing, Observation, Probe, Raised, Returned
from grader.records import Finding, Outcome
from tests.fakes import FakeReference, FakeSession, item

ITEM = item("answered", "7.1", id="written-7.1", section="7.1")


def check(observation: Observation) -> Finding:
    return answered(FakeSession({("text", "7.1"): observation}), FakeReference(), ITEM)


def test_an_answer_waits_for_a_reader_with_its_text() -> None:
    finding = check(Returned("Locality means that\nnear pixels matter."))

    assert (finding.outcome, finding.credit) == (Outcome.WAITING, 0.0)
    assert finding.message == "6 words wait for a reader."
    assert finding.evidence == {"text": "Locality means that\nnear pixels matter."}


def test_what_a_good_answer_says_changes_nothing_of_what_is_found() -> None:
    told = answered(FakeSession({("text", "7.1"): Returned("Near.")}), FakeReference(), ITEM, looks_for="locality")

    assert told == check(Returned("Near."))


def test_a_very_long_answer_is_cut() -> None:
    assert len(check(Returned("word " * 10_000)).evidence["text"]) == 20_000


@pytest.mark.parametrize(
    "observation",
    [Returned(""), Returned("  \n\t "), Returned(None), Returned(5), Missing("7.1"), Raised("KeyError")],
    ids=repr,
)
def test_no_answer_earns_nothing_and_needs_nobody(observation: Observation) -> None:
    finding = check(observation)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message == "No discussion of 7.1 was found."


def test_the_section_is_asked_for_once() -> None:
    student = FakeSession()

    answered(student, FakeReference(), ITEM)

    assert student.asked == [Probe("text", "7.1")]
