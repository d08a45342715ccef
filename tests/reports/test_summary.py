"""A class in as many lines as a screen has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.records import Outcome, Status
from grader.reports.summary import summary
from grader.reports.terminal import rendered
from grader.rows import GradeRow
from tests.reports.test_terminal import item
from tests.stored import row


def class_of(count: int) -> list[GradeRow]:
    """Marks from 0 to 8 of 8; the second item is lost more often than the first."""
    rows = []
    for number in range(count):
        first = item("corr2d-values", Outcome.PASSED, 4.0) if number % 5 else item("corr2d-values", Outcome.FAILED)
        second = item("comp-conv2d", Outcome.PARTIAL, float(number % 5))
        rows.append(row(first, second, student_id=f"s{number:04}"))
    return rows


def test_a_thousand_students_fit_a_screen() -> None:
    rows = [replace(each, status=Status.NEEDS_STAFF, problem="x" * 300) for each in class_of(1000)]

    for width in (80, 120):
        lines = rendered(summary(rows), width=width).splitlines()
        assert len(lines) <= 20
        assert all(len(line) <= width for line in lines)


def test_it_tells_the_distribution() -> None:
    lines = rendered(summary(class_of(10)), width=120).splitlines()

    assert "median 75.0" in lines[0]
    top = next(line for line in lines if line.strip().startswith("90-100"))
    assert top.split()[1] == "█" * 24 and top.split()[2] == "2"  # 4 + 4 of 8: numbers 4 and 9
    assert next(line for line in lines if line.strip().startswith("0-10")).split()[2] == "2"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_bar_loses_its_label_on_a_narrow_terminal(width: int) -> None:
    lines = rendered(summary(class_of(1000)), width=width).splitlines()

    labels = [word for line in lines for word in line.split()[:1] if word[0].isdigit()]
    assert labels[:10] == [f"{low}-{low + 10}" for low in range(90, -1, -10)]
    assert "corr2d-values" in "".join(lines)


def test_it_tells_what_was_lost_most_and_by_how_many() -> None:
    text = rendered(summary(class_of(10)), width=120)

    first, second = text.index("comp-conv2d"), text.index("corr2d-values")
    assert first < second
    assert "50 %" in text and "8 of 10" in text


def test_it_names_who_needs_staff_and_why() -> None:
    staff = [
        row(item("pool2d-max", Outcome.BROKEN, 0.0, "The check failed."), student_id="bo", status=Status.NEEDS_STAFF),
        row(student_id="[red]eve\x1b[2J", status=Status.NEEDS_STAFF, problem="essay.pdf is no notebook."),
    ]

    text = rendered(summary([*class_of(3), *staff]), width=120)

    assert "bo needs staff: pool2d-max: The check failed." in text
    assert "[red]eve\\x1b[2J needs staff: essay.pdf is no notebook." in text


def test_a_class_of_which_nothing_is_decided_has_a_summary_too() -> None:
    text = rendered(summary([row(item("written-7.2", Outcome.WAITING), status=Status.PROVISIONAL)]))

    assert "Nothing is decided yet." in text
