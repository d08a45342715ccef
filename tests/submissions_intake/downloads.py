"""Downloads as the LMSs write them, built by hand; every name is invented."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path


def notebook(text: str) -> bytes:
    cell: dict[str, object] = {"cell_type": "code", "source": text, "metadata": {}, "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}).encode()


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def hand_in(folder: Path, members: Mapping[str, bytes]) -> Path:
    for name, content in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def archive(path: Path, members: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zipped(members))
    return path


RECEIPT = b"""Name: Ben Invented (ben_1)
Assignment: HW2
Date Submitted: Saturday, October 3, 2026 11:59:10 PM KST
Current Grade: Needs Grading

Submission Field:
There is no student submission text data for this assignment.

Comments:
There are no student comments for this assignment.
"""

GRADESCOPE = """submission_11:
  :submitters:
  - :name: Solo Invented
    :sid: '0100'
    :email: solo@invented.example
  :created_at: 2026-10-03 23:59:10.123456 +09:00
  :score: 8.0
  :results:
    tests:
    - name: "a: b"
      output: |
        :submitters: nobody
  :submitters: ignored: [
  :history:
  - :created_at: 2020-01-01 00:00:00 +09:00
""".replace("  :submitters: ignored: [\n", "")
GRADESCOPE += """submission_12:
  :submitters:
  - :name: One Invented
    :sid: '0101'
  - :name: Two Invented
    :email: two@invented.example
  :created_at: 2026-10-03 14:59:10 UTC
submission_13:
  :submitters: []
"""

CANVAS = {
    "inventedada_340934_208490284_HW2.ipynb": notebook("ada"),
    "inventedada_340934_208490285_model.py": b"x = 1",
    "김하늘_LATE_55_777_HW2-1.ipynb": notebook("haneul"),
    "doejane_12_text.html": b"<p>sorry</p>",
}
MOODLE = {
    "Ada Invented_12_assignsubmission_file/HW2.ipynb": notebook("ada"),
    "Ada Invented_12_assignsubmission_file/data/model.py": b"x = 1",
    "Ada Invented_12_assignsubmission_onlinetext/onlinetext.html": b"<p>hello</p>",
    "김 하늘_13_assignsubmission_file_/HW2.ipynb": notebook("older Moodle"),
    "Team_9_14_assignsubmission_file_HW2.ipynb": notebook("flat"),
}
BLACKBOARD = {
    "HW_2 (conv)_ada_attempt_2026-10-03-09-00-00_HW2.ipynb": notebook("first"),
    "HW_2 (conv)_ada_attempt_2026-10-03-09-00-00.txt": b"Name: Ada Invented (ada)\n",
    "HW_2 (conv)_ada_attempt_2026-10-04-10-00-00_HW2.ipynb": notebook("second"),
    "HW_2 (conv)_ada_attempt_2026-10-04-10-00-00_model.py": b"x = 2",
    "HW_2 (conv)_ada_attempt_2026-10-04-10-00-00.txt": b"Name: Ada Invented (ada)\n",
    "HW_2 (conv)_ben_1_attempt_2026-10-03-23-59-10_my_part 1.ipynb": notebook("ben"),
    "HW_2 (conv)_ben_1_attempt_2026-10-03-23-59-10.txt": RECEIPT,
    "HW_2 (conv)_cy_attempt_2026-10-03-23-59-11.txt": b"Name: Cy Invented (cy)\n",
}
BRIGHTSPACE = {
    "397063-2557369 - Mary-Ann Invented - Sep 24, 2026 926 PM/HW2.ipynb": notebook("evening"),
    "397063-2557369 - Mary-Ann Invented - Sep 25, 2026 1201 AM/HW2.ipynb": notebook("midnight"),
    "397064-2557369 - 김하늘- Sep 24, 2026 2126 - HW2.ipynb": notebook("24 hours"),
    "index.html": b"<html>",
}
NBGRADER = {
    "ada/hw2/conv.ipynb": notebook("ada"),
    "ada/hw2/timestamp.txt": b"2026-10-03 23:58:23.948203 America/Los_Angeles",
    "ben/hw2/conv.ipynb": notebook("ben"),
    "ben/hw2/timestamp.txt": b"2026-10-03 23:58:23 +0900\n",
    "ben/hw1/old.ipynb": notebook("of another assignment"),
}
CLASSROOM = {
    "hw2-octo-cat/HW2.ipynb": notebook("octo"),
    "hw2-octo-cat/.git/config": b"[core]\n\tfsmonitor = touch /tmp/owned\n",
    "hw2-ada/src/renamed.ipynb": notebook("ada"),
    "hw2-ada/.git/HEAD": b"ref",
}
