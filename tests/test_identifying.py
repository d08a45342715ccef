"""Who each owner of a file is: joined with the roster and with whom the gradebook knows; nobody is guessed."""

from __future__ import annotations

from collections.abc import Sequence

from grader.commands.identifying import Doubt, Identities
from grader.roster import Enrolled
from grader.submissions import Claim, Sourced
from grader.submissions.files import FoundFile

ADA = Enrolled("2026000001", "Invented, Ada", "2026000001", "ada1", "ada@invented.example", {"canvas": "55"}, "DL-01")
HANEUL = Enrolled("2026000002", "김하늘", "2026000002", "haneul", "", {"canvas": "56"})
SEA = Enrolled("2026000003", "이바다", "2026000003", "sea")
OTHER_SEA = Enrolled("2026000004", "이바다", "2026000004", "sea2")
ROSTER = [ADA, HANEUL, SEA, OTHER_SEA]


def sourced(*owners: Enrolled, kind: str = "plain") -> list[Sourced]:
    return [
        Sourced(Claim(owner, owner.student_id, FoundFile(("a.ipynb",)), (owner.student_id,)), "in", kind)
        for owner in owners
    ]


def plain(*ids: str) -> list[Sourced]:
    return sourced(*(Enrolled(id, listed=False) for id in ids))


def ids(claims: Sequence[Sourced]) -> list[str]:
    return [each.claim.owner.student_id for each in claims]


def test_the_lmss_own_id_decides_and_the_rosters_facts_are_kept() -> None:
    people = Identities.of(ROSTER, [])

    (found,) = people.identify(
        sourced(Enrolled("canvas-55", "inventedada", lms={"canvas": "55"}, listed=False), kind="canvas")
    )

    assert found.claim.owner == ADA
    assert people.by == {"2026000001": "LMS id"} and people.doubts == []


def test_without_ids_numbers_logins_addresses_and_unique_names_decide() -> None:
    owners = ["2026000001", "haneul", "김하늘", "HW2_김하늘 (1)", "final Ada Invented", "hw2 sea final"]
    for owner, expected in zip(owners, [ADA, HANEUL, HANEUL, HANEUL, ADA, SEA], strict=True):
        people = Identities.of(ROSTER, [])
        assert ids(people.identify(plain(owner))) == [expected.student_id], owner


def test_a_name_that_two_students_have_is_ambiguous_and_nobody_is_guessed() -> None:
    people = Identities.of(ROSTER, [])

    (found,) = people.identify(plain("이바다"))

    assert found.claim.owner.student_id == "이바다"
    assert people.doubts == [Doubt("이바다", "ambiguous", "2 students have this name (2026000003, 2026000004)")]


def test_who_is_not_on_the_roster_is_graded_and_told() -> None:
    people = Identities.of(ROSTER, [])

    (found,) = people.identify(plain("2026999999"))

    assert found.claim.owner.student_id == "2026999999" and not found.claim.owner.listed
    assert people.doubts == [Doubt("2026999999", "not on the roster", "")]


def test_without_a_roster_nobody_is_in_doubt() -> None:
    people = Identities.of([], [])

    assert ids(people.identify(plain("ada", "bo"))) == ["ada", "bo"]
    assert people.doubts == [] and [each.student_id for each in people.people.values()] == ["ada", "bo"]


def test_a_file_by_number_and_another_by_name_are_one_student() -> None:
    people = Identities.of(ROSTER, [])

    assert ids(people.identify(plain("2026000002", "김하늘"))) == ["2026000002", "2026000002"]
    assert people.doubts == []


def test_two_accounts_of_one_name_are_not_one_student() -> None:
    owners = [Enrolled(f"moodle-{id}", "김하늘", lms={"moodle": id}, listed=False) for id in ("12", "13")]
    people = Identities.of(ROSTER, [])

    found = people.identify(sourced(*owners, kind="moodle"))

    assert ids(found) == ["moodle-12", "moodle-13"]
    assert {doubt.what for doubt in people.doubts} == {"ambiguous"}


def test_a_student_keeps_the_id_under_which_a_gradebook_knows_them() -> None:
    without = Identities.of([], [])
    without.identify(sourced(Enrolled("canvas-55", "inventedada", lms={"canvas": "55"}, listed=False), kind="canvas"))
    known = list(without.people.values())

    later = Identities.of(ROSTER, known)
    found = later.identify(plain("2026000001"))

    assert ids(found) == ["canvas-55"]
    assert later.people["canvas-55"].number == "2026000001" and later.people["canvas-55"].listed
    assert "2026000001" not in later.people


def test_who_left_the_roster_stays_known() -> None:
    people = Identities.of([ADA], [ADA, HANEUL])

    assert people.people["2026000002"] == Enrolled(
        "2026000002", "김하늘", "2026000002", "haneul", "", {"canvas": "56"}, listed=False
    )


def test_an_id_that_points_elsewhere_than_the_name_of_another_makes_no_two_people_one() -> None:
    # The login of this one is the number of that one: two ids that point at different students.
    owner = Enrolled("x", number="2026000001", login="haneul", listed=False)
    people = Identities.of(ROSTER, [])

    (found,) = people.identify(sourced(owner, kind="blackboard"))

    assert found.claim.owner.student_id == "x"
    assert people.doubts[0].what == "ambiguous"


def test_another_account_with_a_students_number_does_not_take_the_students_place() -> None:
    own = Enrolled("canvas-55", "inventedada", lms={"canvas": "55"}, listed=False)
    other = Enrolled("canvas-99", number="2026000001", lms={"canvas": "99"}, listed=False)
    people = Identities.of(ROSTER, [])

    assert ids(people.identify(sourced(own, other, kind="canvas"))) == ["2026000001", "canvas-99"]
    assert [doubt.student for doubt in people.doubts] == ["canvas-99"]


def test_two_accounts_with_one_number_are_both_in_doubt() -> None:
    owners = [Enrolled(f"moodle-{id}", number="2026000001", lms={"moodle": id}, listed=False) for id in ("12", "13")]
    people = Identities.of(ROSTER, [])

    assert ids(people.identify(sourced(*owners, kind="moodle"))) == ["moodle-12", "moodle-13"]
    assert {doubt.what for doubt in people.doubts} == {"ambiguous"}


def test_an_id_beside_the_name_of_somebody_else_is_told_and_a_name_of_nobody_is_not() -> None:
    owners = [
        Enrolled("2026000001", "김하늘", "2026000001", listed=False),
        Enrolled("2026000002", "하늘 김", "2026000002", listed=False),
        Enrolled("2026000003", "이바다", "2026000003", listed=False),
        Enrolled("2026000004", "part two", "2026000004", listed=False),
    ]
    people = Identities.of(ROSTER, [])

    found = people.identify(sourced(*owners))

    assert ids(found) == [each.student_id for each in owners]
    assert people.doubts == [
        Doubt("2026000001", "ambiguous", "the student number is theirs, the name 김하늘 that of 2026000002")
    ]


def test_of_two_files_with_one_number_the_one_that_names_another_is_told() -> None:
    people = Identities.of(ROSTER, [])

    people.identify(
        sourced(
            Enrolled("2026000001", "김하늘", "2026000001", listed=False),
            Enrolled("2026000001", "Ada Invented", "2026000001", listed=False),
        )
    )

    assert [each.student for each in people.doubts] == ["2026000001"]
