"""Where a gradebook may lie: not on a network file system, because SQLite's log needs memory shared on one machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import mounts
from grader.errors import GradebookError
from grader.gradebook import Gradebook

TABLE = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
31 27 0:28 / /home rw,relatime shared:2 master:1 - nfs4 server:/home rw,vers=4.2
32 31 0:29 / /home/ada/scratch rw - xfs /dev/vdb rw
33 27 0:30 / /mnt/my\040course rw - fuse.sshfs ada@server: rw
34 27 0:31 / /mnt/c rw - 9p C:\134 rw
35 27 0:32 / /mnt/twice rw - cifs //server/share rw
36 35 0:33 / /mnt/twice rw - btrfs /dev/vdc rw
a line of another kind
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/results", "ext4"),
        ("/", "ext4"),
        ("/home/ada/results", "nfs4"),
        ("/homestead", "ext4"),
        ("/home/ada/scratch/results", "xfs"),
        ("/mnt/my course/results", "fuse.sshfs"),
        ("/mnt/c/Users", "9p"),
        ("/mnt/twice/results", "btrfs"),
    ],
)
def test_a_path_lies_on_the_nearest_mount_above_it(path: str, kind: str) -> None:
    assert mounts.kind_of(Path(path), TABLE) == kind


@pytest.mark.parametrize(
    ("kind", "network"),
    [
        *[
            (kind, True)
            for kind in ("nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "lustre", "fuse.sshfs", "fuse.rclone")
        ],
        *[(kind, False) for kind in ("ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.gocryptfs")],
    ],
)
def test_a_gradebook_on_a_network_file_system_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, network: bool
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"27 1 254:0 / / rw - {kind} /dev/vda rw\n")
    monkeypatch.setattr(mounts, "_TABLE", table)
    out = tmp_path / "results"

    if network:
        with pytest.raises(GradebookError, match=rf"results lies on a network file system \({kind}\); choose a local"):
            Gradebook.open(out / "gradebook.db")
    else:
        Gradebook.open(out / "gradebook.db").close()

    assert out.exists() is not network


def test_this_machine_says_what_its_own_folders_lie_on(tmp_path: Path) -> None:
    if not Path("/proc/self/mountinfo").exists():
        pytest.skip("no /proc here; Linux would run this")
    table = Path("/proc/self/mountinfo").read_text()

    assert mounts.kind_of(Path("/proc/self"), table) == "proc"
    assert mounts.network(tmp_path) == ""


def test_where_nothing_can_tell_the_gradebook_is_let_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "_TABLE", tmp_path / "no such file")

    assert mounts.network(tmp_path) == ""
