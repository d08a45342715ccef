"""Changed rubrics on a graded class: what is run, what is only judged anew, and that both give the same tables."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from grader import cli, datasets, keys, listing
from grader.commands import grade as grading
from grader.commands.isolation import bubblewrap_problem
from grader.commands.rescore import Options, Result, Stale, rescore
from grader.commands.standing import as_stored, rescored
from grader.commands.watch import Idle, Watch
from grader.decisions import Beneath, Decision, Kind
from grader.errors import DataMissing, RubricError
from grader.gradebook import Gradebook
from grader.packing import split
from grader.records import Item, Profile, Submission
from grader.reports.moves import Move, moves

ROOT = Path(__file__).parents[1]
Rubric: TypeAlias = dict[str, dict[str, Any]]  # rows by item

LENET = """
class LeNet(d2l.Classifier):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.net = nn.Sequential(
      nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
      nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, 2),
      nn.Flatten(), nn.LazyLinear({width}), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))
"""
CORR2D = """
def corr2d(X, K):
  u = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)
  return (u * K).sum((2, 3)){off}
"""
RECIPE = {"steps": 4, "batch": 16, "lr": 0.003, "size": 28, "train": 256, "test": 200, "none": 0.0, "full": 0.9}
ITEMS: Rubric = {
    "values": {"target": "corr2d", "points": 5, "check": "returns_close",
               "options": {"inputs": "corr2d_inputs", "cases": 3}},
    "by-hand": {"target": "corr2d", "points": 1, "check": "returns_close",
                "options": {"inputs": "corr2d_inputs", "cases": 2, "banned": ["convolution"]}},
    "gradient": {"target": "corr2d", "points": 2, "check": "gradient_close", "needs": ["values"],
                 "options": {"inputs": "corr2d_gradient_inputs", "cases": 2}},
    "shapes": {"target": "LeNet", "points": 3, "check": "has_shapes",
               "options": {"input": [1, 1, 28, 28], "credit": {"one_layer": 0.5}}},
    "accuracy": {"target": "LeNet", "points": 4, "check": "learns",
                 "options": {"data": "fashion_mnist", "profiles": {"quick": RECIPE}}},
    "written": {"target": "7.2", "points": 1, "check": "answered"},
}  # fmt: skip


@dataclass
class Class:
    """A course, what was handed in, its results, and what the grader said."""

    folder: Path
    planned: list[tuple[int, int, int]] = field(default_factory=list)  # to run, to rescore, unchanged
    stale: list[list[str]] = field(default_factory=list)

    @property
    def out(self) -> Path:
        return self.folder / "results"

    def ask(self, items: Rubric) -> None:
        """Write the rubric."""
        rows = [{"id": id, "section": "7.2", "title": f"about {id}", **row} for id, row in items.items()]
        homework = {"hw": {"reference": "hw2_cnn", "prelude": PRELUDE, "items": rows}}
        (self.folder / "rubric.yaml").write_text(yaml.safe_dump({"version": 1, "assignments": homework}))

    def grade(self, **options: Any) -> grading.Result:
        def planned(todo: Sequence[Submission], idle: Idle) -> None:
            self.planned.append((len(todo), idle.rescored, idle.unchanged))

        watch = Watch(
            planned,
            lambda submission: None,
            lambda grade: None,
            stale=lambda todo: self.stale.append([each.student.id for each in todo]),
        )
        given = {"out": self.out, "runner": "inline", "device": "cpu", "profile": Profile.QUICK, **options}
        return grading.grade(grading.Options((self.folder / "in",), self.folder, **given), watch)

    def decide(self, student: str, item: str, kind: Kind, **told: Any) -> None:
        """As a person would on the page of `grader review`."""
        with Gradebook.beside(self.out / "gradebook.db") as book:
            row = next(row for row in book.current("hw") if row.student_id == student)
            here = next((each for each in row.items if each.item == item), None)
            below = Beneath.of(row, here) if here and kind is Kind.POINTS else None
            book.decide(Decision("hw", student, item, kind, "lee", beneath=below, **told))

    def decisions(self) -> list[tuple[Kind, str]]:
        with Gradebook.open(self.out / "gradebook.db", writing=False) as book:
            return [(each.kind, each.who.partition(" ")[0]) for each in book.decisions("hw")]

    def rescore(self) -> Result:
        return rescore(Options(self.out, self.folder))

    def tables(self) -> list[bytes]:
        return [(self.out / name).read_bytes() for name in ("grades.csv", "items.csv")]

    def pages(self) -> dict[str, str]:
        """The feedback pages, but for when they were written."""
        pages = (self.out / "feedback").glob("*.html")
        return {each.name: re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "", each.read_text("utf-8")) for each in pages}

    def ran(self, student: str) -> list[str]:
        """The items that were run last."""
        with Gradebook.open(self.out / "gradebook.db", writing=False) as book:
            return [item for item in split(next(book.recorded("hw", student))[1]) if item != listing.ITEM]


PRELUDE = ["import torch", "from torch import nn", "from d2l import torch as d2l"]


def write_notebook(path: Path, *cells: str) -> None:
    rows: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell} for cell in cells
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": rows}))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Ada has everything right; Bo's corr2d is off by a thousandth, and one layer of the network is wrong."""
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    try:
        datasets.folder("fashion_mnist")
    except DataMissing as missing:
        pytest.skip(f"{missing}: the data set would run this")
    made = Class(tmp_path_factory.mktemp("course"))
    shutil.copytree(ROOT / "reference", made.folder / "reference", ignore=shutil.ignore_patterns("__pycache__"))
    write_notebook(made.folder / "in/ada.ipynb", CORR2D.format(off=""), LENET.format(width=120))
    write_notebook(made.folder / "in/bo.ipynb", CORR2D.format(off=" * 1.001"), LENET.format(width=110))
    made.ask(ITEMS)
    made.grade()
    return made


@pytest.fixture
def given(graded: Class, tmp_path: Path) -> Class:
    """The graded class, in a folder of its own."""
    shutil.copytree(graded.folder, tmp_path / "course")
    return Class(tmp_path / "course")


def changed(**options: dict[str, Any]) -> Rubric:
    """The rubric with other rows; `options` within a row are added to those it has."""
    new = {}
    for id, row in ITEMS.items():
        change = options.get(id.replace("-", "_"), {})
        new[id] = {**row, **change}
        if "options" in change:
            new[id]["options"] = {**row["options"], **change["options"]}
    return new


JUDGED_OTHERWISE = changed(
    values={"points": 8, "title": "another title", "options": {"rtol": 0.01}},
    gradient={"options": {"atol": 1e-9}},
    shapes={"options": {"credit": {"one_layer": 0.25}}},
    accuracy={"options": {"profiles": {"quick": {**RECIPE, "full": 0.7}}}},
)


@pytest.mark.timeout(600)
def test_judging_otherwise_runs_nothing_and_gives_what_a_fresh_run_gives(given: Class) -> None:
    given.ask(JUDGED_OTHERWISE)
    shutil.copytree(given.folder, given.folder.with_name("graded"))
    shutil.copytree(given.folder, given.folder.with_name("fresh"))
    before = given.pages()
    again, fresh = Class(given.folder.with_name("graded")), Class(given.folder.with_name("fresh"))

    result = given.rescore()
    again.grade()
    fresh.grade(force=True)

    moved = {(move.student_id, move.item): (move.old, move.new) for move in moves(result.before, result.after)}
    assert moved["ada", "values"] == ("5/5", "8/8")
    assert moved["bo", "values"] == ("0/5", "8/8")
    assert moved["bo", "shapes"] == ("1.5/3", "0.75/3")
    assert ("ada", "accuracy") in moved
    assert result.stale == []
    assert again.planned == [(0, 2, 0)]
    assert fresh.planned == [(2, 0, 0)]
    assert given.tables() == again.tables() == fresh.tables()
    assert given.pages() == again.pages()
    assert before.keys() == given.pages().keys() == {"ada.html", "bo.html"}
    assert all(before[name] != now for name, now in given.pages().items())


@pytest.mark.timeout(600)
def test_only_what_is_asked_otherwise_and_what_needs_it_is_run(given: Class) -> None:
    items = changed(values={"options": {"cases": 4}}, shapes={"points": 30})
    del items["by-hand"]
    given.ask({**items, "more": {"target": "7.3", "points": 1, "check": "answered"}})

    result = given.rescore()
    given.grade()
    ran = [given.ran(student) for student in ("ada", "bo")]
    given.grade()
    given.ask({**items, "shapes": changed(shapes={"options": {"credit": {"one_layer": 0.75}}})["shapes"]})
    later = given.rescore()

    lost = [Stale(student, item) for student in ("ada", "bo") for item in ("values", "gradient", "more")]
    assert list(result.stale) == lost
    assert Move("bo", "by-hand", "0/1", "") in moves(result.before, result.after)
    assert given.planned == [(2, 0, 0), (0, 0, 2)]
    assert ran == [["values", "gradient", "more"]] * 2
    assert Move("bo", "shapes", "15/30", "2.25/3") in moves(later.before, later.after)  # from the first recording
    assert later.stale == []


@pytest.mark.timeout(600)
def test_what_was_never_recorded_keeps_its_mark_until_it_is_run(given: Class) -> None:
    given.ask(changed(by_hand={"options": {"rtol": 0.01}}))  # now Bo's values pass, but nobody looked how they are made

    result = given.rescore()
    kept = next(item for row in result.after if row.student_id == "bo" for item in row.items if item.item == "by-hand")
    given.grade()

    assert list(result.stale) == [Stale("bo", "by-hand")]
    assert kept.earned == 0
    assert given.planned == [(0, 1, 1)]
    assert given.stale == [["bo"]]
    assert given.ran("bo") == ["by-hand"]
    assert b"bo,by-hand,7.2,about by-hand,corr2d,returns_close,passed,1,1" in given.tables()[1]


def test_a_reference_that_says_it_otherwise_is_heard_without_a_run(given: Class) -> None:
    before = given.tables()
    solutions = given.folder / "reference/hw2_cnn/misconceptions.py"
    solutions.write_text(solutions.read_text() + "\n# nothing that matters\n")

    given.grade()

    assert given.planned == [(0, 2, 0)]
    assert given.stale == []
    assert given.tables() == before


def test_checks_that_changed_under_one_version_judge_anew_without_a_run(
    given: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_judging_code", lambda: "other code")
    before = given.tables()

    given.grade()
    given.grade()

    assert given.planned[-2:] == [(0, 2, 0), (0, 0, 2)]
    assert given.tables() == before


def test_a_recording_that_cannot_be_read_makes_marks_stale(given: Class) -> None:
    with Gradebook.open(given.out / "gradebook.db") as book:
        for row in book.current("hw"):
            scores = [as_stored(Item(id=item.item, section="7.2", title=item.title, points=item.possible,
                                     check=item.check, target=item.target), item) for item in row.items]  # fmt: skip
            book.record("hw", rescored(row, scores), key=row.key, observations=b"of an earlier grader")
    given.ask(changed(values={"options": {"rtol": 0.01}}))

    assert [stale.item for stale in given.rescore().stale] == ["values", "gradient"] * 2


def test_looking_again_at_what_is_unchanged_imports_nothing_heavy(given: Class) -> None:
    arguments = ["grade", str(given.folder / "in"), "--course", str(given.folder), "--out", str(given.out)]
    arguments += ["--device", "cpu", "--format", "json"]
    code = f"import sys; from grader import cli; cli.main({arguments}); print(*sys.modules)"

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    *told, modules = ran.stdout.splitlines()
    planned = next(each for each in map(json.loads, told) if each["event"] == "planned")
    assert planned == {"event": "planned", "run": 0, "rescore": 0, "unchanged": 2}
    assert not {"torch", "numpy", "IPython", "nbclient"} & set(modules.split())


def test_a_rescore_adds_to_history_and_a_second_one_does_nothing(given: Class) -> None:
    given.ask(changed(values={"points": 8}))

    given.rescore()
    given.rescore()

    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        history = [[item.earned for item in row.items if item.item == "values"] for row in book.history("hw", "ada")]
    assert history == [[8.0], [5.0]]


def test_a_misspelt_option_is_told_before_anything_is_run(given: Class) -> None:
    before = given.tables()
    given.ask(changed(values={"options": {"rtoll": 0.01}}))

    with pytest.raises(RubricError, match="unknown option 'rtoll'"):
        given.grade()

    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        assert len(book.history("hw", "ada")) == 1
    assert given.tables() == before


def test_new_hidden_cases_are_run(given: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "_run", lambda *arguments: 0)

    given.grade(reseed=True)

    assert given.planned == [(2, 0, 0)]


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (lambda given: shutil.rmtree(given.out), "there is no gradebook"),
        (lambda given: (given.folder / "rubric.yaml").unlink(), "does not exist"),
    ],
    ids=["no-gradebook", "no-rubric"],
)
def test_rescore_says_what_is_missing_in_one_line(
    given: Class, capsys: pytest.CaptureFixture[str], prepare: Callable[[Class], None], told: str
) -> None:
    prepare(given)

    code = cli.main(["rescore", "--course", str(given.folder), "--out", str(given.out)])

    error = capsys.readouterr().err
    assert code == 2
    assert told in error and len(error.splitlines()) == 1


def test_rescore_lists_moved_and_stale_marks_in_the_terminal(given: Class, capsys: pytest.CaptureFixture[str]) -> None:
    given.ask(changed(values={"points": 8}, shapes={"options": {"input": [1, 1, 32, 32]}}))

    code = cli.main(["rescore", "--course", str(given.folder), "--out", str(given.out)])

    printed = capsys.readouterr().out
    assert code == 1
    assert "2 marks moved." in printed
    assert ["bo", "values", "0/5", "0/8", "worth", "other", "points"] in [line.split() for line in printed.splitlines()]
    assert "2 marks are stale and kept" in printed and "shapes (2)" in printed
    assert f"`grader grade SUBMISSIONS --out {given.out}` runs them." in printed


def test_a_rehearsed_rescore_lists_what_would_move_and_writes_nothing(
    given: Class, capsys: pytest.CaptureFixture[str]
) -> None:
    given.ask(changed(values={"points": 8}, shapes={"options": {"input": [1, 1, 32, 32]}}))
    before = {path: path.stat().st_mtime_ns for path in given.out.rglob("*") if path.suffix in (".csv", ".html")}

    code = cli.main(["rescore", "--dry-run", "--course", str(given.folder), "--out", str(given.out)])

    printed = capsys.readouterr().out
    assert code == 1 and before
    assert "2 marks would move." in printed and "2 marks are stale and kept" in printed and "grades.csv" not in printed
    assert {path: path.stat().st_mtime_ns for path in before} == before
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        assert len(book.history("hw", "ada")) == 1
    assert [row.earned for row in rescore(Options(given.out, given.folder, dry_run=True)).after] == [
        row.earned for row in given.rescore().after
    ]


# ---- what people asked for and decided ---------------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_what_somebody_asked_to_grade_again_is_run_once_and_noted(given: Class) -> None:
    given.decide("bo", "shapes", Kind.REGRADE)

    given.rescore()
    rehearsed = given.grade(dry_run=True)
    result = given.grade()
    ran = given.ran("bo")
    given.grade()

    assert given.planned == [(1, 0, 1), (1, 0, 1), (0, 0, 2)]
    assert rehearsed.rows == result.before
    assert ran == ["shapes"]
    assert given.decisions() == [(Kind.REGRADE, "lee"), (Kind.RAN, "grader")]
    assert list(moves(result.before, result.rows)) == []


def test_a_rehearsal_says_what_would_be_done_and_changes_nothing(given: Class) -> None:
    def files() -> dict[str, bytes]:
        return {
            str(path): path.read_bytes() for path in given.out.rglob("*") if path.is_file() and "-" not in path.suffix
        }

    given.ask(changed(values={"points": 7}, shapes={"target": "Lenet"}))
    before = files()

    with Gradebook.open(given.out / "gradebook.db") as writer:  # also beside a grader that works
        given.grade(dry_run=True)
        assert len(writer.history("hw", "ada")) == 1

    assert given.planned == [(2, 0, 0)]
    assert {name: content for name, content in files().items() if not name.endswith(".lock")} == {
        name: content for name, content in before.items() if not name.endswith(".lock")
    }


def test_a_rehearsal_without_a_gradebook_leaves_none(given: Class, tmp_path: Path) -> None:
    given.grade(dry_run=True, out=tmp_path / "elsewhere")

    assert given.planned == [(2, 0, 0)]
    assert not (tmp_path / "elsewhere").exists()


def test_marks_that_moved_are_listed_with_the_reason_and_what_people_gave_stays(given: Class) -> None:
    given.decide("bo", "shapes", Kind.POINTS, points=3.0, possible=3.0, why="Right by another road.")
    given.ask(changed(values={"points": 10}, shapes={"options": {"credit": {"one_layer": 0.75}}}))

    result = given.grade()

    assert given.planned == [(0, 2, 0)]
    moved = [(each.student_id, each.item, each.old, each.new, each.why) for each in moves(result.before, result.rows)]
    assert moved == [("ada", "values", "5/5", "10/10", "worth other points"),
                     ("bo", "values", "0/5", "0/10", "worth other points")]  # fmt: skip
    bo = next(row for row in result.rows if row.student_id == "bo")
    shapes = next(item for item in bo.items if item.item == "shapes")
    assert (shapes.earned, shapes.checked.earned) == (3.0, 2.25)
