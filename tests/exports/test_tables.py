"""grades.csv and items.csv, and how they reach the disk."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from grader.errors import MachineryError
from grader.exports.files import write
from grader.exports.tables import grades_csv, items_csv
from grader.marks import Mark, mark, written
from grader.records import Assignment, Item, Outcome, Status
from grader.rows import ItemRow
from tests.stored import row

RUBRIC = [
    Item(id=name, section="7.2", title=f"About {name}", points=4.0, check="returns_close", target=name)
    for name in ("corr2d", "pool2d", "written")
]


def item(name: str, outcome: Outcome, earned: float = 0.0, possible: float = 4.0, message: str = "") -> ItemRow:
    possible = possible if outcome.decided else 0.0
    return ItemRow(name, "7.2", f"About {name}", name, "returns_close", outcome, earned / 4, earned, possible, message)


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_grades_have_exactly_these_columns_and_numbers() -> None:
    done = row(
        item("corr2d", Outcome.PASSED, 4.0), item("pool2d", Outcome.PARTIAL, 2.5), item("written", Outcome.FAILED)
    )

    text = grades_csv([done], RUBRIC)

    assert text == (
        "student_id,student_name,submission,status,corr2d,pool2d,written,earned,possible,percent\n"
        "2026-0001,Ada Moon,ada.ipynb,graded,4,2.5,0,6.5,12,54.2\n"
    )


def test_items_stand_in_rubric_order_whatever_the_order_of_the_grade() -> None:
    done = row(item("written", Outcome.FAILED), item("corr2d", Outcome.PASSED, 4.0))

    text = grades_csv([done], RUBRIC)

    assert cells(text)[1][4:7] == ["4", "", "0"]


def test_what_is_wrong_with_a_whole_submission_is_said_in_one_line() -> None:
    text = items_csv([row(status=Status.NEEDS_STAFF, problem="=It is a PDF.")])

    assert cells(text)[1:] == [["2026-0001", "", "", "", "", "", "broken", "", "", "'=It is a PDF."]]


@pytest.mark.parametrize("outcome", [Outcome.BROKEN, Outcome.WAITING])
def test_what_is_undecided_is_blank_and_counts_nothing(outcome: Outcome) -> None:
    done = row(item("corr2d", Outcome.PASSED, 4.0), item("pool2d", outcome))

    assert cells(grades_csv([done], RUBRIC))[1][4:] == ["4", "", "", "4", "4", "100.0"]
    assert cells(items_csv([done]))[2][6:9] == [outcome.value, "", ""]


@pytest.mark.parametrize("status", [Status.MISSING, Status.NEEDS_STAFF])
def test_a_grade_without_any_decision_has_no_numbers(status: Status) -> None:
    text = grades_csv([row(status=status)], RUBRIC)

    assert cells(text)[1][3:] == [status.value, "", "", "", "", "", ""]


def test_items_have_exactly_these_columns() -> None:
    done = row(item("corr2d", Outcome.PARTIAL, 1.33, message='3 of 9 differ, the "last" row.'))

    text = items_csv([done])

    assert text == (
        "student_id,item,section,title,target,check,outcome,earned,possible,message\n"
        "2026-0001,corr2d,7.2,About corr2d,corr2d,returns_close,partial,1.33,4,"
        '"3 of 9 differ, the ""last"" row."\n'
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tAda", "\r=1", "\uff1d1", "\uff0b1", " =1", "\n=1"])
@pytest.mark.parametrize("where", ["student_id", "student_name", "submission"])
def test_text_that_looks_like_a_formula_is_guarded(where: str, text: str) -> None:
    table = cells(grades_csv([row(**{where: text})], RUBRIC))

    assert dict(zip(*table, strict=True))[where].startswith("'")


def test_a_message_that_looks_like_a_formula_is_guarded() -> None:
    text = items_csv([row(item("corr2d", Outcome.FAILED, message="=HYPERLINK(1)"), student_id="@ada")])

    assert (cells(text)[1][0], cells(text)[1][-1]) == ("'@ada", "'=HYPERLINK(1)")


def test_a_negative_number_stays_a_number() -> None:
    text = grades_csv([row(item("corr2d", Outcome.PARTIAL, -0.5))], RUBRIC)

    assert cells(text)[1][4] == "-0.5"


def test_control_characters_are_written_out() -> None:
    done = row(item("corr2d", Outcome.FAILED, message="a\nb\x1b[2J\u202ec\x85\udc80"), student_name="Ada\r\nMoon")

    assert cells(items_csv([done]))[1][-1] == r"a\nb\x1b[2J\u202ec\x85\udc80"
    assert cells(grades_csv([done], RUBRIC))[1][1] == r"Ada\r\nMoon"


@pytest.mark.parametrize("name", ["김하늘", "\u1100\u1175\u11b7", 'Ada "Moon", Dr.', "O'Neil", "Zoë"])
def test_names_come_back_as_handed_in(name: str) -> None:
    assert cells(grades_csv([row(student_name=name)], RUBRIC))[1][1] == name


def test_a_written_file_is_whole_and_marked_as_utf8(tmp_path: Path) -> None:
    path = tmp_path / "results" / "grades.csv"

    write(path, "김하늘,4\n")

    assert path.read_bytes() == b"\xef\xbb\xbf" + "김하늘,4\n".encode()
    assert os.listdir(path.parent) == ["grades.csv"]


def test_an_encoding_for_machines_has_no_mark(tmp_path: Path) -> None:
    path = tmp_path / "page.html"

    write(path, "a\udc80\n", encoding="utf-8")

    assert path.read_bytes() == b"a\\udc80\n"


def test_text_and_name_are_on_disk_before_the_file_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("old")
    seen: list[tuple[str, str]] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        kind = "folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"
        seen.append((kind, path.read_text(encoding="utf-8-sig")))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)

    write(path, "new")

    assert seen == [("file", "old"), ("folder", "new")]


def test_a_full_disk_keeps_the_old_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(MachineryError, match=r"grades\.csv cannot be written \(No space left on device\)"):
        write(path, "new")

    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["grades.csv"])


def test_what_the_student_should_know_besides_stands_behind_the_message() -> None:
    helped = replace(item("corr2d", Outcome.PASSED, 4.0, message="All agree."), hint="Judged with a working `corr2d`.")

    assert cells(items_csv([row(helped)]))[1][-1] == "All agree. Judged with a working `corr2d`."


def test_a_policy_adds_what_lateness_takes_off_and_the_mark() -> None:
    done = row(item("corr2d", Outcome.PASSED, 4.0), item("pool2d", Outcome.PARTIAL, 2.5))
    waiting = row(item("corr2d", Outcome.PASSED, 4.0), item("pool2d", Outcome.WAITING), student_id="b")
    marks = {
        done.student_id: Mark(Decimal("6.5"), Decimal(8), Decimal("0.65"), Decimal("5.85"), Decimal(8)),
        "b": Mark(Decimal(4), Decimal(8), Decimal(0), Decimal(4), Decimal(8), ("pool2d",), "not decided: pool2d"),
    }

    header, *lines = cells(grades_csv([done, waiting], RUBRIC[:2], marks))

    assert header[-3:] == ["percent", "penalty", "final"]
    assert [line[-2:] for line in lines] == [["0.65", "5.85"], ["0", ""]]


@pytest.mark.parametrize(
    ("points", "total"),
    [((0.125,), "0.13"), ((0.125, 0.125), "0.25"), ((1.005, 2.0), "3.01"), ((2.675,), "2.68"), ((0.1, 0.2), "0.3")],
)
def test_points_of_three_decimals_are_the_same_in_tables_and_exports(points: tuple[float, ...], total: str) -> None:
    items = tuple(Item(f"i{n}", "7.2", "", each, "returns_close", "f") for n, each in enumerate(points))
    graded = row(*(item(f"i{n}", Outcome.PASSED, each, each) for n, each in enumerate(points)))

    (header, line) = cells(grades_csv([graded], items))
    found = dict(zip(header, line, strict=True))

    assert (found["earned"], found["possible"], found["percent"]) == (total, total, "100.0")
    assert written(mark(graded, Assignment("hw", "", Path(), "", items)).final or Decimal(0)) == total
