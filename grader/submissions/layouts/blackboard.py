"""Blackboard's "Assignment File Download": flat, with a receipt beside the files of each attempt.

    HW2_chulsoo_attempt_2026-10-03-23-59-10_conv.ipynb     title, user name, time, file name
    HW2_chulsoo_attempt_2026-10-03-23-59-10.txt            the receipt; its first line is `Name: Kim Chulsoo (chulsoo)`

The first time counts: what stands behind it is the student's to choose. Titles and user names may have underscores,
so the receipt or the longest beginning that all names share decides. Known from programs that read such downloads
(kwurst/bb-file-cleanup, nbgrader's zip_collect), not from Blackboard's source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from os.path import commonprefix

from grader.roster import Enrolled
from grader.submissions import names
from grader.submissions.claims import Claim, Source, by_number, posix
from grader.submissions.files import FoundFile

_NAME = re.compile(r"^(?P<who>.+?)_attempt_(?P<time>\d{4}(?:-\d{2}){5})(?:\.txt|_(?P<file>.+))\Z", re.DOTALL)
_RECEIPT = re.compile(r"\A\ufeff?Name:\s*(?P<name>.*?)\s*\((?P<login>[^()\s]+)\)\s*$", re.MULTILINE)


def blackboard(source: Source) -> list[Claim] | None:
    """The claims of a Blackboard download; None where no name has `_attempt_` and a time."""
    found = [(file, _NAME.match(posix(file.parts)) if len(file.parts) == 1 else None) for file in source.files]
    matches = [(file, match) for file, match in found if match]
    if 2 * len(matches) <= len(found) or not matches:
        return None
    owners = _owners(matches)
    with_files = {(match["who"], match["time"]) for _, match in matches if match["file"]}
    claims = []
    for file, match in found:
        if match is None:
            claims += by_number(file, source.number)
            continue
        only_receipt = match["file"] is None and (match["who"], match["time"]) not in with_files
        claims.append(
            Claim(
                owners[match["who"]],
                file.parts[0],
                replace(file, parts=(match["file"] or "receipt.txt",)),
                file.whole,
                handed_in=source.moment(match["time"], "%Y-%m-%d-%H-%M-%S"),
                attempt=match["time"],
                aside="" if match["file"] or only_receipt else "Blackboard's receipt",
            )
        )
    return claims


def _owners(matches: Iterable[tuple[FoundFile, re.Match[str]]]) -> dict[str, Enrolled]:
    """The owner for each `<title>_<user>`: told by a receipt, else what follows the title that all names share."""
    matches = list(matches)
    told: dict[str, re.Match[str]] = {}
    for file, match in matches:
        receipt = _RECEIPT.match(file.content[:2_000].decode("utf-8", "replace")) if match["file"] is None else None
        if receipt and match["who"].endswith(f"_{receipt['login']}"):
            told[match["who"]] = receipt
    everybody = {match["who"] for _, match in matches}
    titles = {who.removesuffix(f"_{receipt['login']}") for who, receipt in told.items()}
    shared = commonprefix(sorted(everybody)) if len(everybody) > 1 else ""  # noqa: RUF071 - of texts
    title = min(titles) if len(titles) == 1 else shared.rpartition("_")[0]
    owners = {}
    for who in everybody:
        login = who.removeprefix(f"{title}_") if title and who.startswith(f"{title}_") else who.rpartition("_")[2]
        name = ""
        if who in told:
            login, name = told[who]["login"], names.plain(told[who]["name"])
        owners[who] = Enrolled(names.safe_id(login or who), name, login=login or who, listed=False)
    return owners
