"""What a notebook tells of the machine it was run on: versions and cards, never anything else."""

from __future__ import annotations

import json
import platform
from typing import Any

import pytest

from grader import notebook, pipeline
from grader.notebook.machines import written_on
from grader.records import Finding, Outcome, SourceFile


@pytest.mark.parametrize(
    "metadata, told",
    [
        ({"language_info": {"name": "python", "version": "3.10.12"}}, {"Python": "3.10.12"}),
        ({"accelerator": "GPU", "colab": {"gpuType": "T4"}}, {"GPU": "T4"}),
        ({"accelerator": "GPU", "colab": {"gpuType": "<b>"}}, {"GPU": "yes"}),
        ({"accelerator": "TPU"}, {}),
        ({"language_info": {"name": "python", "version": "3.10 <script>"}}, {}),
        ({"language_info": {"name": "R", "version": "4.3"}}, {}),
        ({"language_info": "python"}, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_metadata_are_believed_as_far_as_they_have_the_form(metadata: Any, told: dict[str, str]) -> None:
    assert written_on({"metadata": metadata}) == told


def test_a_notebook_that_is_read_tells_its_machine() -> None:
    root = {"cells": [], "metadata": {"language_info": {"name": "python", "version": "3.12.1"}}}

    assert notebook.read(SourceFile("hw.ipynb", json.dumps(root).encode())).machine == {"Python": "3.12.1"}


@pytest.mark.parametrize("root", [[], None, "text", {"cells": []}])
def test_what_has_no_metadata_tells_nothing(root: Any) -> None:
    assert written_on(root) == {}


@pytest.mark.parametrize(
    "device, machines",
    [
        ("cpu", [["Python", "3.9.1", platform.python_version()], ["GPU", "T4", "no"]]),
        ("cuda", [["Python", "3.9.1", platform.python_version()], ["GPU", "T4", "cuda"]]),
    ],
)
def test_a_training_tells_both_machines(device: str, machines: list[list[str]]) -> None:
    own = notebook.Notebook("hw.ipynb", (), {"Python": "3.9.1", "GPU": "T4"})
    silent = notebook.Notebook("other.ipynb", ())
    finding = Finding(Outcome.PASSED, 1.0, "learned", evidence={"accuracy": 0.9})

    assert pipeline._beside(finding, [own, silent], device).evidence == {"accuracy": 0.9, "machines": machines}
    assert pipeline._beside(finding, [silent], device) == finding
