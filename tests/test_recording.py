"""Recordings of what a session answered."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
import torch

from grader.kernel.channel import ProtocolError
from grader.packing import joined, split
from grader.probes import Died, Layer, Missing, Observation, Probe, Raised, Returned, TimedOut, Version
from grader.recording import NotRecorded, RecordedSession, Recorder, key
from tests.fakes import FakeSession

CALL = Probe("call", "corr2d", (torch.ones(2, 2), Layer("Conv2d", {"padding": 1}, 3)), {"mode": "max"}, 5)


def replayed(recorder: Recorder) -> RecordedSession:
    return RecordedSession.load(recorder.dump())


@pytest.mark.parametrize(
    "observation",
    [Returned([1, (2.5, "text")]), Raised("IndexError", "y = x[5]"), TimedOut(10.0), Missing("corr2d"), Died("gone")],
    ids=lambda each: type(each).__name__,
)
def test_a_recording_answers_as_the_session_did(observation: Observation) -> None:
    recorder = Recorder(FakeSession({("call", "corr2d"): observation}))

    (live,) = recorder.ask([CALL])
    (recorded,) = replayed(recorder).ask([CALL])

    assert live == recorded == observation


def test_tensors_are_recorded_to_the_bit() -> None:
    value = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    recorder = Recorder(FakeSession({("call", "corr2d"): Returned([value, value.bfloat16()])}))
    list(recorder.ask([CALL]))

    (recorded,) = replayed(recorder).ask([CALL])

    assert isinstance(recorded, Returned)
    assert torch.equal(recorded.value[0], value)
    assert torch.equal(recorded.value[1], value.bfloat16())


def test_probes_are_answered_in_any_order() -> None:
    probes = [Probe("call", "f", (number,)) for number in range(4)]
    recorder = Recorder(FakeSession(lambda probe: Returned(probe.args[0] * 10)))
    list(recorder.ask(probes))

    answers = list(replayed(recorder).ask(probes[::-1]))

    assert answers == [Returned(30), Returned(20), Returned(10), Returned(0)]


def test_versions_are_recorded() -> None:
    versions = {"corr2d": [Version(3, "definition", "ada.ipynb"), Version(7, "library", "ada.ipynb", "adds nothing")]}
    recorder = Recorder(FakeSession(versions=versions))
    recorder.versions("corr2d")
    recorder.versions("LeNet")

    session = replayed(recorder)

    assert session.versions("corr2d") == versions["corr2d"]
    assert session.versions("LeNet") == []


def test_a_probe_that_was_never_asked_is_not_made_up() -> None:
    recorder = Recorder(FakeSession({("call", "corr2d"): Returned(1)}))
    list(recorder.ask([CALL]))

    with pytest.raises(NotRecorded, match="call of LeNet was not recorded"):
        list(replayed(recorder).ask([replace(CALL, target="LeNet")]))


def test_answers_are_streamed_and_only_those_asked_for_are_recorded() -> None:
    session = FakeSession(lambda probe: Returned(probe.args[0]))
    probes = [Probe("call", "f", (number,)) for number in range(3)]
    recorder = Recorder(session)

    first = next(recorder.ask(probes))

    assert first == Returned(0)
    assert len(session.asked) == 1
    with pytest.raises(NotRecorded):
        list(replayed(recorder).ask(probes[1:]))


def test_an_answer_too_large_to_keep_is_asked_anew() -> None:
    answers = {("call", "corr2d"): Returned(torch.zeros(300_000)), ("state", "K"): Returned(torch.zeros(2))}
    recorder = Recorder(FakeSession(answers))
    list(recorder.ask([CALL, Probe("state", "K")]))

    session = replayed(recorder)

    assert len(recorder.dump()) < 10_000
    assert len(list(session.ask([Probe("state", "K")]))) == 1
    with pytest.raises(NotRecorded):
        list(session.ask([CALL]))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(CALL, question="gradient"), id="question"),
        pytest.param(replace(CALL, target="corr2d@1"), id="version"),
        pytest.param(replace(CALL, args=CALL.args[:1]), id="fewer-arguments"),
        pytest.param(replace(CALL, args=(torch.zeros(2, 2), CALL.args[1])), id="values"),
        pytest.param(replace(CALL, args=(torch.ones(4), CALL.args[1])), id="shape"),
        pytest.param(replace(CALL, args=(torch.ones(2, 2).double(), CALL.args[1])), id="dtype"),
        pytest.param(replace(CALL, args=(CALL.args[0], Layer("Conv2d", {"padding": 2}, 3))), id="layer"),
        pytest.param(replace(CALL, kwargs={"mode": "avg"}), id="keyword"),
        pytest.param(replace(CALL, seed=6), id="seed"),
        pytest.param(replace(CALL, options={"dtype": "float32"}), id="option"),
        pytest.param(replace(CALL, stand_ins={"corr2d": "def corr2d(): ..."}), id="stand-in"),
    ],
)
def test_probes_that_differ_at_all_have_keys_of_their_own(other: Probe) -> None:
    assert key(other) != key(CALL)


def test_equal_probes_have_one_key() -> None:
    assert key(replace(CALL, args=(torch.ones(2, 2).clone(), CALL.args[1]))) == key(CALL)


def recording() -> bytes:
    recorder = Recorder(FakeSession({("call", "corr2d"): Returned(torch.ones(3))}))
    list(recorder.ask([CALL]))
    return recorder.dump()


def test_a_recording_that_is_cut_anywhere_inside_a_frame_is_damaged() -> None:
    content = recording()
    first, _ = struct.unpack_from("<IQ", content)
    borders = {0, 12 + first, len(content)}

    for cut in range(len(content)):
        if cut in borders:
            continue
        with pytest.raises(ProtocolError):
            RecordedSession.load(content[:cut])


@pytest.mark.parametrize(
    "header", [b"[]", b'{"key": "a"}', b'{"key": 1, "observation": {}}', b'{"versions": []}', b"7"]
)
def test_a_recording_of_something_else_is_damaged(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        RecordedSession.load(struct.pack("<IQ", len(header), 0) + header)


def test_an_empty_recording_answers_nothing() -> None:
    session = RecordedSession.load(b"")

    with pytest.raises(NotRecorded, match="the versions of corr2d were not recorded"):
        session.versions("corr2d")
    with pytest.raises(NotRecorded):
        list(session.ask([CALL]))


def test_recordings_of_several_items_are_kept_apart() -> None:
    recordings = {"corr2d-values": recording(), "written-7.2": b""}

    found = split(joined(recordings))

    assert found == recordings
    assert split(b"") == {}


@pytest.mark.parametrize("damaged", [joined({"a": recording()})[:-1], recording()], ids=["cut", "something-else"])
def test_damaged_recordings_of_several_items_are_told(damaged: bytes) -> None:
    with pytest.raises(ProtocolError):
        split(damaged)
