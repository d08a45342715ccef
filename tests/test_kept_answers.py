"""The reference's answers on disk: computed once, by one process, and never believed when damaged."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import torch

from grader.answer_key import AnswerKey
from grader.kept_answers import KeptAnswers
from grader.probes import Observation, Probe, Returned

ROOT = Path(__file__).parents[1]
KEY = b"what is asked"


class Counting:
    """A computation that counts how often it is made."""

    def __init__(self, value: object = 7, seconds: float = 0.0) -> None:
        self.made = 0
        self._value, self._seconds = value, seconds

    def __call__(self) -> Observation:
        self.made += 1
        time.sleep(self._seconds)
        return Returned(self._value)


def kept(folder: Path, reference: str = "r1") -> KeptAnswers:
    return KeptAnswers(folder, "hw", reference)


def test_an_answer_is_computed_once_for_all_who_come_later(tmp_path: Path) -> None:
    compute = Counting({"a": torch.arange(3.0), "b": [None, True, "x"]})

    first, second = kept(tmp_path)(KEY, compute), kept(tmp_path)(KEY, compute)

    assert compute.made == 1
    assert isinstance(first, Returned) and isinstance(second, Returned)
    assert torch.equal(first.value["a"], second.value["a"]) and second.value["b"] == [None, True, "x"]


def test_another_key_is_another_answer(tmp_path: Path) -> None:
    kept(tmp_path)(KEY, Counting(1))

    assert kept(tmp_path)(b"another", Counting(2)) == Returned(2)


def test_a_changed_reference_answers_anew_and_leaves_nothing_behind(tmp_path: Path) -> None:
    kept(tmp_path)(KEY, Counting(1))

    assert kept(tmp_path, "r2")(KEY, Counting(2)) == Returned(2)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_answers_of_an_assignment_whose_name_begins_alike_stay(tmp_path: Path) -> None:
    longer = KeptAnswers(tmp_path, "hw-2", "r1")
    longer(KEY, Counting(1))

    kept(tmp_path)(KEY, Counting(2))

    assert longer(KEY, Counting(3)) == Returned(1)


@pytest.mark.parametrize("damage", [b"", b"\0" * 4, b"garbage" * 9])
def test_a_damaged_answer_is_computed_again(tmp_path: Path, damage: bytes) -> None:
    kept(tmp_path)(KEY, Counting(1))
    (file,) = (each for each in tmp_path.glob("*/*") if each.name != "lock")
    file.write_bytes(damage)

    assert kept(tmp_path)(KEY, Counting(2)) == Returned(2)
    assert kept(tmp_path)(KEY, Counting(3)) == Returned(2)


def test_of_two_that_ask_at_once_one_computes(tmp_path: Path) -> None:
    compute = Counting(seconds=0.3)
    threads = [threading.Thread(target=kept(tmp_path), args=(KEY, compute)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert compute.made == 1


def test_where_nothing_can_be_written_all_is_computed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    compute = Counting()

    assert [kept(tmp_path / "file")(KEY, compute) for _ in range(2)] == [Returned(7)] * 2
    assert compute.made == 2


def test_a_reference_answers_from_disk_as_by_computing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers() -> list[Observation]:
        key = AnswerKey(ROOT, "hw2_cnn", kept=kept(tmp_path))
        args, kwargs, _ = key.case("corr2d_inputs", 5, 0)
        probe = Probe("call", "corr2d", args, kwargs, 5)
        (mistaken, *_) = [answers[0] for _, answers in key.misconceptions([probe])]
        return [*key.ask([probe]), mistaken]

    computed = answers()
    monkeypatch.setattr("grader.answer_key.answer", None)

    assert all(
        isinstance(one, Returned) and isinstance(other, Returned) and torch.equal(one.value, other.value)
        for one, other in zip(computed, answers(), strict=True)
    )
