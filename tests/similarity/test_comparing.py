"""Who shares code that few others have: every planted disguise is seen through, honest work is left alone."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from benchmarks.similarity.planting import DISGUISES, Author, authors, copied, expected
from grader.similarity import Compared, Definition, Work, compare, in_text

BOOK = "ada"  # of the examples; follows the book
EVERYBODY = {author.name: author for author in authors()}
EXPLAINED = [*expected(), *EVERYBODY[BOOK].work.definitions]
HONEST = [EVERYBODY[name] for name in ("bruno", "chen", "elif", "four_loops", "star_args", "built_on_first_use")]


def compared(class_: Sequence[Author], explained: Sequence[Definition] = EXPLAINED) -> Compared:
    return compare([each.work for each in class_], explained)


def named(found: Compared) -> set[frozenset[str]]:
    return {frozenset((pair.left.student_id, pair.right.student_id)) for pair in found.pairs}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("author", ["bruno", "elif", "star_args"])
def test_a_copy_is_found_in_every_disguise_and_nobody_else(author: str, disguise: str) -> None:
    copy = copied(EVERYBODY[author], disguise, random.Random(1))

    found = compared([*HONEST, copy])

    assert named(found) == {frozenset((author, copy.name))}


def test_a_copy_beside_work_of_ones_own_is_found() -> None:
    copy = copied(EVERYBODY["bruno"], "renamed", random.Random(1), beside=EVERYBODY["static_methods"])

    assert frozenset(("bruno", copy.name)) in named(compared([*HONEST, copy]))


def test_honest_solutions_of_one_task_are_left_alone() -> None:
    assert compared(HONEST).pairs == []


def test_two_students_who_write_in_the_same_style_are_left_alone() -> None:
    one = "def corr2d(X, K):\n  h, w = K.shape\n  Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)\n"
    one += (
        "  for i in range(Y.shape[0]):\n    for j in range(Y.shape[1]):\n      Y[i, j] = (X[i:i+h, j:j+w] * K).sum()\n"
    )
    other = one.replace("Y", "out") + "  return out\n"

    assert compared([Author("ada", (one + "  return Y\n",)), Author("bo", (other,))], []).pairs == []


def test_what_is_expected_is_nobodys_copy() -> None:
    twins = [Author("ada", EVERYBODY["bruno"].sources), Author("bo", EVERYBODY["bruno"].sources)]

    without = compared(twins)
    explained = compared(twins, [*EXPLAINED, *EVERYBODY["bruno"].work.definitions])

    assert len(without.pairs) == 1
    assert explained.pairs == []


def test_what_many_have_names_nobody() -> None:
    others = [Author(f"s{number:02}", EVERYBODY["bruno"].sources) for number in range(30)]

    assert compared(others).pairs == []
    assert len(compared(others[:2]).pairs) == 1


def test_groups_are_those_who_hang_together() -> None:
    draw = random.Random(1)
    class_ = [*HONEST, *(copied(EVERYBODY["bruno"], each, draw) for each in ("renamed", "comments", "dead code"))]
    class_.append(copied(EVERYBODY["elif"], "reformatted", draw))

    groups = [{work.student_id for work in group} for group in compared(class_).groups]

    assert groups == [
        {"bruno", "bruno (renamed)", "bruno (comments)", "bruno (dead code)"},
        {"elif", "elif (reformatted)"},
    ]


def test_the_lines_that_match_are_told_on_both_sides() -> None:
    copy = copied(EVERYBODY["bruno"], "dead code", random.Random(1))

    (pair,) = compared([*HONEST, copy]).pairs

    match = pair.matches[0]
    assert match.left.name == match.right.name
    left = [match.left.lines[line] for line in sorted(match.left_lines)]
    right = [match.right.lines[line] for line in sorted(match.right_lines)]
    assert any("BatchNorm2d" in line for line in left) and any("BatchNorm2d" in line for line in right)
    assert not any("len(unused) > 9" in line for line in left)
    assert len(right) < len(match.right.lines)


def test_pairs_beyond_those_shown_are_counted_and_not_laid_side_by_side() -> None:
    draw = random.Random(1)
    class_ = [*HONEST, *(copied(EVERYBODY["bruno"], each, draw) for each in ("renamed", "comments"))]

    found = compare([each.work for each in class_], EXPLAINED, shown=1)

    assert [bool(pair.matches) for pair in found.pairs] == [True, False, False]


def test_the_same_class_gives_the_same_figures_whatever_its_order() -> None:
    class_ = [*HONEST, copied(EVERYBODY["bruno"], "all of it", random.Random(1))]

    one, other = compared(class_), compared(class_[::-1])

    assert [(pair.share, pair.rare) for pair in one.pairs] == [(pair.share, pair.rare) for pair in other.pairs]


def test_nobody_is_like_somebody_who_has_nothing() -> None:
    empty = [Work("ada", "", ()), Work("bo", "", in_text("x = 1", "bo.py"))]

    assert compare(empty).pairs == []
