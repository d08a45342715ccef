"""Every sandbox keeps its promises, with control groups and without; a plain process keeps some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from grader import cli
from grader.commands import doctor
from grader.commands.isolation import bubblewrap_problem
from grader.kernel import cgroups, promises
from grader.kernel.promises import Told
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes

NAMES = [promise.name for promise in promises.PROMISES]
PLAIN = {"environment", "descriptors", "own_memory", "file_size", "open_files", "core_files", "time_limit"}
BOUNDED = {"own_memory", "shared_memory", "processes"}  # kept by control groups, and somehow without


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with promises.planted() as told:
        yield told


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Callable[[str], Sandboxes]]:
    with ExitStack() as stack:

        @cache
        def opened(isolation: str) -> Sandboxes:
            if isolation != "none" and (problem := bubblewrap_problem()):
                pytest.skip(f"{problem}: bubblewrap would run this")
            backend = "none" if isolation == "none" else "bubblewrap"
            confinement = Confinement(backend, None, limits=promises.LIMITS)
            return stack.enter_context(Sandboxes(confinement, warm=isolation == "forked"))

        yield opened


def broken(sandboxes: Sandboxes, told: Told, names: set[str]) -> dict[str, tuple[str, ...]]:
    return {each.promise.name: each.wrong for each in promises.keep(sandboxes, told, names) if not each.kept}


@pytest.mark.parametrize("isolation", ["forked", "bubblewrap"])
def test_a_sandbox_keeps_every_promise(isolation: str, sandboxes: Callable[[str], Sandboxes], told: Told) -> None:
    names = set(NAMES) - {"time_limit"}

    assert broken(sandboxes(isolation), told, names) == {}
    assert sandboxes(isolation).isolation.split()[0] == isolation


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["forked", "bubblewrap", "none"])
def test_what_hears_no_signal_is_ended(isolation: str, sandboxes: Callable[[str], Sandboxes], told: Told) -> None:
    assert broken(sandboxes(isolation), told, {"time_limit"}) == {}


@pytest.mark.slow
def test_a_plain_process_is_limited_and_not_confined(sandboxes: Callable[[str], Sandboxes], told: Told) -> None:
    names = PLAIN | BOUNDED | {"hidden_files"} if cgroups.trees() else PLAIN | {"hidden_files"}

    assert broken(sandboxes("none"), told, names - {"time_limit"}).keys() == {"hidden_files"}


@pytest.mark.parametrize("isolation", ["forked", pytest.param("none", marks=pytest.mark.slow)])
def test_without_control_groups_a_watch_keeps_limits_and_the_row_says_weak(
    isolation: str, sandboxes: Callable[[str], Sandboxes], told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "trees", lambda: ())

    assert broken(sandboxes(isolation), told, BOUNDED) == {}
    assert sandboxes(isolation).isolation == f"{isolation} limits=weak"


def test_every_promise_has_a_name_and_a_sentence_of_its_own() -> None:
    sentences = [promise.sentence for promise in promises.PROMISES]

    assert len(set(NAMES)) == len(set(sentences)) == len(NAMES) > 20
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in sentences)


# ---- grader doctor --sandbox -----------------------------------------------------------------------------------------


def found(name: str, wrong: tuple[str, ...] = (), problem: str = "") -> doctor.Backend:
    verdicts = () if problem else (promises.Verdict(promises.PROMISES[0], wrong),)
    return doctor.Backend(name, verdicts, problem)


@pytest.mark.parametrize(
    ("backends", "code"),
    [
        pytest.param([found("forked"), found("bubblewrap"), found("none", ("/root",))], 0, id="all is well"),
        pytest.param([found("forked", ("/root",)), found("bubblewrap")], 3, id="what grade takes is broken"),
        pytest.param([found("forked", problem="no forks"), found("bubblewrap")], 0, id="grade takes the second"),
        pytest.param([found("forked", problem="no bwrap"), found("none")], 3, id="no sandbox at all"),
    ],
)
def test_doctor_tells_which_promises_hold_and_fails_where_grade_would_rely_on_a_broken_one(
    backends: list[doctor.Backend], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "backends", lambda: iter(backends))

    assert cli.main(["doctor", "--sandbox"]) == code

    told = " ".join(capsys.readouterr().out.split())
    assert "No file of the course" in told
    assert ("But: /root." in told) == any(verdict.wrong for each in backends for verdict in each.verdicts)
