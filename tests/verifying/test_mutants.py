"""Small mistakes made by rule in a reference's source."""

from __future__ import annotations

import ast

import pytest

from grader.verifying.mutants import mutants


def changes(source: str) -> set[tuple[str, str]]:
    return {(mutant.before, mutant.after) for mutant in mutants(source)}


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("return x + y", ("x + y", "x - y")),
        ("return x - y", ("x - y", "y - x")),
        ("return -x", ("-x", "x")),
        ("return x == y", ("x == y", "x != y")),
        ("return x[3]", ("x[3]", "x[4]")),
        ("return x[3]", ("x[3]", "x[2]")),
        ("return x[1:]", ("1:", ":")),
        ("return x[: y + 1]", (":y + 1", ":y + 1 - 1")),
        ("return 0.5", ("return 0.5", "return 1.0")),
        ("return f(x, y)", ("f(… x, y …)", "f(… y, x …)")),
        ("return f(x, y)", ("f(… y …)", "f(…)")),
        ("return f(x)", ("f(x)", "x")),
        ("return x.sum()", ("x.sum", "x.mean")),
        ("return x.sum()", ("x.sum()", "x")),
        ("return conv(x, stride=2)", ("conv(… stride=2 …)", "conv(…)")),
        ("return nn.ReLU()(x)", ("nn.ReLU", "nn.Sigmoid")),
        ("return nn.MaxPool2d(y)", ("nn.MaxPool2d", "nn.AvgPool2d")),
        ("return [f(x), g(x), h(x)]", ("(… g(x) …)", "(…)")),
        ("return [f(x), g(x), h(x)]", ("(… f(x), g(x) …)", "(… g(x), f(x) …)")),
        ("x += y\n    return x", ("x += y", "pass")),
        ("x += y\n    return x", ("x += y", "x = y")),
        ("for i in range(x): y[i]()", ("range(… x …)", "range(… x - 1 …)")),
        ("for i in range(x): y[i]()", ("range(…)", "range(… 1 …)")),
        ("return x if y else None", ("x if y else None", "x if True else None")),
        ("return x", ("return x", "pass")),
    ],
    ids=lambda each: " becomes ".join(each) if isinstance(each, tuple) else "",
)
def test_every_rule_makes_its_mistake(body: str, change: tuple[str, str]) -> None:
    assert change in changes(f"def f(x, y):\n    {body}\n")


def test_defaults_are_part_of_what_is_asked() -> None:
    assert ("x, mode='max', size=2", "x, mode='another', size=2") in changes("def f(x, mode='max', size=2): return x")
    assert ("x, mode='max', size=2", "x, mode='max', size=3") in changes("def f(x, mode='max', size=2): return x")


SOURCE = '''
"""A module."""
import torch

def double(x: int = 1) -> int:
    """Give 2 x."""
    if x < 0:
        raise ValueError(f"{x} is below 0")
    return x * 2


K = torch.ones(3)
K[1] = 0


class Layer:
    def forward(self, x):
        return double(x) + 1
'''


def test_each_mutant_is_a_module_with_one_definition_changed() -> None:
    original = ast.parse(SOURCE).body

    for mutant in mutants(SOURCE):
        changed = [
            index
            for index, (a, b) in enumerate(zip(original, ast.parse(mutant.source).body, strict=True))
            if ast.unparse(a) != ast.unparse(b)
        ]
        assert len(changed) == 1, mutant
        assert {2: "double", 3: "K", 4: "K", 5: "Layer"}[changed[0]] == mutant.definition
        assert original[changed[0]].lineno <= mutant.line <= (original[changed[0]].end_lineno or 0)


def test_no_mutant_comes_twice_or_changes_nothing() -> None:
    sources = [mutant.source for mutant in mutants(SOURCE)]

    assert len(sources) == len(set(sources)) > 10
    assert ast.unparse(ast.parse(SOURCE)) not in sources


def test_what_tells_nothing_about_behaviour_is_left_alone() -> None:
    touched = " ".join(mutant.before for mutant in mutants(SOURCE))

    assert "ValueError" not in touched and "x < 0" not in touched and "import" not in touched
    assert "'Give 2 x.'" not in touched
