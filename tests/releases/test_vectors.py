"""Public vectors: what was asked of a reference, written down, read and asked again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from grader import homes, recording, rubric
from grader.errors import CourseError, ReleaseError
from grader.probes import Layer, Observation, Probe, Raised, Returned
from grader.releases import vectors, writing
from grader.releases.key import NotReleased, ReleasedKey
from grader.releases.listening import Listening
from tests.fakes import FakeReference

IMAGE = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
CASE = ((IMAGE, Layer("Conv2d", {"padding": 1}, 3), (2, 2)), {"mode": "max"}, [torch.ones(1, 2)])
EXPECTED = torch.tensor([1 / 3, 2 / 3, 1.0, 4 / 3], dtype=torch.float64)
CALL = Probe("call", "f", CASE[0], CASE[1], 7)
MODULE = Probe("module", "f", CASE[0], CASE[1], 7, {"dtype": "float64"})
ROW = {"items": [{"id": "a", "section": "1", "title": "t", "target": "f", "points": 1, "check": "answered"}]}


def answered(probe: Probe) -> Observation:
    return Returned({"output": EXPECTED, "rows": [([4], EXPECTED.clone())], "share": 0.5, "none": None})


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A folder with the vectors of a reference that was asked two probes of one case."""
    reference = FakeReference(
        answered,
        case=lambda generator, seed, number: CASE,
        misconceptions={
            "It is twice as much.": lambda probe: Returned(2 * EXPECTED),
            "It raises.": lambda probe: Raised("KeyError", "secret = 1", "no"),
        },
    )
    heard = Listening(reference)
    heard.case("numbers", 7, 0)
    list(heard.ask([CALL, MODULE]))
    list(heard.misconceptions([CALL]))
    written = writing.files("hw9", "ko", ROW, heard, ["g"])
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors/hw9.json").write_bytes(written.index)
    (tmp_path / "vectors/hw9.safetensors").write_bytes(written.tensors)
    return tmp_path


def test_what_was_answered_is_answered_again(released: Path) -> None:
    (observation,) = ReleasedKey(released, "hw9").ask([CALL])

    assert isinstance(observation, Returned)
    assert torch.equal(observation.value["output"], EXPECTED)
    assert (observation.value["share"], observation.value["none"]) == (0.5, None)


def test_answers_of_modules_are_kept_in_single_and_given_out_in_double_precision(released: Path) -> None:
    (observation,) = ReleasedKey(released, "hw9").ask([MODULE])

    assert isinstance(observation, Returned)
    ((shape, values),) = observation.value["rows"]
    assert (shape, values.dtype) == ([4], torch.float64)
    assert torch.equal(values, EXPECTED.float().double())


def test_a_case_is_the_same_to_the_bit(released: Path) -> None:
    args, kwargs, inputs = ReleasedKey(released, "hw9").case("numbers", 7, 0)

    assert torch.equal(args[0], IMAGE) and args[0].dtype is torch.float64
    assert args[1:] == CASE[0][1:]
    assert kwargs == CASE[1]
    assert torch.equal(inputs[0], CASE[2][0])


def test_what_mistakes_answer_is_told_without_a_line_of_their_code(released: Path) -> None:
    twice, raising = ReleasedKey(released, "hw9").misconceptions([CALL])

    assert twice[0] == "It is twice as much."
    assert isinstance(twice[1][0], Returned) and torch.equal(twice[1][0].value, 2 * EXPECTED)
    assert raising == ("It raises.", [Raised("KeyError", "", "no")])


def test_what_mistakes_answer_about_modules_is_rounded_far_finer_than_it_is_compared(tmp_path: Path) -> None:
    odd = torch.tensor([1 / 3, -2e30 / 3, 2e-38 / 3, 0.0, torch.inf, torch.nan, 3.4028234e38], dtype=torch.float64)
    near = EXPECTED * (1 + 1e-9)
    mistakes = {"Odd.": lambda probe: Returned({"a": odd}), "Near.": lambda probe: Returned({"a": near})}
    heard = Listening(FakeReference(answered, misconceptions=mistakes))
    list(heard.ask([MODULE]))
    list(heard.misconceptions([MODULE]))
    written = writing.files("hw9", "ko", ROW, heard, [])
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors/hw9.json").write_bytes(written.index)
    (tmp_path / "vectors/hw9.safetensors").write_bytes(written.tensors)

    first, second = (observations[0] for _, observations in ReleasedKey(tmp_path, "hw9").misconceptions([MODULE]))

    assert isinstance(first, Returned) and isinstance(second, Returned)
    torch.testing.assert_close(first.value["a"], odd.float().double(), rtol=2**-16, atol=1e-42, equal_nan=True)
    assert not torch.equal(first.value["a"].nan_to_num(), odd.float().double().nan_to_num())
    # What comes out as the right answer does is that tensor.
    assert torch.equal(second.value["a"], EXPECTED.float().double())
    names = [name for name, _ in tensors(json.loads(written.index)["mistakes"])]
    assert names[1] in [name for name, _ in tensors(json.loads(written.index)["answers"])]


def test_of_mistakes_only_those_whose_sentence_was_told_are_learnt() -> None:
    mistakes = {"It is twice as much.": lambda probe: Returned(2 * EXPECTED), "Other.": lambda probe: Returned(0)}
    heard, other = (Listening(FakeReference(answered, misconceptions=mistakes)) for _ in range(2))
    list(heard.misconceptions([CALL]))
    list(other.ask([MODULE]))
    list(other.misconceptions([MODULE]))

    heard.learn(other, "It is twice as much. 1 of 4 cases is wrong.")

    (_, twice), (_, rest) = heard.mistakes["f"]
    assert len(twice) == 2 and len(rest) == 1
    assert recording.key(MODULE) in heard.answers


def test_a_mistake_that_was_not_asked_everything_explains_nothing(released: Path) -> None:
    assert list(ReleasedKey(released, "hw9").misconceptions([CALL, MODULE])) == []


def test_what_was_not_asked_is_never_guessed(released: Path) -> None:
    key = ReleasedKey(released, "hw9")

    with pytest.raises(NotReleased, match=r"^This is judged after you hand in\.$"):
        list(key.ask([Probe("call", "f", (IMAGE + 1,), {}, 7)]))
    with pytest.raises(NotReleased):
        key.case("numbers", 8, 0)


def test_a_helper_stays_with_the_course(released: Path) -> None:
    key = ReleasedKey(released, "hw9")

    with pytest.raises(NotReleased, match="judged once `g` is right"):
        key.stand_in("g")
    assert key.stand_in("h") is None


def test_a_tensor_is_written_once(released: Path) -> None:
    named = json.loads((released / "vectors/hw9.json").read_text())["answers"]

    assert len({name for name, _ in tensors(named)}) == 2  # in double for the call, in single for the module
    assert len(list(tensors(named))) == 4


def tensors(tree: Any) -> list[list[str]]:
    if isinstance(tree, dict) and "tensor" in tree:
        return [tree["tensor"]]
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [found for each in children for found in tensors(each)]


def test_the_language_of_the_course_goes_along(released: Path) -> None:
    assert homes.load(released, rubric.unproven).language == "ko"


# ---- damaged ---------------------------------------------------------------------------------------------------------


def use(folder: Path) -> None:
    """Ask for everything."""
    homes.load(folder, rubric.unproven)
    key = ReleasedKey(folder, "hw9")
    key.case("numbers", 7, 0)
    list(key.ask([CALL, MODULE]))
    list(key.misconceptions([CALL]))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not the JSON we expect"),
        (b"[1, 2]", "it is no file of vectors"),
        (b'{"format": 1, "format": 1}', "a key occurs twice"),
        (b'{"format": NaN}', "NaN is no JSON number"),
        (b'{"format": 3}', "is of format 3, this grader reads 2: install a newer grader"),
        (b'{"format": 0}', "ask your course for a new release"),
        (b"[" * 100_000, "not the JSON we expect"),
    ],
    ids=["empty", "list", "twice", "nan", "newer", "older", "deep"],
)
def test_a_damaged_index_is_one_clear_line(released: Path, content: bytes, told: str) -> None:
    (released / "vectors/hw9.json").write_bytes(content)

    with pytest.raises(ReleaseError) as raised:
        use(released)

    assert told in str(raised.value)
    assert str(released / "vectors/hw9.json") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_damaged_tensors_are_one_clear_line(released: Path) -> None:
    path = released / "vectors/hw9.safetensors"
    whole = path.read_bytes()

    for size in (0, 7, 8, 20, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ReleaseError, match=r"hw9\.safetensors is damaged \(.*\); unpack what your course gave you"):
            use(released)


def test_files_too_large_are_not_read(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vectors._LARGEST, ".safetensors", 10)

    with pytest.raises(ReleaseError, match="it is larger than 0 MB"):
        use(released)


def test_a_tensor_named_again_and_again_takes_no_more_memory_than_is_allowed(
    released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.releases.key._LARGEST_VALUE", 40)

    with pytest.raises(ReleaseError, match="a value is too large"):
        use(released)


def test_vectors_changed_anywhere_are_read_or_told(released: Path) -> None:
    path = released / "vectors/hw9.json"
    whole = path.read_bytes()
    chance = random.Random(0)
    told = 0
    for _ in range(300):
        changed = bytearray(whole)
        for _ in range(chance.choice((1, 3))):
            changed[chance.randrange(len(changed))] = chance.choice(b'0129"[]{},:ntesor ')
        path.write_bytes(changed)
        try:
            use(released)
        except (CourseError, NotReleased) as error:
            told += 1
            assert "\n" not in str(error)

    assert told > 100


def test_keys_of_probes_are_those_of_this_format() -> None:
    """Files that students have are found by them: where this fails, raise `FORMAT` with the new keys."""
    keys = {name: recording.key(probe) for name, probe in {"call": CALL, "module": MODULE}.items()}

    assert vectors.FORMAT == 2
    assert {name: each[:16] for name, each in keys.items()} == {
        "call": "f26229b4f1e6c1de",
        "module": "86954810007ab9c5",
    }
