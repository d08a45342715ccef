"""Zip archives of a class and of a student: read member by member, extracted nowhere, believed in nothing."""

import io
import json
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import submissions
from grader.errors import UsageError
from grader.records import Student
from grader.submissions import files

EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
OTHER = EMPTY + b" "


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def class_zip(folder: Path, members: Mapping[str, bytes], name: str = "hw2.zip") -> Path:
    path = folder / name
    path.write_bytes(zipped(members))
    return path


def ids(path: Path) -> list[str]:
    return [submission.student.id for submission in submissions.read([path])]


def test_a_zip_file_of_a_folder_is_read_like_the_folder(tmp_path: Path) -> None:
    path = class_zip(tmp_path, {"ada.ipynb": EMPTY, "bob/part1.ipynb": EMPTY, "__MACOSX/._ada.ipynb": b"x"})

    ada, bob = submissions.read([path])

    assert [file.name for file in ada.notebooks] == ["ada.ipynb"]
    assert [file.name for file in bob.notebooks] == ["part1.ipynb"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (["hw2/ada.ipynb"], ["ada"]),
        (["submissions/ada.ipynb", "submissions/bob.ipynb"], ["ada", "bob"]),
        (["submissions/ada/hw2.ipynb", "submissions/bob/hw2.ipynb"], ["ada", "bob"]),
        (["ada/hw2.ipynb", "ada/data.csv"], ["ada"]),
        (["2024000010/a.ipynb", "2024000010/b.ipynb"], ["2024000010"]),
    ],
)
def test_the_folder_around_everything_is_no_student(tmp_path: Path, members: list[str], expected: list[str]) -> None:
    path = class_zip(tmp_path, dict.fromkeys(members, EMPTY))

    assert ids(path) == expected


def test_a_zip_file_in_a_folder_is_one_student(tmp_path: Path) -> None:
    class_zip(tmp_path, {"hw2/a.ipynb": EMPTY, "hw2/model.py": b"x"}, "2024000010_홍길동.zip")

    (submission,) = submissions.read([tmp_path])

    assert submission.student == Student("2024000010", "홍길동")
    assert [file.name for file in submission.notebooks] == ["hw2/a.ipynb"]
    assert [file.name for file in submission.attachments] == ["hw2/model.py"]


def test_a_zip_file_named_after_a_student_number_is_that_students_alone(tmp_path: Path) -> None:
    path = class_zip(tmp_path, {"7.2.ipynb": EMPTY, "7.3.ipynb": OTHER}, "2024000010.zip")

    assert ids(path) == ["2024000010"]


def test_a_zip_file_inside_a_zip_file_inside_a_zip_file_stays_closed(tmp_path: Path) -> None:
    inner = zipped({"hw2.ipynb": EMPTY})
    path = class_zip(tmp_path, {"ada.zip": zipped({"inner.zip": inner}), "bob.zip": inner})

    ada, bob = submissions.read([path])

    assert ada.unreadable == ("inner.zip is a zip file inside a zip file, not a notebook.",)
    assert len(bob.notebooks) == 1


@pytest.mark.parametrize("name", ["../../ada.ipynb", "/etc/ada.ipynb", "..\\..\\ada.ipynb", "C:\\x\\ada.ipynb"])
def test_a_member_name_that_leads_out_is_only_a_name(tmp_path: Path, name: str) -> None:
    path = class_zip(tmp_path, {name: EMPTY, "bob.ipynb": EMPTY})
    before = sorted(tmp_path.parent.rglob("*"))

    assert ids(path) == ["ada", "bob"]
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_links_and_devices_in_an_archive_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hw2.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, kind in (("ada.ipynb", stat.S_IFLNK), ("bob.ipynb", stat.S_IFCHR)):
            member = zipfile.ZipInfo(name)
            member.external_attr = (kind | 0o644) << 16
            archive.writestr(member, "/etc/passwd")

    ada, bob = submissions.read([path])

    assert ada.notebooks == () and ada.unreadable == ("ada.ipynb is a link, and links are not followed.",)
    assert bob.notebooks == () and bob.unreadable == ("bob.ipynb is not a regular file.",)


def test_a_zip_bomb_costs_only_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_STUDENT", 100_000)
    class_zip(tmp_path, {"1.csv": b"0" * 90_000, "2.csv": b"0" * 90_000, "3.ipynb": EMPTY}, "ada.zip")
    (tmp_path / "bob.ipynb").write_bytes(EMPTY)

    ada, bob = submissions.read([tmp_path])

    assert ada.unreadable == ("2.csv was not read, because its zip file unpacks to too much.",)
    assert bob.unreadable == ()


def test_a_damaged_member_is_a_sentence(tmp_path: Path) -> None:
    content = bytearray(zipped({"ada.ipynb": b"some text", "bob.ipynb": EMPTY}))
    content[content.index(b"ada.ipynb") + len("ada.ipynb") + 3] ^= 0xFF  # a byte of the compressed text
    path = tmp_path / "hw2.zip"
    path.write_bytes(content)

    ada, bob = submissions.read([path])

    assert ada.unreadable == ("ada.ipynb is damaged inside its zip file.",)
    assert bob.unreadable == ()


def test_two_members_of_one_name_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "hw2.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ada/hw.ipynb", EMPTY)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("ada/hw.ipynb", OTHER)

    (submission,) = submissions.read([path])

    assert [file.name for file in submission.notebooks] == ["hw (2).ipynb", "hw.ipynb"]


def test_names_in_the_korean_code_page_are_read(tmp_path: Path) -> None:
    korean = "홍길동.ipynb".encode("cp949")
    content = zipped({"x" * len(korean): EMPTY}).replace(b"x" * len(korean), korean)
    path = tmp_path / "hw2.zip"
    path.write_bytes(content)

    assert ids(path) == ["홍길동"]


def test_a_file_that_is_no_zip_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "hw2.zip"
    path.write_bytes(b"PK\x03\x04 but not really")

    with pytest.raises(UsageError, match="is not a zip file that can be opened"):
        submissions.read([path])


@settings(max_examples=200)
@given(st.data())
def test_no_damage_to_a_students_archive_is_an_error(data: st.DataObject) -> None:
    content = bytearray(zipped({"a/hw2.ipynb": EMPTY, "b.py": b"x" * 50}))
    for position, byte in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)))):
        content[position] = byte

    try:
        found = list(files.in_zip(bytes(content)))
    except zipfile.BadZipFile:
        found = []

    assert all(file.parts for file in found)


def unmarked(name: str, encoding: str) -> bytes:
    """An archive with one file whose name is written without telling its encoding."""
    written = name.encode(encoding)
    return zipped({"x" * len(written): EMPTY}).replace(b"x" * len(written), written)


SYLLABLES = [letter for letter in map(chr, range(0xAC00, 0xD7A4)) if letter.encode("cp949")[0] >= 0xB0]


@settings(max_examples=300)
@given(st.text(SYLLABLES, min_size=2, max_size=4), st.sampled_from(["utf-8", "cp949"]), st.booleans())
def test_any_korean_name_is_read_in_either_encoding(name: str, encoding: str, number: bool) -> None:
    file = f"2026000010_{name}_HW2.ipynb" if number else f"{name}.ipynb"

    (found,) = files.in_zip(unmarked(file, encoding))

    assert found.parts == (file,)


@pytest.mark.parametrize("name", ["천철.ipynb", "José Invented.ipynb", "Ünal.ipynb", "Zoë_Åberg.ipynb"])
def test_letters_that_either_encoding_could_mean_are_read_by_what_stands_beside(name: str) -> None:
    encoding = "cp949" if name.startswith("천") else "utf-8"

    (found,) = files.in_zip(unmarked(name, encoding))

    assert found.parts == (name,)
