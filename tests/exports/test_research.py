"""Anonymous tables hold no name, no id and no word of a student's."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from hypothesis import given as drawn
from hypothesis import strategies as st

from grader.exports.outgoing import Outgoing
from grader.exports.research import scrubbed
from grader.gradebook import Gradebook
from grader.marks import Mark
from tests.exports.classes import CHULSOO, LEO, YOUNGHEE, Class, graded
from tests.stored import row

MESSAGE = "`corr2d` raised NameError at `chulsoo = 1` in chulsoo_hw2.ipynb: name 'kim' is not defined; Kim 2019170361."


def made(tmp_path: Path) -> Class:
    return graded(tmp_path, [(CHULSOO, (3, 4)), (YOUNGHEE, (4.5, None)), (LEO, (6, 4))], message=MESSAGE)


def tables(given: Class) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    paths = given.export("research").paths
    grades, items = (list(csv.DictReader(io.StringIO(path.read_text("utf-8")))) for path in paths)
    return grades, items


def test_no_identity_is_in_the_tables(tmp_path: Path) -> None:
    given = made(tmp_path)

    tables(given)

    text = "".join(path.read_text("utf-8") for path in (given.out / "exports/research").iterdir()).casefold()
    for known in (CHULSOO, YOUNGHEE, LEO):
        for word in [known.student_id, known.login, known.email, *known.name.split()]:
            assert word.casefold().strip(',"=') not in text


def test_sentences_keep_what_the_rubric_asks_for(tmp_path: Path) -> None:
    _, items = tables(made(tmp_path))

    messages = {each["message"] for each in items if each["item"] == "corr2d" and each["outcome"] == "partial"}
    assert "`corr2d` raised NameError at [text] in [file]: name [text] is not defined; [name] [number]." in messages


def test_a_student_keeps_the_pseudonym_and_another_gradebook_gives_another(tmp_path: Path) -> None:
    given = made(tmp_path)
    first, items = tables(given)
    with Gradebook.open(given.out / "gradebook.db") as book:
        book.reseed()
    again, _ = tables(given)
    (tmp_path / "other").mkdir()
    other, _ = tables(made(tmp_path / "other"))

    assert [each["student"] for each in first] == [each["student"] for each in again]
    assert {each["student"] for each in first}.isdisjoint(each["student"] for each in other)
    assert {each["student"] for each in items} == {each["student"] for each in first}
    assert all(re.fullmatch("[0-9a-f]{12}", each["student"]) for each in first)


@drawn(st.text(st.characters(categories=["L", "N"]), min_size=2, max_size=12))
def test_no_word_of_a_name_survives_in_a_sentence(name: str) -> None:
    known = replace(CHULSOO, name=f"{name}, Mina", login=name)
    each = Outgoing(known, Mark(Decimal(1), Decimal(1), Decimal(0), None, Decimal(1)), row())

    told = scrubbed(f"Seen by {name} and Mina; {name}.ipynb was read.", each, {"corr2d"})

    assert (
        name.casefold() not in re.findall(r"[^\W_]+", told.casefold())
        or name.casefold() in "seen by and was read file name number text"
    )
