"""The grading policy."""

from __future__ import annotations

import math

import pytest

from grader.records import Finding, Item, Mismatch, Outcome
from grader.scoring import best, earned, gave_values, lacking, nearest, needed, score

ITEM = Item(id="corr2d-values", section="7.2", title="corr2d", points=4.0, check="returns_close", target="corr2d")


def finding(outcome: Outcome, credit: float = 0.0, message: str = "") -> Finding:
    return Finding(outcome=outcome, credit=credit, message=message)


@pytest.mark.parametrize(
    ("outcome", "credit", "earned", "possible"),
    [
        pytest.param(Outcome.PASSED, 1.0, 4.0, 4.0, id="passed"),
        pytest.param(Outcome.PARTIAL, 1 / 3, 1.33, 4.0, id="partial-is-rounded"),
        pytest.param(Outcome.FAILED, 0.0, 0.0, 4.0, id="failed"),
        pytest.param(Outcome.SKIPPED, 0.0, 0.0, 4.0, id="skipped"),
        pytest.param(Outcome.BROKEN, 0.0, 0.0, 0.0, id="broken-counts-nothing"),
        pytest.param(Outcome.WAITING, 0.0, 0.0, 0.0, id="waiting-counts-nothing"),
        pytest.param(Outcome.WAITING, 1.0, 0.0, 0.0, id="whatever-it-might-be-worth"),
    ],
)
def test_a_finding_earns_its_share(outcome: Outcome, credit: float, earned: float, possible: float) -> None:
    found = finding(outcome, credit)

    scored = score(ITEM, found, key="k1")

    assert (scored.earned, scored.possible, scored.key) == (earned, possible, "k1")
    assert (scored.item, scored.finding) == (ITEM, found)


@pytest.mark.parametrize(
    ("points", "credit", "expected"),
    [
        (0.125, 1.0, 0.125),  # all of it, though tables show two decimals
        (1 / 3, 1.0, 1 / 3),
        (0.25, 0.5, 0.13),
        (0.75, 0.5, 0.38),
        (1.15, 0.1, 0.12),  # as a float it is 0.11499999...
        (0.125, 0.99, 0.12),
        (0.006, 0.9, 0.006),  # never more than there is
        (0.0, 0.5, 0.0),
    ],
)
def test_points_are_shared_out_as_on_paper(points: float, credit: float, expected: float) -> None:
    assert earned(points, credit) == expected


@pytest.mark.parametrize(
    ("outcome", "credit"),
    [
        (Outcome.PASSED, 0.9),
        (Outcome.PASSED, math.nan),
        (Outcome.PARTIAL, 0.0),
        (Outcome.PARTIAL, 1.0),
        (Outcome.PARTIAL, 1.5),
        (Outcome.PARTIAL, math.nan),
        (Outcome.FAILED, 0.5),
        (Outcome.FAILED, -0.5),
        (Outcome.SKIPPED, 1.0),
    ],
)
def test_a_credit_that_contradicts_its_outcome_is_our_mistake(outcome: Outcome, credit: float) -> None:
    with pytest.raises(ValueError, match="corr2d-values"):
        score(ITEM, finding(outcome, credit), key="")


@pytest.mark.parametrize(
    ("findings", "winner"),
    [
        pytest.param([finding(Outcome.FAILED), finding(Outcome.PASSED, 1)], 1, id="a-pass-beats-a-failure"),
        pytest.param([finding(Outcome.PASSED, 1), finding(Outcome.PASSED, 1)], 0, id="the-first-of-two-passes"),
        pytest.param([finding(Outcome.BROKEN), finding(Outcome.PASSED, 1)], 1, id="a-pass-beats-a-broken-one"),
        pytest.param([finding(Outcome.PARTIAL, 0.9), finding(Outcome.BROKEN)], 1, id="a-broken-one-may-be-the-pass"),
        pytest.param([finding(Outcome.WAITING), finding(Outcome.FAILED)], 0, id="a-waiting-one-may-be-the-pass"),
        pytest.param([finding(Outcome.PARTIAL, 0.6), finding(Outcome.PARTIAL, 0.4)], 0, id="the-higher-credit"),
        pytest.param([finding(Outcome.FAILED), finding(Outcome.FAILED)], 1, id="the-last-of-two-failures"),
        pytest.param([finding(Outcome.PARTIAL, 0.5)] * 2, 1, id="the-last-of-equal-partials"),
    ],
)
def test_the_best_version_counts(findings: list[Finding], winner: int) -> None:
    versions = [Finding(f.outcome, f.credit, message=str(index)) for index, f in enumerate(findings)]

    assert best(versions).message == str(winner)


def test_there_is_no_best_of_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        best([])


def test_what_an_item_builds_on_is_found_at_any_remove_and_once() -> None:
    needs = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("c",), "e": ()}
    items = [Item(id, "1", id, 1.0, "returns_close", id, needs=each) for id, each in needs.items()]

    assert needed(["d"], items) == {"a", "b", "c"}
    assert needed(["a", "e"], items) == set()


NEEDS = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("c", "a"), "e": ()}
GRAPH = [Item(id, "1", id, 1.0, "returns_close", id, needs=each) for id, each in NEEDS.items()]


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("b", ["b"]),
        ("abc", ["c", "a", "b"]),  # the nearest first, and each once
        ("de", []),  # neither itself nor what it does not build on
    ],
)
def test_what_an_item_lacks_is_what_it_builds_on_and_did_not_pass(failed: str, expected: list[str]) -> None:
    known = {id: finding(Outcome.PARTIAL, 0.99) if id in failed else finding(Outcome.PASSED, 1.0) for id in NEEDS}

    assert lacking(GRAPH[3], known, GRAPH) == expected
    assert lacking(GRAPH[0], known, GRAPH) == []
    assert lacking(GRAPH[3], {}, GRAPH) == []  # nothing is known of it
    assert lacking(GRAPH[3], {"a": finding(Outcome.WAITING)}, GRAPH) == ["a"]


@pytest.mark.parametrize(
    ("given", "gave"),
    [
        (finding(Outcome.FAILED, message="raised"), False),
        (Finding(Outcome.FAILED, 0.0, "", evidence={"cell": 3, "notebook": "hw.ipynb"}), False),
        (Finding(Outcome.FAILED, 0.0, "", evidence={"cell": 3, "accuracy": 0.1}), True),
        (Finding(Outcome.FAILED, 0.0, "", mismatch=Mismatch("", "type", "")), False),
        (Finding(Outcome.FAILED, 0.0, "", mismatch=Mismatch("", "value", "")), True),
        (finding(Outcome.PARTIAL, 0.1), True),
    ],
)
def test_a_version_gave_values_where_there_is_something_to_compare(given: Finding, gave: bool) -> None:
    assert gave_values(given) is gave
    later = finding(Outcome.FAILED, message="raises")
    assert best([given, later]) is (given if gave else later)


def differing(kind: str, message: str) -> Finding:
    return Finding(Outcome.FAILED, 0.0, message, mismatch=Mismatch("", kind, message))


@pytest.mark.parametrize(
    ("findings", "winner"),
    [
        ([differing("value", "a"), differing("shape", "b"), finding(Outcome.FAILED, message="raised")], "a"),
        ([differing("value", "a"), differing("value", "b"), differing("missing", "c")], "b"),
        ([differing("missing", "a"), differing("shape", "b")], "a"),
        ([differing("shape", "a"), finding(Outcome.FAILED, message="raised")], "a"),
        ([differing("shape", "a"), differing("type", "b")], "a"),
        ([differing("value", "a"), finding(Outcome.PASSED, 1.0, "right"), differing("shape", "b")], "right"),
        ([differing("value", "a"), finding(Outcome.BROKEN, message="broken")], "broken"),
        ([finding(Outcome.FAILED, message="a"), finding(Outcome.FAILED, message="b")], "b"),
    ],
)
def test_of_values_the_least_wrong_one_counts(findings: list[Finding], winner: str) -> None:
    assert nearest(findings).message == winner
