"""What students see of a definition: no line of the answer, and everything that they are given."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from grader.authoring import stubs as authoring
from grader.authoring.stubs import stubs

ROOT = Path(__file__).parents[2]


def stub(source: str, name: str) -> str:
    return stubs(textwrap.dedent(source))[name].text


def test_a_function_keeps_its_head_and_its_docstring_and_loses_its_annotations() -> None:
    source = '''\
        from __future__ import annotations

        @cached
        def pool(X: torch.Tensor, size: tuple[int, int] = (2, 2), *rest: int, mode: str = "max", **more: Any) -> Tensor:
            """Pool every window.

            Args:
                X: image, (h, w).
            """
            secret = 1
            return X
    '''

    assert stub(source, "pool") == textwrap.dedent('''\
        def pool(X, size=(2, 2), *rest, mode="max", **more):
            """Pool every window.

            Args:
                X: image, (h, w).
            """
            raise NotImplementedError''')


def test_a_class_keeps_the_methods_that_are_asked_for() -> None:
    source = '''\
        class Net(nn.Module):
            """A network."""

            width: int = 3

            def __init__(self, lr: float = 0.1) -> None:
                super().__init__()
                self.lr = lr

            @staticmethod
            def forward(X):
                """Score a batch."""
                return X

            def _secret(self):
                return 1
    '''

    assert stub(source, "Net") == textwrap.dedent('''\
        class Net(nn.Module):
            """A network."""

            def __init__(self, lr=0.1):
                super().__init__()
                raise NotImplementedError

            @staticmethod
            def forward(X):
                """Score a batch."""
                raise NotImplementedError''')


def test_a_comment_gives_students_another_head() -> None:
    source = """\
        import torch
        # stub: class Net(d2l.Classifier):
        class Net(nn.Module):
            def forward(self, X):
                return X
    """

    assert stub(source, "Net").splitlines() == [
        "class Net(d2l.Classifier):",
        "    def forward(self, X):",
        "        raise NotImplementedError",
    ]


def test_a_value_is_left_open() -> None:
    found = stubs("X = 1\nX[0] = 2\nY: int = 3\nfor Z in []:\n    pass\n")

    assert {name: each.text for name, each in found.items()} == {"X": "X = ...", "Y": "Y = ..."}


def test_what_is_not_marked_as_a_solution_is_given() -> None:
    source = '''\
        def circle(r: float) -> float:
            """The area."""
            pi = 3.14  # given
            ### BEGIN SOLUTION
            square = r * r
            ### END SOLUTION
            if pi:
                # BEGIN SOLUTION NO PROMPT
                square += 0
                # END SOLUTION
                """ # BEGIN PROMPT
                pass  # think of the sign
                """; # END PROMPT
            twice = 2 * square  # SOLUTION
            once = twice / 2  # SOLUTION NO PROMPT
            # BEGIN SOLUTION

            return pi * once
            # END SOLUTION

        # of the next one
        def other():
            pass
    '''

    assert stub(source, "circle") == textwrap.dedent('''\
        def circle(r: float) -> float:
            """The area."""
            pi = 3.14  # given
            raise NotImplementedError
            if pi:
                pass  # think of the sign
            twice = ...
            raise NotImplementedError''')


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def f(:\n", "line 1: "),
        ("def f():\n    ### BEGIN SOLUTION\n    return 1\n", "BEGIN SOLUTION without END SOLUTION"),
        ("def f():\n    return 1\n    ### END SOLUTION\n", "END SOLUTION without BEGIN SOLUTION"),
        ("def f():\n    x = 1  # SOLUTION NO PROMPT\n", "what is left of f without its solution is no Python"),
    ],
)
def test_a_source_that_gives_no_stub_is_told_in_one_line(source: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        stubs(source)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", sorted((ROOT / "reference").glob("*/solutions.py")), ids=lambda path: path.parent.name)
def test_no_statement_of_our_own_references_reaches_a_stub(path: Path) -> None:
    """Every statement of a stub is a docstring, a value left open, the call of the parent's, or what asks."""
    made = stubs(path.read_text(encoding="utf-8"))

    allowed = {"raise NotImplementedError", "super().__init__()"}
    assert made
    for each in made.values():
        for node in ast.walk(ast.parse(each.text)):
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef):
                text = ast.unparse(node)
                documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                assert documents or text in allowed or text.startswith("super().__init__(") or text.endswith("= ...")


def test_marks_are_seen_wherever_they_stand() -> None:
    assert authoring.is_marked("x = 1\nif x:\n    ###BEGIN SOLUTION\n")
    assert authoring.is_marked("x = 1 # SOLUTION")
    assert not authoring.is_marked("x = 1  # the SOLUTION is near\n# SOLUTION\n'# BEGIN SOLUTION'\n")
