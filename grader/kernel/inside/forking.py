"""A warm template: has imported everything, and makes a private copy of itself for each session.

    grader --fork, pipe ends--> template --clone--> process 1 of new user, mount, process, ipc, network namespaces
           <--pidfd of process 1-- template
           <--made, or why not----------------------- process 1, once nothing can be undone any more
           --waited, pid--> template --> grader       how a process 1 ended

Process 1 mounts its own /tmp and /dev/shm, gives up every capability, loads the system call filter, and only then
reads the first byte of the submission; it is the kernel itself (kernel.py). The template itself runs no tensor
operation, because a process that has started torch's threads cannot be forked, and may not be looked into.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import struct
from typing import NoReturn

# From linux/sched.h, linux/prctl.h, linux/mount.h, linux/capability.h.
_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_SET_DUMPABLE, _SET_SECCOMP, _CAPBSET_DROP, _SET_NO_NEW_PRIVS, _SET_PDEATHSIG = 4, 22, 24, 38, 1
_SECCOMP_FILTER = 2
_MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 2, 4, 0x4000, 0x40000
_CAPABILITY_VERSION = 0x20080522
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}

_SYS_CLONE = {"x86_64": 56, "aarch64": 220}
_MADV_COLLAPSE, _HUGE = 25, 2 << 20
_FILES = 65_536  # in each of its folders
_STATUSES = 1000  # ends of sessions that are remembered

_USER = os.getuid(), os.getgid()  # in the template's own namespace
_REQUEST = struct.Struct("<cxxxxxxxq")  # F: fork, with bytes of disk; W: waited for, with a process number

_libc = ctypes.CDLL(None, use_errno=True)
_with_gil = ctypes.PyDLL(None, use_errno=True)


def run(control_fd: int) -> NoReturn:
    """Serve requests until the grader hangs up."""
    control = socket.socket(fileno=control_fd)
    _prctl(_SET_DUMPABLE, 0)
    import torch._dynamo  # noqa: F401 - torch.optim wants it at the first step, which would cost each session a second

    from grader.kernel.inside import kernel

    kernel.prepare()
    gc.collect()
    gc.freeze()  # so that a collection in a child does not touch, and so copy, every page
    _gather_pages()
    control.sendall(b"R")
    program = control.recv(1 << 20)
    ended: dict[int, int] = {}
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _REQUEST.size, 2)
        if len(message) < _REQUEST.size:
            os._exit(0)
        kind, number = _REQUEST.unpack(message)
        _reap(ended)
        if kind == b"W":
            control.sendall(struct.pack("<i", ended.get(number, -1)))
            continue
        pid = _clone()
        if pid == 0:
            _begin(control, descriptors, number, program)
        pidfd = os.pidfd_open(pid)
        socket.send_fds(control, [struct.pack("<i", pid)], [pidfd])
        for descriptor in (*descriptors, pidfd):  # or the next session would have it
            os.close(descriptor)


def _gather_pages() -> None:
    """Ask for huge pages behind what was allocated, where Linux knows how (6.1): a fork has less to copy then."""
    with open("/proc/self/maps") as file:
        rows = [line.split() for line in file]
    for where, permissions, _, _, inode, *name in rows:
        if permissions == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            first, last = (int(number, 16) for number in where.split("-"))
            first, last = -(-first // _HUGE) * _HUGE, last // _HUGE * _HUGE
            if first < last:
                _libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _MADV_COLLAPSE)


def _clone() -> int:
    """Fork into new namespaces: as os.fork(), whose flags cannot be chosen. There is one thread, so no lock is held."""
    flags = _NEWUSER | _NEWNS | _NEWPID | _NEWIPC | _NEWNET | _NEWUTS | signal.SIGCHLD
    _with_gil.PyOS_BeforeFork()
    pid = int(
        _with_gil.syscall(ctypes.c_long(_SYS_CLONE[os.uname().machine]), ctypes.c_ulong(flags), None, None, None, None)
    )
    if pid == 0:
        _with_gil.PyOS_AfterFork_Child()
    else:
        _with_gil.PyOS_AfterFork_Parent()
    return pid


def _reap(ended: dict[int, int]) -> None:
    """Remember how sessions ended; the oldest are forgotten."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        ended[pid] = status
        if len(ended) > _STATUSES:
            del ended[next(iter(ended))]


def _begin(control: socket.socket, descriptors: list[int], disk: int, program: bytes) -> NoReturn:
    """As process 1 of the session: leave the template's world, drop everything, then serve."""
    from grader.kernel.channel import Channel
    from grader.kernel.inside import kernel

    try:
        try:
            _separate(disk)
            _drop_everything(program)
        except OSError as error:
            control.sendall(b"E" + str(error).encode()[:200])
            os._exit(71)
        control.sendall(b"M")
        control.close()
        kernel.run(Channel(*descriptors))
    finally:
        os._exit(70)


def _separate(disk: int) -> None:
    """Become nobody, with /tmp and /dev/shm of one's own."""
    _prctl(_SET_DUMPABLE, 1)  # its files in /proc belong to it, so that it may write its maps
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"65534 {_USER[0]} 1"),
        ("gid_map", f"65534 {_USER[1]} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE, None)
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108
        _mount("tmpfs", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={disk},nr_inodes={_FILES},mode=1777")


def _drop_everything(program: bytes) -> None:
    os.setsid()  # a signal to its process group must not reach the template
    os.chdir("/tmp")  # noqa: S108
    for capability in range(64):
        _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    _check(_libc.syscall(_SYS_CAPSET[os.uname().machine], header, bytes(24)), "capset")
    _prctl(_SET_NO_NEW_PRIVS, 1)
    _load_filter(program)


def _load_filter(program: bytes) -> None:
    code = ctypes.create_string_buffer(program, len(program))
    count = len(program) // 8
    # struct sock_fprog { unsigned short len; struct sock_filter *filter; }
    fprog = struct.pack("HxxxxxxQ", count, ctypes.addressof(code))
    _check(_libc.prctl(_SET_SECCOMP, _SECCOMP_FILTER, ctypes.c_char_p(fprog), 0, 0), "seccomp")


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, value, 0, 0, 0), f"prctl {option}")


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None) -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind, options)]
    _check(_libc.mount(encoded[0], encoded[1], encoded[2], flags, encoded[3]), f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
