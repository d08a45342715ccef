"""The master notebooks of these tests, in the two tools' own notations; written here, so that a test can read them."""

from __future__ import annotations

import json
from typing import Any


def _notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def code(source: str, printed: str = "", **nbgrader: Any) -> dict[str, Any]:
    outputs = [{"output_type": "execute_result", "data": {"text/plain": [printed]}}] if printed else []
    return {"cell_type": "code", "source": source, "metadata": _flags(nbgrader), "outputs": outputs}


def text(source: str, **nbgrader: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source.splitlines(keepends=True), "metadata": _flags(nbgrader)}


def raw(source: str) -> dict[str, Any]:
    return {"cell_type": "raw", "source": source, "metadata": {}}


def fenced(source: str) -> dict[str, Any]:
    return text(f"```otter\n{source}\n```")


def _flags(given: dict[str, Any]) -> dict[str, Any]:
    flags = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**flags, **given}} if given else {}


NBGRADER = _notebook(
    text("# Squares\n\nRead 2.3 first."),
    code("%matplotlib inline\nimport os; open('was_run', 'w')\nimport numpy as np\nimport torch\nscale = 2\ndef helper(x):\n    return x * scale"),
    text("## 2.3 Squares"),
    code(
        'def squares(n, power=2):\n    """Give the first n squares."""\n    if n < 1:\n        raise ValueError("n is too small")\n'
        "    ### BEGIN SOLUTION\n    secret_answer = [helper(i) ** power for i in range(1, n + 1)]\n    return secret_answer\n    ### END SOLUTION\n",
        grade_id="squares", solution=True,
    ),
    code(
        "assert squares(1) == [4]\n### BEGIN HIDDEN TESTS\nassert squares(5, power=3) == hidden_expectation\n### END HIDDEN TESTS\n",
        grade_id="test-squares", grade=True, locked=True, points=3,
    ),
    code("### BEGIN SOLUTION\nconcealed = np.arange(7).sum()\ntotal = concealed\n### END SOLUTION", grade_id="total", solution=True),
    code("assert total == 21", grade_id="test-total", grade=True, locked=True, points=1),
    code("class Net(torch.nn.Module):\n    def forward(self, x):\n        return x + 41\n", grade_id="net", solution=True),
    code("assert Net()(torch.zeros(1)) == 41", grade_id="test-net", grade=True, locked=True, points=2),
    code("assert True", grade_id="nothing", grade=True, locked=True, points=0.5),
    text("THE MODEL ANSWER\n### BEGIN MARK SCHEME\nscheme\n### END MARK SCHEME", grade_id="why", grade=True, solution=True, points=4),
)  # fmt: skip


def otter(mark: Any) -> str:
    """The same assignment in otter's format v1, the boundaries raw or fenced."""
    return _notebook(
        mark("# ASSIGNMENT CONFIG\nname: hw\ninit_cell: true"),
        code("import otter\ngrader = otter.Notebook('hw.ipynb')"),
        code("import torch"),
        text("## 4.1 Squaring"),
        mark("# BEGIN QUESTION\nname: q1\npoints: 2"),
        text("**Question 1.** Square it."),
        mark("# BEGIN SOLUTION"),
        code("def square(x):\n    secret_answer = x * x  # SOLUTION NO PROMPT\n    return secret_answer  # SOLUTION\n\nnine = square(3)  # SOLUTION"),
        mark("# END SOLUTION"),
        mark("# BEGIN TESTS"),
        code("square(4)", printed="16"),
        code("# HIDDEN\nsquare(torch.tensor([11.0]))", printed="tensor([121.])"),
        code('""" # BEGIN TEST CONFIG\nhidden: true\n""" # END TEST CONFIG\ndef test_it(env):\n    assert env["square"](hidden_expectation) == 1\n\ntest_it(env)  # IGNORE'),
        mark("# END TESTS"),
        mark("# END QUESTION"),
        mark("# BEGIN QUESTION\nname: q2\npoints: {each: 1.5}"),
        mark("# BEGIN SOLUTION"),
        code('def area(r):\n    # BEGIN SOLUTION NO PROMPT\n    concealed = 3 * r * r\n    return concealed\n    # END SOLUTION\n    """ # BEGIN PROMPT\n    pass  # use 3 for pi\n    """; # END PROMPT'),
        mark("# END SOLUTION"),
        mark("# BEGIN TESTS"),
        code("area(1) == 3", printed="True"),
        code("# HIDDEN\narea(2) == 12", printed="True"),
        mark("# END TESTS"),
        mark("# END QUESTION"),
        mark("# BEGIN QUESTION\nname: q3\nmanual: true\npoints: 4"),
        mark("# BEGIN PROMPT"),
        text("_Type your answer here._"),
        mark("# END PROMPT"),
        mark("# BEGIN SOLUTION"),
        text("THE MODEL ANSWER"),
        mark("# END SOLUTION"),
        mark("# END QUESTION"),
    )  # fmt: skip


OTTER_RAW, OTTER_FENCED = otter(raw), otter(fenced)
