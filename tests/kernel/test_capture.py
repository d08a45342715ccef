"""The student's definitions as they stood after the statement that made them."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grader.kernel.inside.capture import (
    HOOK,
    MAX_DEFINITIONS,
    AfterEachStatement,
    Captured,
    Captures,
    definitions_after,
    definitions_only,
)

FOLDER = "/nowhere/work"


class Notebook:
    """Runs cells in a plain dictionary, looking after every statement as a kernel does."""

    def __init__(self, *targets: str, folder: str = FOLDER) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__", "torch": torch, "nn": nn, "np": np}
        self.captures = Captures(targets, self.namespace, folder)
        self.namespace[HOOK] = self.captures.look

    def run(self, *cells: str) -> Notebook:
        for number, source in enumerate(cells, 1):
            self.captures.cell = number
            tree = AfterEachStatement().visit(ast.parse(source))
            exec(compile(tree, "<cell>", "exec"), self.namespace)
            self.captures.look()
        return self

    def kinds(self, target: str) -> list[str]:
        return [each.version.kind for each in self.captures[target]]

    def last(self, target: str) -> Captured:
        return self.captures[target][-1]


# ---- versions --------------------------------------------------------------------------------------------------------


def test_every_definition_is_a_version_of_its_cell() -> None:
    notebook = Notebook("f").run("def f(): return 1", "x = 2", "def f(): return 3")

    assert [each.version.cell for each in notebook.captures["f"]] == [1, 3]
    assert [each.value() for each in notebook.captures["f"]] == [1, 3]


def test_a_name_rebound_within_one_cell_is_caught_after_each_statement() -> None:
    notebook = Notebook("pool2d").run("def pool2d(X): return X\npool2d = nn.MaxPool2d(3)\npool2d = nn.MaxPool2d(2)")

    assert notebook.kinds("pool2d") == ["definition", "library", "library"]
    assert [each.value.kernel_size for each in notebook.captures["pool2d"][1:]] == [3, 2]


def test_a_binding_that_stays_is_one_version() -> None:
    assert len(Notebook("f").run("def f(): ...", "x = 1", "y = 2").captures["f"]) == 1


def test_a_name_that_is_never_bound_has_no_version() -> None:
    notebook = Notebook("f", "g").run("def f(): ...")

    assert notebook.captures["g"] == []
    assert notebook.captures["never asked for"] == []
    assert list(notebook.captures.table()) == ["f", "g"]


def test_tensors_are_kept_as_they_were_before_they_change_in_place() -> None:
    notebook = Notebook("K").run("K = torch.tensor([[1.0, -1.0]])", "K *= 2\nK[0, 0] = 7")

    assert [each.value.tolist() for each in notebook.captures["K"]] == [[[1, -1]], [[2, -2]], [[7, -2]]]


def test_modules_are_kept_as_they_were_before_they_learn() -> None:
    notebook = Notebook("net").run(
        "net = nn.Linear(1, 1, bias=False)\nwith torch.no_grad():\n    net.weight.fill_(3.0)",
        "with torch.no_grad():\n    net.weight -= 1",
    )

    assert [each.value.weight.item() for each in notebook.captures["net"][1:]] == [3.0, 2.0]


def test_a_layer_trained_through_data_is_kept_after_training() -> None:
    # The book's loop writes through `.data`, which autograd's version counters do not see.
    notebook = Notebook("conv2d").run(
        "conv2d = nn.Conv2d(1, 1, (1, 2), bias=False)\nfor _ in range(2):\n    conv2d.weight.data[:] = 1.0"
    )

    assert notebook.last("conv2d").value.weight.flatten().tolist() == [1.0, 1.0]


def test_a_tensor_changed_through_numpy_is_kept_after_the_change() -> None:
    notebook = Notebook("K").run("K = torch.zeros(2)\nK.numpy()[0] = 1.0\nx = 1")

    assert notebook.last("K").value.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("source", ["net = nn.LazyConv2d(1, 3)", "net = nn.Sequential(nn.LazyLinear(2), nn.ReLU())"])
def test_lazy_modules_are_captured_like_others(source: str) -> None:
    assert Notebook("net").run(source).kinds("net") == ["library"]


def test_names_that_belong_together_are_kept_together() -> None:
    notebook = Notebook("X, K").run("X = torch.ones(2)", "K = torch.zeros(2)", "K = torch.ones(1)")

    kept = notebook.captures["X, K"]
    assert [[part.tolist() for part in each.value] for each in kept] == [[[1, 1], [0, 0]], [[1, 1], [1]]]
    assert notebook.kinds("X, K") == ["value", "value"]


def test_of_many_definitions_the_first_and_the_last_ones_are_kept() -> None:
    cells = [f"def f(): return {number}" for number in range(9)]

    values = [each.value() for each in Notebook("f").run(*cells).captures["f"]]

    assert len(values) == MAX_DEFINITIONS
    assert values[0] == 0
    assert values[-2:] == [7, 8]


def test_many_values_do_not_crowd_out_a_definition() -> None:
    cells = ["def f(): ...", *(f"f = {number}" for number in range(60))]

    kinds = Notebook("f").run(*cells).kinds("f")

    assert kinds[0] == "definition"
    assert len(kinds) == 41


def test_a_tensor_that_comes_after_a_deleted_one_is_a_version_too() -> None:
    # The memory of the deleted tensor is used again, so the new one has its id.
    notebook = Notebook("K")
    for number in range(20):
        notebook.run(f"K = torch.full((1,), {number}.0)", "del K")

    assert [float(each.value) for each in notebook.captures["K"]] == [float(number) for number in range(20)]


# ---- kinds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def f(): ...", "definition"),
        ("f = lambda: 1", "definition"),
        ("class f(nn.Module):\n    def forward(self, x): return x", "definition"),
        ("class f(nn.Sequential):\n    def __init__(self): super().__init__(nn.ReLU())", "definition"),
        ("def g(x, y): ...\nimport functools\nf = functools.partial(g, 1)", "definition"),
        ("import functools\n@functools.lru_cache\ndef f(): ...", "definition"),
        ("class G:\n    def __call__(self): ...\nf = G()", "definition"),
        ("class G:\n    def g(self): ...\nf = G().g", "definition"),
        ("f = np.vectorize(lambda x: x)", "definition"),
        ("f = torch.nn.functional.conv2d", "library"),
        ("import functools\nf = functools.partial(torch.nn.functional.conv2d, padding=1)", "library"),
        ("f = nn.MaxPool2d", "library"),
        ("f = nn.MaxPool2d(2)", "library"),
        ("f = torch", "library"),
        ("f = len", "library"),
        ("f = torch.ones(2)", "value"),
        ("f = [1, 2]", "value"),
        ("f = 3.5", "value"),
    ],
)
def test_a_binding_is_the_students_definition_a_librarys_object_or_a_value(source: str, kind: str) -> None:
    assert Notebook("f").run(source).kinds("f")[-1] == kind


def test_none_is_no_version() -> None:
    assert Notebook("f").run("f = None").captures["f"] == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("pass", "library"),
        ("'''Mine.'''", "library"),
        ("def forward(self, x): return x", "definition"),
        ("def __init__(self): super().__init__(3)", "definition"),
    ],
    ids=["nothing", "docstring", "method", "constructor"],
)
def test_a_subclass_of_the_same_name_that_adds_nothing_is_the_librarys(body: str, kind: str) -> None:
    notebook = Notebook("MaxPool2d").run(f"class MaxPool2d(nn.MaxPool2d):\n    {body}")

    assert notebook.kinds("MaxPool2d") == [kind]
    assert ("adds nothing" in notebook.last("MaxPool2d").version.note) == (kind == "library")


def test_a_class_of_an_attached_file_is_the_students(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mynet_attached.py").write_text("class LeNet: ...\ndef corr2d(X, K): ...\n")
    monkeypatch.syspath_prepend(tmp_path)

    notebook = Notebook("LeNet", "corr2d", folder=str(tmp_path)).run("from mynet_attached import LeNet, corr2d")

    assert notebook.kinds("LeNet") == ["definition"]
    assert notebook.kinds("corr2d") == ["definition"]


def test_what_cannot_be_copied_is_kept_itself() -> None:
    notebook = Notebook("net").run(
        "class Net(nn.Module):\n    def __deepcopy__(self, memo): raise RuntimeError\nnet = Net()"
    )

    assert notebook.last("net").value is notebook.namespace["net"]


# ---- asking a version ------------------------------------------------------------------------------------------------


def test_a_version_sees_the_names_of_its_time() -> None:
    notebook = Notebook("f").run("scale = 2\ndef f(x): return scale * x", "scale = 100")
    captured = notebook.captures["f"][0]

    with notebook.captures.around(captured, {}):
        inside = captured.value(1)

    assert inside == 2
    assert captured.value(1) == 100


def test_a_version_sees_helpers_that_were_defined_later() -> None:
    notebook = Notebook("f").run("def f(x): return helper(x)", "def helper(x): return x + 1")
    captured = notebook.captures["f"][0]

    with notebook.captures.around(captured, {}):
        assert captured.value(1) == 2


def test_a_stand_in_replaces_a_helper_while_the_version_is_asked() -> None:
    notebook = Notebook("f").run("def helper(x): return -x\ndef f(x): return helper(x)")
    captured = notebook.captures["f"][0]

    with notebook.captures.around(captured, {"helper": lambda x: x + 1}):
        assert captured.value(1) == 2
    assert captured.value(1) == -1


def test_whatever_a_version_leaves_behind_is_gone_afterwards() -> None:
    notebook = Notebook("f").run("def f():\n    global leak, scale\n    leak = scale = 1", "scale = 5")
    captured = notebook.captures["f"][0]

    with pytest.raises(ZeroDivisionError):
        with notebook.captures.around(captured, {}) as namespace:
            captured.value()
            raise ZeroDivisionError
    assert namespace is notebook.namespace
    assert notebook.namespace["scale"] == 5
    assert "leak" not in notebook.namespace


# ---- statements ------------------------------------------------------------------------------------------------------


def test_the_hook_comes_after_every_statement_but_the_last() -> None:
    tree = AfterEachStatement().visit(ast.parse("x = 1\nif x:\n    y = 2\n    z = 3\nx + 1"))

    assert ast.unparse(tree) == f"x = 1\n{HOOK}()\nif x:\n    y = 2\n    z = 3\n{HOOK}()\nx + 1"


@pytest.mark.parametrize("source", ["", "x"])
def test_a_cell_of_at_most_one_statement_has_no_hook(source: str) -> None:
    assert ast.unparse(AfterEachStatement().visit(ast.parse(source))) == source


CELL = """\
import os; os._exit(0)
from math import pi
x = 1 / 0

@functools.cache
def f(a):
    return a

class C:
    size = 3
for i in range(3): print(i)
async def g(): ...
"""


def test_only_imports_and_definitions_of_a_cell_are_kept_on_their_own_lines() -> None:
    kept = definitions_only(CELL).split("\n")

    lines = CELL.split("\n")
    assert kept[0] == "import os"
    assert kept[1] == "from math import pi"
    assert kept[2:4] == ["", ""]
    assert kept[4:10] == lines[4:10]
    assert kept[10] == ""
    assert kept[11] == lines[11]
    assert len(kept) == len(lines)


def test_definitions_after_a_line_leave_out_what_has_run() -> None:
    kept = definitions_after(CELL, 3).split("\n")

    assert kept[:4] == ["", "", "", ""]
    assert kept[4] == "@functools.cache"
    assert definitions_after(CELL, 5).split("\n")[4:7] == ["", "", ""]


def test_imports_that_share_a_line_are_all_kept() -> None:
    assert definitions_only("import os; import sys; x = 1") == "import os; import sys"


@pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 1000])
def test_what_does_not_parse_has_no_definitions(source: str) -> None:
    assert definitions_only(source) == ""
    assert definitions_after(source, 1) == ""


def test_imports_and_definitions_in_compound_statements_are_kept_too() -> None:
    kept = definitions_only("try:\n    import scipy\nexcept ImportError:\n    scipy = None\nx = 1")

    namespace: dict[str, Any] = {}
    exec(kept, namespace)
    assert isinstance(namespace.get("scipy"), ModuleType)


def test_partial_functions_are_judged_by_what_they_call() -> None:
    notebook = Notebook("f")
    notebook.namespace["f"] = functools.partial(torch.relu)

    notebook.captures.look()

    assert notebook.kinds("f") == ["library"]
