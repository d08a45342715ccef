"""Find the written answer of a section among the markdown cells.

The notebook that students receive has a heading `### Discussion 7.2` in each section. Their own notebooks have
`## 7.2. Convolutions` with a `### Memo` below, a line `Discussion: ...` without any heading, `### 토론`, or one
notebook for each section. A *mark* is such a heading or label; what follows it, up to the next heading of another
kind, is the answer. Unmarked text is the book's as often as the student's and is left out, unless the notebook is made
of one that was handed out: then what was not in it is the student's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.notebook.cells import Cell, Notebook
from grader.notebook.drawings import shown
from grader.notebook.names import python_of
from grader.notebook.statements import PARSE_ERRORS, parsed

_WORDS = (
    r"(?:\b(?:dis[ck]uss?ions?|discusi[oó]n(?:es)?|discuss[aã]o|diskussionen|respuestas?|r[eé]ponses?|antwort(?:en)?|memos?|exercises?|reflections?|thoughts"
    r"|take[- ]?aways?(?: messages?)?|answers?|what (?:i|we)(?:'ve|’ve| have)? learn(?:ed|t))\b"
    r"|讨论|討論|思考|总结|總結|心得|答案|回答|解答|考察|感想|まとめ|소감|답(?![가-힣])"
    r"|토론|토의|논의|메모|연습 ?문제|느낀 ?점|배운 ?점|고찰|정리|답변|생각)"
)
_NUMBER = r"(?<![\d.])([1-9]\d?)\.(\d{1,2})(?!\d)"
_MARK = re.compile(_WORDS, re.IGNORECASE)
_ANY_NUMBER = re.compile(_NUMBER)
_SECTION = re.compile(rf"\W*(?:(?:section|chapter|sec|ch|part|d2l|제)[. ]*)?{_NUMBER}", re.IGNORECASE)
_LABEL = re.compile(
    rf"(?:{_NUMBER}[.:]? )?(?:my )?{_WORDS}"
    r"(?: (?:of|for|on|in|to))?(?: (?:section|chapter))?(?: ?\d[\d.]*)? ?(?:[:：]|[-–—] |$)",
    re.IGNORECASE,
)
_HEADING = re.compile(r" {0,3}(#{1,6})(?=[\s\d])(.*)|\s*<h([1-6])\b[^>]*>(.*)", re.IGNORECASE)
_BOLD_LINE = re.compile(r"\s*(\*\*|__)(.+)\1[:.]?\s*$")
_UNDERLINE = re.compile(r"\s*(?:=+|-{3,})\s*$")
_MARKUP = str.maketrans("", "", "#*_>[](){}<【】「」`")
_PLACEHOLDER = re.compile(
    r"[*_]{0,3}(?<![A-Za-z])(?:(?:type|write|put) )?your (?:answer|text|discussion) here(?![A-Za-z])[.…]*[*_]{0,3}"
    r"|여기에 (?:답|답변|내용)을 (?:쓰|적으|작성하|입력하)(?:세요|시오)\.?",
    re.IGNORECASE,
)
_HOMEWORK = re.compile(r"(?:hw|homework|assignment|lab|과제|실습)[ _-]?\d+", re.IGNORECASE)
_IN_NAME = re.compile(r"(?<!\d)([1-9]\d?)[._-](\d{1,2})(?!\d)")
_NUMBERED = re.compile(
    rf"[\s*_(\[【]*(?:(?:q(?:uestion)?|a(?:ns(?:wer)?)?)\.? ?|§ ?)?{_NUMBER}\s*[)\]】*_:：]+[:：]?\s*", re.IGNORECASE
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NAMED = re.compile(r"(?:discussion|memo|reflection|answer|written)\w*?[-_.]([1-9]\d?)[-_.](\d{1,2})", re.IGNORECASE)
_TEXT_MAGIC = re.compile(r"\s*%%(?:markdown|html|latex)\b[^\n]*\n", re.IGNORECASE)
_BULLETS = " \t>-+•"
_LABEL_LEVEL = 7  # below every heading
_HANDED_OUT_LEVEL = 3  # of the heading over an answer in the notebook that students receive
_MOST_LINES = 50_000  # of text in a notebook that are searched
_FEWEST_LETTERS = 20  # of what nothing marks as an answer; less is a remark
_LONGEST_LABEL = 80  # characters; a longer line is a sentence that happens to begin with such a word


@dataclass(frozen=True, slots=True)
class _Title:
    """A line that begins a part: a heading, or a label such as `Memo:`."""

    level: int
    section: str  # empty where it names none
    marks: bool  # whether what follows is the student's answer
    text: str  # what of the line is answer itself


def discussion(notebooks: Sequence[Notebook], section: str, handed_out: Collection[str] = ()) -> str:
    """The text a student wrote for a section such as "7.2", in markdown.

    Args:
        notebooks: of the student.
        section: whose answer is wanted.
        handed_out: the lines of text in the notebooks that students received. Below a heading among them, what is
            none of them is the student's, and taken where nothing is marked as written.
    """
    answers = [_answers(notebook).get(section, "") for notebook in notebooks]
    if handed_out and not any(answers):
        answers = [_unmarked(notebook, section, handed_out) for notebook in notebooks]
    return "\n\n".join(dict.fromkeys(answer for answer in answers if answer))  # one handed in twice is shown once


def pictures(notebooks: Sequence[Notebook], section: str, handed_out: Collection[str] = ()) -> dict[str, str]:
    """The pictures in what a student wrote for a section: by the name that `discussion` gives them a data URI."""
    text = discussion(notebooks, section, handed_out)
    return shown(text, (cell.pictures for each in notebooks for cell in each.cells))


def text_lines(notebooks: Iterable[Notebook]) -> frozenset[str]:
    """The lines of text in notebooks, as `discussion` compares them."""
    cells = (cell for notebook in notebooks for cell in notebook.cells if cell.kind != "code")
    return frozenset(_plain(line) for cell in cells for line in cell.source.splitlines())


def _answers(notebook: Notebook) -> dict[str, str]:
    """The answers of one notebook by section; a notebook without numbered headings is the section in its file name."""
    lines, numbered = _marked_lines(notebook)
    found = {}
    for section, own in lines.items():
        text = _without_placeholders(own)
        if any(letter.isalnum() for letter in text):
            found[section if numbered else _section_in_name(notebook.name)] = text
    return found


def _without_placeholders(lines: Sequence[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", _PLACEHOLDER.sub("", _COMMENT.sub("", "\n".join(lines)))).strip()


def _unmarked(notebook: Notebook, section: str, handed_out: Collection[str]) -> str:
    """What a notebook says in a section beyond what was handed out there; "" where its heading was not."""
    found: list[str] = []
    here, left = False, _MOST_LINES
    for cell in notebook.cells:
        if cell.kind == "code":
            continue
        written = cell.source.split("\n", left)[:left]
        left -= len(written)
        for line, following in zip(written, [*written[1:], ""], strict=True):
            known, title = _plain(line) in handed_out, _title(line, following)
            if title is not None and title.section and title.level < _LABEL_LEVEL:
                here = title.section == section and (known or here)
            elif here and not (known and line.strip()):
                found.append(line)
        found.append("")
    text = _without_placeholders(found)
    return text if sum(map(str.isalnum, text)) >= _FEWEST_LETTERS else ""


def _plain(line: str) -> str:
    return " ".join(line.split())


def _marked_lines(notebook: Notebook) -> tuple[dict[str, list[str]], bool]:
    """The lines below a mark by section, and whether any heading names a section."""
    found: dict[str, list[str]] = {}
    section, level = "", 0  # level: that of the mark the line is below, 0 where there is none
    left = _MOST_LINES
    for cell in notebook.cells:
        if cell.kind == "code":
            if level and cell.legible and (prose := _prose(cell.source)):
                found.setdefault(section, []).extend([prose, ""])
            level = 0 if level == _LABEL_LEVEL else level  # a label may end before the code, a heading goes on behind
            continue
        handed_out = _section_in_id(cell)
        if handed_out:
            section, level = handed_out, _HANDED_OUT_LEVEL
        fenced = False
        written = cell.source.split("\n", left)[:left]
        left -= len(written)
        for line, following in zip(written, [*written[1:], ""], strict=False):
            fenced ^= line.lstrip().startswith(("```", "~~~"))
            title = None if fenced else _title(line, following)
            if title is None and not fenced and (label := _NUMBERED.match(line)):
                section, text, level = ".".join(label.groups()), line[label.end() :], level or _LABEL_LEVEL
            elif title is None or (title.level == _LABEL_LEVEL and not title.section and 0 < level < _LABEL_LEVEL):
                text = line
            else:
                section, text = title.section or section, title.text
                if title.marks:
                    level = title.level if title.section or not level else min(level, title.level)
                elif handed_out and title.section in ("", handed_out):
                    text = title.text or line  # a heading of the student's own within the answer
                elif title.section or title.level <= level:
                    level = 0
            if level:
                found.setdefault(section, []).append(text)
        if level:
            found.setdefault(section, []).append("")
    return found, section != ""


def _section_in_id(cell: Cell) -> str:
    """The section whose answer a cell was handed out for, by its id."""
    found = next((match for name in cell.names if (match := _NAMED.fullmatch(name))), None)
    return ".".join(found.groups()) if found else ""


def _prose(source: str) -> str:
    """What a code cell says that holds no code: comments, texts, texts that are printed, or sentences as they are."""
    if magic := _TEXT_MAGIC.match(source):
        return source[magic.end() :].strip()
    try:
        statements = parsed(python_of(source)).body
    except PARSE_ERRORS:
        return source.strip()
    if not statements:
        return "\n".join(line.lstrip(" \t#") for line in source.splitlines() if line.lstrip().startswith("#")).strip()
    texts: list[str] = []
    for statement in statements:
        match statement:
            case ast.Expr(ast.Constant(str() as text)):
                texts.append(text)
            case ast.Expr(ast.Call(ast.Name("print"), arguments)):
                texts += [
                    each.value for each in arguments if isinstance(each, ast.Constant) and type(each.value) is str
                ]
                if len(texts) < len(arguments):
                    return ""
            case _:
                return ""
    return "\n".join(texts).strip()


def _title(line: str, following: str) -> _Title | None:
    if heading := _HEADING.match(line):
        hashes, marked, tag, tagged = heading.groups()
        return _heading(len(hashes) if hashes else int(tag), marked if hashes else re.sub(r"<[^<>]*>", "", tagged))
    if len(line) <= 2 * _LONGEST_LABEL and (bold := _BOLD_LINE.match(line)):
        title = _heading(_LABEL_LEVEL, bold.group(2))
        return title if title.section or title.marks else None
    clean = _clean(line)
    if _UNDERLINE.match(following) and _SECTION.match(clean):
        return _heading(1 if "=" in following else 2, line)
    if label := _label(clean):
        number = _ANY_NUMBER.search(label.group())
        return _Title(_LABEL_LEVEL, ".".join(number.groups()) if number else "", True, _behind(line, label.group()))
    return None


def _heading(level: int, text: str) -> _Title:
    clean = _clean(text)
    marks = _MARK.search(clean) is not None
    number = _SECTION.match(clean) or (_ANY_NUMBER.search(clean) if marks else None)
    label = _label(clean)
    own = _behind(text, label.group()) if label else "" if marks or number else text.strip()
    return _Title(level, ".".join(number.groups()) if number else "", marks, own)


def _label(clean: str) -> re.Match[str] | None:
    found = _LABEL.match(clean)
    whole_line_seen = len(clean) <= _LONGEST_LABEL
    return found if found and (whole_line_seen or found.end() < len(clean)) else None


def _behind(line: str, label: str) -> str:
    """What a line says behind its label."""
    separator = label.rstrip()[-1:]
    if separator not in (":", "：", "-", "–", "—"):
        return ""
    text = line.lstrip(_BULLETS).partition(separator)[2].strip()
    return re.sub(r"^[*_]{1,3}(?=\s|$)", "", text).strip()  # the end of the label's own bold type


def _clean(line: str) -> str:
    """The beginning of a line without markup, long enough for every heading and label."""
    return " ".join(line[: 2 * _LONGEST_LABEL].lstrip(_BULLETS).translate(_MARKUP).split())[: _LONGEST_LABEL + 1]


def _section_in_name(name: str) -> str:
    numbers = set(_IN_NAME.findall(_HOMEWORK.sub("", PurePosixPath(name).name)))
    return ".".join(numbers.pop()) if len(numbers) == 1 else ""
