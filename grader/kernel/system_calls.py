"""Which system calls a sandbox may not make, as a program for the kernel (seccomp)."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import tempfile
from collections.abc import Iterator

from grader.errors import SandboxError
from grader.kernel import bubblewrap

_FORBIDDEN = (
    "ptrace process_vm_readv process_vm_writev kcmp keyctl add_key request_key bpf perf_event_open userfaultfd "
    "io_uring_setup io_uring_enter io_uring_register mount umount2 move_mount open_tree fsopen fsconfig fsmount fspick "
    "mount_setattr pivot_root chroot unshare setns kexec_load kexec_file_load init_module finit_module delete_module "
    "swapon swapoff reboot acct quotactl syslog open_by_handle_at name_to_handle_at clock_settime settimeofday "
    "sethostname setdomainname iopl ioperm lookup_dcookie nfsservctl vhangup pidfd_getfd"
).split()
# As on a Linux built without them: shared memory that no limit of a process counts, and asynchronous reading and
# writing, of which there is one supply for the whole machine.
_ABSENT = (
    "shmget shmat shmdt shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl "
    "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents"
).split()
_FLUSHING = ("sync", "syncfs")  # the disks of the whole machine, and everybody on it waits
_CHANGES_OF_MODE = ("chmod", "fchmod", "fchmodat", 452)  # fchmodat2, of which older versions of libseccomp know nothing
_NAMESPACES = 0x02000000 | 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00000080
_SOCKET_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink: what libraries try; there is no network anyway
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


@functools.cache
def system_call_filter() -> bytes:
    """The seccomp program (BPF) of every sandbox, built by libseccomp.

    Raises:
        SandboxError: libseccomp is not installed.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxError("libseccomp is not installed: run `apt-get install libseccomp2`") from error
    refuse, unknown = seccomp.ERRNO(errno.EPERM), seccomp.ERRNO(errno.ENOSYS)
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in _FORBIDDEN:
        with contextlib.suppress(RuntimeError, ValueError, OSError):  # not every architecture has every call
            rules.add_rule(refuse, name)
    for flag in (1 << bit for bit in range(32) if _NAMESPACES >> bit & 1):
        rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    # As if it had been done: there is no disk to flush, and programs that copy files do not expect a refusal.
    swallowed = [*_FLUSHING, *(_CHANGES_OF_MODE if bubblewrap.root_by_number() else ())]
    for answer, calls in ((unknown, _ABSENT), (seccomp.ERRNO(0), swallowed)):
        for call in calls:
            with contextlib.suppress(RuntimeError, ValueError, OSError):
                rules.add_rule(answer, call)
    rules.add_rule(unknown, "clone3")  # its flags lie in memory, where a filter cannot look; libc falls back to clone
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(refuse, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request))
    for family in set(range(46)) - set(_SOCKET_FAMILIES):
        rules.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.MASKED_EQ, 0xFFFFFFFF, family))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


@contextlib.contextmanager
def filter_file() -> Iterator[int]:
    """A file descriptor from which bwrap reads the system call filter."""
    fd = os.memfd_create("seccomp", 0)
    try:
        os.write(fd, system_call_filter())
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)
