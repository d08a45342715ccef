"""What a definition calls is told by its source, whatever names the student uses for it."""

from __future__ import annotations

import pytest

from grader.notebook import Call, Cell, Notebook, calls

PRELUDE = ("import torch", "from torch import nn", "from torch.nn import functional as F")
CONV2D = "torch.nn.functional.conv2d"


def notebook(*cells: str) -> Notebook:
    return Notebook("hw.ipynb", tuple(Cell(number, "code", source) for number, source in enumerate(cells, 1)))


def names(*cells: str, cell: int | None = None, without: tuple[str, ...] = ()) -> list[str]:
    """What `f` calls; it is defined in the last cell unless another is named."""
    found = calls(notebook(*cells), cell or len(cells), "f", prelude=PRELUDE, without=without)
    return [call.name for call in found]


# ---- what is told ----------------------------------------------------------------------------------------------------


def test_a_call_is_told_with_its_full_name_its_line_and_its_place() -> None:
    source = "import torch.nn.functional as G\n\ndef f(X, K):\n    Y = G.conv2d(X, K)  # there\n    return Y"

    assert calls(notebook("x = 1", source), 2, "f") == (Call(CONV2D, "Y = G.conv2d(X, K)  # there", 2, 4),)


def test_a_long_line_is_cut() -> None:
    (call,) = calls(notebook(f"def f(X): return F.conv2d(X, {[0] * 1000})"), 1, "f", prelude=PRELUDE)

    assert len(call.text) == 120


def test_every_function_is_told_once_in_reading_order() -> None:
    source = "def f(X, K):\n  Y = F.relu(X)\n  Z = torch.zeros(3)\n  return F.relu(Y + Z)"

    found = calls(notebook(source), 1, "f", prelude=PRELUDE)

    assert [(call.name, call.line) for call in found] == [("torch.nn.functional.relu", 2), ("torch.zeros", 3)]


@pytest.mark.parametrize(
    "cells",
    [
        ("import torch.nn.functional\ndef f(X, K): return torch.nn.functional.conv2d(X, K)",),
        ("from torch.nn.functional import conv2d as c", "def f(X, K): return c(X, K)"),
        ("from torch.nn.functional import *", "def f(X, K): return conv2d(X, K)"),
        ("c = F.conv2d", "def f(X, K): return c(X, K)"),
        ("g = F", "def f(X, K): return g.conv2d(X, K)"),
        ("def f(X, K):\n  from torch.nn import functional as G\n  c = G.conv2d\n  return c(X, K)",),
        ("a, b = F, 1", "def f(X, K):\n  g, h = a.conv2d, b\n  return g(X, K)"),
        ("def f(X, K):\n  if (g := F.conv2d):\n    return g(X, K)",),
        ("def f(X, K): return getattr(F, 'conv2d')(X, K)",),
        ("def f(X, K): return getattr(F, 'con' + 'v2d')(X, K)",),
        ("part = 'conv'", "def f(X, K): return getattr(F, f'{part}2d')(X, K)"),
        ("def f(X, K): return getattr(F, ''.join(['con', 'v2d']))(X, K)",),
        ("parts = ('con', 'v2d')", "def f(X, K): return getattr(F, ''.join(parts))(X, K)"),
        ("def f(X, K): return getattr(F, 'd2vnoc'[::-1])(X, K)",),
        ("def f(X, K): return getattr(F, '{}{}d'.format('conv', '2'))(X, K)",),
        ("def f(X, K): return getattr(F, 'CONV2D'.lower())(X, K)",),
        ("s = 'conv'\ns += '2d'", "def f(X, K): return getattr(F, s)(X, K)"),
        ("look = getattr", "def f(X, K): return look(F, 'conv2d')(X, K)"),
        ("def f(X, K): return vars(F)['conv2d'](X, K)",),
        ("def f(X, K): return F.__dict__['conv2d'](X, K)",),
        ("def f(X, K): return globals()['F'].conv2d(X, K)",),
        ("globals()['c'] = F.conv2d", "def f(X, K): return c(X, K)"),
        ("import sys", "def f(X, K): return sys.modules['torch.nn.functional'].conv2d(X, K)"),
        ("import importlib", "def f(X, K): return importlib.import_module('torch.nn.functional').conv2d(X, K)"),
        ("def f(X, K): return __import__('torch').nn.functional.conv2d(X, K)",),
        ("def f(X, K): return __import__('torch.nn.functional', fromlist=['conv2d']).conv2d(X, K)",),
        ("def f(X, K):\n  exec('Y = F.conv2d(X, K)')\n  return Y",),
        ("code = 'Y = F.conv2d(X, K)'", "def f(X, K):\n  exec(compile(code, 'c', 'exec'))"),
        (
            "def f(X, K):\n  g = {}\n  exec('from torch.nn.functional import conv2d as c\\nY = c(1)', g)\n  return g['Y']",
        ),
        ("exec('from torch.nn.functional import conv2d as c')", "def f(X, K): return c(X, K)"),
        ("def f(X, K): return eval('F.conv' + '2d')(X, K)",),
        ("exec('def f(X, K): return F.conv2d(X, K)')",),
        ("import functools\nc = functools.partial(F.conv2d, padding=0)", "def f(X, K): return c(X, K)"),
        ("import operator", "def f(X, K): return operator.attrgetter('nn.functional.conv2d')(torch)(X, K)"),
        ("import operator", "def f(X, K): return operator.methodcaller('conv2d', X, K)(F)"),
        ("ways = {'library': F.conv2d}", "def f(X, K): return ways['library'](X, K)"),
        ("libraries = [nn, F]", "def f(X, K): return libraries[1].conv2d(X, K)"),
        ("def f(X, K, op=F.conv2d): return op(X, K)",),
        ("def f(X, K): return list(map(F.conv2d, X, K))",),
        ("def library(): return F", "def f(X, K): return library().conv2d(X, K)"),
        ("library = lambda: F", "def f(X, K): return library().conv2d(X, K)"),
        ("def f(X, K): return (lambda: F)().conv2d(X, K)",),
        ("f = lambda X, K: F.conv2d(X, K)",),
        ("f = torch.no_grad()(lambda X, K: F.conv2d(X, K))",),
        ("def made(g):\n  return lambda X, K: g(X, K)", "f = made(F.conv2d)"),
        ("def f(X, K): return (F if X.dim() else nn).conv2d(X, K)",),
        ("def f(X, K): return (None or F).conv2d(X, K)",),
        ("try:\n  c = F.conv2d\nexcept AttributeError:\n  c = None", "def f(X, K): return c(X, K)"),
        ("%time x = 1\nc = F.conv2d", "!ls\ndef f(X, K): return c(X, K)"),
        ("class Ops:\n  F = None\n  def go(self, X): return F.conv2d(X, X)", "def f(X, K): return Ops().go(X)"),
    ],
    ids=lambda cells: cells[-1][:60],
)
def test_whatever_a_function_is_called_its_name_is_told(cells: tuple[str, ...]) -> None:
    assert CONV2D in names(*cells)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("nn.Conv2d(1, 1, 2)(X)", "torch.nn.Conv2d"),
        ("torch.ops.aten.convolution(X)", "torch.ops.aten.convolution"),
        ("torch.ops.aten.convolution.default(X)", "torch.ops.aten.convolution.default"),
        ("getattr(torch.ops.aten, 'conv2d')(X)", "torch.ops.aten.conv2d"),
    ],
)
def test_layers_and_operators_are_told(expression: str, name: str) -> None:
    assert name in names(f"def f(X): return {expression}")


# ---- what a definition leads to --------------------------------------------------------------------------------------


def test_helpers_are_followed_through_functions_and_classes_of_other_cells() -> None:
    cells = (
        "def f(X, K): return Helper().go(X, K)",
        "class Base:\n  def deep(self, X, K): return F.conv2d(X, K)",
        "class Helper(Base):\n  def go(self, X, K): return self.deep(X, K)",
    )

    (call,) = calls(notebook(*cells), 1, "f", prelude=PRELUDE)

    assert (call.name, call.cell, call.line) == (CONV2D, 2, 2)


def test_a_method_that_the_book_adds_to_a_class_is_followed() -> None:
    cells = ("class Helper: pass", "@d2l.add_to_class(Helper)\ndef go(self, X): return F.conv2d(X, X)")

    assert CONV2D in names(*cells, "def f(X): return Helper().go(X)")


def test_a_helper_that_somebody_else_provides_is_not_followed() -> None:
    cells = ("def helper(X): return F.conv2d(X, X)", "def f(X): return helper(torch.abs(X))")

    assert names(*cells, without=("helper",)) == ["torch.abs"]


def test_a_function_that_calls_itself_comes_to_an_end() -> None:
    assert names("def g(X): return f(X)", "def f(X): return g(torch.abs(X))") == ["torch.abs"]


def test_a_wrapped_function_is_still_followed() -> None:
    assert CONV2D in names("def f(X, K): return F.conv2d(X, K)\ndef timed(g): return g\nf = timed(f)")


def test_text_given_to_exec_stands_where_exec_does() -> None:
    source = "def f(X):\n  exec('''\n\n\nF.conv2d(X)''')"

    (call,) = calls(notebook(source), 1, "f", prelude=PRELUDE)

    assert (call.line, call.text) == (2, "exec('''")


# ---- which definition, and which names around it ---------------------------------------------------------------------


def test_each_cells_own_definition_is_meant() -> None:
    cells = ("def f(X): return X", "def f(X): return F.conv2d(X, X)", "def f(X): return torch.abs(X)")

    assert [names(*cells, cell=number) for number in (1, 2, 3)] == [[], [CONV2D], ["torch.abs"]]


def test_of_two_definitions_in_a_cell_the_last_one_is_meant() -> None:
    assert names("def f(X): return F.conv2d(X, X)\ndef f(X): return torch.abs(X)") == ["torch.abs"]


def test_a_definition_comes_before_what_its_name_is_bound_to_later() -> None:
    assert names("def f(X): return torch.abs(X)\nf(1)\nf = nn.MaxPool2d(3)") == ["torch.abs"]


def test_a_definition_made_by_exec_takes_the_place_of_an_earlier_one() -> None:
    cells = ("def f(X): return F.conv2d(X, X)", "exec('def f(X): ' + 'return torch.abs(X)')")

    assert names(*cells) == ["torch.abs"]


def test_a_cell_that_does_not_say_how_it_binds_a_name_tells_nothing() -> None:
    assert names("def f(X): return F.conv2d(X, X)", "from my_layers import *") == []


def test_names_mean_what_they_meant_then() -> None:
    cells = ("g = torch.abs", "def f(X): return g(X)", "g = F.conv2d")

    assert names(*cells, cell=2) == ["torch.abs"]


def test_a_helper_of_a_later_cell_is_found() -> None:
    assert names("def f(X): return g(X)", "def g(X): return F.conv2d(X, X)", cell=1) == [CONV2D]


def test_an_alias_in_a_branch_may_mean_either() -> None:
    assert set(names("g = torch.abs\nif torch.x:\n  g = F.conv2d\ndef f(X): return g(X)")) == {"torch.abs", CONV2D}


# ---- what is no call -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [
        ("def f(X, K): return X.unfold(0, 2, 1).conv2d(K)",),
        ("def f(X: nn.Conv2d, K) -> nn.Conv2d:\n  Y: nn.Conv2d = X\n  return Y",),
        ("def f(X, F): return F.conv2d(X, X)",),
        ("F = None", "def f(X): return F.conv2d(X, X)"),
        ("def g(X): return F.conv2d(X, X)", "def f(X): return X"),
        ("def f(X):\n  'F.conv2d(X)'\n  return X  # F.conv2d(X)",),
        ("layer = nn.Conv2d(1, 1, 2)\ndef f(X): return X\nF.conv2d(1, 1)",),
        ("def conv2d(X): return X", "def f(X): return conv2d(X)"),
        ("def f(X): return getattr(F, X)(X)", "f(1)"),
    ],
    ids=lambda cells: cells[-1][:60],
)
def test_what_only_looks_like_a_call_is_not_told(cells: tuple[str, ...]) -> None:
    cell = next(number for number, source in enumerate(cells, 1) if "def f" in source)

    assert not [name for name in names(*cells, cell=cell) if "onv2d" in name]


@pytest.mark.parametrize("source", ["def f(X:", "%%bash\ndef f(X): F.conv2d(X)", "", "x = " + "(" * 5000 + "1"])
def test_a_cell_that_is_no_python_tells_nothing(source: str) -> None:
    assert names(source) == []


# ---- code made to take long ------------------------------------------------------------------------------------------

_DOUBLING = "a0 = 'ab'\n" + "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 300))
ENDLESS = {
    "names": "".join(f"def g{n}(X): return g{n + 1}(X)\n" for n in range(3000)) + "def f(X): return g0(X)",
    "aliases": "".join(f"g{n} = g{n + 1}\n" for n in range(3000)) + "def f(X): return g0(X)",
    "doubling": _DOUBLING + "def f(X): return getattr(F, a299)(X)",
    "chain": "def f(X): return X" + ".b" * 900,
    "minus": "def f(X): return " + "-" * 20_000 + "X",
    "exec": "x = 'exec(x); exec(x + chr(32))'\ndef f(X): exec(x)",
    "eval": "x = 'eval(x) + eval(x)'\ndef f(X): return eval(x)",
    "text": f"s = '{'a' * 90_000}'\ndef f(X):\n" + "  getattr(F, s[::-1])\n" * 1000,
    "returns": "def h(X):\n" + "  return h(X)\n" * 3000 + "def f(X):\n" + "  h(X).x\n" * 1000,
    "itself": "x = x + x\ndef f(X): return getattr(F, x)",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
def test_code_made_to_take_long_is_given_up(source: str) -> None:
    assert not [name for name in names(source) if name == CONV2D]
