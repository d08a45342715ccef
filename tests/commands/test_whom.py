"""Whom somebody means who types a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.commands import whom
from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.roster import Enrolled
from tests.reviewing.rooms import build

PEOPLE = (
    Enrolled("s00", "Moon, Ada", number="2019170361", login="ada", email="ada@x.org"),
    Enrolled("s01", "O'Brien, Renée", number="2019170362", login="renee"),
    Enrolled("s02", "Moon, Bo", number="2019170363", login="bo"),
    Enrolled("s99", "Moon, Nora", number="2019170399", login="nora"),  # handed in nothing
)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build(tmp_path_factory.mktemp("whom") / "course", 3) / "results" / "gradebook.db"
    with Gradebook.open(path) as opened:
        opened.enrol("hw2", PEOPLE)
    return path


def meant(path: Path, word: str) -> str:
    with Gradebook.open(path, writing=False) as opened:
        return whom.student(word, "hw2", opened, Path("results"))


@pytest.mark.parametrize(
    ("word", "student"),
    [
        ("s01", "s01"),
        ("Ada Moon", "s00"),
        ("Moon, Bo", "s02"),
        ("ada@x.org", "s00"),
        ("2019170363", "s02"),
        ("BO", "s02"),
    ],
)
def test_an_id_a_name_a_number_a_login_and_an_address_are_known(book: Path, word: str, student: str) -> None:
    assert meant(book, word) == student


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("moon", r"did you mean s00 \(Moon, Ada\) or s02 \(Moon, Bo\)\?$"),
        ("brien, rene", r"did you mean s01 \(O'Brien, Renée\)\?$"),
        ("s0", "did you mean s00 .* or s01 .* or s02 "),
        ("", "known are s00, s01, s02$"),
        ("zzz", "known are s00, s01, s02$"),
    ],
)
def test_part_of_a_name_is_answered_with_the_people_it_may_be(book: Path, word: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        meant(book, word)
