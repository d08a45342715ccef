"""Which column of a list of students says what, in English and Korean, as LMSs and people head them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

_HEADINGS: Final = {
    "number": (
        "sis user id, id number, student id, student number, student no, student_id, studentid, orgdefinedid,"
        " org defined id, sid, number, matriculation number, registration number, 학번, 학생번호, 학생 번호, 고유번호"
    ),
    "login": "sis login id, login id, login, username, user name, user id, userid, 아이디, 사용자 이름, 사용자명",
    "email": "email, e-mail, email address, e-mail address, mail, 이메일, 이메일 주소, 메일, 전자우편, 전자 우편",
    "name": "student, name, full name, student name, student_name, display name, 이름, 성명, 학생, 학생 이름, 학생명",
    "last": "last name, lastname, last_name, surname, family name, 성",
    "first": "first name, firstname, first_name, given name",
    "section": "section, sections, group, groups, class, course section, 분반, 반, 그룹, 강좌",
    "moodle": "identifier, 식별자",
    "github": "github, github username, github_username, github login, github id, 깃허브",
    "handed_in": (
        "last modified (submission), submission time, submitted at, handed_in, handed in, 제출 시각, 제출 시간,"
        " 제출 일시, 최종 수정 (제출물), 최종 수정 시각 (제출물)"
    ),
}
_MEANINGS: Final = {
    heading.strip(): meaning for meaning, headings in _HEADINGS.items() for heading in headings.split(",")
}
_IDENTIFYING: Final = {"number", "login", "email", "name", "last", "canvas", "moodle", "github"}
_LOOKED_AT: Final = 10  # rows in which the header may stand: some programs write a title above it
KNOWN: Final = "학번 or student number, login, e-mail, name, section"


def find(rows: Sequence[Sequence[str]]) -> tuple[int, Mapping[str, int]] | None:
    """The row with the header, and the column of each meaning; None where no row names any identifying column."""
    best: tuple[int, Mapping[str, int]] | None = None
    for number, row in enumerate(rows[:_LOOKED_AT]):
        meanings = _meanings(row)
        if _IDENTIFYING & meanings.keys() and (best is None or len(meanings) > len(best[1])):
            best = number, meanings
    return best


def _meanings(header: Sequence[str]) -> dict[str, int]:
    heads = [_plain(head) for head in header]
    meanings: dict[str, int] = {}
    for column, head in enumerate(heads):
        if meaning := _MEANINGS.get(head):
            meanings.setdefault(meaning, column)
    if "id" in heads:  # Canvas's own, which every row has; elsewhere the university's number
        canvas = heads[0] in ("student", "lastname") and "section" in heads
        meanings.setdefault("canvas" if canvas else "number", heads.index("id"))
    if heads[:1] == ["lastname"] and "firstname" in heads:
        meanings.pop("name", None)
    return meanings


def _plain(head: str) -> str:
    # A second byte-order mark hides the quotation marks behind it from whoever has read the file.
    text = unicodedata.normalize("NFC", head).strip().lstrip("\ufeff").strip('"').casefold()
    return re.sub(r"\s+", " ", text).strip()
