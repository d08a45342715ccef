"""`check(...)` in a notebook: what it finds, by which names it is asked, and that it says what the grader will say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader import checks, datasets, pipeline, rubric
from grader.answer_key import AnswerKey
from grader.commands.isolation import bubblewrap_problem
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from grader.records import Outcome, Profile
from tests.reference.solving import solve
from tests.selfcheck.conftest import PRELUDE, PROBE_S, ROOT, Notebook, sources
from tests.test_pipeline import handed_in
from tests.test_pipeline import notebook as file

RIGHT = """
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
"""
FLIPPED = RIGHT.replace("* K)", "* K.flip(0, 1))")
LIBRARY = "def corr2d(X, K):\n    return F.conv2d(X[None, None].float(), K[None, None].float())[0, 0]"
STUB = "def corr2d(X, K):\n    raise NotImplementedError"
POOL = """
def pool2d(X, size, mode="max"):
    rows = [X[i:i + size[0], j:j + size[1]] for i in range(X.shape[0] - size[0] + 1)
            for j in range(X.shape[1] - size[1] + 1)]
    values = [row.max() if mode == "max" else row.float().mean() for row in rows]
    return torch.stack(values).reshape(X.shape[0] - size[0] + 1, -1)
"""
LAYER = """
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
"""
LENET = """
class LeNet(nn.Module):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=PADDING), nn.Sigmoid(), nn.AvgPool2d(2, 2),
            nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
            nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))

    def forward(self, X):
        return self.net(X)
"""
CHECK = ("corr2d-values", "corr2d-gradient")
CONVOLUTION = "This is convolution: the kernel is flipped. 7.2 asks for cross-correlation. 18 of 20 cases are wrong."


def test_a_wrong_function_is_told_by_its_mistake_and_a_mended_one_passes(notebook: Notebook) -> None:
    notebook.run(FLIPPED)
    wrong = notebook.check("corr2d")
    notebook.run(RIGHT)
    mended = notebook.check("corr2d")

    assert wrong.rows[0].finding is not None and wrong.rows[0].finding.message.startswith(CONVOLUTION)
    assert "picture" in wrong.rows[0].finding.evidence
    assert (wrong.ok, mended.ok) == (False, True)


def test_the_newest_definition_counts_even_if_an_older_one_was_right(notebook: Notebook) -> None:
    notebook.run(RIGHT)
    assert notebook.check("corr2d").ok

    notebook.run(FLIPPED)

    assert notebook.said("corr2d")["corr2d-values"][0] == "failed"


@pytest.mark.parametrize(
    ("call", "items"),
    [
        ("corr2d", CHECK),
        ("'corr2d'", CHECK),
        ("'corr2d-values'", CHECK[:1]),
        ("7.5", ("pool2d-max", "pool2d-avg", "library-pooling", "written-7.5")),
        ("'7.5'", ("pool2d-max", "pool2d-avg", "library-pooling", "written-7.5")),
        ("'corr2d-gradient', Conv2D", ("corr2d-gradient", "conv2d-layer")),
        ("Conv2D((2, 2))", ("conv2d-layer",)),
        ("'K'", ("edge-detection",)),
    ],
)
def test_items_are_asked_for_by_object_name_section_or_id(notebook: Notebook, call: str, items: tuple[str]) -> None:
    notebook.run(RIGHT)
    notebook.run(LAYER)

    assert tuple(notebook.said(call)) == items


def test_the_object_that_is_given_is_judged_whatever_the_name_is_bound_to(notebook: Notebook) -> None:
    notebook.run(RIGHT)
    notebook.run(f"def elsewhere():\n{FLIPPED.replace(chr(10), chr(10) + '    ')}\n    return corr2d")

    assert notebook.said("elsewhere()")["corr2d-values"][0] == "failed"
    assert notebook.check("corr2d").ok


def test_everything_so_far_leaves_out_what_is_not_begun_and_what_is_judged_later(notebook: Notebook) -> None:
    notebook.run(RIGHT)
    notebook.run("def comp_conv2d(conv2d, X):\n    raise NotImplementedError\nX, conv2d = ..., ...")

    said = notebook.said("")

    assert [said.pop(each)[0] for each in CHECK] == ["passed", "passed"]
    assert {state for state, _ in said.values()} == {"to do"}
    assert not {"lenet-accuracy", "written-7.2"} & set(said)


def test_a_stub_is_no_mistake_and_accuracy_waits(notebook: Notebook) -> None:
    notebook.run(STUB)

    said = notebook.said("'corr2d-values', 'lenet-accuracy'")

    assert said["corr2d-values"] == ("to do", "`corr2d` is still the stub: it raises NotImplementedError.")
    assert said["lenet-accuracy"] == ("later", "")


def test_a_name_that_becomes_a_layer_keeps_its_function_and_its_layers(notebook: Notebook) -> None:
    notebook.run(POOL)
    assert notebook.said("pool2d")["library-pooling"] == ("to do", "`pool2d` is not bound to a layer yet.")
    for cell, layer in {"a": "3, padding=9", "b": "3, padding=1, stride=2", "c": "(2, 3), padding=(0, 1)"}.items():
        notebook.run(f"pool2d = nn.MaxPool2d({layer})" if cell != "a" else "pool2d = nn.MaxPool2d(2)", cell)
    before = notebook.said("7.5")
    notebook.run("pool2d = nn.MaxPool2d(3)", "a")

    after = notebook.said("7.5")

    assert before["pool2d-max"][0] == before["pool2d-avg"][0] == "passed"
    assert before["library-pooling"][1].startswith("2 of 3 layers give the expected values")
    assert after["library-pooling"] == ("passed", "All 3 layers give the expected values.")


def test_values_are_judged_as_they_stood_after_their_cell(notebook: Notebook) -> None:
    notebook.run(RIGHT)
    notebook.check("corr2d")
    notebook.run("X = torch.ones(6, 8)\nX[:, 2:6] = 0\nK = torch.tensor([[1.0, -1.0]])")
    notebook.run("X = torch.arange(9.0).reshape(3, 3)\nK = torch.ones(2, 2)")

    assert notebook.said("'edge-detection'")["edge-detection"][0] == "passed"
    assert notebook.run("X.sum(), K.sum()") == (36, 4)


def test_one_mistake_costs_once_here_as_well(notebook: Notebook) -> None:
    notebook.run(FLIPPED)
    notebook.run(LAYER)

    (row,) = notebook.check("Conv2D").rows

    assert row.finding is not None and row.finding.outcome is Outcome.PASSED
    assert row.finding.hint.startswith("Judged with a working `corr2d`")
    assert notebook.said("corr2d")["corr2d-values"][0] == "failed"


def test_a_librarys_convolution_is_found_in_the_source_and_named_with_its_cell(notebook: Notebook) -> None:
    notebook.run(LIBRARY)

    (row, _) = notebook.check("corr2d").rows

    assert row.finding is not None and row.finding.outcome is Outcome.FAILED
    assert "computes them with convolution" in row.finding.message
    assert row.finding.evidence["calls"][0]["name"] == "torch.nn.functional.conv2d"


def test_what_raises_is_told_with_the_students_line_and_what_python_says(notebook: Notebook) -> None:
    notebook.run("def corr2d(X, K):\n    raise ValueError('no <b>kernel</b>')")

    report = notebook.check("'corr2d-values'")

    assert "`corr2d` raised ValueError at `raise ValueError('no <b>kernel</b>')`." in repr(report)
    assert "Python says: no <b>kernel</b>" in repr(report)
    assert "<b>" not in report._repr_html_()


def test_what_a_cell_makes_and_does_not_end_with_is_shown_all_the_same(notebook: Notebook) -> None:
    notebook.run(RIGHT)

    notebook.run("first = check('corr2d-values')\ncheck('corr2d-gradient')")

    (shown,) = notebook.displayed
    assert "computes the cross-correlation" in shown["text/html"] and "1 of 1 right" in shown["text/plain"]


# ---- the same as the grader ------------------------------------------------------------------------------------------


@pytest.mark.timeout(120)
def test_the_sentences_are_those_of_the_grader_and_its_sandbox_runs_the_same_cells(notebook: Notebook) -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    cells = [FLIPPED, LAYER, POOL.replace(".max()", ".min()"), LENET.replace("PADDING", "0")]
    cells += ["def comp_conv2d(conv2d, X):\n    return conv2d(X.reshape((1, 1) + X.shape))[5]"]
    checked = [line for cell in cells for line in (cell, "check()")]
    course = rubric.load(ROOT, checks.bind)
    assignment = rubric.choose(course, "hw2-cnn")
    items = "corr2d-values corr2d-gradient conv2d-layer comp-conv2d pool2d-max pool2d-avg lenet-forward lenet-shapes"
    confinement = Confinement("bubblewrap", datasets.training_folder(), limits=assignment.limits)
    with Sandboxes(confinement, warm=False) as sandboxes:
        key = AnswerKey(ROOT, assignment.reference)
        graded = pipeline.grade(
            handed_in(file(PRELUDE, *checked, "check(corr2d), check('7.5', lang='ko')")),
            pipeline.Course(assignment, key, sandboxes, "cpu", Profile.QUICK),
            items.split(),
        )

    for cell in cells:
        notebook.run(cell)

    here = {row.item.id: row.finding for row in notebook.check("").rows if row.state == "judged"}
    there = {score.item.id: score.finding for score in graded.scores}
    assert here.keys() == there.keys()
    for name, finding in there.items():
        mine = here[name]
        assert mine is not None
        assert (mine.outcome, mine.message, mine.hint) == (finding.outcome, finding.message, finding.hint)
        assert mine.evidence.get("picture") == finding.evidence.get("picture")


@pytest.mark.timeout(120)
def test_the_assignment_with_its_solutions_is_all_right(notebook: Notebook) -> None:
    solved = solve(json.loads((ROOT / "assignments/hw2-cnn/hw2-chapter-7.ipynb").read_text(encoding="utf-8")))
    path = Path("solved.ipynb")
    path.write_text(json.dumps(solved), encoding="utf-8")
    for number, cell in enumerate(sources(path)):
        if "Trainer" not in cell:
            notebook.run(cell, str(number))

    report = notebook.check("")

    judged = {row.item.id: row.finding for row in report.rows if row.state == "judged"}
    assert len(judged) == 15 and report.ok, repr(report)


# ---- never in the way ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("'corr'", "Nothing in this assignment is called `corr`. Did you mean 'corr2d'?"),
        ("'LeNat'", "Nothing in this assignment is called `LeNat`. Did you mean 'LeNet'?"),
        ("len", "Nothing in this assignment is called `len`."),
        ("None", "A value of type NoneType cannot be checked; give the function or class itself, without calling it"),
        ("corr2d(torch.ones(2, 2), torch.ones(1, 1))", "A value of type Tensor cannot be checked; give the function"),
        ("corr2d, assignment='hw3'", "no assignment is called 'hw3'; the rubric has hw2-cnn, lab-cnn"),
        ("corr2d, lang='xx'", "lang='xx' is not spoken here; choose en or ko."),
    ],
)
def test_what_cannot_be_checked_is_one_friendly_line(notebook: Notebook, call: str, told: str) -> None:
    notebook.run(RIGHT)

    report = notebook.check(call)

    assert report.problem.startswith(told)
    assert not report.ok


def test_where_no_course_is_found_that_is_said(
    notebook: Notebook, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert "says what is asked" in notebook.check("'7.2'").problem


def test_a_rubric_that_is_broken_is_said(notebook: Notebook, folder: Path) -> None:
    (folder.parents[1] / "rubric.yaml").write_text("version: 2", encoding="utf-8")

    assert "this grader reads version 1" in notebook.check("'7.2'").problem


@pytest.mark.parametrize(
    "body",
    [
        "while True: X = X + 0",
        "try:\n        while True: X = X + 0\n    except BaseException:\n        while True: X = X + 0",
    ],
    ids=["hangs", "catches the first stop"],
)
def test_what_hangs_is_stopped_and_the_notebook_goes_on(notebook: Notebook, body: str) -> None:
    notebook.run(f"def comp_conv2d(conv2d, X):\n    {body}")

    told = ("failed", f"`comp_conv2d` gave no answer in {PROBE_S:g} s.")
    assert notebook.said("comp_conv2d")["comp-conv2d"] == told
    assert notebook.run("1 + 1") == 2


@pytest.mark.parametrize(
    "first", ["import grader.commands.check, grader.checks", "import grader.cli, grader.selfcheck"]
)
def test_the_name_is_the_same_whatever_was_imported_before(first: str) -> None:
    code = f"{first}\nfrom grader import check\nassert callable(check) and check.__module__ == 'grader'"

    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_the_import_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); from grader import check; print(*set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    assert ran.stdout.split() == ["grader"]
