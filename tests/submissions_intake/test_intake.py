"""Folders of submissions: who handed in what, which copies count, and what is said about files that cannot be read."""

import json
import os
import tracemalloc
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader import submissions
from grader.errors import UsageError
from grader.records import SourceFile, Student, Submission
from grader.submissions import files

EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def notebook(text: str) -> bytes:
    cell: dict[str, object] = {"cell_type": "code", "source": text, "metadata": {}, "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}).encode()


def hand_in(folder: Path, handed_in: Mapping[str, bytes]) -> Path:
    for name, content in handed_in.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def only(path: Path) -> Submission:
    (submission,) = submissions.read([path])
    return submission


def test_every_loose_notebook_and_every_folder_is_one_student_sorted_by_id(tmp_path: Path) -> None:
    hand_in(
        tmp_path,
        {"bob/part1.ipynb": notebook("1"), "bob/deep/part2.ipynb": notebook("2"), "ada.ipynb": EMPTY},
    )

    ada, bob = submissions.read([tmp_path])

    assert (ada.student, ada.name, ada.unreadable) == (Student("ada"), "ada.ipynb", ())
    assert (bob.student, bob.name) == (Student("bob"), "bob")
    assert [file.name for file in bob.notebooks] == ["deep/part2.ipynb", "part1.ipynb"]


def test_files_beside_a_notebook_are_attachments(tmp_path: Path) -> None:
    hand_in(tmp_path, {"ada/hw2.ipynb": EMPTY, "ada/model.py": b"x = 1", "ada/report.pdf": b"%PDF-1.4"})

    submission = only(tmp_path)

    assert [(file.name, file.content) for file in submission.attachments] == [
        ("model.py", b"x = 1"),
        ("report.pdf", b"%PDF-1.4"),
    ]
    assert submission.unreadable == ()


def test_loose_files_with_the_same_student_number_are_one_submission(tmp_path: Path) -> None:
    hand_in(
        tmp_path,
        {
            "HW2_2024000010홍길동.ipynb": notebook("7"),
            "2024000010 part 2.ipynb": notebook("8"),
            "2024000010.py": b"x = 1",
        },
    )

    submission = only(tmp_path)

    assert submission.student == Student("2024000010", "홍길동")
    assert len(submission.notebooks) == 2
    assert [file.name for file in submission.attachments] == ["2024000010.py"]


def test_a_folder_and_a_loose_file_of_one_student_are_one_submission_also_across_paths(tmp_path: Path) -> None:
    first = hand_in(tmp_path / "first", {"2024000010_홍길동/a.ipynb": notebook("1")})
    second = hand_in(tmp_path / "second", {"2024000010.ipynb": notebook("2")})

    (submission,) = submissions.read([first, second])

    assert [file.name for file in submission.notebooks] == ["2024000010.ipynb", "a.ipynb"]


def test_composed_and_decomposed_hangul_are_the_same_student(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "홍길동.ipynb") for form in ("NFC", "NFD"))
    hand_in(tmp_path, {composed: notebook("1"), decomposed: notebook("2")})

    submission = only(tmp_path)

    assert submission.student.id == unicodedata.normalize("NFC", "홍길동")
    assert [file.name for file in submission.notebooks] == ["홍길동 (2).ipynb", "홍길동.ipynb"]


def test_identical_copies_are_kept_once_under_the_cleanest_name(tmp_path: Path) -> None:
    hand_in(tmp_path, {"ada (1).ipynb": notebook("1"), "ada.ipynb": notebook("1"), "Copy of ada.ipynb": notebook("1")})

    submission = only(tmp_path)

    assert [file.name for file in submission.notebooks] == ["ada.ipynb"]


def test_different_copies_are_both_kept(tmp_path: Path) -> None:
    hand_in(tmp_path, {"ada (1).ipynb": notebook("1"), "ada.ipynb": notebook("2")})

    assert len(only(tmp_path).notebooks) == 2


@pytest.mark.parametrize("copy", ["ada/hw-checkpoint.ipynb", "ada/.ipynb_checkpoints/hw-checkpoint.ipynb"])
def test_a_checkpoint_counts_only_without_the_real_notebook(tmp_path: Path, copy: str) -> None:
    alone = hand_in(tmp_path / "alone", {copy: notebook("old")})
    beside = hand_in(tmp_path / "beside", {copy: notebook("old"), "ada/hw.ipynb": notebook("new")})

    assert [file.content for file in only(alone).notebooks] == [notebook("old")]
    assert [file.content for file in only(beside).notebooks] == [notebook("new")]


def test_a_checkpoint_helps_a_student_whose_real_notebook_is_empty(tmp_path: Path) -> None:
    hand_in(tmp_path, {"ada/hw.ipynb": b"\r\n", "ada/.ipynb_checkpoints/hw-checkpoint.ipynb": notebook("1")})

    submission = only(tmp_path)

    assert [file.content for file in submission.notebooks] == [notebook("1")]
    assert submission.unreadable == ("hw.ipynb is empty (2 bytes).",)


def test_what_systems_and_the_instructor_leave_in_the_folder_is_no_submission(tmp_path: Path) -> None:
    hand_in(
        tmp_path,
        {
            "ada.ipynb": EMPTY,
            "._ada.ipynb": b"\0\5\x16\7",
            ".DS_Store": b"x",
            "__MACOSX/._bob.ipynb": b"x",
            ".ipynb_checkpoints/old-checkpoint.ipynb": EMPTY,
            "README.md": b"# hello",
            "expected.yaml": b"a: 1",
            "roster.csv": b"id",
        },
    )

    assert [submission.student.id for submission in submissions.read([tmp_path])] == ["ada"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("hw2.ipynb", b"%PDF-1.7 ...", "hw2.ipynb is a PDF, not a notebook."),
        ("hw2.ipynb", b"\r\n", "hw2.ipynb is empty (2 bytes)."),
        ("hw2.ipynb", b"", "hw2.ipynb is empty (0 bytes)."),
        ("hw2.ipynb", b'{"cells": [\n{},\noops', "hw2.ipynb is not valid JSON (line 3)."),
        ("hw2.ipynb", b"[" * 100_000, "hw2.ipynb is nested too deeply for a notebook."),
        ("hw2.ipynb", b"9" * 5_000, "hw2.ipynb is not valid JSON."),
        ("hw2.ipynb", b'"\xff\xfe\xfa"', "hw2.ipynb is not valid JSON."),
        ("hw2.ipynb", b"null", "hw2.ipynb is JSON, but it has no notebook cells."),
        ("hw2.ipynb", b'{"cells": {"0": {}}}', "hw2.ipynb is JSON, but it has no notebook cells."),
        ("hw2.ipynb", b"<!DOCTYPE html>", "hw2.ipynb is a web page, not a notebook."),
        ("hw2.ipynb", b"PK\x03\x04", "hw2.ipynb is a zip file, not a notebook."),
        ("hw2.py", b"x = 1", "hw2.py is a Python file, not a notebook."),
        ("hw2.ipynb - Colab.pdf", b"%PDF", "hw2.ipynb - Colab.pdf is a PDF, not a notebook."),
        ("hw2.docx", b"PK", "hw2.docx is a Word document, not a notebook."),
        ("hw2.zip", b"PK", "hw2.zip is not a zip file that can be opened."),
    ],
)
def test_a_file_that_is_no_notebook_gets_a_submission_with_one_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    hand_in(tmp_path, {name: content})

    submission = only(tmp_path)

    assert submission.notebooks == ()
    assert submission.unreadable == (sentence,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_notebook_in_any_unicode_encoding_is_readable(encoding: str) -> None:
    file = SourceFile("a.ipynb", EMPTY.decode().encode(encoding))

    assert submissions.readable(file) == ""


def test_an_empty_folder_of_a_student_is_a_submission_without_notebooks(tmp_path: Path) -> None:
    (tmp_path / "ada" / "nothing").mkdir(parents=True)
    hand_in(tmp_path, {"bob/data.csv": b"1"})

    ada, bob = submissions.read([tmp_path])

    assert ada.unreadable == ("ada holds no files.",)
    assert bob.unreadable == ("bob holds no notebook.",)


def test_links_are_refused_wherever_they_point(tmp_path: Path) -> None:
    secret = hand_in(tmp_path / "elsewhere", {"secret.ipynb": EMPTY})
    folder = hand_in(tmp_path / "submissions", {"bob/hw2.ipynb": EMPTY})
    (folder / "ada.ipynb").symlink_to(secret / "secret.ipynb")
    (folder / "bob" / "data.csv").symlink_to("/etc/passwd")
    (folder / "carl").symlink_to(secret)

    ada, bob, carl = submissions.read([folder])

    assert ada.notebooks == () and ada.unreadable == ("ada.ipynb is a link, and links are not followed.",)
    assert bob.attachments == () and bob.unreadable == ("data.csv is a link, and links are not followed.",)
    assert carl.notebooks == () and carl.unreadable == ("carl is a link, and links are not followed.",)


def test_a_named_pipe_does_not_stop_the_others(tmp_path: Path) -> None:
    hand_in(tmp_path, {"bob.ipynb": EMPTY})
    os.mkfifo(tmp_path / "ada.ipynb")

    ada, bob = submissions.read([tmp_path])

    assert ada.unreadable == ("ada.ipynb is not a regular file.",)
    assert bob.unreadable == ()


def test_a_file_above_the_cap_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE", 1000)
    hand_in(tmp_path, {"ada.ipynb": EMPTY + b" " * 1000})

    assert only(tmp_path).unreadable == ("ada.ipynb is larger than 200 MB and was not read.",)


def test_a_file_takes_no_more_memory_than_it_has_bytes(tmp_path: Path) -> None:
    """Room for the largest would be a mapping of its own each, and of those Linux allows 65,530."""
    (tmp_path / "ada.ipynb").write_text('{"cells": []}')
    tracemalloc.start()
    try:
        read = submissions.read([tmp_path / "ada.ipynb"])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert read[0].notebooks[0].content == b'{"cells": []}'
    assert most < files.MAX_FILE / 10


def test_a_file_that_grows_while_it_is_read_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ada.ipynb"
    path.write_text('{"cells": []}')
    look = os.fstat

    def smaller(descriptor: int) -> os.stat_result:
        told = list(look(descriptor))
        told[6] = 3
        return os.stat_result(told)

    monkeypatch.setattr(os, "fstat", smaller)

    assert submissions.read([path])[0].notebooks[0].content == b'{"cells": []}'


def test_a_folder_with_too_many_files_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 3)
    hand_in(tmp_path, {f"ada/{number}.ipynb": notebook(str(number)) for number in range(5)})

    submission = only(tmp_path)

    assert len(submission.notebooks) == 3
    assert submission.unreadable == ("ada holds more than 3 files or 500 MB; the rest was not read.",)


def test_a_folder_named_after_a_student_number_is_that_students_alone(tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "2024000010_홍길동", {"7.2.ipynb": notebook("1"), "7.3.ipynb": notebook("2")})

    submission = only(folder)

    assert submission.student == Student("2024000010", "홍길동")
    assert len(submission.notebooks) == 2


def test_one_notebook_can_be_read_by_its_path(tmp_path: Path) -> None:
    hand_in(tmp_path, {"ada.ipynb": EMPTY, "bob.ipynb": EMPTY})

    assert only(tmp_path / "ada.ipynb").student.id == "ada"


def test_the_hash_depends_on_names_and_contents_and_on_nothing_else(tmp_path: Path) -> None:
    def hashed(name: str, handed_in: dict[str, bytes]) -> str:
        return only(hand_in(tmp_path / name, handed_in)).sha256

    first = hashed("1", {"ada/a.ipynb": notebook("1"), "ada/b.py": b"1"})

    assert hashed("2", {"ada/b.py": b"1", "ada/a.ipynb": notebook("1")}) == first
    assert hashed("3", {"ada/a.ipynb": notebook("2"), "ada/b.py": b"1"}) != first
    assert hashed("4", {"ada/a.ipynb": notebook("1"), "ada/c.py": b"1"}) != first
    assert hashed("5", {"ada.ipynb": b"%PDF-1"}) != hashed("6", {"ada.ipynb": b"%PDF-2"})


def test_a_wrong_path_or_pattern_is_one_clear_line(tmp_path: Path) -> None:
    hand_in(tmp_path / "empty", {"README.md": b"x"})

    with pytest.raises(UsageError, match=r"nowhere does not exist\.$"):
        submissions.read([tmp_path / "nowhere"])
    with pytest.raises(UsageError, match="empty holds no submission; expected notebooks, zip files, or a folder"):
        submissions.read([tmp_path / "empty"])
    with pytest.raises(UsageError, match="the pattern of a student number"):
        submissions.read([tmp_path], student_number="(")


def test_the_student_number_of_another_university_can_be_configured(tmp_path: Path) -> None:
    hand_in(tmp_path, {"hw2_A0123_ada.ipynb": EMPTY})

    (submission,) = submissions.read([tmp_path], student_number=r"A\d{4}")

    assert submission.student == Student("A0123", "ada")
