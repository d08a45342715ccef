"""The statements of a cell: where the hook is called, and what still runs when one has raised."""

from __future__ import annotations

import ast
from types import ModuleType
from typing import Any

import pytest

from grader.kernel.inside.statements import HOOK, AfterEachStatement, at, below, bound, defines, definitions_only


def test_the_hook_comes_after_every_statement_but_the_last() -> None:
    tree = AfterEachStatement().visit(ast.parse("x = 1\nif x:\n    y = 2\n    z = 3\nx + 1"))

    assert ast.unparse(tree) == (
        f"x = 1\n{HOOK}()\nif x:\n    y = 2\n    {HOOK}()\n    z = 3\n    {HOOK}()\n{HOOK}()\nx + 1"
    )


def test_within_a_loop_the_hook_comes_after_definitions_alone() -> None:
    tree = AfterEachStatement().visit(ast.parse("for i in x:\n    y = i\n    def f():\n        z = 1\n    f()"))

    assert ast.unparse(tree) == f"for i in x:\n    y = i\n\n    def f():\n        z = 1\n    {HOOK}()\n    f()"


def test_within_a_loop_the_hook_also_comes_where_a_wanted_name_is_bound() -> None:
    tree = AfterEachStatement(["y"]).visit(ast.parse("for i in x:\n    y = i\n    z = y\nfor y in x:\n    f(y)"))

    assert (
        ast.unparse(tree)
        == f"for i in x:\n    y = i\n    {HOOK}()\n    z = y\n{HOOK}()\nfor y in x:\n    {HOOK}()\n    f(y)"
    )


def test_the_hook_comes_into_handlers_and_cases_too() -> None:
    source = "try:\n    a = 1\nexcept E:\n    b = 1\nfinally:\n    c = 1\nmatch x:\n    case 1:\n        d = 1"

    assert ast.unparse(AfterEachStatement().visit(ast.parse(source))).count(HOOK) == 5


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


RAISING = """\
a = 1
with open(x) as y:
    b = 1 / 0
    c = 3
    if c:
        d = 4
for e in x:
    f = 5
    g = 6
@functools.cache
def h(): ...
"""


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (1, ["with", "for", "@functools.cache"]),
        (3, ["c = 3", "if c:", "for", "@functools.cache"]),
        (6, ["for", "@functools.cache"]),
        (8, ["@functools.cache"]),  # the rest of a loop belongs to its next round
        (10, []),
    ],
)
def test_what_stands_below_a_line_is_what_did_not_run(line: int, left: list[str]) -> None:
    found = [ast.unparse(node).strip() for node in below(ast.parse(RAISING), line)]

    assert len(found) == len(left)
    assert all(each.startswith(start) for each, start in zip(found, left, strict=True))


@pytest.mark.parametrize(("line", "names"), [(1, {"a"}), (3, {"b"}), (8, {"f"}), (10, {"h"}), (99, None)])
def test_the_statement_at_a_line_tells_what_it_would_have_bound(line: int, names: set[str] | None) -> None:
    found = at(ast.parse(RAISING), line)

    assert (None if found is None else bound([found])) == names


def test_names_bound_are_not_those_within_functions() -> None:
    source = (
        "a, b = 1, 2\ndef c():\n    d = 1\nclass e:\n    f = 1\nfor g in a:\n    h = lambda i: (j := i)\nk.l = m[0] = 1"
    )

    assert bound(ast.parse(source).body) == set("abcegh")


@pytest.mark.parametrize(
    ("source", "only"),
    [
        ("if x:\n    def f(): ...\nelse:\n    f = None", True),
        ("try:\n    import a\nexcept ImportError:\n    pass", True),
        ("if x():\n    def f(): ...", False),
        ("x = f()", False),
        ("with x:\n    def f(): ...", False),
    ],
)
def test_a_statement_that_only_defines_is_known(source: str, only: bool) -> None:
    assert defines(ast.parse(source).body[0]) == only


def test_a_name_bound_to_a_function_is_kept_among_the_definitions() -> None:
    kept = definitions_only("f = lambda x: x; os._exit(0)\ng = f\nh = f(1)\nshell.run_cell = lambda: None")

    assert kept == "f = lambda x: x\ng = f\n\n"


def test_imports_that_share_a_line_are_all_kept() -> None:
    assert definitions_only("import os; import sys; x = f()") == "import os; import sys"


@pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 1000])
def test_what_does_not_parse_has_no_definitions(source: str) -> None:
    assert definitions_only(source) == ""


def test_imports_and_definitions_in_compound_statements_are_kept_too() -> None:
    kept = definitions_only("try:\n    import scipy\nexcept ImportError:\n    scipy = None\nx = 1")

    namespace: dict[str, Any] = {}
    exec(kept, namespace)
    assert isinstance(namespace.get("scipy"), ModuleType)
