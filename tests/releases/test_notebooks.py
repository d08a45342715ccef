"""Notebooks as students receive them: no outputs, and everything else as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grader.errors import ReleaseError
from grader.releases.notebooks import stripped

NBGRADER = {"grade": True, "grade_id": "corr2d", "locked": False, "points": 5, "schema_version": 3, "solution": True}


def written(**changes: Any) -> dict[str, Any]:
    """A notebook that was run."""
    code = {
        "cell_type": "code",
        "id": "corr2d-stub",
        "execution_count": 7,
        "metadata": {"nbgrader": NBGRADER, "executionInfo": {"user": {"displayName": "A Teacher"}}, "tags": ["slow"]},
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["printed\n"]}],
        "source": ["def corr2d(X, K):\n", "    raise NotImplementedError"],
    }
    text = {"cell_type": "markdown", "id": "한", "metadata": {}, "source": "# 과제", "attachments": {"a.png": {}}}
    metadata = {"kernelspec": {"name": "python3"}, "widgets": {"state": {}}, "celltoolbar": "Create Assignment"}
    return {"cells": [code, text], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5, **changes}


def as_bytes(notebook: dict[str, Any]) -> bytes:
    return json.dumps(notebook).encode()


def test_outputs_and_who_ran_it_are_left_out_and_the_rest_stays() -> None:
    plain = json.loads(stripped(as_bytes(written()), "hw.ipynb"))
    expected = written()
    expected["cells"][0].update(outputs=[], execution_count=None)
    del expected["cells"][0]["metadata"]["executionInfo"]
    del expected["metadata"]["widgets"]

    assert plain == expected
    assert plain["cells"][0]["metadata"]["nbgrader"] == NBGRADER


def test_a_notebook_without_outputs_keeps_every_byte() -> None:
    once = stripped(as_bytes(written()), "hw.ipynb")
    odd = json.dumps(json.loads(once), indent=3).encode() + b"\n\n"

    assert stripped(odd, "hw.ipynb") == odd


@pytest.mark.parametrize("content", [b"", b"%PDF", b"[]", b"{}", b'{"cells": [1]}', b'{"cells": [{}]}', b"\xff\xfe"])
def test_what_is_no_notebook_is_told(content: bytes) -> None:
    with pytest.raises(ReleaseError, match=r"^a/hw\.ipynb is no notebook \("):
        stripped(content, "a/hw.ipynb")


@pytest.mark.parametrize("mark", ["### BEGIN SOLUTION", "# END  SOLUTION", "### BEGIN HIDDEN TESTS"])
def test_a_marked_solution_is_not_released(mark: str) -> None:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {},
        "source": f"x = 1\n{mark}\n",
        "outputs": [],
        "execution_count": None,
    }

    with pytest.raises(ReleaseError, match=r"hw\.ipynb: cell 1 holds .*grader stubs"):
        stripped(as_bytes(written(cells=[cell])), "hw.ipynb")
