"""Which file system a path lies on, and whether a gradebook is safe there."""

from __future__ import annotations

import re
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    "9p acfs afs afpfs beegfs ceph cifs coda davfs gfs2 glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs panfs "
    "prl_fs pvfs2 smb2 smb3 smbfs vboxsf vmhgfs".split()
)
_LOCAL_FUSE = frozenset(
    f"fuse.{name}"
    for name in "bindfs cryfs encfs exfat ext4 fuse-overlayfs gocryptfs lxcfs mergerfs ntfs ntfs-3g zfs".split()
)


def network(path: Path) -> str:
    """The kind of network file system this path lies or would lie on; "" on a local one, or where none can tell."""
    try:
        table = _TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # no Linux
        return ""
    kind = kind_of(path.resolve(), table)
    # Whatever else a user's program serves as files comes mostly from elsewhere: sshfs, rclone, Google Drive.
    remote = kind in _NETWORK or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)
    return kind if remote else ""


def kind_of(path: Path, mountinfo: str) -> str:
    """The type of the file system that an absolute path lies on; "" where the table does not say.

    Args:
        path: a path without links; it need not exist.
        mountinfo: the text of /proc/self/mountinfo. A later line covers an earlier one of the same folder.
    """
    found, kind = "", ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        folder = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        if len(folder) >= len(found) and path.is_relative_to(folder):
            found, kind = folder, after.split(" ")[0]
    return kind
