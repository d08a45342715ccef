"""The student's definitions as they stood after the statement that made them."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grader.kernel.inside.capture import MAX_DEFINITIONS, Captured, Captures
from grader.kernel.inside.statements import HOOK, AfterEachStatement

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
        ("class Ops:\n    @staticmethod\n    def g(x): ...\nf = Ops.g", "definition"),
        ("def outer():\n    def inner(): ...\n    return inner\nf = outer()", "definition"),
        ("@torch.no_grad()\ndef f(): ...", "definition"),
        ("f = torch.nn.functional.conv2d", "library"),
        ("import functools\nf = functools.partial(torch.nn.functional.conv2d, padding=1)", "definition"),
        ("import functools\nf = functools.partial(torch.einsum, 'ij->ji')", "definition"),
        ("import functools\nf = functools.partial(torch.relu)", "library"),
        ("import functools\nf = functools.partial(nn.MaxPool2d, 2)", "library"),
        ("class G(torch.autograd.Function): ...\nf = G.apply", "definition"),
        ("f = torch.ones(2).sum", "library"),
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


def test_partial_functions_are_judged_by_what_they_call() -> None:
    notebook = Notebook("f")
    notebook.namespace["f"] = functools.partial(torch.relu)

    notebook.captures.look()

    assert notebook.kinds("f") == ["library"]


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


def test_a_helper_that_later_holds_its_result_is_the_helper_still() -> None:
    notebook = Notebook("f").run("def f(x): return helper(x)", "def helper(x): return x + 1", "helper = helper(1)")
    captured = notebook.captures["f"][0]

    with notebook.captures.around(captured, {}):
        assert captured.value(1) == 2
    assert notebook.namespace["helper"] == 2


def test_a_helper_defined_below_is_offered_as_it_was_first_and_as_it_is_last() -> None:
    cells = ("def f(x): return helper(x)", "def helper(x): return x + 1", "def helper(a, b): return a * b")
    notebook = Notebook("f").run(*cells)
    notebook.captures.finish()

    values = []
    for captured in notebook.captures["f"]:
        with notebook.captures.around(captured, {}) as namespace:
            values.append(namespace["helper"].__code__.co_argcount)
    assert sorted(values) == [1, 2]


def test_a_helper_that_was_deleted_is_there_again() -> None:
    notebook = Notebook("f").run("def f(x): return helper(x)", "def helper(x): return x + 1", "del helper, f")
    captured = notebook.captures["f"][0]

    with notebook.captures.around(captured, {}):
        assert captured.value(1) == 2
    assert not {"helper", "f"} & notebook.namespace.keys()


def test_a_builtin_that_was_shadowed_later_has_its_own_meaning() -> None:
    notebook = Notebook("f").run("def f(x): return sum(x)", "sum = 0")
    captured = notebook.captures["f"][0]

    with notebook.captures.around(captured, {}):
        assert captured.value([1, 2]) == 3
    assert notebook.namespace["sum"] == 0


def test_a_builtin_that_was_shadowed_before_stays_shadowed() -> None:
    notebook = Notebook("f").run("sum = 0", "def f(x): return sum(x)")
    captured = notebook.captures["f"][0]

    with pytest.raises(TypeError), notebook.captures.around(captured, {}):
        captured.value([1, 2])


def test_a_helper_that_was_mended_later_makes_another_version_before_the_one_of_its_time() -> None:
    notebook = Notebook("f").run(
        "def helper(x): return -x", "def f(x): return helper(x)", "def helper(x): return x + 1"
    )

    notebook.captures.finish()

    values = []
    for captured in notebook.captures["f"]:
        with notebook.captures.around(captured, {}):
            values.append(captured.value(1))
    assert values == [2, -1]
    assert [each.version.cell for each in notebook.captures["f"]] == [2, 2]


def test_helpers_that_stay_make_no_version() -> None:
    notebook = Notebook("f").run("def helper(x): return -x\ny = torch.ones(1)", "def f(x): return helper(x)", "y = 3")

    notebook.captures.finish()

    assert len(notebook.captures["f"]) == 1


# ---- methods that change ---------------------------------------------------------------------------------------------

GROWING = ("class A:\n    def f(self): return 1", "A.g = lambda self: 2")


def test_a_class_that_gets_more_methods_is_one_version_of_its_first_cell() -> None:
    (captured,) = Notebook("A").run(*GROWING, "x = 1").captures["A"]

    assert captured.version.cell == 1
    assert sorted(captured.methods[captured.value]) == ["f", "g"]


def test_a_method_that_is_replaced_makes_a_version_and_the_first_one_keeps_its_own() -> None:
    notebook = Notebook("A").run(*GROWING, "A.f = lambda self: 10")

    values = []
    for captured in notebook.captures["A"]:
        with notebook.captures.around(captured, {}):
            values.append(captured.value().f())
    assert values == [1, 10]
    assert [each.version.cell for each in notebook.captures["A"]] == [1, 3]
    assert notebook.namespace["A"]().f() == 10


def test_a_version_sees_the_methods_of_its_helpers_at_its_time() -> None:
    notebook = Notebook("make").run(GROWING[0], "def make(): return A().f()", "A.f = lambda self: 10")
    (captured,) = notebook.captures["make"]

    with notebook.captures.around(captured, {}):
        assert captured.value() == 1
    assert captured.value() == 10

    notebook.captures.finish()
    with notebook.captures.around(notebook.captures["make"][0], {}):
        assert captured.value() == 10


# ---- definitions elsewhere -------------------------------------------------------------------------------------------


def test_a_static_method_counts_where_the_name_is_bound_nowhere_else() -> None:
    notebook = Notebook("f", "g").run(
        "class Ops:\n    @staticmethod\n    def f(x): return x\n    def g(self): ...", "x = 1"
    )
    assert notebook.captures["f"] == []

    notebook.captures.finish()

    assert [(each.version.cell, each.value(7)) for each in notebook.captures["f"]] == [(1, 7)]
    assert notebook.captures["g"] == []


def test_a_static_method_does_not_count_beside_the_notebooks_own_function() -> None:
    notebook = Notebook("f").run("class Ops:\n    @staticmethod\n    def f(x): ...", "def f(x): return x")

    notebook.captures.finish()

    assert [each.version.cell for each in notebook.captures["f"]] == [2]


def test_functions_of_an_attached_module_count_and_see_stand_ins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ops_attached.py").write_text("def helper(x): return -x\ndef f(x): return helper(x)\n")
    monkeypatch.syspath_prepend(tmp_path)
    notebook = Notebook("f", folder=str(tmp_path)).run("import ops_attached")

    notebook.captures.finish()

    (captured,) = notebook.captures["f"]
    with notebook.captures.around(captured, {"helper": lambda x: x + 1}):
        assert captured.value(1) == 2
    assert captured.value(1) == -1


def test_a_class_derived_from_a_replaced_one_is_derived_from_what_stands_in() -> None:
    notebook = Notebook("Small").run(
        "class Net(nn.Module):\n    def size(self): return 1",
        "class Small(Net):\n    def twice(self): return 2 * super().size()",
        "class Other(nn.Module):\n    def size(self): return 5",
    )
    captured = notebook.last("Small")

    class Net(nn.Module):
        def size(self) -> int:
            return 10

    with notebook.captures.around(captured, {"Net": Net}):
        assert captured.value().twice() == 20
        assert notebook.namespace["Other"]().size() == 5
    assert captured.value().twice() == 2


def test_a_class_that_cannot_be_derived_anew_keeps_its_bases() -> None:
    notebook = Notebook("Small").run("class Net(int):\n    def size(self): return 1", "class Small(Net):\n    pass")
    captured = notebook.last("Small")

    class Net(nn.Module):
        def size(self) -> int:
            return 10

    with notebook.captures.around(captured, {"Net": Net}):
        assert captured.value().size() == 1


# ---- values that resist ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "with torch.inference_mode():\n    K = torch.ones(2)",
        "K = torch.ones(2, device='meta')",
        "K = torch.sparse_coo_tensor(torch.zeros(1, 1).long(), torch.ones(1), (3,), check_invariants=True)",
        "class Odd:\n    def __getattr__(self, name): raise RuntimeError\n    __eq__ = __bool__ = __call__ = None\nK = Odd()",
    ],
    ids=["inference", "meta", "sparse", "object"],
)
def test_what_cannot_be_looked_into_is_a_version_all_the_same(source: str) -> None:
    assert len(Notebook("K").run(source, "x = 1").captures["K"]) == 1


def test_a_tensor_of_inference_mode_is_kept_before_it_changes() -> None:
    notebook = Notebook("K").run(
        "with torch.inference_mode():\n    K = torch.zeros(2)", "with torch.inference_mode():\n    K += 1"
    )

    assert [each.value.tolist() for each in notebook.captures["K"]] == [[0, 0], [1, 1]]


def test_a_name_bound_to_many_tensors_in_one_cell_keeps_some_of_them() -> None:
    notebook = Notebook("K").run("\n".join(f"K = torch.full((2,), {number}.0)" for number in range(60)))

    assert len(notebook.captures["K"]) == 40
    assert notebook.last("K").value.tolist() == [59, 59]
