"""A master notebook as the files of an assignment: reference, stubs, rubric entry, and a list of what a person decides.

Solutions become `solutions.py` and stubs. A test becomes an item only where its text says what is asked of which name:
calls with arguments of their own become cases, the name of a value becomes an expression. What else there is stands in
the rubric as a comment and in `review.md` with the original code, so that nothing is lost and nothing is guessed.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.authoring import cells, reviewing, scaffold
from grader.authoring.masters import Part
from grader.authoring.sources import Binding, Source
from grader.authoring.stubs import ASKED, Stub, cleared, is_marked, stubs

_SECTION = re.compile(r"^#{1,6}\s.*?(?<![\d.])([1-9]\d?\.\d{1,2})(?![\d.])", re.MULTILINE)
_ID = re.compile(r"[^a-z0-9.]+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What becomes of one question.

    Args:
        part: of the master notebook.
        section: where the item stands.
        target: the name that is asked; empty where it is not clear.
        check: the kind of check; empty where a person has to choose.
        options: of the check, as YAML in one line.
        calls: the arguments of each call, as Python.
        why: what is missing, or what a person should look at.
    """

    part: Part
    section: str
    target: str = ""
    check: str = ""
    options: str = ""
    calls: tuple[str, ...] = ()
    why: str = ""

    @property
    def id(self) -> str:
        """The id of the item."""
        return _ID.sub("-", self.part.question.lower()).strip("-") or "question"

    @property
    def points(self) -> float:
        """What it is worth."""
        return self.part.points or 0.0


@dataclass(slots=True)
class _Sections:
    """Gives every question the section in which it stands, and every written answer one of its own."""

    now: str = "1.1"
    written: set[str] = field(default_factory=set)

    def see(self, text: str) -> None:
        """A text for students, which may be a heading."""
        if found := _SECTION.search(text):
            self.now = found[1]

    def for_written(self) -> str:
        """A section in which nothing is written yet."""
        chapter, _, number = self.now.partition(".")
        found = self.now
        while found in self.written:
            number = str(int(number) + 1)
            found = f"{chapter}.{number}"
        self.written.add(found)
        return found


def convert(name: str, title: str, parts: Sequence[Part]) -> tuple[Mapping[str, str], str]:
    """The files by path below the course, and the lines of the entry in rubric.yaml.

    Raises:
        ValueError: a solution is no Python, or begins and does not end; one line.
    """
    source = Source.of(parts)
    module = scaffold.module_name(name)
    solutions = source.module(title)
    known = stubs(solutions)
    sections = _Sections()
    made, proposals = [*scaffold.opening_cells(title)], []
    bound: tuple[str, ...] = ()
    for part in parts:
        if part.kind == "text":
            sections.see(part.source)
        if part.kind == "solution":
            bound = source.bound_by(part)
        if part.kind == "written" or part.kind == "test":
            proposals.append(_proposed(part, sections, source, bound))
        outside = "\n".join(_text(each) for each in parts if each is not part)
        made += _cells(part, known, source, proposals, outside)
    generators = _generators(proposals)
    files = {
        f"assignments/{name}/{name}.ipynb": cells.notebook(made),
        f"reference/{module}/__init__.py": scaffold.package(title),
        f"reference/{module}/solutions.py": solutions,
        f"reference/{module}/inputs.py": scaffold.inputs(title, generators, source.imports_for(generators)),
        f"reference/{module}/misconceptions.py": scaffold.no_misconceptions(title),
        f"reference/{module}/equivalents.py": scaffold.EQUIVALENTS,
        f"reference/{module}/review.md": reviewing.page(name, title, proposals, source.left_out),
    }
    return files, scaffold.entry(name, title, "".join(_rows(proposals)))


# ---- cells -----------------------------------------------------------------------------------------------------------


def _text(part: Part) -> str:
    """All that a part says."""
    return "\n".join([part.source, *(f"{test.shown}\n{test.hidden}" for test in part.tests)])


def _cells(
    part: Part, known: Mapping[str, Stub], source: Source, proposals: Sequence[Proposal], outside: str
) -> Iterator[cells.Cell]:
    identifier = part.question or part.kind
    match part.kind:
        case "text":
            yield cells.text_cell(f"{identifier}-text", part.source)
        case "given" if part.source.strip() and not source.is_grader(part):
            yield cells.code_cell(f"{identifier}-code", part.source)
        case "solution":
            yield _solution_cell(part, known, source, outside)
        case "written":
            section = proposals[-1].section
            yield cells.written_cell(identifier, f"### Discussion {section}\n\n*Your answer here.*", part.points or 0)
        case "test":
            for test in part.tests:
                if test.shown and not test.printed:
                    yield cells.code_cell(f"{identifier}-test", test.shown)
            if proposals[-1].target in known and proposals[-1].check:
                yield cells.check_cell(proposals[-1].target)


def _solution_cell(part: Part, known: Mapping[str, Stub], source: Source, outside: str) -> cells.Cell:
    bindings = source.bindings(part)
    # A value on the way to the answer, which nothing else mentions, is the author's own.
    mentioned = set(re.findall(r"\w+", outside))
    names = [each.name for each in bindings if each.named or each.name in mentioned]
    if (
        names
        and source.only_binds(part)
        and all(_is_asked(each, part) for each in bindings)
        and set(names) <= set(known)
    ):
        return cells.stub_cell([known[each] for each in dict.fromkeys(names)])
    identifier = f"{part.question or 'solution'}-stub"
    if is_marked(part.source):
        return cells.answer_cell(identifier, cleared(part.source))
    stubbed = [known[each].text for each in dict.fromkeys(names) if each in known]
    return cells.answer_cell(identifier, "\n\n".join(stubbed) or ASKED)


def _is_asked(binding: Binding, part: Part) -> bool:
    """Whether students write what a name is bound to, or a part of it."""
    return not is_marked(part.source) or binding.covered or (binding.defines and is_marked(binding.text))


# ---- items -----------------------------------------------------------------------------------------------------------


def _proposed(part: Part, sections: _Sections, source: Source, bound: Sequence[str]) -> Proposal:
    if part.kind == "written":
        section = sections.for_written()
        return Proposal(part, section, section, "answered")
    if part.by_hand and not part.tests:
        return Proposal(part, sections.now, why="A person marked this code; say what of it a check can ask.")
    code = "\n".join(f"{test.shown}\n{test.hidden}" for test in part.tests)
    target = _target(code, source, bound)
    if not target:
        return Proposal(part, sections.now, why="The test names no function, class or value of a solution.")
    kind = source.kind(target)
    if kind == "value":
        return Proposal(part, sections.now, target, "evaluates_to", f"expressions: [{target}]",
                        why="The value has to be that of the reference; the test may have asked for less.")  # fmt: skip
    if kind == "class":
        return Proposal(part, sections.now, target, why="A class: choose module_close, has_shapes or evaluates_to.")
    calls = tuple(dict.fromkeys(_calls(code, target, source)))
    if not calls:
        return Proposal(
            part, sections.now, target, why=f"No test calls {target} with arguments of its own; write a generator."
        )
    options = f"inputs: {target}_inputs, cases: {len(calls)}"
    why = "The cases are those of the test, always the same: draw further ones from the generator."
    return Proposal(part, sections.now, target, "returns_close", options, calls, why)


def _target(code: str, source: Source, bound: Sequence[str]) -> str:
    """The name of a solution that a test is about: what it calls most, of the question's own where it can be."""
    count: Counter[str] = Counter()
    for node in _walked(code):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                count[name] += 2
            case ast.Name(id=name, ctx=ast.Load()) | ast.arg(arg=name) | ast.Constant(value=str(name)):
                count[name] += 1  # otter's tests name what they take as arguments, or look it up as env["name"]
    for names in (bound, source.names):
        if asked := [name for name in names if count[name]]:
            return max(asked, key=lambda name: count[name])
    return ""


def _calls(code: str, target: str, source: Source) -> Iterator[str]:
    """The arguments of each call of a target that are written out: numbers, texts, and what libraries make of them."""
    for node in _walked(code):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name == target:
                given = [*args, *(each.value for each in keywords)]
                plain = all(_is_plain(each, source) for each in given) and all(each.arg for each in keywords)
                if given and plain and not any(isinstance(each, ast.Starred) for each in args):
                    named = ", ".join(f"{json.dumps(each.arg)}: {ast.unparse(each.value)}" for each in keywords)
                    yield f"Arguments(({''.join(f'{ast.unparse(each)}, ' for each in args).rstrip()}), {{{named}}})"


def _is_plain(node: ast.expr, source: Source) -> bool:
    return all(each.id in source.libraries for each in ast.walk(node) if isinstance(each, ast.Name)) and not any(
        isinstance(each, ast.Lambda | ast.Await | ast.NamedExpr) for each in ast.walk(node)
    )


def _walked(code: str) -> Iterator[ast.AST]:
    """Every node of a test; of one with magics or mistakes, those of the lines that are Python."""
    try:
        yield from ast.walk(ast.parse(code))
    except (SyntaxError, ValueError):
        for line in code.splitlines():
            try:
                yield from ast.walk(ast.parse(line.strip()))
            except (SyntaxError, ValueError):
                continue


def _generators(proposals: Sequence[Proposal]) -> str:
    asked: dict[str, list[str]] = {}
    for each in proposals:
        if each.calls:
            asked.setdefault(each.target, []).extend(call for call in each.calls)
    made = []
    for target, calls in asked.items():
        rows = "".join(f"        {call},\n" for call in dict.fromkeys(calls))
        made.append(
            f"def {target}_inputs(generator: torch.Generator, case: int) -> Arguments:\n"
            f'    """Give the arguments with which the tests of the master notebook call `{target}`."""\n'
            f"    cases = (\n{rows}    )\n    return cases[case % len(cases)]\n"
        )
    return "\n\n".join(made)


def _rows(proposals: Sequence[Proposal]) -> Iterator[str]:
    """The items; what a person has to choose stands between them as a comment."""
    seen: Counter[str] = Counter()
    for each in proposals:
        seen[each.id] += 1
        identifier = each.id if seen[each.id] == 1 else f"{each.id}-{seen[each.id]}"
        quoted = json.dumps(each.section)
        row = f"id: {json.dumps(identifier)}, section: {quoted}, title: {json.dumps(_title(each), ensure_ascii=False)}"
        target = json.dumps(each.target or "?")
        options = f", options: {{{each.options}}}" if each.options else ""
        row = f"{{{row}, target: {target}, points: {each.points:g}, check: {each.check or '?'}{options}}}"
        if each.check:
            yield f"  - {row}\n"
        else:
            yield f"  # to decide (review.md): {each.why}\n  # - {row}\n"
    if not any(each.check for each in proposals):
        yield "  []\n"


def _title(proposal: Proposal) -> str:
    if proposal.check == "answered":
        return f"Discussion of {proposal.section}"
    return f"{proposal.target or proposal.part.question} does what is asked"
