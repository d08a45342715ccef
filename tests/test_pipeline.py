"""Whole notebooks through the pipeline, in a real sandbox, against the repository's own rubric."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader import checks, listing, packing, pipeline, rubric
from grader.answer_key import AnswerKey
from grader.errors import AnswerKeyError
from grader.kernel.template import Sandboxes
from grader.notebook import read, text_lines
from grader.records import Finding, Grade, Outcome, Profile, SourceFile, Status, Student, Submission
from tests.reference.solving import solve

ROOT = Path(__file__).parents[1]
CORR2D = """
def corr2d(X, K):
  h, w = K.shape
  Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
  for i in range(Y.shape[0]):
    for j in range(Y.shape[1]):
      Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
  return Y
"""


@pytest.fixture(scope="module")
def course(forked: Sandboxes) -> pipeline.Course:
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    key = AnswerKey(ROOT, assignment.reference, secret=b"of these tests")
    return pipeline.Course(assignment, key, forked, "cpu", Profile.QUICK)


def notebook(*cells: str, name: str = "hw.ipynb") -> SourceFile:
    rows: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells
    ]
    content = {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": rows}
    return SourceFile(name, json.dumps(content).encode())


def handed_in(*notebooks: SourceFile, attachments: Sequence[SourceFile] = ()) -> Submission:
    return Submission(Student("ada"), "ada", notebooks, tuple(attachments), sha256="0")


def findings(grade: Grade) -> Mapping[str, Finding]:
    return {score.item.id: score.finding for score in grade.scores}


def outcome(course: pipeline.Course, item: str, *cells: str) -> Finding:
    return findings(pipeline.grade(handed_in(notebook(*cells)), course, [item]))[item]


def assignment_notebooks() -> list[Path]:
    return sorted((ROOT / "assignments/hw2-cnn").glob("*.ipynb"))


def test_what_is_known_of_a_needed_item_counts_as_if_it_had_been_run(course: pipeline.Course) -> None:
    multi_in = "def corr2d_multi_in(X, K):\n  return sum(corr2d(x, k) for x, k in zip(X, K))"
    submission = handed_in(notebook(CORR2D.replace("* K)", "* K.flip(0))"), multi_in))
    known = {"corr2d-values": Finding(Outcome.FAILED, 0.0, "wrong")}

    alone = pipeline.grade(submission, course, ["corr2d-multi-in"])
    helped = pipeline.grade(submission, course, ["corr2d-multi-in"], known)

    assert [score.item.id for score in helped.scores] == ["corr2d-multi-in"]
    assert (alone.earned, helped.earned) == (0, 4)


def test_what_a_student_wrote_into_the_handed_out_notebook_waits_for_a_reader_wherever_it_stands(
    course: pipeline.Course,
) -> None:
    first, *others = [read(SourceFile(path.name, path.read_bytes())) for path in assignment_notebooks()]
    course = replace(course, handed_out=text_lines([first, *others]))
    texts = [cell.source for cell in first.cells if cell.kind == "markdown"]
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in texts]
    place = next(n for n, text in enumerate(texts) if "Convolutions for images" in text)
    cells.insert(place + 1, {"cell_type": "markdown", "metadata": {}, "source": "One kernel serves the whole image."})
    content = json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": cells}).encode()

    found = findings(pipeline.grade(handed_in(SourceFile("hw.ipynb", content)), course, ["written-7.2", "written-7.3"]))

    assert {item: finding.outcome for item, finding in found.items()} == {
        "written-7.2": Outcome.WAITING,
        "written-7.3": Outcome.FAILED,
    }
    assert found["written-7.2"].evidence["text"] == "One kernel serves the whole image."


@pytest.mark.timeout(600)
def test_the_assignment_with_all_solutions_filled_in_earns_everything(course: pipeline.Course) -> None:
    solved = [
        SourceFile(path.name, json.dumps(solve(json.loads(path.read_text(encoding="utf-8")))).encode())
        for path in assignment_notebooks()
    ]

    grade = pipeline.grade(handed_in(*solved), course)

    lost = {name: found.message for name, found in findings(grade).items() if found.outcome is not Outcome.PASSED}
    assert set(lost) == {f"written-{section}" for section in ("7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "8.2", "8.6")}
    assert {found.outcome for name, found in findings(grade).items() if name in lost} == {Outcome.WAITING}
    assert (grade.earned, grade.possible, grade.status) == (85.0, 85.0, Status.PROVISIONAL)


@pytest.mark.timeout(600)
def test_the_assignment_as_handed_out_earns_nothing(course: pipeline.Course) -> None:
    stubs = [SourceFile(path.name, path.read_bytes()) for path in assignment_notebooks()]

    grade = pipeline.grade(handed_in(*stubs), course)

    assert (grade.earned, grade.possible, grade.status) == (0.0, 100.0, Status.GRADED)
    assert "still the stub" in findings(grade)["corr2d-values"].message


def test_the_best_of_several_versions_counts_and_its_cell_is_named(course: pipeline.Course) -> None:
    found = outcome(course, "corr2d-values", CORR2D, "def corr2d(X, K):\n  return X")

    assert found.outcome is Outcome.PASSED
    assert found.hint.startswith("The version in cell 1 counts; a later one is wrong.")


def test_a_missing_import_costs_nothing_and_is_noted(course: pipeline.Course) -> None:
    without, with_import = (outcome(course, "corr2d-values", line + CORR2D) for line in ("", "import torch\n"))

    assert without.outcome is with_import.outcome is Outcome.PASSED
    assert without.hint == "Your notebook uses `torch` without an import of its own; the grader's import was used."
    assert with_import.hint == ""


@pytest.mark.parametrize(
    "cell",
    [
        "!pip install d2l==1.0.3\n" + CORR2D,
        "pip install d2l==1.0.3\n" + CORR2D,
        "%%time\n" + CORR2D,
        "import nosuchpackage\n" + CORR2D,
        "import sys\nprint('careful', file=sys.stderr)\n" + CORR2D,
        "from google.colab import drive\ndrive.mount('/content/drive')\n" + CORR2D,
        "from grader import check\n" + CORR2D + "\ncheck(corr2d)\ncheck()",
        "if True:\n" + "\n".join("  " + line for line in CORR2D.splitlines()),
    ],
    ids=["pip", "bare pip", "time", "unknown package", "stderr", "drive", "check", "in an if"],
)
def test_what_surrounds_a_right_function_costs_nothing(course: pipeline.Course, cell: str) -> None:
    assert outcome(course, "corr2d-values", cell).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "cell",
    [
        "import torch.nn.functional as G\ndef corr2d(X, K):\n  return G.conv2d(X[None, None], K[None, None])[0, 0]",
        "corr2d = d2l.corr2d",
        "def corr2d(X, K):\n  return d2l.corr2d(X, K)",
        "f = getattr(torch.nn.functional, 'con' + 'v2d')\ndef corr2d(X, K):\n  return f(X[None, None], K[None, None])[0, 0]",
    ],
    ids=["F.conv2d", "rebound", "d2l.corr2d", "getattr"],
)
def test_a_library_convolution_is_no_corr2d_by_hand(course: pipeline.Course, cell: str) -> None:
    found = outcome(course, "corr2d-values", cell)

    assert found.outcome is Outcome.FAILED
    assert "by hand" in found.message or "library" in found.message


def test_a_wrong_helper_costs_once(course: pipeline.Course) -> None:
    flipped = "def corr2d(X, K):\n  return d2l.corr2d(X, K.flip(0, 1))"
    multi_in = "def corr2d_multi_in(X, K):\n  return sum(corr2d(x, k) for x, k in zip(X, K))"

    grade = pipeline.grade(handed_in(notebook(flipped, multi_in)), course, ["corr2d-values", "corr2d-multi-in"])

    assert findings(grade)["corr2d-values"].outcome is Outcome.FAILED
    assert findings(grade)["corr2d-multi-in"].outcome is Outcome.PASSED
    assert "one mistake costs once" in findings(grade)["corr2d-multi-in"].hint


RESNETS = """
class Convolution(nn.Module):
    def __init__(self, channels, size, stride=1, padding=0):
        super().__init__()
        self.options = dict(kernel_size=size, stride=stride, padding=padding)
        self.weight = nn.LazyLinear(channels)
    def forward(self, X):
        columns = F.unfold(X, **self.options)
        height = (X.shape[2] + 2 * self.options["padding"] - self.options["kernel_size"]) // self.options["stride"] + 1
        return self.weight(columns.transpose(1, 2)).transpose(1, 2).unflatten(2, (height, -1))
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.main = nn.Sequential(Convolution(num_channels, 3, strides, 1), nn.LazyBatchNorm2d(), nn.ReLU(),
                                  Convolution(num_channels, 3, 1, 1), nn.LazyBatchNorm2d())
        self.shortcut = Convolution(num_channels, 1, strides) if use_1x1conv else nn.Identity()
    def forward(self, X):
        return F.relu(self.main(X) + self.shortcut(X))
class ResNet(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(self.b1(), *(self.block(*each, number == 0) for number, each in enumerate(arch)),
                                 nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes))
    def b1(self):
        return nn.Sequential(nn.LazyConv2d(64, 7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(),
                             nn.MaxPool2d(3, stride=2, padding=1))
    def block(self, num_residuals, num_channels, first_block=False):
        halves = [number == 0 and not first_block for number in range(num_residuals)]
        return nn.Sequential(*(Residual(num_channels, half, 1 + half) for half in halves))
class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
"""
OF_RESNETS = ("residual-identity", "residual-1x1", "resnet-forward", "resnet18-shapes")


@pytest.mark.parametrize(
    ("change", "outcomes"),
    [
        (("Residual", "Residual"), ["passed", "passed", "passed", "passed"]),
        (("(2, 512)), lr", "(3, 512)), lr"), ["passed", "passed", "passed", "failed"]),
        (("self.main(X) + ", "self.main(X) - "), ["failed", "failed", "passed", "passed"]),
        (("nn.AdaptiveAvgPool2d(1), ", ""), ["passed", "passed", "failed", "passed"]),
    ],
    ids=["right", "another-arch", "residual-wrong", "resnet-wrong"],
)
def test_layers_that_no_trace_shows_and_one_mistake_in_them_cost_once(
    change: tuple[str, str], outcomes: list[str], course: pipeline.Course
) -> None:
    assert change[0] in RESNETS

    grade = pipeline.grade(handed_in(notebook(RESNETS.replace(*change))), course, OF_RESNETS)

    assert [findings(grade)[item].outcome.value for item in OF_RESNETS] == outcomes


def test_a_module_in_an_attached_file_is_the_students_own(course: pipeline.Course) -> None:
    attached = SourceFile("mine.py", ("import torch\n" + CORR2D).encode())
    submission = handed_in(notebook("from mine import corr2d"), attachments=[attached])

    grade = pipeline.grade(submission, course, ["corr2d-values"])

    assert findings(grade)["corr2d-values"].outcome is Outcome.PASSED


def test_targets_are_looked_up_in_every_notebook(course: pipeline.Course) -> None:
    pooling = "def pool2d(X, p, mode='max'):\n  u = X.unfold(0, p[0], 1).unfold(1, p[1], 1)\n  return u.amax((2, 3)) if mode == 'max' else u.mean((2, 3))"
    submission = handed_in(notebook(CORR2D, name="a.ipynb"), notebook(pooling, name="b.ipynb"))

    grade = pipeline.grade(submission, course, ["corr2d-values", "pool2d-max", "pool2d-avg"])

    assert {found.outcome for found in findings(grade).values()} == {Outcome.PASSED}
    assert findings(grade)["pool2d-max"].evidence["notebook"] == "b.ipynb"


def test_training_in_the_notebook_ends_in_seconds_and_the_model_can_be_read_afterwards(course: pipeline.Course) -> None:
    cells = (
        "from d2l import torch as d2l\nmodel = d2l.LeNet(lr=0.1)\ndata = d2l.FashionMNIST(batch_size=128)",
        "trainer = d2l.Trainer(max_epochs=10, num_gpus=1)\ntrainer.fit(model, data)",
        "trained = sum(p.abs().sum().item() for p in model.parameters())\n"
        "X = torch.ones((6, 8))\nX[:, 2:6] = 0\nK = torch.tensor([[1.0, -1.0]])\n"
        "assert trained > 0 and trainer.epoch > 0\n" + CORR2D,
    )

    found = outcome(course, "edge-detection", *cells)

    assert found.outcome is Outcome.PASSED


def test_methods_added_in_later_cells_belong_to_the_class(course: pipeline.Course) -> None:
    cells = (
        "class Conv2D(nn.Module):\n  def __init__(self, size):\n    super().__init__()\n    self.weight = nn.Parameter(torch.rand(size))\n    self.bias = nn.Parameter(torch.zeros(1))",
        CORR2D,
        "@d2l.add_to_class(Conv2D)\ndef forward(self, x):\n  return corr2d(x, self.weight) + self.bias",
    )

    assert outcome(course, "conv2d-layer", *cells).outcome is Outcome.PASSED


def test_a_pdf_goes_to_staff_and_earns_no_zero(course: pipeline.Course) -> None:
    grade = pipeline.grade(handed_in(SourceFile("hw.ipynb", b"%PDF-1.4 x")), course)

    assert (grade.scores, grade.status, grade.percent) == ((), Status.NEEDS_STAFF, None)
    assert grade.problem == "hw.ipynb is not valid JSON (line 1)."


def test_a_fault_of_ours_is_broken_and_costs_nothing(course: pipeline.Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(course.key, "case", fail)

    grade = pipeline.grade(handed_in(notebook(CORR2D)), course, ["corr2d-values", "written-7.2"])

    assert findings(grade)["corr2d-values"].outcome is Outcome.BROKEN
    assert (grade.possible, grade.status) == (2.0, Status.NEEDS_STAFF)


def test_a_reference_that_fails_stops_the_run(course: pipeline.Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AnswerKeyError("the reference's corr2d fails")

    monkeypatch.setattr(course.key, "ask", refuse)

    with pytest.raises(AnswerKeyError):
        pipeline.grade(handed_in(notebook(CORR2D)), course, ["corr2d-values"])


def test_grading_twice_gives_the_same_marks_and_observations(course: pipeline.Course) -> None:
    submission = handed_in(notebook(CORR2D, "def pool2d(X, p, mode='max'):\n  return X"))

    first, second = (pipeline.grade(submission, course, ["corr2d-values", "pool2d-max"]) for _ in range(2))

    assert first.scores == second.scores
    assert first.observations == second.observations


def test_a_grade_brings_the_code_along_that_was_judged(course: pipeline.Course) -> None:
    grade = pipeline.grade(handed_in(notebook("# one", CORR2D)), course, ["corr2d-values"])

    kept = listing.load(packing.split(grade.observations)[listing.ITEM])
    evidence = findings(grade)["corr2d-values"].evidence
    assert [each.source for each in kept if each.number == evidence["cell"]] == [CORR2D]
