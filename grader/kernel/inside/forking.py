"""A warm template: has imported everything, and forks a private process for each session.

    grader --control socket: pipe ends--> template --fork--> A: new user, mount, process, ipc, network namespaces
                                                             A --fork--> process 1 of the session (driver.py)
           <--pidfd of that process 1---------------------- A, which then ends

The session's process 1 mounts its own /tmp and /dev/shm, gives up every capability, loads the system call filter, and
only then reads the first byte of the submission. The template itself runs no tensor operation, because a process that
has started torch's threads cannot be forked, and may not be looked into by its children.
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

_libc = ctypes.CDLL(None, use_errno=True)


def run(control_fd: int) -> NoReturn:
    """Serve fork requests until the grader hangs up."""
    control = socket.socket(fileno=control_fd)
    _prctl(_SET_DUMPABLE, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps what ends
    import d2l.torch  # noqa: F401
    import torch._dynamo  # noqa: F401 - torch.optim wants it at the first step, which would cost each session a second

    from grader.kernel.inside import driver  # noqa: F401

    gc.collect()
    gc.freeze()  # so that a collection in a child does not touch, and so copy, every page
    control.sendall(b"R")
    program = _receive_filter(control)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 2)
        if not message:
            os._exit(0)
        disk = struct.unpack("<Q", message)[0]
        if os.fork() == 0:
            _separate(control, descriptors, disk, program)
        for descriptor in descriptors:
            os.close(descriptor)


def _receive_filter(control: socket.socket) -> bytes:
    (size,) = struct.unpack("<I", _exactly(control, 4))
    return _exactly(control, size)


def _exactly(control: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        piece = control.recv(size - len(content))
        if not piece:
            os._exit(0)
        content += piece
    return content


def _separate(control: socket.socket, descriptors: list[int], disk: int, program: bytes) -> NoReturn:
    """In the fork: leave the template's world, make process 1 of a new one, tell the grader how to kill it."""
    try:
        uid, gid = os.getuid(), os.getgid()
        _check(_libc.unshare(_NEWUSER | _NEWNS | _NEWPID | _NEWIPC | _NEWNET | _NEWUTS), "unshare")
        _prctl(_SET_DUMPABLE, 1)  # its files in /proc belong to it, so that it may write its maps
        for name, content in (("setgroups", "deny"), ("uid_map", f"65534 {uid} 1"), ("gid_map", f"65534 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(content)
        _mount(None, "/", None, _MS_REC | _MS_PRIVATE, None)
        for folder in ("/tmp", "/dev/shm"):  # noqa: S108
            _mount("tmpfs", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={disk},mode=1777")
        child = os.fork()
        if child == 0:
            control.close()
            _begin(descriptors, program)
        pidfd = os.pidfd_open(child)
        socket.send_fds(control, [b"F"], [pidfd])
    except OSError as error:
        control.sendall(b"E" + str(error).encode()[:200])
    os._exit(0)


def _begin(descriptors: list[int], program: bytes) -> NoReturn:
    """As process 1 of the session: drop everything, then serve."""
    from grader.kernel.inside import driver
    from grader.kernel.wire import Channel

    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()  # a signal to its process group must not reach the template
        os.chdir("/tmp")  # noqa: S108
        for capability in range(64):
            _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
        header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
        _check(_libc.syscall(_SYS_CAPSET[os.uname().machine], header, bytes(24)), "capset")
        _prctl(_SET_NO_NEW_PRIVS, 1)
        _load_filter(program)
        driver.run(Channel(*descriptors))
    finally:
        os._exit(71)


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
