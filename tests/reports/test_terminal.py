"""The score table as a terminal shows it."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from grader.records import Item, Outcome, Status
from grader.reports.terminal import footer, rendered, score_table
from grader.rows import ItemRow
from tests.stored import row

SECTIONS = {"corr2d-values": "7.2", "written-7.2": "7.2", "comp-conv2d": "7.3", "pool2d-max": "7.5"}
RUBRIC = [
    Item(id=name, section=section, title=name, points=4.0, check="returns_close", target=name)
    for name, section in SECTIONS.items()
]


def item(name: str, outcome: Outcome, earned: float = 0.0, message: str = "", hint: str = "") -> ItemRow:
    possible = 4.0 if outcome.decided else 0.0
    section = SECTIONS.get(name, "8.6")
    return ItemRow(name, section, name, name, "returns_close", outcome, earned / 4, earned, possible, message, hint)


THREE = [
    row(
        item("corr2d-values", Outcome.PASSED, 4.0),
        item("written-7.2", Outcome.WAITING),
        item("comp-conv2d", Outcome.PARTIAL, 2.5, "3 of 10 cases differ.", "Mind the stride."),
        item("pool2d-max", Outcome.FAILED, 0.0, "`pool2d` is not defined."),
        status=Status.PROVISIONAL,
    ),
    row(
        item("corr2d-values", Outcome.FAILED),
        item("written-7.2", Outcome.FAILED),
        item("comp-conv2d", Outcome.SKIPPED),
        item("pool2d-max", Outcome.BROKEN, 0.0, "The check failed."),
        student_id="2026-0002",
        student_name="김하늘",
        status=Status.NEEDS_STAFF,
    ),
    row(
        student_id="2026-0003",
        student_name="[red]Eve[/red]\x1b[2J\u202e",
        status=Status.NEEDS_STAFF,
        problem="essay.pdf is no notebook.",
    ),
]
TABLE = """\
                                       7.2 7.3 7.5
student   name             status       /8  /4  /4  total    % lost
────────────────────────────────────────────────────────────────────────────────────────────────────
2026-0001 Ada Moon         provisional  4? 2.5   0 6.5/12 54.2 comp-conv2d, pool2d-max
2026-0002 김하늘           needs staff   0   0   ?   0/12  0.0 corr2d-values, written-7.2 and 1 more
2026-0003 [red]Eve[/red]\\… needs staff                         essay.pdf is no notebook.

1 provisional, 2 needs staff | profile quick | device cpu | isolation bubblewrap | ? not decided
"""


def test_three_students_make_this_table() -> None:
    text = rendered(score_table(THREE, RUBRIC), width=110)

    assert [line.rstrip() for line in text.splitlines()] == TABLE.splitlines()


@pytest.mark.parametrize("width", [100, 120])
def test_a_table_of_eight_sections_fits_the_terminal(width: int) -> None:
    sections = ["7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "8.2", "8.6"]
    rubric = [Item(id=f"item-{s}", section=s, title="", points=16, check="", target="") for s in sections]
    items = [ItemRow(i.id, i.section, "", "", "", Outcome.PARTIAL, 0.8, 13.75, 16.0, "") for i in rubric]
    students = [row(*items, student_name="김하늘" * 20, status=Status.NEEDS_STAFF)]

    text = rendered(score_table(students, rubric), width=width)

    assert all(cell_len(line) <= width for line in text.splitlines())
    assert text.count("13.8") == 8
    assert all(shown in text for shown in ("2026-0001", "needs staff", "110/128", "85.9"))


def test_a_narrow_terminal_has_a_line_a_student() -> None:
    items = [item(name, Outcome.FAILED, 0.0) for name in ("corr2d-values", "written-7.2", "pool2d-max")]
    students = [row(*items), row(status=Status.NEEDS_STAFF, problem="essay.pdf is a PDF, and no notebook at all.")]

    lines = rendered(score_table(students, RUBRIC), width=70).splitlines()

    assert len(lines) == 2 + 1 + 2 + 1 + len(rendered(footer(students), width=70).splitlines())
    assert sum(line.rstrip().endswith("…") for line in lines) == 2


def test_the_footer_counts_states_and_tells_the_conditions() -> None:
    students = [row(), row(device="cuda:0"), row(status=Status.MISSING, device="", isolation="")]

    text = rendered(score_table(students, RUBRIC))

    told = "2 graded, 1 missing | profile quick | device cpu (1), cuda:0 (1) | isolation bubblewrap"
    assert text.splitlines()[-1].rstrip() == told


def test_a_mark_of_what_was_not_asked_yet_is_explained_below() -> None:
    asked = [row(item("corr2d-values", Outcome.PASSED, 6.0))]

    text = rendered(score_table(asked, RUBRIC))

    assert " 6?" in text
    assert text.splitlines()[-1].rstrip().endswith("| ? not decided")


def test_an_empty_table_says_so() -> None:
    assert rendered(score_table([], RUBRIC)).splitlines()[-1] == "no submissions"


def test_student_text_reaches_the_terminal_as_text_only() -> None:
    hostile = "[bold]x[/bold]\x1b]52;c;eA==\x07\r\u202e:smile:\x9b"
    student = row(item("pool2d-max", Outcome.FAILED, 0.0, hostile, hostile), student_name=hostile, problem=hostile)

    text = rendered(score_table([student], RUBRIC), width=200)

    assert not {"\x1b", "\x07", "\r", "\u202e", "\x9b"} & set(text)
    assert r"[bold]x[/bold]\x1b]52;c;eA==\x07\r\u202e:smile:\x9b" in text


def test_colours_are_written_only_where_asked_for() -> None:
    table = score_table(THREE, RUBRIC)

    assert "\x1b[36mprovisional" in rendered(table, colour=True)
    assert "\x1b" not in rendered(table)
