"""What must not be in anything that students receive."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file

from grader import checks, rubric, seeds
from grader.answer_key import AnswerKey
from grader.probes import Returned
from grader.releases import part
from grader.releases.listening import Listening
from grader.verifying.candidates import Defined

_SHORTEST = 12  # characters of a line that tells anything
_SAME_IN_STUBS = re.compile(
    r"super\(\)\.__init__\(\)|self\.save_hyperparameters\(\)|raise NotImplementedError|except \w+:"
)
_FEW = 4  # elements; so few may be equal by chance


# ---- code ------------------------------------------------------------------------------------------------------------


# What the notebooks themselves show: examples to run, which styles and the book's examples run as well.
_GIVEN = frozenset(
    {
        "corr2d(torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2))",
        "Y = corr2d(X, K)",
        "corr2d(X, K)",
        "image = torch.rand(8, 8)",
        "conv2d.weight",
        "LeNet().layer_summary((1, 1, 28, 28))",
        "ResNet18().layer_summary((1, 1, 96, 96))",
    }
)


def assert_no_code(folder: Path, reference: Path) -> None:
    """No line of a reference and no name of a mistake is in any file."""
    lines = {line: path.name for path in sorted(reference.rglob("*.py")) for line in _code_lines(path)}
    names = {name for path in sorted(reference.glob("misconce*.py")) for name in _definitions(path)}
    shipped = sorted(path for path in folder.rglob("*") if path.is_file())

    assert len(lines) > 50 and len(names) > 5 and len(shipped) > 3
    for path in shipped:
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".ipynb":
            sources = ["".join(cell["source"]) for cell in json.loads(text)["cells"]]
            found = lines.keys() & {line.strip() for source in sources for line in source.splitlines()}
        else:  # the bytes as they are, and as JSON means them
            text += text.replace("\\n", "\n").replace('\\"', '"')
            found = {line for line in lines if line in text}
        assert [f"{lines[line]}: {line}" for line in found] == [], path
        assert [name for name in names if name in text] == [], path


def _code_lines(path: Path) -> Iterator[str]:
    """The lines of a file's statements, but for imports, headers and docstrings, which stubs may have as well."""
    text = path.read_text(encoding="utf-8")
    told: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr) and not _runs(node):
            told.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            told.update(range(node.lineno, node.body[0].lineno))
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("  #")[0].strip()
        if number in told or len(bare) < _SHORTEST or bare.startswith("#"):
            continue
        if bare not in _GIVEN and not _SAME_IN_STUBS.fullmatch(bare):
            yield bare


def _runs(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and not (
        isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )


def _definitions(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not re.fullmatch("[a-z]+", node.name):  # no plain word
            yield node.name


# ---- cases -----------------------------------------------------------------------------------------------------------


def assert_no_hidden_case(folder: Path, course: Path, name: str) -> None:
    """Every seed is public, and no tensor is one of a hidden case, unless it is one of every hidden case."""
    assignment = rubric.load(course, checks.bind).assignments[name]
    index = json.loads((folder / "vectors" / f"{name}.json").read_text(encoding="utf-8"))
    public = {seeds.public(item.id, number) for item in assignment.items for number in range(30)}

    assert index["cases"]
    assert {seed for _, seed, *_ in index["cases"]} <= public

    known = {_content(each) for each in load_file(folder / "vectors" / f"{name}.safetensors").values() if _tells(each)}
    hidden, other = (
        _asked(AnswerKey(course, assignment.reference, secret=secret), course, name) for secret in (b"a", b"b")
    )

    assert len(known) > 10 and len(hidden - other) > 10
    assert not known & (hidden - other)


def _asked(key: AnswerKey, course: Path, name: str) -> set[bytes]:
    """The inputs of all cases and the answers to them."""
    assignment = rubric.load(course, checks.bind).assignments[name]
    listening = Listening(key)
    for item in filter(part.asked, assignment.items):
        checks.kinds()[item.check].check(
            Defined(vars(key.solutions), assignment.items), listening, item, **item.options
        )
    values = [*listening.cases.values(), *(o.value for _, o in listening.answers.values() if isinstance(o, Returned))]
    return {_content(tensor) for value in values for tensor in _tensors(value) if _tells(tensor)}


def _tensors(value: object) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for each in value for tensor in _tensors(each)] if isinstance(value, list | tuple) else []


def _tells(value: torch.Tensor) -> bool:
    return len(value.unique()) > _FEW


def _content(value: torch.Tensor) -> bytes:
    return repr(tuple(value.shape)).encode() + value.float().contiguous().numpy().tobytes()
