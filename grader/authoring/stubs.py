"""What students see of a reference's definition: its head, its docstring, and a line that asks for the rest.

    def double(X: torch.Tensor) -> torch.Tensor:          def double(X):
        \"\"\"Multiply by two.\"\"\"                    ->          \"\"\"Multiply by two.\"\"\"
        return 2 * X                                          raise NotImplementedError

Annotations go, because a student's notebook need not import what they name. Who wants to give a part of the code away
marks what students write, as nbgrader and otter-grader do; then all the rest stays as it is:

    ### BEGIN SOLUTION ... ### END SOLUTION               raise NotImplementedError
    # BEGIN SOLUTION NO PROMPT ... # END SOLUTION         nothing
    y = 2 * X  # SOLUTION                                 y = ...
    return y  # SOLUTION                                  raise NotImplementedError
    y = 2 * X  # SOLUTION NO PROMPT                       nothing
    \"\"\" # BEGIN PROMPT ... \"\"\" # END PROMPT               what stands between

A comment `# stub: class Net(d2l.Classifier):` above a definition is the head that students see instead of its own.
"""

from __future__ import annotations

import ast
import copy
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ASKED = "raise NotImplementedError"
_BEGIN = re.compile(r"#+\s*BEGIN SOLUTION(?P<silent> NO PROMPT)?\s*$", re.IGNORECASE)
_END = re.compile(r"#+\s*END SOLUTION\s*$", re.IGNORECASE)
_PROMPT = re.compile(r"(?:\"\"\"|''')\s*;?\s*#+\s*(?P<which>BEGIN|END) PROMPT\s*$", re.IGNORECASE)
_LINE = re.compile(r"(?P<indent>\s*)(?P<code>\S.*?)\s*#\s*(?:SEED|SOLUTION(?P<silent> NO PROMPT)?)\s*$")
_SEED = re.compile(r"#\s*SEED\s*$")
_ASSIGNED = re.compile(r"[A-Za-z_][\w.\[\], ]*?\s*=(?!=)")
_HEAD = re.compile(r"#\s*stub:\s*((?:class|def)\s.*:)\s*$")
_KEPT_DECORATORS = frozenset({"staticmethod", "classmethod", "property"})
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Stub:
    """What students see of one definition or value."""

    name: str
    text: str


def stubs(source: str) -> Mapping[str, Stub]:
    """The stub of every function, class and value that the text of a module binds at its top level, by name.

    Raises:
        ValueError: the text, or a stub made of it, is no Python; the message is one line.
    """
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from error
    lines = source.splitlines()
    made = {}
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                made[name] = Stub(name, _definition(node, lines))
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                made.setdefault(name, Stub(name, f"{name} = ..."))
    for stub in made.values():
        try:
            ast.parse(stub.text)
        except SyntaxError as error:
            raise ValueError(f"what is left of {stub.name} without its solution is no Python ({error.msg})") from error
    return made


def is_marked(text: str) -> bool:
    """Whether a text says which of its lines students write."""
    alone = (_BEGIN, _END, _PROMPT)
    return any(_LINE.match(line) or any(mark.match(line.strip()) for mark in alone) for line in text.splitlines())


def cleared(text: str) -> str:
    """A marked text without what students write.

    Raises:
        ValueError: a solution that begins does not end, or the other way round.
    """
    return "\n".join(_cleared(text.splitlines())).strip("\n")


def _cleared(lines: list[str]) -> Iterator[str]:
    inside = ""  # which part is being read: a solution, a prompt, or neither
    for line in lines:
        bare = line.strip()
        indent = line[: len(line) - len(line.lstrip())]
        if inside == "solution":
            inside = "" if _END.match(bare) else inside
        elif prompt := _PROMPT.match(bare):
            inside = "prompt" if prompt["which"].upper() == "BEGIN" else ""
        elif inside == "prompt":
            yield line
        elif begun := _BEGIN.match(bare):
            inside = "solution"
            if not begun["silent"]:
                yield indent + ASKED
        elif _END.match(bare):
            raise ValueError("END SOLUTION without BEGIN SOLUTION")
        elif (marked := _LINE.match(line)) is None:
            yield line
        elif not (marked["silent"] or _SEED.search(line)):
            target = _ASSIGNED.match(marked["code"])
            yield indent + (f"{target.group()} ..." if target else ASKED)
    if inside:
        raise ValueError(f"BEGIN {inside.upper()} without END {inside.upper()}")


# ---- without marks ---------------------------------------------------------------------------------------------------


def _definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]) -> str:
    own = lines[node.lineno - 1 : _end(node, lines)]
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    told = _HEAD.match(lines[first - 2].strip()) if first > 1 else None
    if is_marked("\n".join(own)):
        text = textwrap.dedent(cleared("\n".join(own)))
        return text.replace(text.splitlines()[0], told.group(1), 1) if told else text
    head = told.group(1) if told else _head(node)
    return "\n".join([head, *_below(node, lines)])


def _end(node: ast.stmt, lines: list[str]) -> int:
    """The number of a definition's last line; comments below its last statement that are indented belong to it."""
    end = number = node.end_lineno or node.lineno
    for line in lines[end:]:
        number += 1
        bare = line.lstrip()
        if bare.startswith("#") and len(line) - len(bare) > node.col_offset:
            end = number
        elif bare:
            break
    return end


def _head(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    """The first line of a definition, without annotations."""
    bare = copy.deepcopy(node)
    bare.body = [ast.Pass()]
    bare.decorator_list = []
    for part in ast.walk(bare):
        if isinstance(part, ast.arg):
            part.annotation = None
    if not isinstance(bare, ast.ClassDef):
        bare.returns = None
        arguments = bare.args
        arguments.defaults = [_double_quoted(each) for each in arguments.defaults]
        arguments.kw_defaults = [each and _double_quoted(each) for each in arguments.kw_defaults]
    return ast.unparse(bare).splitlines()[0]


def _double_quoted(node: ast.expr) -> ast.expr:
    """A default value that is unparsed as people write it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ast.Name(json.dumps(node.value, ensure_ascii=False))
    return node


def _below(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]) -> Iterator[str]:
    """The docstring, and what is left of the body."""
    body = node.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and ast.get_docstring(node)
    if documented:
        yield from _relative(lines[body[0].lineno - 1 : body[0].end_lineno], body[0].col_offset)
    if not isinstance(node, ast.ClassDef):
        first = body[1:2] if documented else body[:1]
        if node.name == "__init__" and first and ast.unparse(first[0]).startswith("super().__init__("):
            yield _INDENT + ast.unparse(first[0])  # without it, no module lets anything be assigned
        yield _INDENT + ASKED
        return
    methods = [each for each in body if isinstance(each, ast.FunctionDef) and _is_asked(each)]
    for number, method in enumerate(methods):
        if documented or number:
            yield ""
        kept = [each for each in method.decorator_list if ast.unparse(each) in _KEPT_DECORATORS]
        yield from (f"{_INDENT}@{ast.unparse(each)}" for each in kept)
        yield from textwrap.indent(_definition(method, lines), _INDENT).splitlines()
    if not methods:
        yield _INDENT + ASKED


def _is_asked(method: ast.FunctionDef) -> bool:
    """Whether a method is part of what is asked, and no helper of the reference's own."""
    return not method.name.startswith("_") or method.name.endswith("__")


def _relative(lines: list[str], column: int) -> list[str]:
    """A docstring's lines, where its statement stands one level in."""
    return [(_INDENT + line[column:] if line[:column].strip() == "" else _INDENT + line).rstrip() for line in lines]
