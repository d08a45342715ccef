"""Which of their students is ours."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.joining import Apart, By, Joined, Match, Person, join


def only(ours: Person, *theirs: Person) -> Match | Apart:
    joined = join([ours], theirs)
    return joined.matches[0] if joined.matches else joined.apart[0]


CHULSOO = Person(lms_id="55", number="2019170361", login="chulsoo", email="chulsoo@example.org", name="Kim, Chulsoo")
YOUNGHEE = Person(lms_id="56", number="2019170362", login="younghee", email="yh@example.org", name="이, 영희")


@pytest.mark.parametrize(
    ("ours", "by"),
    [
        (Person(lms_id="55"), By.LMS_ID),
        (Person(number="2019170361"), By.NUMBER),
        (Person(number="#2019170361"), By.NUMBER),
        (Person(number='="2019170361"'), By.NUMBER),
        (Person(number="2019170361.0"), By.NUMBER),
        (Person(login="Chulsoo"), By.LOGIN),
        (Person(email="Chulsoo@Example.org "), By.EMAIL),
        (Person(login="chulsoo@example.org"), By.EMAIL),
        (Person(id="2019170361"), By.ID),
        (Person(id="chulsoo"), By.ID),
        (Person(id="chulsoo@example.org"), By.ID),
        (Person(name="Chulsoo Kim"), By.NAME),
        (Person(name="kimchulsoo"), By.NAME),
        (Person(id="kim's notebook", name="KIM CHULSOO"), By.NAME),
    ],
)
def test_a_student_is_found_by_what_is_known(ours: Person, by: By) -> None:
    assert only(ours, YOUNGHEE, CHULSOO) == Match(0, 1, by)


def test_hangul_is_found_however_it_is_composed() -> None:
    assert only(Person(name=unicodedata.normalize("NFD", "이영희")), CHULSOO, YOUNGHEE) == Match(0, 1, By.NAME)


def test_an_id_of_unknown_kind_is_not_held_against_the_lms_own() -> None:
    assert only(Person(id="55"), CHULSOO) == Apart(0, "not found")


def test_a_number_without_its_zeros_is_found_where_no_other_has_it() -> None:
    zeros, none = Person(number="0012"), Person(number="12")

    assert only(Person(number="12"), zeros) == Match(0, 0, By.NUMBER)
    assert only(Person(number="12"), zeros, none) == Match(0, 1, By.NUMBER)
    assert only(Person(id="0012"), none, zeros) == Match(0, 1, By.ID)


def test_the_part_before_the_at_counts_for_ids_of_unknown_kind_only() -> None:
    assert only(Person(id="yh"), CHULSOO, YOUNGHEE) == Match(0, 1, By.ID)
    assert only(Person(email="yh@elsewhere.org"), CHULSOO, YOUNGHEE) == Apart(0, "not found")


def test_two_ids_of_different_people_decide_nothing() -> None:
    mixed = Person(number=CHULSOO.number, email=YOUNGHEE.email)

    assert only(mixed, CHULSOO, YOUNGHEE) == Apart(0, "student number and e-mail point at different students", (0, 1))


def test_a_second_id_chooses_between_two_rows() -> None:
    twice = Person(number=CHULSOO.number, login="other")

    assert only(Person(number=CHULSOO.number, login="chulsoo"), twice, CHULSOO) == Match(0, 1, By.NUMBER)
    assert only(Person(number=CHULSOO.number), twice, CHULSOO) == Apart(
        0, "2 students have this student number", (0, 1)
    )


def test_namesakes_are_told_apart_by_nobody() -> None:
    namesakes = [Person(number="1", name="김민수"), Person(number="2", name="김 민수")]

    assert only(Person(name="김민수"), *namesakes) == Apart(0, "2 students have this name", (0, 1))


@pytest.mark.parametrize(
    "ours", [Person(number="2019170369", name="Chulsoo Kim"), Person("2019170369", name="Kim Chulsoo")]
)
def test_a_namesake_with_another_number_is_somebody_else(ours: Person) -> None:
    assert only(ours, CHULSOO) == Apart(0, "the name fits, the number does not", (0,))


def test_a_name_counts_beside_an_id_that_is_no_number() -> None:
    assert only(Person(id="chulsoo-final", name="Chulsoo Kim"), CHULSOO) == Match(0, 0, By.NAME)


def test_who_is_claimed_twice_goes_to_neither() -> None:
    joined = join([Person(id="chulsoo"), Person(number=CHULSOO.number), Person(id="younghee")], [CHULSOO, YOUNGHEE])

    assert joined.matches == (Match(2, 1, By.ID),)
    assert [(each.ours, each.reason) for each in joined.apart] == [
        (0, "2 of ours are this student"),
        (1, "2 of ours are this student"),
    ]
    assert joined.unclaimed == (0,)


def test_nothing_known_is_nobody() -> None:
    assert only(Person(), Person()) == Apart(0, "not found")


WORDS = st.sampled_from(["", "a", "b", "12", "012", "a@x", "a@y", "Kim A", "A, Kim", "김 영희"])
PEOPLE = st.lists(st.builds(Person, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS), max_size=6)


@given(PEOPLE, PEOPLE, st.randoms(use_true_random=False))
def test_everybody_is_somewhere_once_and_order_makes_no_difference(
    ours: list[Person], theirs: list[Person], chance: random.Random
) -> None:
    joined = join(ours, theirs)
    places = list(range(len(ours)))
    chance.shuffle(places)
    others = list(range(len(theirs)))
    chance.shuffle(others)
    again = join([ours[place] for place in places], [theirs[place] for place in others])

    assert sorted([each.ours for each in joined.matches] + [each.ours for each in joined.apart]) == list(
        range(len(ours))
    )
    assert sorted([each.theirs for each in joined.matches] + list(joined.unclaimed)) == list(range(len(theirs)))
    assert pairs(joined) == {(places[one], others[other], by) for one, other, by in pairs(again)}


def pairs(joined: Joined) -> set[tuple[int, int, By]]:
    return {(each.ours, each.theirs, each.by) for each in joined.matches}
