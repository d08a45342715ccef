"""An instructor's own CSV file: read with the place of every cell, and written back with nothing else changed.

The csv module forgets how a cell was quoted, which line ends stood where and what a spreadsheet program put in front.
An LMS that gets back the very file that it wrote, with other marks in one column, has nothing to complain about.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grader.errors import CourseError

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CODECS: Final = ("utf-8", "cp949", "latin-1")  # the last one reads every file, and gives every byte back
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says, and where in the text it stands, quotation marks included."""

    value: str
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of comma separated values, or what goes for one."""

    text: str
    codec: str
    mark: bytes  # the byte order mark in front of the text, or nothing
    delimiter: str
    rows: tuple[tuple[Cell, ...], ...]  # an empty line is a row without cells

    def value(self, row: int, column: int) -> str:
        """What a cell says; nothing where the row is too short for it."""
        return self.rows[row][column].value if column < len(self.rows[row]) else ""

    def column(self, *names: str) -> int | None:
        """The position in the header of the first of these names that is there, whatever its case; None without."""
        header = [cell.value.strip().casefold() for cell in self.rows[0]]
        return next((header.index(name.casefold()) for name in names if name.casefold() in header), None)


def read(content: bytes, name: str) -> Sheet:
    """A file as it was downloaded, or as a spreadsheet program saved it: in UTF-8, UTF-16 or CP949.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        CourseError: it is no text, or empty.
    """
    if content.startswith(b"PK\x03\x04"):
        raise CourseError(f"{name} is an Excel workbook; save it as CSV, or better take the file that the LMS gave you")
    text, codec, mark = _decoded(content)
    if "\0" in text or not text.strip():
        raise CourseError(f"{name} is {'no text' if text.strip() else 'empty'}; download it again")
    first = text[: re.compile(r"[^\r\n]").search(text).start()]  # type: ignore[union-attr]  # it is not empty
    delimiter = max(_DELIMITERS, key=lambda each: len(_record(text, len(first), each)[0]))
    return Sheet(text, codec, mark, delimiter, cells(text, delimiter))


def written(sheet: Sheet, changes: Mapping[tuple[int, int], str]) -> bytes:
    """The file with these cells changed, by row and column, and every other byte as it was.

    Letters that the file's encoding lacks are written as HTML entities: only HTML has any.
    """
    parts: list[str] = []
    done = 0
    length = [len(row) for row in sheet.rows]
    for row, column in sorted(changes):
        cells, value = sheet.rows[row], changes[row, column]
        # A spreadsheet program may have cut the row off behind its last value.
        cell = cells[min(column, len(cells) - 1)]
        missing = max(column - length[row] + 1, 0)
        start = cell.end if column >= len(cells) else cell.start
        parts += [sheet.text[done:start], sheet.delimiter * missing, _raw(value, sheet.delimiter, cell.quoted)]
        length[row] += missing
        done = cell.end
    parts.append(sheet.text[done:])
    return sheet.mark + "".join(parts).encode(sheet.codec, "xmlcharrefreplace")


def cells(text: str, delimiter: str) -> tuple[tuple[Cell, ...], ...]:
    """All cells of a text, divided as the csv module divides them."""
    rows = []
    position = 0
    while position < len(text):
        row, position = _record(text, position, delimiter)
        rows.append(row)
    return tuple(rows)


# What is behind a closing quotation mark belongs to the cell as it is, further quotation marks included.
_QUOTED: Final = re.compile(r'"(?P<inner>[^"]*+(?:""[^"]*+)*+)"?')
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def _record(text: str, position: int, delimiter: str) -> tuple[tuple[Cell, ...], int]:
    """The cells of the record that begins here, and where the next one begins."""
    plain = re.compile(rf"[^{re.escape(delimiter)}\r\n]*+")
    row: list[Cell] = []
    if end := _LINE_END.match(text, position):
        return (), end.end()
    while True:
        start, value = position, ""
        quoted = _QUOTED.match(text, position)
        if quoted:
            value, position = quoted["inner"].replace('""', '"'), quoted.end()
        rest = plain.match(text, position)
        assert rest is not None  # it matches nothing as well
        position = rest.end()
        row.append(Cell(value + rest.group(), start, position, quoted is not None))
        if text.startswith(delimiter, position):
            position += 1
            continue
        end = _LINE_END.match(text, position)
        return tuple(row), end.end() if end else position


def _decoded(content: bytes) -> tuple[str, str, bytes]:
    for mark, codec in _MARKS:
        if content.startswith(mark) and (text := _round_trip(content[len(mark) :], codec)) is not None:
            return text, codec, mark
    begun = content[1:24:2]
    if begun and not any(begun) and (text := _round_trip(content, "utf-16-le")) is not None:  # a header without a mark
        return text, "utf-16-le", b""
    for codec in _CODECS:
        if (text := _round_trip(content, codec)) is not None:
            return text, codec, b""
    raise AssertionError("latin-1 reads every file")


def _round_trip(content: bytes, codec: str) -> str | None:
    """The text, where it is written back as the same bytes."""
    try:
        text = content.decode(codec)
        return text if text.encode(codec) == content else None
    except UnicodeError:
        return None


def _raw(value: str, delimiter: str, quoted: bool) -> str:
    needed = quoted or any(letter in value for letter in (delimiter, '"', "\r", "\n"))
    return '"' + value.replace('"', '""') + '"' if needed else value
