"""The code of a master notebook, taken apart: what solutions bind, and which module they make together."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.authoring.masters import Part
from grader.authoring.stubs import is_marked
from grader.notebook.names import python_of

_TOP_MARK = re.compile(r"^#+\s*(BEGIN|END) SOLUTION\b", re.IGNORECASE)
_TAIL = re.compile(r"[ \t]*#[ \t]*(?:SEED|SOLUTION(?: NO PROMPT)?)[ \t]*$", re.MULTILINE)
# Not on the machine that answers for the reference, or of no use to it.
_NOT_IMPORTED = frozenset({"otter", "d2l", "grader", "nose", "IPython", "nbgrader"})


@dataclass(frozen=True, slots=True)
class Binding:
    """A top-level statement that binds a name.

    Args:
        name: what it binds.
        text: with the comments that belong to it.
        defines: whether it is a function or class.
        covered: whether it stands within a solution as a whole.
        named: whether students see its name in any case: a definition, or `x = 1  # SOLUTION`.
        uses: every name that it mentions.
        kind: function, class or value.
    """

    name: str
    text: str
    defines: bool
    covered: bool
    named: bool
    uses: frozenset[str]
    kind: str


@dataclass(frozen=True, slots=True)
class Source:
    """All code cells of a master notebook.

    Args:
        solved: what the solutions bind, in order.
        given: what other cells bind, by name.
        imports: the import statements of all cells, each with the names it binds.
        left_out: what is not part of the reference, and why.
        parts: by the number of the part what it binds.
    """

    solved: tuple[Binding, ...]
    given: Mapping[str, Binding]
    imports: Mapping[str, frozenset[str]]
    left_out: tuple[str, ...]
    parts: Mapping[int, tuple[Binding, ...]]

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Source:
        """Take the code of these parts apart.

        Raises:
            ValueError: a solution is no Python; one line.
        """
        solved: list[Binding] = []
        given: dict[str, Binding] = {}
        imports: dict[str, frozenset[str]] = {}
        left_out: list[str] = []
        by_part: dict[int, tuple[Binding, ...]] = {}
        for part in parts:
            if part.kind not in ("solution", "given"):
                continue
            try:
                body = ast.parse(python_of(part.source)).body
            except SyntaxError as error:
                if part.kind == "solution":
                    raise ValueError(f"a solution ({part.question or 'unnamed'}) is no Python: {error.msg}") from error
                continue
            for text, names, top in _imports(body):
                if top in _NOT_IMPORTED:
                    left_out.append(f"`{text}`: {top} is not part of a reference")
                else:
                    imports[text] = names
            found = tuple(_bindings(part, body))
            by_part[id(part)] = found
            if part.kind == "solution":
                solved += found
            else:
                given.update({each.name: each for each in found})
        return cls(tuple(solved), given, imports, tuple(dict.fromkeys(left_out)), by_part)

    @property
    def names(self) -> tuple[str, ...]:
        """What the solutions bind."""
        return tuple(dict.fromkeys(each.name for each in self.solved))

    @property
    def libraries(self) -> frozenset[str]:
        """The names that imports bind."""
        return frozenset(name for names in self.imports.values() for name in names)

    def bindings(self, part: Part) -> tuple[Binding, ...]:
        """What one part binds."""
        return self.parts.get(id(part), ())

    def bound_by(self, part: Part) -> tuple[str, ...]:
        """The names that one part binds."""
        return tuple(each.name for each in self.bindings(part))

    def only_binds(self, part: Part) -> bool:
        """Whether a part does nothing but bind names."""
        return len(ast.parse(python_of(part.source)).body) == len(self.bindings(part))

    def kind(self, name: str) -> str:
        """Whether a name of a solution is a function, a class or a value."""
        return next(each.kind for each in reversed(self.solved) if each.name == name)

    def is_grader(self, part: Part) -> bool:
        """Whether a cell is there for otter alone."""
        lines = [line for line in part.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        return bool(lines) and all(re.match(r"\s*(import otter\b|grader\s*=|grader\.)", line) for line in lines)

    def imports_for(self, text: str) -> list[str]:
        """The imports of which a text uses a name."""
        used = set(re.findall(r"[A-Za-z_]\w*", text))
        return [line for line, names in self.imports.items() if names & used]

    def module(self, title: str) -> str:
        """The text of solutions.py: imports, what the solutions need of other cells, and the solutions."""
        needed, waiting = set[str](), {name for each in self.solved for name in each.uses} - set(self.names)
        while waiting:
            name = waiting.pop()
            if name in self.given and name not in needed:
                needed.add(name)
                waiting |= self.given[name].uses
        helpers = [each for name, each in self.given.items() if name in needed]
        last = {each.name: each for each in self.solved}
        texts = [each.text for each in (*helpers, *last.values())]
        told = f"The right answers of {title}, under the names that rubric.yaml asks for; of a master notebook."
        imports = ["from __future__ import annotations", "", *self.imports_for("\n".join(texts))]
        return "\n\n".join([f'"""{told}"""', "\n".join(imports).rstrip(), *texts]) + "\n"


def _imports(body: Sequence[ast.stmt]) -> Iterator[tuple[str, frozenset[str], str]]:
    """Per imported name its statement, what that binds, and the package."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            if module == "__future__" or (isinstance(node, ast.ImportFrom) and node.level):
                continue
            for alias in node.names:
                one = ast.ImportFrom(module, [alias], 0) if module else ast.Import([alias])
                bound = alias.asname or alias.name.split(".")[0]
                yield ast.unparse(one), frozenset({bound}), (module or alias.name).split(".")[0]


def _bindings(part: Part, body: Sequence[ast.stmt]) -> Iterator[Binding]:
    lines = python_of(part.source).splitlines()
    inside, covered = False, set()
    for number, line in enumerate(lines, 1):
        if mark := _TOP_MARK.match(line):
            inside = mark[1].upper() == "BEGIN"
        elif inside:
            covered.add(number)
    for node, following in zip(body, [*body[1:], None], strict=True):
        end = _first_line(following) - 1 if following is not None else len(lines)
        own = [line for line in lines[_first_line(node) - 1 : end] if not _TOP_MARK.match(line)]
        keep = (node.end_lineno or node.lineno) - _first_line(node) + 1
        while len(own) > keep and (not own[-1].strip() or not own[-1].startswith((" ", "\t"))):
            own.pop()
        text = "\n".join(own)
        uses = frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
        within = node.lineno in covered
        marked = not within and is_marked(text)
        match node:
            case ast.FunctionDef(name=name):
                yield Binding(name, text, True, within, True, uses - {name}, "function")
            case ast.ClassDef(name=name):
                yield Binding(name, text, True, within, True, uses - {name}, "class")
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                kind = "function" if isinstance(value, ast.Lambda) else "value"
                yield Binding(name, _TAIL.sub("", text), False, within or marked, marked, uses - {name}, kind)


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(int(each.lineno) for each in decorators)])
