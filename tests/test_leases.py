"""One training a card: leases between real processes, and what a machine's cards are called."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import leases
from grader.leases import Cards

ROOT = Path(__file__).parents[1]
NAMES = ("cuda:0", "cuda:1")
HOLDER = """
import sys, time
from pathlib import Path
from grader.leases import Cards
folder, shares, alone, seconds, *names = sys.argv[1:]
cards = Cards(tuple(names), int(shares), Path(folder), {})
with cards.lease(alone=alone == "alone") as name:
    print(name, flush=True)
    if float(seconds):
        began = time.monotonic()
        time.sleep(float(seconds))
        print(began, time.monotonic(), flush=True)
    else:
        sys.stdin.read()
"""


class Holder:
    """Another grader that wants a card and, unless it works for a while, holds it until it is let go."""

    def __init__(self, folder: Path, *names: str, shares: int = 1, alone: bool = False, seconds: float = 0) -> None:
        arguments = [str(folder), str(shares), "alone" if alone else "beside", str(seconds), *names]
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
        )  # fmt: skip

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def let_go(self) -> None:
        self.process.communicate("")

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "leases"


@contextlib.contextmanager
def held(folder: Path, *names: str, shares: int = 1, alone: bool = False) -> Iterator[Holder]:
    holder = Holder(folder, *names, shares=shares, alone=alone)
    try:
        yield holder
    finally:
        holder.stop()


def free(folder: Path, *names: str, shares: int = 1, alone: bool = False) -> str | None:
    """The card that could be had at once."""
    found = Cards(names, shares, folder, {})._free(shares if alone else 1)
    if found is None:
        return None
    leases._released(found[1])
    return found[0]


def prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def test_a_card_is_lent_to_one_at_a_time(folder: Path) -> None:
    with held(folder, "cuda:0") as holder:
        assert holder.line() == "cuda:0"
        assert free(folder, "cuda:0") is None

        holder.let_go()

        assert free(folder, "cuda:0") == "cuda:0"


def test_of_several_cards_any_free_one_is_lent(folder: Path) -> None:
    with held(folder, *NAMES) as first, held(folder, *NAMES) as second:
        assert {first.line(), second.line()} == set(NAMES)
        assert free(folder, *NAMES) is None


def test_the_card_that_was_asked_for_is_waited_for(folder: Path) -> None:
    with held(folder, "cuda:1") as first:
        assert first.line() == "cuda:1"
        with held(folder, "cuda:1") as second:
            time.sleep(0.5)
            assert free(folder, "cuda:0") == "cuda:0"
            assert second.process.poll() is None
            first.let_go()
            assert second.line() == "cuda:1"


def test_a_killed_holder_leaves_its_card_to_others(folder: Path) -> None:
    with held(folder, "cuda:0") as holder:
        assert holder.line() == "cuda:0"
        os.kill(holder.process.pid, signal.SIGKILL)
        holder.process.wait()

        assert free(folder, "cuda:0") == "cuda:0"


def test_many_at_once_never_share_a_card(folder: Path) -> None:
    crowd = [Holder(folder, *NAMES, seconds=0.2) for _ in range(8)]
    spans: dict[str, list[tuple[float, float]]] = {name: [] for name in NAMES}
    try:
        for each in crowd:
            out, _ = each.process.communicate(timeout=120)
            name, span = out.splitlines()
            began, ended = map(float, span.split())
            spans[name].append((began, ended))
    finally:
        for each in crowd:
            each.stop()

    assert all(spans.values())
    for rows in spans.values():
        rows.sort()
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(rows))


def test_where_the_instructor_says_so_several_share_a_card(folder: Path) -> None:
    with held(folder, "cuda:0", shares=2) as first, held(folder, "cuda:0", shares=2) as second:
        assert (first.line(), second.line()) == ("cuda:0", "cuda:0")
        assert free(folder, "cuda:0", shares=2) is None


def test_who_wants_a_card_alone_waits_until_nobody_is_on_it(folder: Path) -> None:
    with held(folder, "cuda:0", shares=2) as other:
        assert other.line() == "cuda:0"
        assert free(folder, "cuda:0", shares=2) == "cuda:0"
        assert free(folder, "cuda:0", shares=2, alone=True) is None

        other.let_go()

        with held(folder, "cuda:0", shares=2, alone=True) as alone:
            assert alone.line() == "cuda:0"
            assert free(folder, "cuda:0", shares=2) is None


# ---- what cards are called -------------------------------------------------------------------------------------------

TWO = """GPU 0: NVIDIA H200 (UUID: GPU-5a3c0000-1111-2222-3333-444455556666)
GPU 1: NVIDIA H200 (UUID: GPU-7b1d0000-1111-2222-3333-444455556666)
"""
DIVIDED = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5a3c0000-1111-2222-3333-444455556666)
  MIG 3g.20gb     Device  0: (UUID: MIG-aaaa0000-1111-2222-3333-444455556666)
  MIG 3g.20gb     Device  1: (UUID: MIG-bbbb0000-1111-2222-3333-444455556666)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-7b1d0000-1111-2222-3333-444455556666)
"""


@pytest.mark.parametrize(
    ("text", "begin"),
    [("", []), ("No devices were found", []), (TWO, ["GPU-5a3c", "GPU-7b1d"]), (DIVIDED, ["MIG-aaaa", "MIG-bbbb", "GPU-7b1d"])],
    ids=["nothing", "none", "two", "divided"],
)  # fmt: skip
def test_cards_are_read_from_the_drivers_list_and_parts_stand_for_a_divided_one(text: str, begin: list[str]) -> None:
    assert [uuid[:8] for uuid in leases.read_list(text)] == begin


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (None, ["cuda:0", "cuda:1"]),
        ("1", ["cuda:0"]),
        ("1,0", ["cuda:0", "cuda:1"]),
        ("GPU-7b1d", ["cuda:0"]),
        ("", []),
    ],
)
def test_numbers_count_among_the_cards_that_the_grader_may_see(told: str | None, names: list[str]) -> None:
    uuids = leases.read_list(TWO)

    found = leases.visible(uuids, {} if told is None else {"CUDA_VISIBLE_DEVICES": told})

    assert list(found) == names
    if told in ("1", "1,0", "GPU-7b1d"):
        assert found["cuda:0"] == uuids[1]


def test_parts_of_a_card_are_called_by_their_uuid() -> None:
    found = leases.visible(leases.read_list(DIVIDED), {})

    assert [name[:13] for name in found] == ["cuda:MIG-aaaa", "cuda:MIG-bbbb", "cuda:GPU-7b1d"]


def test_two_names_of_one_card_are_one_lease(folder: Path) -> None:
    prepare(folder)
    uuid = leases.read_list(TWO)[1]
    whole = Cards(("cuda:1",), 1, folder, {"cuda:1": uuid})
    narrowed = Cards(("cuda:0",), 1, folder, {"cuda:0": uuid})

    with whole.lease():
        assert narrowed._free(1) is None


def test_without_a_list_the_first_card_is_lent(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(leases, "listed", lambda: [])

    assert leases.cards("cuda", folder).names == ("cuda:0",)
    assert leases.cards("cuda:3", folder).names == ("cuda:3",)
