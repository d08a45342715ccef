"""Make text that students wrote harmless where people read it: in a terminal, a log, a spreadsheet, a line of JSON."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

# C0 and C1 move the cursor or open an escape sequence; the bidi controls and line separators reorder or break a line;
# a lone surrogate cannot be written as UTF-8 at all.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

# The last four are full-width forms, which spreadsheets in East Asian locales read as operators too.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def visible(text: str) -> str:
    """Write control characters as their escapes, such as `\\x1b`, so that they are seen instead of obeyed."""
    return _CONTROLS.sub(lambda found: ascii(found.group())[1:-1], text)


def cell(text: str) -> str:
    """A text cell of a spreadsheet: one line, and an apostrophe in front of whatever would be read as a formula.

    The apostrophe also comes in front of leading blanks followed by a formula: some importers trim blanks first.
    """
    guarded = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{visible(text)}" if guarded else visible(text)


def json_line(value: Any) -> str:
    """A value as JSON in one line that may be shown in a terminal: letters as they are, controls as escapes."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False))


class LogFormatter(logging.Formatter):
    """Log records of which every line but the first is indented, so that no text in one can pass for another."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its traceback."""
        return "\n    ".join(map(visible, super().format(record).split("\n")))
