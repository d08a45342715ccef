"""Control groups: found in both versions, made, left and swept away. The kernel's own trees where they may be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from grader.commands import doctor, isolation
from grader.errors import SandboxError
from grader.kernel import cgroups
from grader.kernel.cgroups import Group, Tree
from grader.records import Limits

V1 = """\
36 25 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
37 25 0:32 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
38 25 0:33 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids
"""


@pytest.fixture
def group() -> Iterator[Group]:
    if not cgroups.trees():
        pytest.skip("control groups may not be written here; root of a machine of its own would run this")
    with closing(Group(cgroups.trees(), Limits(memory_mb=64, processes=8))) as group:
        yield group


@pytest.fixture
def unified() -> Iterator[Tree]:
    """A group of version 2 in the kernel's own tree, limiting nothing: the machine may need its controllers elsewhere."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup2 " in line]
    if not mounts or not os.access(mounts[0][4], os.W_OK):
        pytest.skip("no tree of version 2 may be written here; root of a machine of its own would run this")
    parent = Path(mounts[0][4], f"test-{os.getpid()}")
    parent.mkdir()
    try:
        yield Tree(2, parent, parent, frozenset())
    finally:
        (parent / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + 5
        for folder in [*parent.iterdir(), parent]:
            while folder.is_dir() and time.monotonic() < deadline:
                with suppress(OSError):
                    folder.rmdir()


def folders(grader: int) -> set[Path]:
    """The groups that a grader has made, by the number of its process; other tests run at the same time."""
    return {folder for tree in cgroups.trees() for folder in tree.parent.glob(f"grader-{grader}-*")}


# ---- found -----------------------------------------------------------------------------------------------------------


def test_version_1_has_a_tree_for_each_controller() -> None:
    memory, pids = cgroups.mounted("9:pids:/a\n4:cpu,memory:/b/c\n0::/\n", V1)

    assert memory == Tree(
        1, Path("/sys/fs/cgroup/memory/b/c"), Path("/sys/fs/cgroup/memory/b/c"), frozenset({"memory"})
    )
    assert pids == Tree(1, Path("/sys/fs/cgroup/pids/a"), Path("/sys/fs/cgroup/pids/a"), frozenset({"pids"}))


def test_a_container_sees_its_own_part_of_the_tree() -> None:
    mountinfo = "36 25 0:31 /docker/c0ffee /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"

    (inside,) = cgroups.mounted("4:memory:/docker/c0ffee/below\n", mountinfo)

    assert inside.parent == Path("/sys/fs/cgroup/memory/below")
    assert cgroups.mounted("4:memory:/elsewhere\n", mountinfo) == []


def test_version_2_has_one_tree_and_says_itself_what_it_limits(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")  # a fake of the root of the tree
    mountinfo = f"30 23 0:26 / {tmp_path} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

    (tree,) = cgroups.mounted("0::/user.slice/run-1.scope\n", mountinfo)
    (moved,) = cgroups.mounted("0::/user.slice/run-1.scope/grader-itself\n", mountinfo)

    scope = tmp_path / "user.slice/run-1.scope"
    assert tree == Tree(2, scope, scope, frozenset({"memory", "pids"}))
    assert moved.parent == tree.parent


def test_a_tree_of_version_2_without_controllers_is_no_use(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("hugetlb\n")

    assert cgroups.mounted("0::/\n", f"30 23 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n") == []


def test_the_files_of_version_2_hold_bytes_no_swap_and_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(parent: Path) -> tuple[Path, int]:
        """A fake: a folder with the files that the kernel would put there."""
        for name in ("memory.max", "memory.swap.max", "pids.max", "cgroup.procs"):
            (tmp_path / name).write_text("")
        (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\noom_group_kill 0\n")
        return tmp_path, os.open(tmp_path, os.O_RDONLY)

    monkeypatch.setattr(cgroups, "_made", made)
    group = Group([Tree(2, tmp_path, tmp_path, frozenset({"memory", "pids"}))], Limits(memory_mb=100, processes=7))

    assert (tmp_path / "memory.max").read_text() == str(100 << 20)
    assert (tmp_path / "memory.swap.max").read_text() == "0"
    assert (tmp_path / "pids.max").read_text() == "7"
    assert group.cause() == "ran out of memory"


# ---- made and left ---------------------------------------------------------------------------------------------------


def test_a_process_is_in_the_group_before_its_first_instruction(group: Group) -> None:
    ran = subprocess.run(group.starting(["cat", "/proc/self/cgroup"]), capture_output=True, text=True, check=True)

    named = {line.rpartition("/")[2] for line in ran.stdout.splitlines() if "/grader-" in line}
    assert len(named) == len(cgroups.trees())
    assert named == {folder.name for folder in folders(os.getpid())}


def test_a_process_that_is_gone_is_not_admitted(group: Group) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()

    with pytest.raises(SandboxError, match="ended as soon as it began"):
        group.admit(ended.pid)


def test_what_runs_out_of_memory_is_killed_and_said(group: Group) -> None:
    code = "import mmap, sys; m = mmap.mmap(-1, int(sys.argv[1]) << 20); m.write(b'x' * len(m))"
    under, over = (
        subprocess.run(group.starting([sys.executable, "-S", "-c", code, str(size)]), check=False) for size in (20, 80)
    )

    assert (under.returncode, over.returncode) == (0, -signal.SIGKILL)
    assert group.cause() == "ran out of memory"


def test_closing_kills_what_is_left_and_removes_the_group(group: Group) -> None:
    left = subprocess.Popen(group.starting(["sh", "-c", "sleep 100 & sleep 100"]), start_new_session=True)
    group.admit(left.pid)

    group.close()

    assert left.wait(10) == -signal.SIGKILL
    assert folders(os.getpid()) == set()


def test_the_group_of_a_killed_grader_is_removed_by_the_next_and_no_other_is(group: Group) -> None:
    code = (
        "import os, subprocess, time; from grader.kernel import cgroups; from grader.records import Limits\n"
        "g = cgroups.Group(cgroups.trees(), Limits()); p = subprocess.Popen(['sleep', '100']); g.admit(p.pid)\n"
        "print(p.pid, flush=True); time.sleep(100)"
    )
    mine = folders(os.getpid())
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    with other.stdout:
        sleeper = int(other.stdout.readline())
    left = folders(other.pid)
    other.kill()
    other.wait()

    cgroups.trees.cache_clear()
    cgroups.trees()

    assert len(left) == len(cgroups.trees())
    assert (folders(other.pid), folders(os.getpid())) == (set(), mine)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{sleeper}/stat").exists() and "Z" not in Path(f"/proc/{sleeper}/stat").read_text():
        assert time.monotonic() < deadline


def test_a_group_of_version_2_is_joined_killed_and_removed(unified: Tree) -> None:
    group = Group([unified], Limits())
    joined = subprocess.Popen(group.starting(["sleep", "100"]))
    put_in = subprocess.Popen(["sleep", "100"])

    group.admit(joined.pid)
    group.admit(put_in.pid)
    seen = Path(f"/proc/{put_in.pid}/cgroup").read_text()
    group.close()

    assert "/grader-" in seen
    assert (joined.wait(10), put_in.wait(10)) == (-signal.SIGKILL, -signal.SIGKILL)
    assert not list(unified.parent.glob("grader-*"))


def test_processes_of_a_delegated_group_make_room_and_those_of_another_do_not(
    unified: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = (unified.parent / "cgroup.controllers").read_text().split()
    if not offered:
        pytest.skip("no controller is left to version 2 here; a machine without version 1 would run this")
    tree = Tree(2, unified.own, unified.parent, frozenset(offered[:1]))
    inside = subprocess.Popen(["sleep", "100"])
    (tree.parent / "cgroup.procs").write_text(str(inside.pid))

    try:
        with pytest.raises(OSError, match="busy"):
            cgroups._prepared(tree)
        os.setxattr(tree.parent, "user.delegate", b"1")
        prepared = cgroups._prepared(tree)
    finally:
        inside.kill()
        inside.wait()

    assert prepared.own == tree.parent / "grader-itself"
    assert offered[0] in (tree.parent / "cgroup.subtree_control").read_text()


def test_doctor_and_grade_say_where_limits_are_weak_and_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "trees", lambda: ())

    assert "systemd-run --user --scope -p Delegate=yes" in isolation.weakness()
    (line,) = (line for line in doctor.examine() if line.name == "limits")
    assert (line.good, line.needed, line.text) == (False, False, isolation.weakness())
