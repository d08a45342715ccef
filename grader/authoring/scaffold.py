"""The files of a new assignment: one small component with everything around it, which the instructor replaces."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping, Sequence

from grader.authoring import cells
from grader.authoring.stubs import stubs

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

RUBRIC = """\
# What is graded, what it is worth and how it is checked. Every option of an item is a keyword of its check
# (grader/checks/); a misspelt one is reported before any notebook runs.
version: 1
assignments:
"""

PRELUDE = ("import torch", "from torch import nn", "from torch.nn import functional as F")


def module_name(name: str) -> str:
    """The Python package that holds the reference of an assignment.

    Raises:
        ValueError: nothing can be called so; one line.
    """
    module = name.replace("-", "_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(module):
        told = "lower-case letters, digits and single hyphens between them, with a letter first, such as hw3-attention"
        raise ValueError(f"{name!r} cannot be the name of an assignment; it takes {told}")
    return module


def entry(name: str, title: str, items: str) -> str:
    """The lines of an assignment in rubric.yaml, below its name."""
    module = module_name(name)
    prelude = "".join(f"  - {line}\n" for line in PRELUDE)
    return (
        f"title: {json.dumps(title, ensure_ascii=False)}\n"
        f"notebooks: assignments/{name}\n"
        f"reference: {module}  # reference/{module}/\n"
        "prelude:  # imports a student may have forgotten; using them costs nothing and is noted\n"
        f"{prelude}limits: {{cell_s: 20, probe_s: 10, total_s: 300, memory_mb: 4096}}\n"
        f"items:\n{items}"
    )


def example_items() -> str:
    """The rows of the example: one function, one written answer."""
    return """\
  - id: centre-values
    section: "1.1"
    title: centre takes the mean of each column off
    target: centre  # a name in the student's notebook
    points: 4
    check: returns_close
    options: {inputs: centre_inputs, cases: 10}
  - {id: written-1.1, section: "1.1", title: "Discussion of 1.1", target: "1.1", points: 1, check: answered}
"""


def example_files(name: str, title: str) -> Mapping[str, str]:
    """The files of a new assignment but for its entry in rubric.yaml, by path below the course."""
    module = module_name(name)
    folder = f"reference/{module}"
    return {
        f"assignments/{name}/{name}.ipynb": _example_notebook(title),
        f"{folder}/__init__.py": package(title),
        f"{folder}/solutions.py": _SOLUTIONS.replace("TITLE", title),
        f"{folder}/inputs.py": inputs(title, _CENTRE_INPUTS),
        f"{folder}/misconceptions.py": _MISCONCEPTIONS.replace("TITLE", title),
        f"{folder}/equivalents.py": EQUIVALENTS,
        f"{folder}/styles/with_loops.py": _STYLE,
    }


def package(title: str) -> str:
    """The module that says what lies in a reference."""
    return f'''"""The reference of {title}.

solutions         the right answers, under the names that rubric.yaml asks for
inputs            seeded generators of arguments, under the names in the rubric's `inputs:` options
misconceptions    wrong versions that students write, by target; the docstring is what the student reads
equivalents       changes of the solutions that make no difference, each with the reason
styles/           right solutions as other people write them, each a notebook in the percent format

Where an item builds on another one's function, `stand_ins.py` may hold a right one for students whose own is wrong.
"""
'''


def inputs(title: str, generators: str, imports: Sequence[str] = ()) -> str:
    """The module of generators, after the records that they give."""
    head = _INPUTS.replace("TITLE", title)
    lines = "".join(f"{line}\n" for line in imports if line != "import torch")
    head = head.replace("import torch\n", f"import torch\n{lines}", 1)
    return f"{head}\n\n{generators}" if generators else head


def no_misconceptions(title: str) -> str:
    """The module of misconceptions before there are any."""
    head = _MISCONCEPTIONS.partition("import torch")[0].replace("TITLE", title).rstrip()
    return f"{head}\n\nMISCONCEPTIONS: dict[str, tuple[Callable[..., Any], ...]] = {{}}\n"


def opening_cells(title: str) -> list[cells.Cell]:
    """What every notebook begins with."""
    setup = "\n".join((*PRELUDE, "", _IMPORT_CHECK))
    return [cells.text_cell("title", _TITLE.replace("TITLE", title)), cells.code_cell("setup", setup)]


def _example_notebook(title: str) -> str:
    known = stubs(_SOLUTIONS)
    return cells.notebook(
        [
            *opening_cells(title),
            cells.text_cell(
                "section-1-1", "## 1.1 Centred data\n\nMany methods expect data whose columns have the mean 0."
            ),
            cells.stub_cell([known["centre"]]),
            cells.text_cell("centre-try", "Each column of the result adds up to 0."),
            cells.code_cell("centre-example", "centre(torch.tensor([[1.0, 10.0], [3.0, 30.0]]))"),
            cells.check_cell("centre"),
            cells.written_cell("discussion-1-1", "### Discussion 1.1\n\n*Your answer here.*", 1),
        ]
    )


_IMPORT_CHECK = """\
try:
    from grader import check
except ImportError:

    def check(*names):
        print("The grader is not installed; README.md says how.")"""

_TITLE = """\
# TITLE

Fill in this notebook from top to bottom.

- Replace every `raise NotImplementedError` and every `...` by your own code. Keep the names and the arguments: they are
  how your answers are found. You may add cells and functions of your own.
- Run the `check(...)` cell after a definition to see whether it is right. The check asks other questions than the
  examples printed here, and so does the marking."""

_SOLUTIONS = '''\
"""The right answers of TITLE in plain PyTorch, under the names that rubric.yaml asks for."""

from __future__ import annotations

import torch


def centre(X: torch.Tensor) -> torch.Tensor:
    """Subtract from every column of X its mean.

    Args:
        X: one example a row, (n, d).

    Returns:
        (n, d), where each column has the mean 0.
    """
    return X - X.mean(dim=0)
'''

_INPUTS = '''\
"""Seeded input generators of TITLE, under the names in the rubric's `inputs:` options.

All randomness comes from the generator. `case` chooses sizes and the kind of values, so that every kind occurs within
the number of cases that the rubric asks for; the values are drawn anew.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch


class Arguments(NamedTuple):
    """The arguments of one call of a function; a dict {"layer": ..., "kwargs": ...} stands for a layer of torch.nn."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class ModuleArguments(NamedTuple):
    """The constructor arguments of one module, and the inputs of its forward."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[torch.Tensor, ...]
'''

_CENTRE_INPUTS = '''\
SIZES = ((4, 3), (3, 4), (5, 5), (1, 6), (6, 1), (8, 2), (2, 8))  # a rule for square matrices only is found out


def centre_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (n, d), in float64 in every third case."""
    dtype = torch.float64 if case % 3 == 2 else torch.float32
    return Arguments((3 + torch.randn(SIZES[case % len(SIZES)], generator=generator, dtype=dtype),), {})
'''

_MISCONCEPTIONS = '''\
"""The wrong versions of TITLE that students really write, in the order in which they are looked for.

A docstring is the sentence that a student reads when the answers equal those of the version: say what is wrong and what
is asked for, without blame. Each one has to be refused by some item, which `grader verify` proves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from . import solutions


def centre_rows(X: torch.Tensor) -> torch.Tensor:
    """The mean of each row is taken off; 1.1 asks for the mean of each column."""
    return solutions.centre(X.t()).t()


def centre_all(X: torch.Tensor) -> torch.Tensor:
    """One mean of all numbers is taken off; 1.1 asks for the mean of each column."""
    return X - X.mean()


def centre_only_means(X: torch.Tensor) -> torch.Tensor:
    """This gives the means of the columns; take them off the data."""
    return X.mean(dim=0)


MISCONCEPTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "centre": (centre_rows, centre_all, centre_only_means),
}
'''

EQUIVALENTS = '''\
"""Changes of the solutions that make no difference to what is asked, each with the reason.

By definition, then by change as `grader verify` prints it; `*` stands for anything. What is listed here and caught all
the same is told, too. For instance: {"centre": {"X - X.mean(dim=0) → *": "why nobody could tell"}}.
"""

from __future__ import annotations

EQUIVALENTS: dict[str, dict[str, str]] = {}
'''

_STYLE = """\
# style: goes through the columns one by one
# %%
import torch


def centre(X):
    Y = X.clone()
    for j in range(X.shape[1]):
        total = 0
        for i in range(X.shape[0]):
            total = total + X[i, j]
        Y[:, j] = X[:, j] - total / X.shape[0]
    return Y
"""
