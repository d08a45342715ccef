"""The pictures that students put into their written answers.

Jupyter keeps a pasted picture beside the cell (`attachments`), Colab within its text, as a data URI of many thousand
characters. Both become a short name in the text, `attachment:3f2a...`, and a picture of that name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

MOST: Final = 900_000  # characters in base64 that one answer may show; a recording keeps no longer answer

_NAMED = re.compile(r"attachment:([^\s()<>\"']+)")
_WITHIN = re.compile(r"data:image/[a-z.+-]{1,20};base64,[A-Za-z0-9+/=]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]+")
_KINDS: Final = ("image/png", "image/jpeg")


def taken_out(source: str, attachments: Any) -> tuple[str, dict[str, str]]:
    """The text of a cell with its pictures named, and by that name each PNG or JPEG as a data URI.

    Args:
        source: markdown.
        attachments: of the cell, as nbformat has them: by file name the data in base64 by media type.
    """
    beside = _beside(attachments)
    pictures: dict[str, str] = {}
    known: dict[str, str] = {}  # a text may mention one picture a million times

    def named(uri: str) -> str:
        name = hashlib.sha256(uri.encode()).hexdigest()[:16]
        if uri.startswith(tuple(f"data:{kind};" for kind in _KINDS)):
            pictures[name] = uri
        return f"attachment:{name}"

    def attached(match: re.Match[str]) -> str:
        if match[1] not in known:
            uri = beside.get(match[1]) or beside.get(unquote(match[1]))
            known[match[1]] = named(uri) if uri else match[0]
        return known[match[1]]

    text = _NAMED.sub(attached, source)
    return _WITHIN.sub(lambda match: named(match[0]), text), pictures


def shown(text: str, pictures: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The pictures that a text names, in its order, as many as `MOST` allows.

    Args:
        text: of an answer.
        pictures: of each cell.
    """
    known = {name: uri for each in pictures for name, uri in each.items()}
    found: dict[str, str] = {}
    left = MOST
    for name in dict.fromkeys(_NAMED.findall(text)):
        uri = known.get(name, "")
        if uri and len(uri) <= left:
            found[name] = uri
            left -= len(uri)
    return found


def _beside(attachments: Any) -> dict[str, str]:
    """By file name the first picture of a cell's attachments; whatever else stands there is left out."""
    found = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        for kind in _KINDS:
            data = bundle.get(kind) if isinstance(bundle, dict) else None
            lines = data if isinstance(data, list) else [data]
            text = "".join(each for each in lines if isinstance(each, str))
            text = "".join(text.split())
            if _BASE64.fullmatch(text) and name not in found:
                found[name] = f"data:{kind};base64,{text}"
    return found
