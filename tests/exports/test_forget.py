"""One student's data are deleted, and nothing of them stays."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from grader import cli, rubric
from grader.commands import tables
from grader.commands.forget import Options, forget
from grader.decisions import Decision, Kind
from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.lateness import Arrival
from tests.exports.classes import CHULSOO, MINA, YOUNGHEE, Class, graded

SECRETS = [b"2019170362", "영희".encode(), b"younghee", b"yh@example.org"]


@pytest.fixture
def given(tmp_path: Path) -> Class:
    arrivals = {each.student_id: Arrival("2026-10-04T12:00:00+09:00") for each in (CHULSOO, YOUNGHEE)}
    given = graded(tmp_path, [(CHULSOO, (6, 4)), (YOUNGHEE, (3, None)), (MINA, (1, 1))], arrivals=arrivals)
    assignment = rubric.load(tmp_path, rubric.unproven).assignments["hw2"]
    with Gradebook.open(given.out / "gradebook.db") as book:
        book.started("hw2", YOUNGHEE.student_id, "key")
        book.crashed("hw2", YOUNGHEE.student_id)
        large = "INSERT INTO observations SELECT id, randomblob(200000) FROM grades WHERE student_id = ?"
        book._connection.execute(large, (YOUNGHEE.student_id,))
        comment = Decision("hw2", YOUNGHEE.student_id, "written", Kind.COMMENT, "lee", text="Well put, 영희.")
        book.decide(Decision("hw2", YOUNGHEE.student_id, "written", Kind.UNDO, "lee", about=book.decide(comment)))
        tables.write(given.out, book.current("hw2"), assignment)
    (given.out / "feedback").mkdir()
    for each in (CHULSOO, YOUNGHEE):
        (given.out / f"feedback/{each.student_id}.html").write_text("<p>3 of 6</p>")
    (given.out / "intake.csv").write_text("file,student\nhw2/2019170362.ipynb,2019170362\n")
    given.export("csv")
    given.export("gradescope")
    given.export("research")
    return given


def left(folder: Path) -> list[str]:
    """The files in which anything of the student can be found."""
    return [
        path.name for path in folder.rglob("*") if path.is_file() and any(word in path.read_bytes() for word in SECRETS)
    ]


def test_the_page_of_similar_code_goes_whoever_it_names(given: Class) -> None:
    page = given.out / "similar.html"
    page.write_text("<p>yh and mina</p>")  # too short a name to be looked for

    forget(Options(YOUNGHEE.student_id, given.out, given.folder, sure=True))

    assert not page.exists()


def test_nothing_of_the_student_stays_in_any_file(given: Class) -> None:
    assert {"grades.csv", "items.csv"} <= set(left(given.out))

    found = forget(Options(YOUNGHEE.student_id, given.out, given.folder, sure=True))

    assert left(given.out) == []
    assert found.rows == {
        "grades": 1,
        "items": 2,
        "observations": 1,
        "roster": 1,
        "arrivals": 1,
        "attempts": 1,
        "decisions": 2,
    }
    assert [str(path.relative_to(given.out)) for path in found.files] == [
        "exports/grades.csv",
        "exports/gradescope/2019170362.json",
        "feedback/2019170362.html",
        "intake.csv",
    ]


def test_a_short_id_is_found_where_it_stands_as_a_word(given: Class) -> None:
    ada = replace(YOUNGHEE, student_id="ada", number="", login="", email="", name="")
    with Gradebook.open(given.out / "gradebook.db") as book:
        book.enrol("hw2", [ada])
    (given.out / "intake.csv").write_text("file,student\nada.ipynb,ada\n")
    (given.out / "exports/canada.csv").write_text("canada,adamant\n")
    (given.out / f"feedback/{CHULSOO.student_id}.html").write_text("<p>as ada said</p>")

    found = forget(Options("ada", given.out, given.folder, sure=True))

    assert [str(path.relative_to(given.out)) for path in found.files] == ["intake.csv"]


def test_the_others_keep_everything(given: Class) -> None:
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        before = [row for row in book.current("hw2") if row.student_id != YOUNGHEE.student_id]

    forget(Options(YOUNGHEE.student_id, given.out, given.folder, sure=True))

    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        assert book.current("hw2") == before
        assert [each.student_id for each in book.roster("hw2")] == [CHULSOO.student_id, MINA.student_id]
        assert list(book.arrivals("hw2")) == [CHULSOO.student_id]
    assert (given.out / "grades.csv").read_text("utf-8-sig").count("\n") == 3
    assert (given.out / f"feedback/{CHULSOO.student_id}.html").exists()


def test_grades_are_history_again_afterwards(given: Class) -> None:
    forget(Options(YOUNGHEE.student_id, given.out, given.folder, sure=True))

    connection = sqlite3.connect(given.out / "gradebook.db")
    assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)  # written anew
    with pytest.raises(sqlite3.IntegrityError, match="grades are history"):
        connection.execute("DELETE FROM grades")
    connection.close()


def test_without_a_yes_nothing_is_deleted(given: Class, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in given.out.rglob("*") if path.suffix in (".csv", ".html", ".json")}

    code = cli.main(["forget", YOUNGHEE.student_id, "--out", str(given.out), "--course", str(given.folder)])

    told = capsys.readouterr().out.splitlines()
    assert code == 0
    assert told[0] == f"Would be deleted: 1 grade with all that was recorded, from every assignment in {given.out}"
    assert "Lies elsewhere: the submission itself: 2019170362.ipynb" in told
    assert told[-1] == "Nothing has been deleted yet; give the same command with --yes."
    assert {path: path.read_bytes() for path in before} == before


def test_a_student_of_whom_nothing_is_known_is_told(given: Class) -> None:
    with pytest.raises(UsageError, match="knows nothing of a student '2019170363x'; did you mean '2019170363'"):
        forget(Options("2019170363x", given.out, given.folder))
