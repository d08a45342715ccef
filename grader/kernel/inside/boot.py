"""The first code of ours that runs in a sandbox: `python -P -s -B boot.py ROOT`, the grader's pipe as stdin and stdout.

Imports everything that is slow and the same for all students, then serves one session (the cold path) or, started with
a third argument, becomes a template that is forked for each of them.
"""

import ctypes
import os
import signal
import sys


def main() -> None:
    """Give up root, take the pipe away from stdin and stdout, import, serve."""
    root, role, user = sys.argv[1:4]
    if user:
        _become(int(user))
    read_fd, write_fd = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.path[:0] = [os.path.join(root, "grader", "kernel", "inside", "site"), root]
    if role == "template":
        from grader.kernel.inside import forking

        forking.run(read_fd)
    else:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: a sandbox has its own, a process none
        from grader.kernel.channel import Channel
        from grader.kernel.inside import kernel

        kernel.run(Channel(read_fd, write_fd))


def _become(user: int) -> None:
    """Be another user than root for good: no capability is left, and none can come back."""
    import struct

    libc = ctypes.CDLL(None)
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    capset = {"x86_64": 126, "aarch64": 91}[os.uname().machine]
    libc.syscall(capset, struct.pack("<Ii", 0x20080522, 0), bytes(24))  # the inheritable ones stay otherwise
    libc.prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG: a change of user clears what bubblewrap had set
    libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: its files in /proc are its own again
    if os.getresuid() != (user, user, user):
        raise SystemExit("could not give up root")


main()
