"""Files that nobody can read, or that mean to be more than a file: each costs its owner a sentence, and nobody else anything."""

from __future__ import annotations

import io
import json
import os
import random
import socket
import stat
import threading
import time
import tracemalloc
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import notebook, submissions
from grader.records import SourceFile, Submission
from grader.submissions import files, names

CELL: dict[str, object] = {
    "cell_type": "code",
    "metadata": {},
    "outputs": [],
    "execution_count": None,
    "source": "def corr2d(X, K): ...",
}
ROOT = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [CELL]}
GOOD = json.dumps(ROOT).encode()


def with_cells(cells: object, **more: object) -> bytes:
    return json.dumps({**ROOT, "cells": cells, **more}).encode()


# What is read as a notebook, however odd, with the number of code cells found in it.
READ: dict[str, tuple[bytes, int]] = {
    "utf-16": (GOOD.decode().encode("utf-16"), 1),
    "utf-16 without a mark": (GOOD.decode().encode("utf-16-be"), 1),
    "utf-32": (GOOD.decode().encode("utf-32"), 1),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, 1),
    "old mac lines": (GOOD.replace(b', "', b',\r"'), 1),
    "format 2": (json.dumps({"nbformat": 2, "worksheets": [{"cells": [{"cell_type": "code", "input": "1"}]}]}).encode(), 1),
    "format 99": (with_cells([CELL], nbformat=99), 1),
    "no format": (json.dumps({"cells": [CELL]}).encode(), 1),
    "format as text": (with_cells([CELL], nbformat="four"), 1),
    "no cells": (with_cells([]), 0),
    "cells that are none": (with_cells([None, 1, "x", [], {}, {"cell_type": None}, {"cell_type": ["code"]}]), 0),
    "source of a number": (with_cells([{"cell_type": "code", "source": 5}]), 1),
    "source of lists": (with_cells([{"cell_type": "code", "source": [["a"], {"b": 1}, None]}]), 1),
    "half a pair": (b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}', 1),
    "nul in the source": (with_cells([{"cell_type": "code", "source": "a\0b"}]), 1),
    "numbers that JSON lacks": (GOOD.replace(b"null", b"-Infinity"), 1),
    "a huge exponent": (GOOD.replace(b"null", b"1e999999"), 1),
    "a key twice": (b'{"cells": 5, "cells": [], "metadata": {"a": 1, "a": 2}}', 0),
    "equal ids": (with_cells([{**CELL, "id": "same"}] * 3), 3),
    "outputs of bytes": (with_cells([{**CELL, "outputs": 5}, {**CELL, "outputs": [None]}]), 2),
    "large outputs": (with_cells([{**CELL, "outputs": [{"data": {"image/png": "A" * (8 << 20)}}]}]), 1),
    "nested outputs": (with_cells([CELL]).replace(b"[]", b"[" * 900 + b"]" * 900), 1),
}  # fmt: skip

# What is not, with what is said of it.
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty (0 bytes)."),
    "two bytes": (b"\r\n", "is empty (2 bytes)."),
    "nothing but nul": (b"\0" * 100, "is empty (100 bytes)."),
    "korean code page": (GOOD.decode().replace("corr2d", "합성곱").encode("cp949"), "is not valid JSON."),
    "cut off": (GOOD[:-9], "is not valid JSON (line 1)."),
    "two byte order marks": (b"\xef\xbb\xbf" * 2 + GOOD, "is not valid JSON"),
    "nul between": (GOOD.replace(b" ", b"\0"), "is not valid JSON"),
    "single quotes": (str(ROOT).encode(), "is not valid JSON (line 1)."),
    "list root": (b"[" + GOOD + b"]", "is JSON, but it has no notebook cells."),
    "null root": (b"null", "is JSON, but it has no notebook cells."),
    "number root": (b"1e5", "is JSON, but it has no notebook cells."),
    "text root": (b'"cells"', "is JSON, but it has no notebook cells."),
    "cells as dict": (with_cells({"0": CELL}), "is JSON, but it has no notebook cells."),
    "cells as text": (with_cells("[]"), "is JSON, but it has no notebook cells."),
    "deep": (b'{"cells": ' + b"[" * 200_000, "is nested too deeply for a notebook."),
    "deep objects": (b'{"cells": ' * 200_000, "is nested too deeply for a notebook."),
    "a number of many digits": (GOOD.replace(b"null", b"9" * 10_000), "is not valid JSON."),
    "many parts": (b'{"cells": [' + b"[]," * 1_600_000 + b"1]}", "has more parts than a notebook can have."),
    "large": (GOOD + b" " * (65 << 20), "is larger than 64 MB; without its outputs it can be read."),
    "a web page": (b"<!DOCTYPE html><html>", "is a web page, not a notebook."),
    "a zip file": (b"PK\x03\x04" + bytes(30), "is a zip file, not a notebook."),
    "a picture": (b"\x89PNG\r\n\x1a\n", "is a picture, not a notebook."),
    "a pickle": (b"\x80\x04\x95\x05\x00.", "is not valid JSON"),
    "a program": (b"\x7fELF" + bytes(60), "is not valid JSON"),
    "more cells than run": (with_cells([CELL] * 5_001), "has 5001 code cells; at most 5000 are run."),
    "more code than runs": (with_cells([{**CELL, "source": "x" * (11 << 20)}]), "has more than 10 MB of code."),
}  # fmt: skip


def problem_of(submission: Submission) -> str:
    """Why nothing of it is run, as the pipeline tells it."""
    said = list(submission.unreadable)
    for file in submission.notebooks:
        try:
            notebook.read(file)
        except notebook.UnreadableNotebook as error:
            said.append(str(error))
    return " ".join(said)


def test_every_odd_file_gets_a_sentence_and_nobody_else_notices(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, (content, _) in {**READ, **REFUSED}.items():
        (folder / f"{name}.ipynb").write_bytes(content)
    (folder / "zz good.ipynb").write_bytes(GOOD)
    (folder / "secret.txt").write_text("of another")
    (folder / "a link.ipynb").symlink_to(folder / "zz good.ipynb")
    (folder / "a loop.ipynb").symlink_to("a loop.ipynb")
    (folder / "a folder.ipynb").mkdir()
    os.mkfifo(folder / "a pipe.ipynb")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "a socket.ipynb"))
        found = {each.student.id: each for each in submissions.read([folder])}
    alone = submissions.read([folder / "zz good.ipynb"])

    said = {name: problem_of(each) for name, each in found.items()}
    assert {name: sentence for name, sentence in said.items() if name in READ} == dict.fromkeys(READ, "")
    cells = {name: len(notebook.read(found[name].notebooks[0]).code) for name in READ}
    assert cells == {name: count for name, (_, count) in READ.items()}
    for name, (_, sentence) in REFUSED.items():
        assert said[name].startswith(f"{name}.ipynb {sentence}"), said[name]
    assert said["a link"] == "a link.ipynb is a link, and links are not followed."
    assert said["a loop"] == "a loop.ipynb is a link, and links are not followed."
    assert said["a pipe"] == "a pipe.ipynb is not a regular file."
    assert said["a socket"].startswith("a socket.ipynb could not be opened")
    assert "holds no files" in said["a folder.ipynb"]
    assert [found["zz good"]] == alone


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device node; run as root to test it")
def test_a_device_is_no_notebook(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "ada.ipynb", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero, which never ends
    except PermissionError:
        pytest.skip("no device node can be made here; a machine that lets root do it runs this")

    (submission,) = submissions.read([tmp_path])

    assert problem_of(submission) == "ada.ipynb is not a regular file." or "could not be opened" in problem_of(
        submission
    )


# ---- archives --------------------------------------------------------------------------------------------------------

PATHS = [
    "../ada.ipynb", "../../../../etc/cron.d/ada.ipynb", "/etc/ada.ipynb", "//server/share/ada.ipynb", "C:/ada.ipynb",
    "C:ada.ipynb", "..\\ada.ipynb", "\\\\server\\share\\ada.ipynb", "a/../../ada.ipynb", "a/./b//ada.ipynb", "./ada.ipynb",
    "~/ada.ipynb", "$HOME/ada.ipynb", "a/" * 400 + "ada.ipynb", "d" * 4000 + "/ada.ipynb", "n" * 4000 + ".ipynb", "...", "..",
    ".", "/", "\\", " ", "con/aux.ipynb", "ada.ipynb ", "ada.ipynb.", "a\nb.ipynb", "a\x1b[2J.ipynb", "a\u202eb.ipynb",
    "ada.ipynb/inside.ipynb", "ada.ipynb\0.txt", "\ud55c\uae00.ipynb", unicodedata.normalize("NFD", "\ud55c\uae00.ipynb"),
]  # fmt: skip
KINDS = {
    "link": stat.S_IFLNK,
    "char": stat.S_IFCHR,
    "block": stat.S_IFBLK,
    "pipe": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
}


def archive(members: dict[str, bytes], kinds: dict[str, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members.items():
            member = zipfile.ZipInfo("x")
            member.filename = name  # as it is: the constructor would make it harmless
            member.external_attr = ((kinds or {}).get(name, stat.S_IFREG) | 0o644) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(member, content)
    return buffer.getvalue()


def places(submission: Submission) -> list[str]:
    return [file.name for file in (*submission.notebooks, *submission.attachments)]


def test_no_member_of_an_archive_leads_anywhere(tmp_path: Path) -> None:
    for number, path in enumerate(PATHS):
        name = f"{2024000000 + number}.zip"
        (tmp_path / name).write_bytes(archive({path: GOOD, "model.py": b"x = 1", "model.py/of/mine.py": b"x = 2"}))
    kinds = {f"{name}.ipynb": kind for name, kind in KINDS.items()}
    (tmp_path / "kinds.zip").write_bytes(archive(dict.fromkeys(kinds, b"/etc/passwd"), kinds))
    before = sorted(tmp_path.parent.rglob("*"))

    *found, of_kinds = submissions.read([tmp_path])

    assert sorted(tmp_path.parent.rglob("*")) == before
    assert len(found) == len(PATHS)
    for submission in found:
        assert submission.notebooks or submission.unreadable
        for place in places(submission):
            assert not place.startswith("/") and not {"", ".", ".."} & set(place.split("/"))
            assert len(place.encode()) <= 1_000 and all(len(part.encode()) <= 255 for part in place.split("/"))
            assert not [letter for letter in place if unicodedata.category(letter) in ("Cc", "Cf", "Cs")]
        laid_out = {file.name for file in submission.attachments}
        assert not [name for name in laid_out if any(name.startswith(f"{other}/") for other in laid_out)]
    assert of_kinds.notebooks == () and len(of_kinds.unreadable) == len(KINDS)
    assert all("is a link" in said or "is not a regular file" in said for said in of_kinds.unreadable)


def overlapping(count: int, size: int) -> bytes:
    """Many entries of a table of contents for one member of zeros: little to hand in, very much to unpack."""
    content = archive({"a.csv": bytes(size)})
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    table = content[start:end] * count
    tail = bytearray(content[end:])
    tail[8:12] = min(count, 65535).to_bytes(2, "little") * 2
    tail[12:16] = len(table).to_bytes(4, "little")
    return content[:start] + table + bytes(tail)


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "many entries": (lambda: overlapping(300_000, 10), "lists more than 2000 files"),
    "more files than allowed": (lambda: archive({f"{number}.py": b"" for number in range(2_001)}), "lists 2001 files"),
    "nested": (
        lambda: archive({"a.zip": archive({"b.zip": archive({"c.ipynb": GOOD})})}),
        "a zip file inside a zip file",
    ),
    "zeros": (lambda: archive({"a.ipynb": bytes(201 << 20)}), "is larger than 200 MB"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_costs_only_its_owner(tmp_path: Path, kind: str) -> None:
    bomb, sentence = BOMBS[kind]
    (tmp_path / "ada.zip").write_bytes(bomb())
    (tmp_path / "bob.ipynb").write_bytes(GOOD)

    began = time.monotonic()
    ada, bob = submissions.read([tmp_path])
    seconds = time.monotonic() - began

    assert sentence in problem_of(ada)
    assert problem_of(bob) == "" and len(bob.notebooks) == 1
    assert seconds < 30  # reading the table of contents of such a bomb takes minutes


def test_members_that_share_their_bytes_unpack_to_no_more_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_STUDENT", 10 << 20)
    (tmp_path / "ada.zip").write_bytes(overlapping(1_500, 1 << 20))

    (ada,) = submissions.read([tmp_path])

    assert sum(len(file.content) for file in ada.attachments) <= 10 << 20
    assert ada.unreadable  # that it unpacks to too much; Python may also see by itself that members overlap


def test_many_archives_of_one_student_unpack_to_no_more_than_one_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_STUDENT", 10 << 20)
    for number in range(8):
        (tmp_path / "ada").mkdir(exist_ok=True)
        member = {f"{number}.csv": bytes([number]) * (3 << 20)}
        (tmp_path / "ada" / f"{number}.zip").write_bytes(archive(member))

    (ada,) = submissions.read([tmp_path])

    assert [file.name for file in ada.attachments] == ["0.csv", "1.csv", "2.csv"]
    assert sum("unpacks to too much" in said for said in ada.unreadable) == 5


def test_many_archives_of_one_student_list_no_more_files_than_one_may(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "ada").mkdir(exist_ok=True)
        members = {f"{number}/{n}.csv": b"%d" % n for n in range(900)}
        (tmp_path / "ada" / f"{number}.zip").write_bytes(archive(members))

    (ada,) = submissions.read([tmp_path])

    assert len(ada.attachments) == 1_800
    assert ada.unreadable == ("2.zip was not unpacked: with the other zip files it lists 2700 files.",)


def test_an_archive_among_others_is_unpacked_only_as_a_students_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_STUDENT", 10 << 20)
    (tmp_path / "ada.zip").write_bytes(archive({f"{n}.csv": bytes(4 << 20) for n in range(50)}))
    (tmp_path / "bob.zip").write_bytes(archive({"hw.ipynb": GOOD}))

    tracemalloc.start()
    try:
        ada, bob = submissions.read([tmp_path])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(ada.attachments) == 2 and len(bob.notebooks) == 1
    assert most < 60 << 20  # of the 200 MB that it unpacks to


def test_thousands_of_files_of_one_name_are_not_compared_with_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written, warnings.catch_warnings(action="ignore"):
        for number in range(1_900):
            written.writestr("a.csv", b"%04d" % (number % 1_800))
    (tmp_path / "ada.zip").write_bytes(buffer.getvalue())
    looks, key = [0], names.key
    monkeypatch.setattr(names, "key", lambda name: looks.__setitem__(0, looks[0] + 1) or key(name))

    (ada,) = submissions.read([tmp_path])

    assert len(ada.attachments) == 1_800
    assert {"a.csv", "a (2).csv", "a (1800).csv"} <= {file.name for file in ada.attachments}
    assert looks[0] < 20 * 1_900  # a look for each pair would be 1,700,000


def test_of_very_many_notebooks_the_first_fifty_are_run(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    for number in range(60):
        (tmp_path / "ada" / f"{number:02}.ipynb").write_bytes(GOOD + b" " * number)

    (ada,) = submissions.read([tmp_path])

    assert [file.name for file in ada.notebooks] == [f"{number:02}.ipynb" for number in range(50)]
    assert ada.unreadable == ("60 notebooks were handed in; the first 50 by name are run.",)


# ---- names -----------------------------------------------------------------------------------------------------------

NAMES = [
    "-rf", "--help", "..", "a b", " a", "a\nb", "a\tb", "a\rb", "\x1b[2Ja", "\x9b31m", "\u202egnp.exe", "\ufeffa", "=1+1",
    "+1", "-1", "@SUM(A1)", "\uff1dx", "<img src=x onerror=alert(1)>", "&lt;", "'; DROP TABLE grades; --", "a,b\"c", "[red]a[bold]",
    ":bomb:", "{0}%s", "$(touch pwned)", "`touch pwned`", "CON", "nul.txt", "~", "*", "?", "|", "a" * 249, "\ud55c" * 83, "\U0001f600",
    "\u202e\u2066", "a\u0301", "\u00e1", "\u2028", "ADA", "ada", "\udcff\udcfe", "None", "nan", "0", "1e5", "TRUE",
]  # fmt: skip


def test_names_are_only_names(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        (tmp_path / os.fsencode(f"{name}.ipynb").decode(errors="surrogateescape")).write_bytes(GOOD + b" " * number)

    found = submissions.read([tmp_path])

    assert sum(len(each.notebooks) for each in found) == len(set(NAMES)) - 1  # a name that begins with a dot is hidden
    ids = [each.student.id for each in found]
    assert len({unicodedata.normalize("NFC", each).casefold() for each in ids}) == len(ids)
    for each in found:
        for text in (each.student.id, each.student.name, each.name, *places(each)):
            assert not [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
            text.encode()
        assert not each.student.id.startswith("-") and each.student.id not in ("", ".", "..", "CON")
    assert {"ADA", "\u00e1"} <= set(ids) or {"ada", "\u00e1"} <= set(ids)


def test_dates_of_files_decide_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ada.ipynb"
    path.write_bytes(GOOD)
    before = submissions.read([tmp_path])

    os.utime(path, (0, 0))

    assert submissions.read([tmp_path]) == before
    assert before[0].handed_in == ""


@contextmanager
def swapped(path: Path, secret: Path) -> Iterator[None]:
    """Meanwhile a file is now itself, now a link to somebody else's, now a pipe."""
    stop = threading.Event()

    def swap() -> None:
        spare = path.with_name("spare")
        while not stop.is_set():
            spare.write_bytes(GOOD)
            spare.replace(path)
            spare.symlink_to(secret)
            spare.replace(path)
            os.mkfifo(spare)
            spare.replace(path)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_file_that_becomes_a_link_while_it_is_read_gives_nothing_away(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(with_cells([{**CELL, "source": "SECRET"}]))
    (tmp_path / "in" / "ada").mkdir(parents=True)
    path = tmp_path / "in" / "ada" / "hw2.ipynb"
    path.write_bytes(GOOD)

    found: list[Submission] = []
    said: set[str] = set()
    with swapped(path, secret):
        # Which of the two it meets is chance: until it has met both.
        while len(found) < 300 or not (any(each.notebooks for each in found) and any("link" in each for each in said)):
            found += submissions.read([tmp_path / "in"])
            said |= {sentence for each in found[-1:] for sentence in each.unreadable}
            assert len(found) < 30_000, said

    assert not [file for each in found for file in (*each.notebooks, *each.attachments) if b"SECRET" in file.content]


# ---- fuzzing ---------------------------------------------------------------------------------------------------------


def looked_into(content: bytes) -> str:
    """Everything that the grader itself does with a notebook; what is said of one that is none."""
    file = SourceFile("hw2.ipynb", content)
    said = submissions.readable(file)
    if said:
        return said
    try:
        read = notebook.read(file)
    except notebook.UnreadableNotebook as error:
        return str(error)
    for cell in read.code:
        notebook.neutralised(cell.source)
        notebook.definitions(cell.source)
        notebook.calls(read, cell.number, "corr2d")
    notebook.unimported(read, ("torch", "nn"))
    notebook.discussion([read], "7.2")
    return ""


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*READ.values()]), st.randoms(use_true_random=False), st.integers(1, 6))
def test_no_notebook_is_an_error(start: tuple[bytes, int], chance: random.Random, changes: int) -> None:
    content = bytearray(start[0][:4_000])
    for _ in range(changes):
        at = chance.randrange(len(content) + 1)
        piece = chance.choice(
            [b"[", b"{", b'"', b"}", b"\0", b"\\", b",", b"null", b"\xff", b"1e9", b"code", b"\\ud83d"]
        )
        content[at : at + chance.randrange(3)] = piece

    said = looked_into(bytes(content))

    assert said == "" or said.startswith("hw2.ipynb ")


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(PATHS) | st.text(min_size=1, max_size=20), st.sampled_from([GOOD, b"", b"PK"]), max_size=4
    )
)
def test_no_archive_is_an_error(members: dict[str, bytes]) -> None:
    try:
        content = archive(members)
    except (UnicodeEncodeError, zipfile.LargeZipFile):
        return

    found = list(files.in_zip(content))

    assert all(each.parts and not {"", ".", ".."} & set(each.parts) for each in found)
