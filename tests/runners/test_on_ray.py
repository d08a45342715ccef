"""The real command on a real Ray cluster of several nodes, some of which die: the same tables as on one machine."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.commands.isolation import bubblewrap_problem
from grader.gradebook import Gradebook
from grader.runners import parcels
from tests.runners import networks
from tests.runners.clusters import Cluster, NetworkedCluster, below, until

pytest.importorskip("ray", reason="Ray is not installed: make setup would run this")

ROOT = Path(__file__).parents[2]
TABLES = ("grades.csv", "items.csv")
IMPORTS = "import os, socket\nimport torch\nfrom torch import nn"
RIGHT = """def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y"""
FLIPPED = RIGHT.replace("* K)", "* K.flip(0, 1))")
# What a student would find who looks for the cluster. A list, empty in a sandbox.
LOOK = """def found():
    seen = [name for name in os.environ if 'RAY' in name.upper()]
    seen += [path for path in PATHS if os.path.lexists(path)]
    for family, address in [(socket.AF_INET, ADDRESS), *((socket.AF_UNIX, path) for path in PATHS)]:
        with socket.socket(family) as caller:
            caller.settimeout(1)
            if caller.connect_ex(address) == 0:
                seen.append(address)
    with open('/proc/self/status') as status:
        blocked = status.read().partition('SigBlk:')[2].split()[0]
    return seen + ([blocked] if int(blocked, 16) else [])"""
SPY = RIGHT.replace("    return Y", "    return Y if not found() else Y + 1")


GRADING = re.compile(r"raylet/raylet|ray::Stationed|forkserver|boot\.py")  # what runs on a node that grades


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")


def looking(paths: Sequence[str], address: str) -> str:
    host, _, port = address.partition(":")
    return LOOK.replace("PATHS", repr(list(paths))).replace("ADDRESS", repr((host, int(port))))


def look(paths: Sequence[str], address: str) -> list[str]:
    """What is found here, without a sandbox."""
    namespace: dict[str, Any] = {}
    exec(f"import os, socket\n{looking(paths, address)}", namespace)
    return [str(each) for each in namespace["found"]()]


def hand_in(folder: Path, students: int, *, paths: Sequence[str] = (), address: str = "127.0.0.1:1") -> Path:
    """Right, wrong and curious submissions, each with a comment of its own."""
    folder.mkdir()
    curious = looking(paths, address)
    for number in range(students):
        cells = [IMPORTS, curious, (RIGHT, FLIPPED, SPY)[number % 3], f"# {number}"]
        rows: list[dict[str, Any]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells
        ]
        content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": rows}
        (folder / f"student{number:03}.ipynb").write_text(json.dumps(content))
    return folder


def begin(
    handed_in: Path, out: Path, *options: str, on: Callable[[list[str]], list[str]] = list, **environment: str
) -> subprocess.Popen[str]:
    """Start the grader; `on` makes of a command one that runs on another host."""
    command = [sys.executable, "-m", "grader", "grade", str(handed_in), "--out", str(out), "--assignment", "hw2-cnn"]
    command += ["--course", str(ROOT), "--item", "corr2d-values", "--profile", "quick", "--device", "cpu"]
    command += ["--format", "json", *options]
    given = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with (out.parent / f"{out.name}.err").open("w") as errors, (out.parent / f"{out.name}.out").open("w") as told:
        return subprocess.Popen(on(command), env=given, cwd=out.parent, stdout=told, stderr=errors, text=True)


def events(out: Path) -> list[dict[str, Any]]:
    """What was printed: events and nothing else."""
    return [json.loads(line) for line in (out.parent / f"{out.name}.out").read_text().splitlines()]


def errors(out: Path) -> str:
    return (out.parent / f"{out.name}.err").read_text()


def graded(out: Path) -> list[str]:
    return [each["student_id"] for each in events(out) if each["event"] == "graded"]


def recorded(out: Path) -> Counter[str]:
    """How many grades each student has in the gradebook."""
    with contextlib.closing(sqlite3.connect(out / "gradebook.db")) as book:
        return Counter(student for (student,) in book.execute("SELECT student_id FROM grades"))


def same_secret(*outs: Path) -> None:
    """Gradebooks that ask the same hidden cases."""
    for out in outs:
        out.mkdir()
    with Gradebook.open(outs[0] / "gradebook.db"):
        pass
    for out in outs[1:]:
        shutil.copy(outs[0] / "gradebook.db", out / "gradebook.db")


@dataclass(frozen=True, slots=True)
class Compared:
    """One class, graded by this machine and by a cluster of which a node was killed."""

    local: Path
    ray: Path
    code: int
    outside: Sequence[str]  # what a curious student's code finds where there is no sandbox


def compared(folder: Path, students: int, *, kills: int) -> Compared:
    """Grade a class both ways; so many nodes are killed in the middle, and as many join."""
    with Cluster() as cluster:
        nodes = [cluster.add() for _ in range(2)]
        sessions = Path("/tmp/ray").glob("session_2*/sockets/*")
        sockets = [str(path) for path in sessions if path.is_socket()]
        outside = look(sockets, cluster.address)
        handed_in = hand_in(folder / "in", students, paths=sockets, address=cluster.address)
        local, ray = folder / "local", folder / "ray"
        same_secret(local, ray)
        running = begin(handed_in, ray, "--runner", "ray", "--address", cluster.address)
        begin(handed_in, local, "--workers", "1").wait(280)
        for kill in range(kills):
            done = (kill + 1) * students // (kills + 2)
            until(lambda done=done: len(graded(ray)) >= done, 280)
            cluster.kill(nodes[kill])
            nodes.append(cluster.add())
        return Compared(local, ray, running.wait(280 + students), outside)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    yield compared(tmp_path_factory.mktemp("ray"), 12, kills=1)


def test_the_tables_are_the_same_to_the_byte_wherever_submissions_ran(run: Compared) -> None:
    assert run.code == 0, errors(run.ray)
    assert {name: (run.ray / name).read_bytes() for name in TABLES} == {
        name: (run.local / name).read_bytes() for name in TABLES
    }


def test_nobody_is_lost_with_a_node_and_nobody_counted_twice(run: Compared) -> None:
    assert Counter(graded(run.ray)) == recorded(run.ray) == recorded(run.local)
    assert len(recorded(run.ray)) == 12


def test_students_reach_nothing_of_the_cluster_and_no_signal_is_blocked_for_them(run: Compared) -> None:
    points = {each["student_id"]: each["earned"] for each in events(run.ray) if each["event"] == "graded"}

    assert {points[f"student{number:03}"] for number in range(2, 12, 3)} == {5.0}  # the curious, who found nothing
    assert {points[f"student{number:03}"] for number in range(1, 12, 3)} == {0.0}
    assert any("raylet" in each for each in run.outside)
    assert any("127.0.0.1" in each or "(" in each for each in run.outside)


def test_how_far_a_submission_is_on_another_machine_is_told_here(run: Compared) -> None:
    def stages(out: Path) -> set[tuple[str, str]]:
        return {(each["student_id"], each["stage"]) for each in events(out) if each["event"] == "stage"}

    assert ("student003", "running student003.ipynb") in stages(run.local)
    assert stages(run.ray) == stages(run.local)


def test_nothing_is_left_on_a_machine(run: Compared) -> None:
    parcels.sweep(parcels.home())  # what the killed node left; the next grader does so

    assert not [path for path in parcels.home().iterdir() if not path.name.startswith(("proved-", "proving"))]
    assert not [pid for pid in below(1) if "ray::Stationed" in _command(pid)]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_nodes_die_and_join_in_the_middle_of_three_hundred_submissions(tmp_path: Path) -> None:
    run = compared(tmp_path, 300, kills=3)

    assert run.code == 0, errors(run.ray)
    assert recorded(run.ray) == recorded(run.local) == Counter(f"student{number:03}" for number in range(300))
    assert all((run.ray / name).read_bytes() == (run.local / name).read_bytes() for name in TABLES)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_driver_that_is_killed_goes_on_where_it_was_and_ctrl_c_twice_stops_at_once(tmp_path: Path) -> None:
    handed_in, out = hand_in(tmp_path / "in", 40), tmp_path / "ray"
    with Cluster() as cluster:
        for _ in range(2):
            cluster.add()
        ray = ("--runner", "ray", "--address", "auto")
        killed = begin(handed_in, out, *ray, RAY_ADDRESS=cluster.address)
        until(lambda: len(graded(out)) >= 5, 400)
        killed.kill()
        killed.wait()
        done = set(graded(out))
        stopped = begin(handed_in, out, *ray, RAY_ADDRESS=cluster.address)
        until(lambda: len(graded(out)) >= 5, 400)
        for _ in range(2):
            stopped.send_signal(signal.SIGINT)
            time.sleep(0.2)
        assert stopped.wait(60) == 130
        assert not done & set(graded(out))
        assert "Graded last and alone" not in errors(out)  # another machine's work is not suspected of killing this one
        done |= set(graded(out))
        last = begin(handed_in, out, *ray, RAY_ADDRESS=cluster.address)
        code = last.wait(400)

    assert code == 0, errors(out)
    assert recorded(out) == Counter(f"student{number:03}" for number in range(40))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_who_does_not_have_the_token_of_a_cluster_is_told_so_in_one_line(tmp_path: Path) -> None:
    if problem := networks.missing():
        pytest.skip(f"{problem}: root with iproute2 would run this")
    handed_in, out = hand_in(tmp_path / "in", 1), tmp_path / "ray"
    with networks.Network() as network:
        cluster = NetworkedCluster(network, tmp_path)
        stranger = begin(
            handed_in,
            out,
            *("--runner", "ray", "--address", cluster.address),
            on=lambda command: network.command(1, command),
            **(cluster.environment | {"RAY_AUTH_MODE": "disabled"}),
        )
        assert stranger.wait(300) == 3

    assert errors(out).splitlines()[1:] == [
        f"grader: the Ray cluster at {cluster.address} wants its token: set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to its file"
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_machine_that_is_cut_off_from_the_network_costs_nobody_anything(tmp_path: Path) -> None:
    if problem := networks.missing():
        pytest.skip(f"{problem}: root with iproute2 would run this")
    handed_in, local, ray = hand_in(tmp_path / "in", 60), tmp_path / "local", tmp_path / "ray"
    same_secret(local, ray)
    with networks.Network() as network:
        cluster = NetworkedCluster(network, tmp_path)
        cluster.add()
        far = cluster.add()
        running = begin(
            handed_in,
            ray,
            *("--runner", "ray", "--address", cluster.address),
            on=lambda command: network.command(1, command),
            **cluster.environment,
        )
        until(lambda: len(graded(ray)) >= 6, 200)
        network.cut(far)  # for a moment, which nobody notices
        time.sleep(1)
        network.mend(far)
        until(lambda: len(graded(ray)) >= 16, 200)
        network.cut(far)
        until(lambda: len(graded(ray)) >= 40, 200)
        network.mend(far)
        code = running.wait(300)
        # It learns that it was given up, and ends.
        until(lambda: not [each for each in map(_command, network.processes(far)) if GRADING.search(each)], 60)
    begin(handed_in, local, "--workers", "1").wait(280)

    assert code == 0, errors(ray)
    assert recorded(ray) == Counter(graded(ray)) == Counter(f"student{number:03}" for number in range(60))
    assert all((ray / name).read_bytes() == (local / name).read_bytes() for name in TABLES)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_machine_that_stands_still_is_not_waited_for_and_what_it_says_late_does_not_count(tmp_path: Path) -> None:
    handed_in, out = hand_in(tmp_path / "in", 12), tmp_path / "ray"
    with Cluster() as cluster:
        nodes = [cluster.add() for _ in range(2)]
        running = begin(handed_in, out, "--runner", "ray", "--address", cluster.address)
        until(lambda: len(graded(out)) >= 4, 200)
        slow = [pid for pid in below(cluster.raylet(nodes[0])) if "ray::Stationed" in _command(pid)]
        for pid in slow:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: len(graded(out)) == 12, 200)
        for pid in slow:
            os.kill(pid, signal.SIGCONT)
        code = running.wait(200)

    assert slow
    assert code == 0, errors(out)
    assert recorded(out) == Counter(graded(out)) == Counter(f"student{number:03}" for number in range(12))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_workers_and_actors_that_are_killed_cost_nobody_anything(tmp_path: Path) -> None:
    handed_in, local, ray = hand_in(tmp_path / "in", 30), tmp_path / "local", tmp_path / "ray"
    same_secret(local, ray)
    with Cluster() as cluster:
        raylet = cluster.raylet(cluster.add())
        running = begin(handed_in, ray, "--runner", "ray", "--address", cluster.address)
        killed = []
        for done, kind in ((5, "worker"), (12, "actor"), (18, "worker")):
            until(lambda done=done: len(graded(ray)) >= done, 200)
            actors = [pid for pid in below(raylet) if "ray::Stationed" in _command(pid)]
            forked = [pid for pid in below(actors[0]) if "forkserver" in _command(pid)]
            workers = [pid for pid in forked if any(pid in below(each) for each in forked)]
            for pid in actors if kind == "actor" else workers:
                os.kill(pid, signal.SIGKILL)
                killed.append(kind)
        code = running.wait(300)
    begin(handed_in, local, "--workers", "1").wait(280)

    assert killed == ["worker", "actor", "worker"]
    assert code == 0, errors(ray)
    assert recorded(ray) == Counter(graded(ray)) == Counter(f"student{number:03}" for number in range(30))
    assert all((ray / name).read_bytes() == (local / name).read_bytes() for name in TABLES)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_to_train_on_cards_only_nodes_that_have_one_are_asked_and_the_others_named(tmp_path: Path) -> None:
    handed_in, out = hand_in(tmp_path / "in", 2), tmp_path / "ray"
    with Cluster() as cluster:
        cluster.add()
        cluster.add(num_gpus=1)  # so it says to Ray; there is none
        code = begin(handed_in, out, "--runner", "ray", "--address", cluster.address, "--device", "cuda").wait(400)

    told = errors(out)
    assert code == 3, told
    assert "is left out: it offers Ray no graphics card." in told
    assert "is left out: torch finds no graphics card there." in told
    assert "no machine of the cluster may grade" in told


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_node_with_other_software_or_without_a_sandbox_is_left_out_and_named(tmp_path: Path) -> None:
    handed_in, out = hand_in(tmp_path / "in", 6), tmp_path / "ray"
    other = tmp_path / "other"
    shutil.copytree(ROOT / "grader", other / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "grader" / "scoring.py").open("a") as file:
        file.write("# another policy\n")
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("bash", "sh", "env"):
        (bare / name).symlink_to(shutil.which(name) or "")
    with Cluster() as cluster:
        cluster.add()
        cluster.add({"PYTHONPATH": str(other)})
        cluster.add({"PATH": str(bare)})
        code = begin(handed_in, out, "--runner", "ray", "--address", cluster.address).wait(400)

    told = errors(out)
    assert code == 0, told
    assert told.count("is left out") == 2
    assert "is left out: other software, source " in told
    assert "is left out: bubblewrap is not installed" in told
    assert len(recorded(out)) == 6


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
