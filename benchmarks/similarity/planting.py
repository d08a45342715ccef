"""A class with copies in it: right solutions of independent authors, and disguises under which one hands in another's.

Authors are the styles and the examples of this project, each written without the others; a copy keeps at least half of
what it was made of. Every disguise is a function of the source, so that what is planted is known exactly.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.notebook import parsed
from grader.similarity import Definition, Work, in_text

ROOT = Path(__file__).parents[2]
LEAST = 120  # tokens of a definition's author, below which there is nothing to copy
LIBRARY = {"torch", "nn", "F", "d2l", "np", "self", "super"}


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody's definitions, each as a text of its own."""

    name: str
    sources: tuple[str, ...]

    @property
    def work(self) -> Work:
        """As the grader reads it."""
        found: list[Definition] = []
        for source in self.sources:
            found += in_text(source, self.name)
        return Work(self.name, "", found)


def authors() -> list[Author]:
    """The independent ones."""
    folders = (ROOT / "reference" / "hw2_cnn" / "styles", ROOT / "examples" / "sources")
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    grace = sorted((ROOT / "examples" / "sources" / "grace").glob("*.py"))
    texts = {path.stem: [path.read_text(encoding="utf-8")] for path in files}
    texts["grace"] = [path.read_text(encoding="utf-8") for path in grace]
    found = []
    for name, parts in texts.items():
        sources = [source for part in parts for source in definitions(part)]
        author = Author(name, tuple(sources))
        if sum(len(each.tokens) for each in author.work.definitions) >= LEAST:
            found.append(author)
    return found


def definitions(text: str) -> list[str]:
    """The functions and classes of a notebook in the percent format."""
    found = []
    for source in re.split(r"^# %%.*$", text, flags=re.MULTILINE):
        try:
            tree = parsed(source)
        except SyntaxError:
            continue
        lines = source.split("\n")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                found.append("\n".join(lines[first - 1 : node.end_lineno]))
    return found


# ---- disguises -------------------------------------------------------------------------------------------------------


class _Renamed(ast.NodeTransformer):
    """Every name of one's own is another one: variables, arguments, attributes of self."""

    def __init__(self, tree: ast.AST) -> None:
        own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        self._own = own - LIBRARY

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(f"my_{node.id}_1", node.ctx) if node.id in self._own else node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(f"my_{node.arg}_1" if node.arg in self._own else node.arg, None)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return ast.Attribute(node.value, f"the_{node.attr}", node.ctx)
        return node


class _Loops(ast.NodeTransformer):
    """`for i in range(n)` is `while`, and a comprehension that is assigned is a loop."""

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=[end]), orelse=[]):
                if any(isinstance(each, ast.Continue) for each in ast.walk(node)):
                    return node
                start = ast.parse(f"{name} = 0").body[0]
                step = ast.parse(f"{name} += 1").body[0]
                test = ast.Compare(ast.Name(name, ast.Load()), [ast.Lt()], [end])
                return [start, ast.While(test, [*node.body, step], [])]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.ListComp(elt=element, generators=[ast.comprehension() as one])
            ) if not one.ifs:
                empty = ast.parse(f"{name} = []").body[0]
                append = ast.parse(f"{name}.append(0)").body[0]
                append.value.args = [element]  # type: ignore[attr-defined]
                return [empty, ast.For(one.target, one.iter, [append], [], None)]
        return node


class _Dead(ast.NodeTransformer):
    """Statements that do nothing, at the start and in the middle of every body."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        for place in sorted({len(node.body) // 2, 0}, reverse=True):
            node.body[place:place] = ast.parse("unused = [0, 1, 2]\nif len(unused) > 9:\n    unused = None").body
        return node


def _with(*steps: Callable[[ast.AST], ast.NodeTransformer]) -> Callable[[str, random.Random], str]:
    def disguised(source: str, draw: random.Random) -> str:
        tree: ast.AST = parsed(source)
        for step in steps:
            tree = step(tree).visit(tree)
        return ast.unparse(ast.fix_missing_locations(tree))

    return disguised


def _commented(source: str, draw: random.Random) -> str:
    lines = []
    for line in source.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        inside = line.rstrip().endswith((",", "(", "[", "\\"))
        lines += [f"{indent}# as the lecture explains", line] if line.strip() and not inside else [line]
    text = "\n".join(lines)
    try:
        parsed(text)
    except SyntaxError:  # within a text
        return source
    return text


DISGUISES: dict[str, Callable[[str, random.Random], str]] = {
    "as it is": lambda source, draw: source,
    "reformatted": _with(),
    "comments": _commented,
    "renamed": _with(_Renamed),
    "dead code": _with(lambda tree: _Dead()),
    "loops rewritten": _with(lambda tree: _Loops()),
    "all of it": _with(_Renamed, lambda tree: _Loops(), lambda tree: _Dead()),
}


def copied(author: Author, disguise: str, draw: random.Random, *, beside: Author | None = None) -> Author:
    """Another student with this work, disguised and in another order; half of it where there is somebody beside."""
    kept = list(author.sources)
    if beside is not None:
        draw.shuffle(kept)
        kept = kept[: -(-len(kept) // 2)]
    sources = [DISGUISES[disguise](source, draw) for source in kept] + list(beside.sources if beside else ())
    draw.shuffle(sources)
    return Author(f"{author.name} ({disguise}{', half' if beside else ''})", tuple(sources))


def generated(author: Author, number: int, draw: random.Random) -> Author:
    """A student of a large class: the parts of one author, with names and numbers of his own, for measuring time."""
    return Author(f"s{number:05}", tuple(_with(_Renamed)(source, draw) for source in author.sources))


def expected() -> Sequence[Definition]:
    """What everybody may have: the reference and the library."""
    files = [*(ROOT / "reference" / "hw2_cnn").glob("*.py")]
    files += (ROOT / "grader" / "kernel" / "inside" / "site" / "d2l").glob("*.py")
    return [each for path in sorted(files) for each in in_text(path.read_text(encoding="utf-8"), path.name)]
