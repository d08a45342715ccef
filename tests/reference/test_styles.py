"""The corpus of right solutions: `grader verify` grades each of them, and tests/verifying/ demands that none loses."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from grader import checks, notebook, rubric
from grader.errors import CourseError
from grader.records import Assignment
from grader.verifying import styles
from grader.verifying.styles import Style

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "reference" / "hw2_cnn" / "styles"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")


@pytest.fixture(scope="module")
def corpus(assignment: Assignment) -> dict[str, Style]:
    return {style.name: style for style in styles.load(FOLDER, assignment)}


def test_every_component_is_written_in_several_styles(assignment: Assignment, corpus: dict[str, Style]) -> None:
    wanted = {item.target for item in assignment.items if item.check not in ("learns", "answered")}
    targets = {item.id: item.target for item in assignment.items}

    count = Counter(target for style in corpus.values() for target in {targets[item] for item in style.items})

    assert len(corpus) >= 24
    assert {target: count[target] for target in wanted if count[target] < 3} == {}


def test_every_style_says_in_its_own_sentence_what_is_unusual(corpus: dict[str, Style]) -> None:
    sentences = Counter(style.sentence for style in corpus.values())

    assert [sentence for sentence, times in sentences.items() if times > 1] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# %%\ndef corr2d(X, K):\n    return X\n", "the first line should be"),
        ("# style: none\n# %%\ndef corr2d(X, K)\n", "a cell does not parse"),
        ("# style: none\n# %%\ndef outer():\n    corr2d = 1\n", "binds no name"),
        ("# style: none\n# %%\nX = 1\n# %% [markdown]\n# K = 1\n", "binds no name"),  # edge detection needs both
    ],
    ids=["no sentence", "no Python", "only within a function", "only in a text cell"],
)
def test_a_file_that_is_no_style_is_refused(text: str, problem: str, assignment: Assignment, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(text, encoding="utf-8")

    with pytest.raises(CourseError, match=problem):
        styles.load(tmp_path, assignment)


def test_a_style_becomes_a_notebook_with_the_items_of_the_names_it_binds(
    assignment: Assignment, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        "# style: says something\nnot a cell\n# %%\nif True:\n    X, K = 1, [_ for pool2d in ()]\n"
        "# %% [markdown]\n# ## 7.6\n#\n# 설명\n# %%\nclass LeNet:\n    corr2d = 1\n",
        encoding="utf-8",
    )

    (style,) = styles.load(tmp_path, assignment)

    read = notebook.read(style.submission.notebooks[0])
    assert [(cell.kind, cell.source) for cell in read.cells] == [
        ("code", "if True:\n    X, K = 1, [_ for pool2d in ()]"),
        ("markdown", "## 7.6\n\n설명"),
        ("code", "class LeNet:\n    corr2d = 1"),
    ]
    assert (style.name, style.sentence) == ("mine", "says something")
    assert style.items == ("edge-detection", "lenet-forward", "lenet-shapes")
