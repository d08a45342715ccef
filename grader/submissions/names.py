"""Who handed a file in, as far as its name tells, and names that are safe to use as file names later."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from grader.records import Student

DEFAULT_PATTERN = r"(?<!\d)(?:19|20)\d{8}(?!\d)"  # ten digits, so that a date of eight is no student number

_NOTEBOOK = re.compile(r"\.ipynb(?:\.(?:txt|json|download))?$", re.IGNORECASE)  # browsers add the second suffix
_COPY_BEFORE = re.compile(r"^(?:(?:copy of|사본)(?: - |[ _]))+", re.IGNORECASE)
_COPY_AFTER = re.compile(
    r"(?:\.ipynb|[ _]?\(\d+\)|[ _]?의 ?사본|-checkpoint|[ _]-[ _]copy|[ _]-[ _](?:복사본|사본))+$", re.IGNORECASE
)
_KOREAN = r"[가-힣]{2,5}(?: [가-힣]{1,4})?"
_KOREAN_AFTER, _KOREAN_BEFORE = re.compile(_KOREAN), re.compile(rf"(?:{_KOREAN})$")
_LATIN = re.compile(r"[^\W\d_]+(?:[ .'’][^\W\d_]+)*\.?")
_NO_NAME = re.compile(
    r"(?:hw|homework|assignment|lab|final|midterm|submission|report|chapter|ch|cnn|week|notebook|colab|copy|ver|version"
    r"|과제|숙제|실습|보고서|제출|최종|수정|기말|중간|딥러닝|복사본|사본)(?![a-z])",
    re.IGNORECASE,
)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
_LONGEST_PART, _LONGEST_PATH = 240, 1_000  # bytes that file systems take, with room for a number and a folder around
_LONGEST = 160  # bytes of an id: room for a suffix below the 255 that file systems allow


def is_notebook(name: str) -> bool:
    """Whether a file calls itself a notebook."""
    return _NOTEBOOK.search(name) is not None


def is_checkpoint(name: str) -> bool:
    """Whether a file name is one that Jupyter gives to its automatic copies."""
    return _NOTEBOOK.sub("", name).endswith("-checkpoint")


def key(name: str) -> str:
    """What two names have in common that differ only in case or in how Hangul is composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def composed(name: str) -> str:
    """The name with its Hangul and accents composed, as it is typed."""
    return unicodedata.normalize("NFC", name)


def plain(name: str) -> str:
    """The name in composed form, without characters that control a terminal, a page or a path."""
    composed = unicodedata.normalize("NFC", name)
    shown = "".join(
        "_" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter for letter in composed
    )
    shown = shown.replace("/", "_").replace("\\", "_")
    return "_" if shown in ("", ".", "..") else shown


def plain_path(parts: Iterable[str]) -> str:
    """A path of plain names."""
    return "/".join(map(plain, parts))


def fitting(parts: Sequence[str]) -> list[str]:
    """A path of plain names that every folder can hold; of one that is too long the last name is kept."""
    short = [_cut(part) for part in map(plain, parts)]
    return short if len("/".join(short).encode()) <= _LONGEST_PATH else short[-1:]


def _cut(part: str) -> str:
    if len(part.encode()) <= _LONGEST_PART:
        return part
    stem, dot, suffix = part.rpartition(".")
    kept = f"{dot}{suffix}" if stem and len(suffix) < 10 else ""
    return _shortened(part.removesuffix(kept), _LONGEST_PART - len(kept.encode())) + kept


def _shortened(text: str, longest: int, *, of: str = "") -> str:
    """The beginning of a text and a digest of it all, or of what it was made from, in so many bytes."""
    digest = hashlib.sha256((of or text).encode("utf-8", "backslashreplace")).hexdigest()[:8]
    begun = text.encode()[: longest - 9].decode(errors="ignore").rstrip(" .")
    return f"{unicodedata.normalize('NFC', begun)}-{digest}"


def safe_id(name: str) -> str:
    """A student id that every file system takes as a file name; Hangul stays."""
    shown = _FORBIDDEN.sub("_", plain(name))
    text = " ".join(shown.split()).strip(" .") or "_"
    if text.startswith("-") or _RESERVED.match(text):
        text = "_" + text
    if shown != composed(name):  # two names that differ in what was taken out may be two people's
        return _shortened(text, _LONGEST, of=composed(name))
    return _shortened(text, _LONGEST) if len(text.encode()) > _LONGEST else text


def stem(file_name: str) -> str:
    """A file name without its suffix and without the marks of a copy, unless nothing else is in it."""
    name = _NOTEBOOK.sub("", unicodedata.normalize("NFC", file_name))
    if name == unicodedata.normalize("NFC", file_name):
        name = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name)
    cleaned = _COPY_BEFORE.sub("", _COPY_AFTER.sub("", name)).strip()
    return cleaned or name


def without_homework(text: str) -> str:
    """What may be a person's name in a text such as `HW3_홍길동 (1)`: its words but for numbers and `homework`."""
    words = [word for word in re.split(r"[\s_\-()\[\],.]+", composed(text)) if word]
    return " ".join(word for word in words if not any(map(str.isdecimal, word)) and not _NO_NAME.match(word))


def student_in(text: str, number: re.Pattern[str]) -> Student:
    """The student that a cleaned stem or a folder's name tells: by number when it has one, else by the text itself."""
    text = unicodedata.normalize("NFC", text)
    found = number.search(text)
    if found is None or not found.group():
        return Student(safe_id(text))
    return Student(safe_id(found.group()), _name_beside(text[: found.start()], text[found.end() :]))


def _name_beside(before: str, after: str) -> str:
    """The person's name next to a student number, or empty; words such as homework are no names."""
    after, before = after.strip(" _-.,()[]"), before.strip(" _-.,()[]")
    near = re.split(r"[_\-()\[\],]|의 사본", after)[0].strip(), re.split(r"[_\-()\[\],]", before)[-1].strip()
    candidates = (
        _KOREAN_AFTER.match(near[0]),
        _LATIN.fullmatch(near[0]),
        _KOREAN_BEFORE.search(near[1]),
        _LATIN.fullmatch(near[1]),
    )
    return next((plain(found.group()) for found in candidates if found and not _NO_NAME.match(found.group())), "")
