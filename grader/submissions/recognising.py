"""Tell whether a file is a notebook, and if it is not, say why in one sentence."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from grader.records import SourceFile

MAX_NOTEBOOK = 64 * 2**20  # bytes; with all its pictures a notebook stays far below
MOST_PARTS = 3_000_000  # commas and brackets: bounds the memory that parsing takes, whatever the file holds
_MAGIC = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xd0\xcf\x11\xe0": "an Office document",
    b"<": "a web page",
}
_SUFFIXES = {
    ".pdf": "a PDF",
    ".py": "a Python file",
    ".html": "a web page",
    ".docx": "a Word document",
    ".zip": "a zip file inside a zip file",
}


def readable(file: SourceFile) -> str:
    """The sentence why a file is no notebook, or empty when it is one."""
    content = file.content
    visible = content.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n\0\xff\xfe")
    if not visible:
        return f"{file.name} is empty ({len(content)} byte{'' if len(content) == 1 else 's'})."
    for start, kind in _MAGIC.items():
        if (content if start[0] > 127 else visible).startswith(start):
            return f"{file.name} is {kind}, not a notebook."
    if len(content) > MAX_NOTEBOOK:
        return f"{file.name} is larger than {MAX_NOTEBOOK // 2**20} MB; without its outputs it can be read."
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > MOST_PARTS:
        return f"{file.name} has more parts than a notebook can have."
    try:
        root = json.loads(content)  # finds UTF-8, UTF-16 and UTF-32 by itself, with or without a byte order mark
    except json.JSONDecodeError as error:
        return f"{file.name} is not valid JSON (line {error.lineno})."
    except ValueError:  # bytes that are no text, or a number with thousands of digits
        return f"{file.name} is not valid JSON."
    except RecursionError:
        return f"{file.name} is nested too deeply for a notebook."
    if not isinstance(root, dict) or not any(isinstance(root.get(part), list) for part in ("cells", "worksheets")):
        return f"{file.name} is JSON, but it has no notebook cells."
    return ""


def kind_of(name: str) -> str:
    """What a file that is no notebook seems to be, for the sentence about it; empty when nothing is known."""
    return _SUFFIXES.get(PurePosixPath(name).suffix.lower(), "")
