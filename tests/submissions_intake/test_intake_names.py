"""What file and folder names tell about the student, and ids that are safe as file names."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.records import Student
from grader.submissions import names

NUMBER = re.compile(names.DEFAULT_PATTERN)


@pytest.mark.parametrize(
    ("file_name", "student"),
    [
        ("ada.ipynb", Student("ada")),
        ("ada (2).ipynb", Student("ada")),
        ("ada(3) (1).ipynb", Student("ada")),
        ("ada - Copy.ipynb", Student("ada")),
        ("Copy of Copy of ada.ipynb", Student("ada")),
        ("ada.ipynb의 사본", Student("ada")),
        ("ada의 사본.ipynb", Student("ada")),
        ("ada-checkpoint.ipynb", Student("ada")),
        ("ada.ipynb.ipynb", Student("ada")),
        ("ada.ipynb.txt", Student("ada")),
        ("Ada Lovelace.IPYNB", Student("Ada Lovelace")),
        ("HW3_홍길동.ipynb", Student("HW3_홍길동")),
        ("HW2_2024000010홍길동.ipynb", Student("2024000010", "홍길동")),
        ("HW2_2024000858_홍길동.ipynb", Student("2024000858", "홍길동")),
        ("2024000013_김 영희.ipynb", Student("2024000013", "김 영희")),
        ("2024000047_honggildong.ipynb", Student("2024000047", "honggildong")),
        ("홍길동_2024000010_HW2.ipynb", Student("2024000010", "홍길동")),
        ("2024000010_HW2.ipynb", Student("2024000010")),
        ("2024000010_과제2.ipynb", Student("2024000010")),
        ("2024000010 (1).ipynb", Student("2024000010")),
        ("Homework_4.ipynb - Colab2024000149홍길동.pdf", Student("2024000149", "홍길동")),
        ("20240928.ipynb", Student("20240928")),
        ("hw2_20240928_ada.ipynb", Student("hw2_20240928_ada")),
        ("12024000010.ipynb", Student("12024000010")),
        ("(1).ipynb", Student("(1)")),
    ],
)
def test_a_loose_file_tells_its_student(file_name: str, student: Student) -> None:
    assert names.student_in(names.stem(file_name), NUMBER) == student


def test_an_eight_digit_date_is_no_student_number() -> None:
    student = names.student_in(names.stem("20240928.ipynb"), NUMBER)

    assert NUMBER.search("20240928") is None
    assert student == Student("20240928")


def test_names_are_in_composed_form() -> None:
    decomposed = unicodedata.normalize("NFD", "2024000010_홍길동.ipynb")

    assert names.student_in(names.stem(decomposed), NUMBER).name == unicodedata.normalize("NFC", "홍길동")


@pytest.mark.parametrize(
    ("name", "student_id"),
    [
        ("홍길동", "홍길동"),
        ("..", "_"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("-rf", "_-rf"),
        ("a\nb\tc\x00d\x1b[31m", "a_b_c_d_[31m"),
        ("abc\u202egpj.exe", "abc_gpj.exe"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("a:b", "a_b"),
        (" \xa0.a  b. ", "a b"),
    ],
)
def test_a_trick_in_a_name_is_taken_out_of_the_id(name: str, student_id: str) -> None:
    assert re.sub(r"-[0-9a-f]{8}$", "", names.safe_id(name)) == student_id


@pytest.mark.parametrize(
    ("one", "other"), [("ada\n1", "ada\t1"), ("ada\u202e", "ada_"), ("a:b", "a_b"), ("a/b", "a\\b"), ("\0", "\1")]
)
def test_names_that_differ_in_what_is_taken_out_stay_two_people(one: str, other: str) -> None:
    assert names.safe_id(one) != names.safe_id(other)


@given(st.text(), st.text())
def test_two_names_are_one_id_only_where_a_reader_sees_no_difference(one: str, other: str) -> None:
    if names.safe_id(one) == names.safe_id(other):
        seen = [" ".join(names.plain(name).split()).strip(" ._") for name in (one, other)]
        assert seen[0] == seen[1]


def test_long_names_that_begin_alike_stay_different() -> None:
    first, second = names.safe_id("가" * 300 + "1"), names.safe_id("가" * 300 + "2")

    assert first != second
    assert len(first.encode()) <= 160


@given(st.text() | st.text("./\\-~ \n\0con", max_size=8) | st.text("가각힣ᄀ\u1161\u11a8á\u0301", max_size=200))
def test_an_id_is_a_safe_file_name_for_any_name(name: str) -> None:
    student_id = names.student_in(name, NUMBER).id

    assert student_id and len(student_id.encode()) <= 160
    assert student_id not in (".", "..") and not student_id.startswith("-")
    assert student_id == student_id.strip()
    assert not re.search(r'[\\/:*?"<>|]', student_id)
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in student_id)
    assert unicodedata.is_normalized("NFC", student_id)
    assert names.safe_id(student_id) == student_id


@given(st.text())
def test_no_part_of_a_path_leads_anywhere(name: str) -> None:
    part = names.plain(name)

    assert part not in ("", ".", "..")
    assert "/" not in part and "\\" not in part and "\0" not in part
