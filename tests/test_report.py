"""`grader report`, and the pages that `grader grade` writes: in step with the gradebook, whatever happens between."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grader import cli, rubric
from grader.commands import report
from grader.commands.pages import Pages
from grader.commands.stored import Facts
from grader.errors import RubricError
from grader.gradebook import Gradebook
from grader.records import LANGUAGES
from tests.reports.pages import EVERYTHING

ROOT = Path(__file__).parents[1]
RUBRIC = """\
version: 1
assignments:
  hw:
    reference: hw2_cnn
    items:
      - {id: a, section: "7.2", title: about a, target: "7.2", points: 3, check: answered}
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    (folder / "rubric.yaml").write_text(RUBRIC)
    shutil.copytree(ROOT / "reference", folder / "reference", ignore=shutil.ignore_patterns("__pycache__", "styles"))
    return folder


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """Two PDFs: they are graded (as unreadable) without a sandbox."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("ada", "bo"):
        (folder / f"{name}.ipynb").write_bytes(b"%PDF " + name.encode())
    return folder


def run(command: str, *arguments: str | Path, course: Path) -> int:
    return cli.main([command, *map(str, arguments), "--course", str(course)])


def grade(handed_in: Path, course: Path, *options: str) -> Path:
    """Grade, and say where the pages lie."""
    out = handed_in.parent / "results"
    run("grade", handed_in, "--out", out, "--runner", "inline", "--sandbox", "none", *options, course=course)
    return out / "feedback"


def test_every_graded_submission_has_a_page(handed_in: Path, course: Path) -> None:
    pages = grade(handed_in, course)

    assert sorted(os.listdir(pages)) == ["ada.html", "bo.html"]
    assert "ada.ipynb is a PDF" in (pages / "ada.html").read_text(encoding="utf-8")


def test_only_what_changed_is_written_anew(handed_in: Path, course: Path) -> None:
    pages = grade(handed_in, course)
    for page in pages.iterdir():
        page.write_text("as it was" + page.read_text(encoding="utf-8"), encoding="utf-8")
    (handed_in / "bo.ipynb").write_bytes(b"%PDF of another day")

    grade(handed_in, course)

    assert (pages / "ada.html").read_text(encoding="utf-8").startswith("as it was")
    assert (pages / "bo.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_page_that_was_lost_comes_back_without_grading(
    handed_in: Path, course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = grade(handed_in, course)
    (pages / "ada.html").unlink()
    (pages / "bo.html").write_text("")  # as a power cut leaves it
    capsys.readouterr()

    grade(handed_in, course)

    assert "2 unchanged" in "".join(capsys.readouterr())
    assert all("is a PDF" in page.read_text(encoding="utf-8") for page in pages.iterdir())


def test_a_grader_killed_between_gradebook_and_page_leaves_no_page_of_an_earlier_grade(
    handed_in: Path, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = grade(handed_in, course)
    (handed_in / "ada.ipynb").write_bytes(b"%PDF of another day")
    with monkeypatch.context() as killed:
        killed.setattr(Pages, "write", lambda self, row: os._exit(9))
        if (pid := os.fork()) == 0:
            grade(handed_in, course)
        os.waitpid(pid, 0)

    assert not (pages / "ada.html").exists()
    grade(handed_in, course)
    assert (pages / "ada.html").exists()


def test_report_writes_every_page_in_the_language_asked_for(
    handed_in: Path, course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = grade(handed_in, course)
    capsys.readouterr()

    code = run("report", "--out", pages.parent, "--lang", "ko", course=course)

    assert code == 1  # PDFs need staff
    report = pages.parent / "report.html"
    assert capsys.readouterr().out == f"2 pages in {pages}\nclass report: {report}\n"
    assert all('<html lang="ko">' in page.read_text(encoding="utf-8") for page in pages.iterdir())


def test_the_language_of_the_course_is_that_of_its_pages(handed_in: Path, course: Path, tmp_path: Path) -> None:
    korean = tmp_path / "korean"
    shutil.copytree(course, korean)
    (korean / "rubric.yaml").write_text(RUBRIC.replace("version: 1", "version: 1\nlanguage: ko"))

    pages = grade(handed_in, korean)

    assert '<html lang="ko">' in (pages / "ada.html").read_text(encoding="utf-8")
    assert report.report(report.Options(pages.parent, korean)).pages
    assert '<html lang="ko">' in (pages / "ada.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["tlh", "[ko]", "7"])
def test_a_language_without_words_is_one_clear_line(language: str, course: Path, tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_text(RUBRIC.replace("version: 1", f"version: 1\nlanguage: {language}"))

    with pytest.raises(RubricError, match=r"rubric.yaml: language is .*; there are en, ko"):
        rubric.load(tmp_path, rubric.unproven)


def test_report_without_a_gradebook_says_what_to_do(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", "--out", tmp_path / "none", course=course) == 2
    assert "run `grader grade` first" in capsys.readouterr().err


def test_a_full_disk_is_one_clear_line_and_the_page_before_stays(
    handed_in: Path, course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = grade(handed_in, course)
    before = (pages / "ada.html").read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    code = run("report", "--out", pages.parent, course=course)

    assert code == 3
    assert "ada.html cannot be written (No space left on device)" in capsys.readouterr().err
    assert (pages / "ada.html").read_bytes() == before


# ---- the class report ------------------------------------------------------------------------------------------------


def test_grading_ends_with_a_class_report_that_links_to_the_pages_and_is_named(
    handed_in: Path, course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = grade(handed_in, course)

    content = (pages.parent / "report.html").read_text(encoding="utf-8")
    told = capsys.readouterr().out
    assert 'href="feedback/ada.html"' in content and "ada.ipynb is a PDF" in content
    assert f"{pages}: a page for each student" in told and f"{pages.parent / 'report.html'}: the class" in told


def test_the_class_report_names_who_is_missing_and_what_the_intake_doubts(
    handed_in: Path, course: Path, tmp_path: Path
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("Student ID,Name\nada,Ada\nzoe,Zoe\n")

    pages = grade(handed_in, course, "--roster", str(roster))

    content = (pages.parent / "report.html").read_text(encoding="utf-8")
    assert 'data-state="missing"' in content and "<bdi>Zoe</bdi>" in content
    assert "feedback/zoe.html" not in content
    assert "Who is who: from intake.csv" in content and "not on the roster" in content


def test_the_class_report_can_be_made_anew_and_links_to_similar_submissions_once_there_is_such_a_report(
    handed_in: Path, course: Path
) -> None:
    out = grade(handed_in, course).parent
    first = (out / "report.html").read_text(encoding="utf-8")
    (out / "report.html").unlink()

    run("report", "--out", out, course=course)
    again = (out / "report.html").read_text(encoding="utf-8")
    (out / "similar.html").write_text("<p>")
    run("report", "--out", out, course=course)

    assert again == first and "similar.html" not in first
    assert 'href="similar.html"' in (out / "report.html").read_text(encoding="utf-8")


def test_a_class_report_is_written_anew_only_where_something_in_it_changed(handed_in: Path, course: Path) -> None:
    report = grade(handed_in, course).parent / "report.html"
    first = report.read_text(encoding="utf-8")
    report.write_text(first + "as it was", encoding="utf-8")

    grade(handed_in, course)
    unchanged = report.read_text(encoding="utf-8")
    due = RUBRIC.replace("    items:", "    due: 2026-10-03 23:59\n    items:")
    (course / "rubric.yaml").write_text(due)
    try:
        grade(handed_in, course)
    finally:
        (course / "rubric.yaml").write_text(RUBRIC)

    assert unchanged == first + "as it was"
    assert "Due 2026-10-03 23:59" in report.read_text(encoding="utf-8")


def test_a_lost_or_broken_class_report_comes_back_without_grading(handed_in: Path, course: Path) -> None:
    report = grade(handed_in, course).parent / "report.html"
    first = report.read_text(encoding="utf-8")
    report.write_text("")  # as a power cut leaves it

    grade(handed_in, course)

    assert report.read_text(encoding="utf-8") == first


def test_a_class_report_needs_no_intake(handed_in: Path, course: Path) -> None:
    out = grade(handed_in, course).parent
    (out / "intake.csv").unlink()

    assert run("report", "--out", out, course=course) == 1
    assert "is a PDF" in (out / "report.html").read_text(encoding="utf-8")


ODD = ["../../etc/passwd", "a/b", "con", ".hidden", "-rf", "김하늘", "x" * 400, "a\x00b", "<img>", ""]


def test_no_id_leads_out_of_the_folder(course: Path, tmp_path: Path) -> None:
    read = rubric.load(course, rubric.unproven)
    with Gradebook.open(tmp_path / "gradebook.db") as book:
        pages = Pages(tmp_path, Facts.of(read, read.assignments["hw"], book))

    written: Sequence[Path] = [pages.write(replace(EVERYTHING, student_id=id)) for id in ODD]

    assert {path.parent for path in written} == {tmp_path / "feedback"}
    assert len(set(written)) == len(ODD)
    assert all(path.is_file() and len(path.name.encode()) < 255 for path in written)


def test_help_names_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["report", "--help"])

    told = capsys.readouterr().out
    assert all(tag in told and name in told for tag, name in LANGUAGES.items())
