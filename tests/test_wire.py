"""Frames between the grader and a sandbox."""

from __future__ import annotations

import itertools
import json
import math
import os
import struct
import tracemalloc
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.kernel import wire
from grader.kernel.channel import (
    MAX_HEADER,
    Channel,
    ChannelClosed,
    ChannelTimeout,
    Frame,
    ProtocolError,
    strict_json,
)
from grader.kernel.wire import (
    DTYPES,
    MAX_ANSWER,
    decode,
    encode,
    observation_frame,
    probe_frame,
    read_observation,
    read_probe,
)
from grader.probes import Died, Layer, Missing, Observation, Opaque, Probe, Raised, Returned, TimedOut, Value

LENGTHS = struct.Struct("<IQ")


def there_and_back(value: Value) -> Value:
    """The value as the other side sees it, through real JSON."""
    body = bytearray()
    tree = json.loads(json.dumps(encode(value, body), allow_nan=False))
    return decode(tree, bytes(body))


def same(mine: Value, theirs: Value) -> bool:
    """Whether two values are equal in type, dtype and every bit that counts."""
    if isinstance(theirs, torch.Tensor):
        return (
            type(mine) is torch.Tensor
            and mine.dtype == theirs.dtype
            and mine.shape == theirs.shape
            and bool(torch.isclose(mine, theirs, rtol=0, atol=0, equal_nan=True).all())
        )
    if type(mine) is not type(theirs):
        return False
    if isinstance(theirs, list | tuple):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(theirs, dict):
        return list(mine) == list(theirs) and all(same(mine[key], theirs[key]) for key in theirs)
    if isinstance(theirs, Layer):
        return (mine.name, mine.seed) == (theirs.name, theirs.seed) and same(mine.kwargs, theirs.kwargs)
    return bool(mine == theirs) or (isinstance(theirs, float) and math.isnan(theirs) and math.isnan(mine))


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    shape = draw(st.lists(st.integers(0, 3), max_size=4))
    dtype = draw(st.sampled_from(sorted(DTYPES)))
    seed = draw(st.integers(0, 1000))
    values = torch.randint(-9, 9, shape, generator=torch.Generator().manual_seed(seed))
    return values.to(DTYPES[dtype])


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.builds(Opaque, st.text(max_size=20))
    | tensors()
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.builds(Layer, st.text(max_size=5), st.dictionaries(st.text(max_size=5), inner, max_size=2), st.integers())
    ),
    max_leaves=8,
)


# ---- values ----------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(values)
def test_every_value_comes_back_as_it_went(value: Value) -> None:
    assert same(there_and_back(value), value)


@pytest.mark.parametrize("name", sorted(DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (2, 3)], ids=str)
def test_tensors_of_every_dtype_and_size_come_back(name: str, shape: tuple[int, ...]) -> None:
    tensor = torch.randint(0, 100, shape, generator=torch.Generator().manual_seed(0)).to(DTYPES[name])

    back = there_and_back(tensor)

    assert back.dtype == tensor.dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)


@pytest.mark.parametrize(
    "tensor",
    [
        pytest.param(torch.arange(12.0).reshape(3, 4).t(), id="transposed"),
        pytest.param(torch.arange(12.0)[1::2], id="strided"),
        pytest.param(torch.ones(1).expand(5), id="expanded"),
        pytest.param(torch.tensor([1 + 2j]).conj(), id="lazily-conjugated"),
        pytest.param(torch.tensor([1 + 2j]).conj().imag, id="lazily-negated"),
        pytest.param(torch.tensor([1.0], requires_grad=True) * 2, id="in-a-graph"),
        pytest.param(torch.tensor([[0.0, 3.0]]).to_sparse(), id="sparse"),
        pytest.param(torch.nn.Parameter(torch.ones(2)), id="parameter"),
    ],
)
def test_a_tensor_in_an_odd_layout_comes_back_plain(tensor: torch.Tensor) -> None:
    back = there_and_back(tensor)

    assert type(back) is torch.Tensor
    assert not back.requires_grad
    assert torch.equal(back, tensor.detach().to_dense() if tensor.is_sparse else tensor.detach())


class Agreeable(torch.Tensor):
    """A tensor that says what one wants to hear."""

    shape = property(lambda self: torch.Size((1, 1)))

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return True

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return True

    def detach(self) -> torch.Tensor:
        return torch.zeros(1, 1)

    def numpy(self, *, force: bool = False) -> Any:
        return np.zeros((1, 1))

    __hash__ = torch.Tensor.__hash__


def test_a_tensor_that_lies_about_itself_gives_its_raw_bytes() -> None:
    lying = torch.arange(6.0).reshape(2, 3).as_subclass(Agreeable)
    assert lying == torch.ones(1)  # it does lie

    back = there_and_back(lying)

    assert type(back) is torch.Tensor
    assert back.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


class Whole(int):
    """A number with an equality of its own."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    ("value", "opaque"),
    [
        (Whole(3), "Whole"),
        (object(), "object"),
        ({1, 2}, "set"),
        (range(3), "range"),
        (1 + 2j, "complex"),
        (2**300, "int"),
        (np.array(["a"]), "array of str32"),
        (np.array([1], dtype=np.uint16), "array of uint16"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_object_of_another_kind_becomes_the_name_of_its_type(value: object, opaque: str) -> None:
    assert there_and_back(value) == Opaque(opaque)


class Step(NamedTuple):
    """What a student's function gives back by names of its own."""

    W: int
    b: float


class Listed(list[int]):
    """A list that would rather be empty."""

    def __iter__(self) -> Iterator[int]:
        return iter(())


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Step(1, 0.5), (1, 0.5)),
        (torch.Size([2, 3]), (2, 3)),
        (Listed([1, 2]), [1, 2]),
        (Fraction(1, 4), 0.25),
        (Decimal("0.75"), 0.75),
    ],
    ids=lambda value: type(value).__name__,
)
def test_lists_and_numbers_of_other_types_come_as_plain_ones(value: object, plain: object) -> None:
    assert same(there_and_back(value), plain)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6, dtype=np.int32)[::-1],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(3, dtype=">f4"),
        np.array(True),
        np.float64(2.5),
        np.int64(7),
        np.zeros((0, 2), dtype=np.float16),
        np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_numpy_arrays_and_scalars_become_tensors(array: np.ndarray[Any, Any]) -> None:
    back = there_and_back(array)

    assert type(back) is torch.Tensor
    assert str(back.dtype) == f"torch.{array.dtype.name}"
    assert np.array_equal(back.numpy(), np.asarray(array))


def test_dicts_of_the_standard_library_come_back_as_dicts() -> None:
    assert there_and_back(OrderedDict(b=1, a=2)) == {"b": 1, "a": 2}
    assert there_and_back({1: "one"}) == {"1": "one"}


def test_long_text_is_cut() -> None:
    assert len(there_and_back("x" * 100_000)) == 20_000


def nested(depth: int) -> Value:
    value: Value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [nested(13), list(range(50_001))], ids=["deep", "many"])
def test_a_value_that_is_too_deep_or_too_large_is_refused(value: Value) -> None:
    with pytest.raises(ValueError, match="nested too deeply or has too many elements"):
        encode(value, bytearray())


def test_a_value_just_within_the_limits_comes_back() -> None:
    assert there_and_back(nested(12)) == nested(12)
    assert there_and_back([None] * 49_999) == [None] * 49_999


def tensor(dtype: str = "float32", shape: Any = (2,), offset: Any = 0, size: Any = 8) -> Any:
    return {"tensor": [dtype, list(shape), offset, size]}


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(5, id="bare-number"),
        pytest.param("text", id="bare-text"),
        pytest.param([], id="bare-list"),
        pytest.param({}, id="no-kind"),
        pytest.param({"int": "1", "str": "a"}, id="two-kinds"),
        pytest.param({"pickle": "gASV"}, id="unknown-kind"),
        pytest.param({"int": 5}, id="int-unquoted"),
        pytest.param({"int": "five"}, id="int-of-letters"),
        pytest.param({"int": "9" * 5000}, id="int-of-5000-digits"),
        pytest.param({"float": "0x1p3"}, id="float-in-hex"),
        pytest.param({"float": "1" * 50}, id="float-too-long"),
        pytest.param({"str": 1}, id="str-of-number"),
        pytest.param({"list": {}}, id="list-of-dict"),
        pytest.param({"list": [1]}, id="list-of-bare-numbers"),
        pytest.param({"dict": [["a"]]}, id="dict-without-value"),
        pytest.param({"dict": [[["a"], None]]}, id="dict-keyed-by-list"),
        pytest.param({"dict": {"a": None}}, id="dict-as-object"),
        pytest.param({"layer": ["Conv2d", None]}, id="layer-without-seed"),
        pytest.param({"opaque": None}, id="opaque-without-name"),
        pytest.param({"tensor": ["float32", [2], 0]}, id="tensor-without-size"),
        pytest.param(tensor(dtype="object"), id="tensor-of-objects"),
        pytest.param(tensor(dtype="int4"), id="tensor-of-unknown-dtype"),
        pytest.param(tensor(shape=[3]), id="tensor-larger-than-its-bytes"),
        pytest.param(tensor(shape=[1]), id="tensor-smaller-than-its-bytes"),
        pytest.param(tensor(shape=[-1, -2]), id="tensor-with-negative-sides"),
        pytest.param(tensor(shape=[2.0]), id="tensor-with-a-float-side"),
        pytest.param(tensor(shape=[True, 2]), id="tensor-with-a-bool-side"),
        pytest.param(tensor(shape=[1] * 8 + [2]), id="tensor-of-nine-axes"),
        pytest.param(tensor(shape=[3], size=12), id="tensor-beyond-the-body"),
        pytest.param(tensor(offset=4), id="tensor-that-ends-beyond-the-body"),
        pytest.param(tensor(offset=-8), id="tensor-before-the-body"),
        pytest.param(tensor(shape=[1], size=4), id="bytes-left-over"),
        pytest.param({"list": [tensor(), tensor()]}, id="bytes-used-twice"),
        pytest.param({"list": [tensor(), tensor(shape=[0, 2**80], offset=8, size=0)]}, id="empty-with-a-huge-side"),
        pytest.param(
            {"list": [tensor(), tensor(shape=[0] + [2**39] * 5, offset=8, size=0)]}, id="empty-with-huge-sides"
        ),
    ],
)
def test_a_tree_that_is_none_of_ours_is_refused(tree: Any) -> None:
    with pytest.raises(ProtocolError):
        decode(tree, bytes(8))


def test_a_tree_nested_too_deeply_is_refused_however_deep_json_allows() -> None:
    for depth in (13, 100, 300, 450):
        tree: Any = None
        for _ in range(depth):
            tree = {"list": [tree]}

        with pytest.raises(ProtocolError):
            decode(tree, b"")


def test_a_tree_of_too_many_elements_is_refused() -> None:
    with pytest.raises(ProtocolError, match="too many"):
        decode({"list": [None] * 50_000}, b"")


def test_tensors_of_one_frame_take_no_more_memory_than_its_body() -> None:
    body = bytes(1 << 20)
    tree = {"list": [{"tensor": ["uint8", [1 << 20], 0, 1 << 20]}] * 1000}

    with pytest.raises(ProtocolError):
        decode(tree, body)


# ---- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"a": 1, "a": 2}', id="repeated-key"),
        pytest.param(b'{"a": NaN}', id="nan"),
        pytest.param(b'{"a": -Infinity}', id="infinity"),
        pytest.param(b'{"a": 1', id="cut-off"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="no-utf-8"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"a":' * 100_000, id="deep-objects"),
        pytest.param(b"9" * 100_000, id="endless-number"),
    ],
)
def test_json_of_a_stranger_is_read_strictly(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        strict_json(text)


# ---- probes and observations -----------------------------------------------------------------------------------------


def test_a_probe_comes_back_whole() -> None:
    probe = Probe(
        "module",
        "LeNet",
        (torch.ones(2), Layer("Conv2d", {"kernel_size": (3, 5)}, 4)),
        {"lr": 0.1, "x": torch.zeros(3)},
        seed=2**40,
        options={"inputs": [torch.arange(4)], "dtype": "float64"},
        stand_ins={"corr2d": "def corr2d(X, K): ..."},
    )

    frame = probe_frame(probe, limit_s=2.5)
    back = read_probe(frame)

    assert (frame.kind, frame.header["limit_s"]) == ("ask", 2.5)
    assert (back.question, back.target, back.seed) == ("module", "LeNet", 2**40)
    assert same(back.args, probe.args)
    assert same(back.kwargs, probe.kwargs)
    assert same(back.options, probe.options)
    assert back.stand_ins == probe.stand_ins


@pytest.mark.parametrize(
    "observation",
    [
        Returned(None),
        Returned({"a": [1, (2.5, "text")]}),
        Raised("IndexError", "y = x[5]", "index 5 is out of range"),
        TimedOut(10.0),
        Missing("corr2d", "cell 3 does not run"),
        Died("killed by SIGKILL"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_every_observation_comes_back(observation: Observation) -> None:
    assert read_observation(observation_frame(observation)) == observation


def test_a_value_too_large_to_travel_is_something_the_code_raised() -> None:
    observation = Returned([torch.ones(3), nested(20)])

    frame = observation_frame(observation)

    assert read_observation(frame) == Raised(
        "ValueError", "", "the value is nested too deeply or has too many elements"
    )
    assert frame.body == b""


def test_an_answer_larger_than_anything_asked_for_does_not_travel() -> None:
    frame = observation_frame(Returned(torch.zeros(MAX_ANSWER + 1, dtype=torch.uint8)))

    assert read_observation(frame) == Returned(Opaque("TooLarge"))
    assert frame.body == b""


def test_texts_of_an_observation_are_cut() -> None:
    back = read_observation(Frame("observation", {"raised": ["x" * 999, "y" * 999, "z" * 999]}))

    assert back == Raised("x" * 80, "y" * 200, "z" * 500)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(Frame("ready", {"died": "x"}), id="another-kind"),
        pytest.param(Frame("observation", {}), id="nothing"),
        pytest.param(Frame("observation", {"died": "x", "timed_out": 1}), id="two-observations"),
        pytest.param(Frame("observation", {"passed": True}), id="a-verdict"),
        pytest.param(Frame("observation", {"returned": {"outcome": "passed"}}), id="a-value-of-no-kind"),
        pytest.param(Frame("observation", {"raised": ["E", "line"]}), id="raised-without-message"),
        pytest.param(Frame("observation", {"raised": [1, 2, 3]}), id="raised-of-numbers"),
        pytest.param(Frame("observation", {"timed_out": "1"}), id="timed-out-after-a-text"),
        pytest.param(Frame("observation", {"timed_out": 10**400}), id="timed-out-after-a-huge-int"),
        pytest.param(Frame("observation", {"timed_out": math.inf}), id="timed-out-after-infinity"),
        pytest.param(Frame("observation", {"timed_out": -1}), id="timed-out-before-it-began"),
        pytest.param(Frame("observation", {"missing": ["x"]}), id="missing-without-reason"),
        pytest.param(Frame("observation", {"died": None}), id="died-without-reason"),
        pytest.param(Frame("observation", {"returned": None}, b"leftover"), id="bytes-left-over"),
    ],
)
def test_a_frame_that_holds_no_observation_is_refused(frame: Frame) -> None:
    with pytest.raises(ProtocolError):
        read_observation(frame)


# ---- the pipe --------------------------------------------------------------------------------------------------------

Pipe = tuple[Channel, int]


@pytest.fixture
def incoming() -> Iterator[tuple[Channel, int]]:
    """A channel that receives, and the descriptor a stranger writes to."""
    read_fd, write_fd = os.pipe()
    channel = Channel(read_fd, os.open(os.devnull, os.O_WRONLY))
    yield channel, write_fd
    channel.close()
    with suppress(OSError):
        os.close(write_fd)


def packed(header: bytes, body: bytes = b"") -> bytes:
    return LENGTHS.pack(len(header), len(body)) + header + body


def test_frames_arrive_in_order_and_whole(incoming: Pipe) -> None:
    channel, write_fd = incoming
    sender = Channel(os.open(os.devnull, os.O_RDONLY), os.dup(write_fd))
    first = Frame("ask", {"target": "corr2d", "text": "Kernel – ⊛"}, b"\x00\x01")

    sender.send(first)
    sender.send(Frame("close"))
    sender.close()

    assert channel.receive() == first
    assert channel.receive() == Frame("close")


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(LENGTHS.pack(MAX_HEADER + 1, 0), id="header-too-large"),
        pytest.param(LENGTHS.pack(2, 2**63), id="body-too-large"),
        pytest.param(packed(b'{"kind": "a"}', b"12345"), id="body-larger-than-agreed"),
        pytest.param(packed(b"[]"), id="header-is-a-list"),
        pytest.param(packed(b"{}"), id="no-kind"),
        pytest.param(packed(b'{"kind": 1}'), id="kind-is-a-number"),
        pytest.param(packed(b'{"kind": "a", "kind": "b"}'), id="two-kinds"),
        pytest.param(packed(b'{"kind": "a", "x": NaN}'), id="nan"),
        pytest.param(packed(b'{"kind": "a", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"), id="deep"),
        pytest.param(b"Traceback (most recent call last):\n", id="text"),
    ],
)
def test_what_is_no_frame_is_refused(incoming: Pipe, sent: bytes) -> None:
    channel, write_fd = incoming
    os.write(write_fd, sent)

    with pytest.raises(ProtocolError):
        channel.receive(deadline=0.0, max_body=4)


@pytest.mark.parametrize("cut", [0, 5, 12, 20])
def test_a_frame_that_is_cut_off_means_the_other_side_is_gone(incoming: Pipe, cut: int) -> None:
    channel, write_fd = incoming
    os.write(write_fd, packed(b'{"kind": "a"}', b"12345")[:cut])
    os.close(write_fd)

    with pytest.raises(ChannelClosed):
        channel.receive()


@pytest.mark.parametrize("cut", [0, 5, 12, 20])
def test_a_frame_that_does_not_come_in_time_times_out(incoming: Pipe, cut: int) -> None:
    channel, write_fd = incoming
    os.write(write_fd, packed(b'{"kind": "a"}', b"12345")[:cut])

    with pytest.raises(ChannelTimeout):
        channel.receive(deadline=0.0)


def test_a_frame_that_is_already_there_is_read_even_after_the_deadline(incoming: Pipe) -> None:
    channel, write_fd = incoming
    os.write(write_fd, packed(b'{"kind": "a"}', b"12345"))

    assert channel.receive(deadline=0.0) == Frame("a", {}, b"12345")


def test_a_deadline_may_be_further_away_than_the_system_can_wait(
    incoming: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    class Poll:
        def register(self, fd: int, events: int) -> None:
            pass

        def poll(self, milliseconds: float) -> list[object]:
            asked.append(milliseconds)
            return []

    clock = itertools.count(step=1e6)
    monkeypatch.setattr("grader.kernel.channel.time.monotonic", lambda: next(clock))
    monkeypatch.setattr("grader.kernel.channel._LOOK_S", 1e6)
    monkeypatch.setattr("grader.kernel.channel.select.poll", Poll)

    with pytest.raises(ChannelTimeout):
        incoming[0].receive(2.5e6)

    assert asked == [1e9, 1e9, 0.5e9]


def test_nobody_has_to_wait_for_a_frame_that_is_there_however_far_the_deadline(incoming: Pipe) -> None:
    channel, write_fd = incoming
    os.write(write_fd, packed(b'{"kind": "a"}'))

    assert channel.receive(1e10) == Frame("a")


def test_no_memory_is_taken_for_a_length_that_was_only_announced(incoming: Pipe) -> None:
    channel, write_fd = incoming
    os.write(write_fd, LENGTHS.pack(13, 400 << 20) + b'{"kind": "a"}' + bytes(1000))
    tracemalloc.start()

    with pytest.raises(ChannelTimeout):
        channel.receive(deadline=0.0)

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 << 20


def test_sending_to_nobody_says_so() -> None:
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    channel = Channel(os.open(os.devnull, os.O_RDONLY), write_fd)

    with pytest.raises(ChannelClosed):
        channel.send(Frame("ask"))
    channel.close()


def test_sending_to_somebody_who_does_not_read_times_out() -> None:
    read_fd, write_fd = os.pipe()
    channel = Channel(read_fd, write_fd)

    with pytest.raises(ChannelTimeout):
        channel.send(Frame("ask", {}, bytes(1 << 20)), deadline=0.0)
    channel.close()


def test_a_closed_channel_stays_closed() -> None:
    channel = Channel(*os.pipe())
    channel.close()
    channel.close()

    with pytest.raises(ChannelClosed):
        channel.receive(deadline=0.0)
    with pytest.raises(ChannelClosed):
        channel.send(Frame("ask"), deadline=0.0)


def from_bytes(content: bytes) -> Frame:
    """What a channel makes of bytes."""
    read_fd, write_fd = os.pipe()
    os.write(write_fd, content)
    os.close(write_fd)
    channel = Channel(read_fd, os.open(os.devnull, os.O_WRONLY))
    try:
        return channel.receive(max_body=1 << 16)
    finally:
        channel.close()


def told(content: bytes) -> bool:
    """Whether bytes are an observation, or are refused with an error of ours; any other error is a failure."""
    try:
        observation = read_observation(from_bytes(content))
    except (ProtocolError, ChannelClosed):
        return True
    return isinstance(observation, Returned | Raised | TimedOut | Missing | Died)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_never_raise_anything_but_our_own(content: bytes) -> None:
    assert told(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["int", "float", "str", "tensor", "list", "dict", "layer", "opaque"]), inner, max_size=1
        )
    ),
    max_leaves=12,
)
near_misses: dict[str, Callable[[Any], Any]] = {
    "returned": lambda each: each,
    "raised": lambda each: [each, each, each],
    "timed_out": lambda each: each,
    "missing": lambda each: [each, each],
    "died": lambda each: each,
}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(near_misses)), json_values, st.binary(max_size=16))
def test_json_that_is_nearly_an_observation_never_raises_anything_but_our_own(
    kind: str, content: Any, body: bytes
) -> None:
    header = json.dumps({"kind": "observation", kind: near_misses[kind](content)}).encode()

    assert told(packed(header, body))


@settings(max_examples=100, deadline=None)
@given(values, st.integers(0, 10_000), st.integers(0, 255))
def test_a_frame_with_one_byte_changed_never_raises_anything_but_our_own(value: Value, at: int, byte: int) -> None:
    frame = observation_frame(Returned(value))
    content = bytearray(packed(json.dumps({"kind": frame.kind, **frame.header}).encode(), frame.body))
    content[at % len(content)] = byte

    assert told(bytes(content))


def test_what_a_probe_gives_along_is_encoded_once_while_the_same_objects_are_given() -> None:
    args, options = (torch.arange(3.0),), {"inputs": [torch.ones(2)]}
    probe = Probe("call", "f", args, {}, 1, options)

    along = wire.given(replace(probe, target="f@3", seed=9))

    assert wire.given(replace(probe, kwargs=probe.kwargs)) is along
    assert read_probe(probe_frame(probe, limit_s=1)).args[0].tolist() == [0.0, 1.0, 2.0]
    assert wire.given(replace(probe, args=(torch.arange(3.0),))).sha256 == along.sha256


@pytest.mark.parametrize(
    "change",
    [
        {"args": (torch.arange(3.0, dtype=torch.float64),)},
        {"args": (torch.arange(1.0, 4.0),)},
        {"args": (torch.arange(3.0).reshape(1, 3),)},
        {"kwargs": {"a": 1}},
        {"options": {"dtype": "float64"}},
        {"options": {"type": "float32"}},
    ],
    ids=str,
)
def test_whatever_is_given_otherwise_has_another_hash(change: dict[str, Any]) -> None:
    probe = Probe("call", "f", (torch.arange(3.0),), {}, 1, {"dtype": "float32"})

    assert wire.given(replace(probe, **change)).sha256 != wire.given(probe).sha256


def test_what_is_large_is_not_kept() -> None:
    probe = Probe("call", "f", (torch.zeros(1 << 20),))

    assert wire.given(probe) is not wire.given(probe)
    assert wire.given(probe).sha256 == wire.given(probe).sha256
