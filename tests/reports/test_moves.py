"""The marks that moved, as they are listed in the terminal."""

from __future__ import annotations

from grader.records import Outcome, Profile, Status
from grader.reports.moves import Move, moves, moves_table
from grader.reports.terminal import rendered
from grader.rows import GradeRow, ItemRow


def item(id: str, earned: float, possible: float = 4.0, outcome: Outcome = Outcome.PARTIAL) -> ItemRow:
    return ItemRow(id, "7.2", id, "f", "returns_close", outcome, 0.5, earned, possible, "")


def row(student: str, *items: ItemRow) -> GradeRow:
    return GradeRow("hw", student, "", student, "", Status.GRADED, "none", "cpu", Profile.QUICK, "", 0, "", "", "", "",
                    items)  # fmt: skip


def test_marks_that_differ_are_moves_and_others_are_not() -> None:
    before = [row("ada", item("a", 1.25), item("b", 2), item("gone", 1)), row("bo", item("a", 1))]
    waiting = item("c", 0, 0, Outcome.WAITING)
    after = [row("ada", item("a", 1.5), item("b", 2, 5), waiting), row("bo", item("a", 1))]

    assert list(moves(before, after)) == [
        Move("ada", "a", "1.25/4", "1.5/4"),
        Move("ada", "b", "2/4", "2/5"),
        Move("ada", "c", "", "?"),
        Move("ada", "gone", "1/4", ""),
    ]


def test_a_class_of_1500_fits_a_screen() -> None:
    moved = [Move(f"student{number:04}", "corr2d-values", "4/5", "8/8") for number in range(1500)]

    lines = rendered(moves_table(moved), width=80).splitlines()

    assert lines[:2] == ["1500 marks moved.", "  corr2d-values: 1500 earn more"]
    assert [line.split() for line in lines if "student0019" in line] == [["student0019", "corr2d-values", "4/5", "8/8"]]
    assert "student0020" not in "".join(lines)
    assert lines[-1] == "... and 1480 more: see items.csv"
    assert len(lines) < 30


def test_one_move_and_none_are_told_in_words() -> None:
    assert rendered(moves_table([])).strip() == "No mark moved."
    assert rendered(moves_table([Move("a\x1b[2J", "b", "1/2", "2/2")])).startswith("1 mark moved.")
    assert "\x1b" not in rendered(moves_table([Move("a\x1b[2J", "b", "1/2", "2/2")]))


def test_what_a_change_does_to_a_class_is_counted_item_by_item() -> None:
    moved = [Move(f"s{n}", "a", "4/5", "5/5") for n in range(20)] + [Move("bo", "a", "4/5", "3/5")]
    moved += [Move("cy", "b", "0/5", "0/6"), Move("cy", "c", "?", "3/5"), Move("cy", "d", "1/5", "")]

    lines = rendered(moves_table(moved, "would move"), width=80).splitlines()

    assert lines[:5] == [
        "24 marks would move.",
        "  a: 20 earn more, 1 earn less",
        "  b: 1 earn as much of other points",
        "  c: 1 appear, go or wait",
        "  d: 1 appear, go or wait",
    ]
    assert lines[-1] == "... and 4 more"
