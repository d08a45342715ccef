"""What an ordinary notebook sees of the machine, in both isolations: told by the notebook itself.

This is to the letter what is there now; what is promised of it stands in grader/kernel/promises and is tried by
tests/kernel/test_promises.py.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from grader.kernel.bubblewrap import bubblewrap_command
from grader.kernel.cells import Script
from grader.kernel.sandbox import PACKAGE, Confinement
from grader.kernel.session import KernelSession
from grader.kernel.system_calls import system_call_filter
from grader.kernel.template import Sandboxes
from grader.probes import Probe, Returned
from grader.records import Limits
from tests.hostile.conftest import Desks, Ground

Seen = dict[str, Any]

_LOOK = r"""
import os, resource, socket


def target_of(link):
    try:
        return os.readlink(link)
    except OSError:
        return ""



def see():
    with open("/proc/self/mountinfo") as file:
        mounts = [[line.split()[3], line.split()[4], line.split()[5].split(",")[0]] for line in file]
    with open("/proc/self/maps") as file:
        shared = [line for line in file if line.split()[1].startswith("rw") and line.split()[1].endswith("s")]
    return {
        "ids": [os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups()],
        "processes": [os.getpid(), os.getppid(), *sorted(int(each) for each in os.listdir("/proc") if each.isdigit())],
        "environment": sorted(os.environ),
        "mounts": mounts,
        "top": sorted(os.listdir("/")),
        "files": sorted({target_of(f"/proc/self/fd/{each}").partition(":")[0] for each in os.listdir("/proc/self/fd")}),
        "pipes": sorted(target_of(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")
                        if target_of(f"/proc/self/fd/{each}").startswith("pipe:")),
        "shared": shared,
        "host": socket.gethostname(),
        "limits": {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1]
                   for name in ("CORE", "NPROC", "NOFILE", "FSIZE", "DATA")},
        "tests": [name for name in _names("/data") if "t10k" in name],
    }


def _names(folder):
    return [name for _, folders, files in os.walk(folder) for name in files]
"""


@pytest.fixture(scope="module")
def look(desks: Desks, ground: Ground) -> Callable[[str], Seen]:
    @cache
    def looked(isolation: str) -> Seen:
        sandboxes = desks[isolation].course.sandboxes
        script = Script("look.ipynb", [(1, _LOOK)], ["see"])
        with KernelSession(script, sandboxes.open, ground.assignment.limits) as session:
            (observation,) = session.ask([Probe("call", "see@0")])
        assert sandboxes.isolation.split()[0] == isolation
        assert isinstance(observation, Returned), observation
        seen: Seen = observation.value
        return seen

    return looked


@pytest.fixture(params=["forked", "bubblewrap"])
def seen(request: pytest.FixtureRequest, look: Callable[[str], Seen]) -> Seen:
    return look(request.param)


def test_the_student_is_nobody(seen: Seen) -> None:
    (user,) = set(seen["ids"])

    assert user == 65534 or user not in {entry.pw_uid for entry in pwd.getpwall()}
    assert seen["host"] == "box"


def test_the_environment_is_ours_to_the_last_variable(seen: Seen) -> None:
    ours = {"PATH", "HOME", "USER", "LANG", "PWD", "MPLBACKEND", "MPLCONFIGDIR", "IPYTHONDIR", "CUDA_VISIBLE_DEVICES"}
    ours |= {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG"}
    ours |= {"TORCHDYNAMO_DISABLE"}
    of_libraries = {"CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "GIT_PAGER", "PAGER", "TERM"}
    of_libraries |= {"TORCHINDUCTOR_CACHE_DIR", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"}

    assert set(seen["environment"]) <= ours | of_libraries


def test_few_processes_are_seen_and_none_of_the_machine(seen: Seen) -> None:
    own, parent, *listed = seen["processes"]

    assert (own, parent) == (1, 0)
    assert len(listed) <= 3
    assert max(listed) < 10_000 and os.getpid() not in listed[3:]


def test_only_what_was_listed_is_mounted(seen: Seen, ground: Ground) -> None:
    points = {point for _, point, _ in seen["mounts"]}
    roots = {root for root, _, _ in seen["mounts"]}
    nowhere = [str(ground.course), str(ground.results), str(Path.cwd() / "reference"), str(Path.cwd() / "rubric.yaml")]

    assert not {
        point for point in points if point.startswith(("/home", "/work", "/run", "/var", "/sys", "/etc/pass", "/mnt"))
    }
    assert not [root for root in roots if any(root == path or root.startswith(path + "/") for path in nowhere)]
    assert str(PACKAGE) not in roots, "only single modules of ours go in"
    assert set(seen["top"]) <= {"bin", "data", "dev", "etc", "grader", "lib", "lib32", "lib64", "proc", "root", "home",
                                "opt", "sbin", "tmp", "usr", "venv"}  # fmt: skip  # root, home, opt: where a Python may lie


def test_open_files_are_the_graders_two_pipes_and_what_the_kernel_itself_made(seen: Seen) -> None:
    assert len(seen["pipes"]) == 2
    # No anon_inode: an epoll of the kernel's would be one of those that the whole account has a supply of.
    assert {kind for kind in seen["files"] if kind} <= {"/dev/null", "pipe", "socket", "/proc/"} | {
        kind for kind in seen["files"] if kind.startswith("/proc/")
    }


def test_no_memory_is_shared_with_the_template_or_anybody(seen: Seen) -> None:
    assert seen["shared"] == []


def test_limits_are_hard_ones(seen: Seen, ground: Ground) -> None:
    limits = ground.assignment.limits

    assert seen["limits"] == {
        "CORE": 0,
        "NPROC": limits.processes,
        "NOFILE": 1024,
        "FSIZE": limits.disk_mb << 20,
        "DATA": limits.memory_mb << 20,
    }


def test_no_test_images_are_among_the_data(seen: Seen) -> None:
    assert seen["tests"] == []


def test_bubblewrap_is_started_with_an_empty_environment(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    popen = subprocess.Popen

    def in_its_place(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        started.append({"command": command, **options})
        return popen(["sleep", "0.5"], **options)

    system_call_filter()  # made once, with a process that looks for libseccomp
    monkeypatch.setattr(subprocess, "Popen", in_its_place)
    with Sandboxes(Confinement("bubblewrap", None, limits=ground.assignment.limits), warm=True) as sandboxes:
        sandboxes.open(Limits()).close()  # the template, which says nothing; then a sandbox of its own

    assert len(started) == 2
    assert all(each["env"] == {} and any(part.endswith("/bwrap") for part in each["command"]) for each in started)
    assert all(each["start_new_session"] and "shell" not in each for each in started)


def test_the_command_names_nothing_of_the_course(ground: Ground) -> None:
    command = bubblewrap_command(Confinement("bubblewrap", None, secrets=(ground.course, ground.results)))

    assert "--clearenv" in command and "--as-pid-1" in command and "--die-with-parent" in command
    assert not [part for part in command if str(ground.course) in part or str(ground.results) in part]


def test_a_course_below_a_visible_folder_is_masked() -> None:
    command = bubblewrap_command(Confinement("bubblewrap", None, secrets=(Path("/usr/share"),)))

    assert "/usr/share" in command[command.index("/proc") :]


def test_the_filter_is_a_program_of_whole_instructions() -> None:
    program = system_call_filter()

    assert len(program) > 8 * 100 and len(program) % 8 == 0
