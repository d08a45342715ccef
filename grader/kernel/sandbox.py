"""Start a process that may do nothing but compute, and kill it for certain.

What such a process sees (everything else does not exist for it):

    /usr, the Python installation        read-only; data sets below /usr/share masked
    /venv                                the virtual environment, read-only
    /grader                              the few modules of ours that run inside, read-only
    /data                                training images and labels, read-only
    /tmp, /dev/shm                       its own, limited in size, gone with it
    no network, no environment, its own process numbers, no capabilities, system calls filtered

Its standard input and output are the grader's pipe (channel.py). ATTACKS and promises: docs/security.md.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.errors import SandboxError
from grader.kernel import bounds, cards
from grader.kernel.bounds import Bounds
from grader.kernel.channel import Channel
from grader.records import Limits

PACKAGE = Path(__file__).resolve().parent.parent
INSIDE = ("__init__.py", "probes.py", "kernel/__init__.py", "kernel/channel.py", "kernel/wire.py", "kernel/inside")
_MASKED = ("/usr/share/datasets", "/usr/local/share/datasets", "/usr/src", "/usr/local/src")
_ENDING_S = 2.0  # between the last word of a process and its end
_FIRST_USER = 1_900_000_000  # above every number that systems give out
# As -I, but for the environment, which is our own: PYTHONHASHSEED has to count, or sets have another order every time.
_ISOLATED = ("-P", "-s", "-B")


@dataclass(frozen=True, slots=True)
class Place:
    """Where things lie as seen from inside."""

    python: str
    root: str  # the folder that holds the package grader
    work: str  # the notebook's working folder
    data: str | None  # training images


@dataclass(frozen=True, slots=True)
class Confinement:
    """How to confine: the backend and what one session is given.

    Args:
        backend: bubblewrap, or none for a plain process with limits.
        data: folder with training images, made by datasets.py.
        device: cpu, or cuda or cuda:1, which let a graphics card through (cards.py).
        threads: how many threads torch may use.
        secrets: folders that must not be visible even if they lie below something that is.
    """

    backend: str
    data: Path | None
    device: str = "cpu"
    threads: int = 1
    limits: Limits = field(default_factory=Limits)
    secrets: tuple[Path, ...] = ()


class Sandbox(Protocol):
    """A confined process that serves one session over its channel."""

    @property
    def channel(self) -> Channel:
        """The pipe to it."""
        ...

    @property
    def place(self) -> Place:
        """Where things lie inside."""
        ...

    def ended(self) -> int | None:
        """How its first process ended, as of waitpid, once it has; None before, or where that is not known."""
        ...

    def cause(self) -> str:
        """What its limits have ended, in our own words; "" when nothing."""
        ...

    def close(self) -> None:
        """Kill it and everything it started; it is gone when this returns."""
        ...


class Confined:
    """A running process and the pipe to it. Closing kills everything it started."""

    def __init__(
        self, process: subprocess.Popen[bytes], channel: Channel, place: Place, folder: Path | None, held: Bounds
    ) -> None:
        self.channel: Channel = channel
        self.place: Place = place
        self._process = process
        self._folder = folder
        self._held = held

    def alive(self) -> bool:
        """Whether its first process still runs."""
        return self._process.poll() is None

    def hold(self) -> None:
        """Keep it within its limits from here on; nothing of a student's may run before.

        Raises:
            SandboxError: it cannot be held, and is closed.
        """
        try:
            self._held.admit(self._process.pid)
        except SandboxError:
            self.close()
            raise

    def cause(self) -> str:
        """What its limits have ended."""
        return self._held.cause()

    def ended(self) -> int | None:
        """How it ended, as of waitpid; bubblewrap passes on a signal as 128 more than its number."""
        try:
            code = self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            return None
        return -code if code < 0 else code - 128 if code > 128 else code << 8

    def close(self) -> None:
        """Kill the process with all its children and forget its files."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._held.close()
        self.channel.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def start(confinement: Confinement, limits: Limits) -> Confined:
    """Start one confined process that will serve one session within these limits.

    Raises:
        SandboxError: the sandbox cannot be started.
    """
    confined = start_ahead(confinement, limits)
    confined.hold()
    return confined


def start_ahead(confinement: Confinement, limits: Limits) -> Confined:
    """Like `start`, for a session that nobody has yet; `hold` it first. Until then it imports, and costs nothing after.

    Raises:
        SandboxError: the sandbox cannot be started.
    """
    if confinement.backend == "none":
        return _start_plain(confinement, limits)
    place = Place("/venv/bin/python", "/grader", "/tmp/work", "/data" if confinement.data else None)  # noqa: S108
    with filter_file() as fd:
        # Where root starts it there is no user namespace to disable; the filter refuses new ones in any case.
        door = [] if drops_root() else ["--disable-userns"]
        command = [*bubblewrap_command(confinement), *door, "--seccomp", str(fd), "--", *boot_command(place, "session")]
        return _spawn(command, {}, place, None, limits, keep=(fd,))


def _start_plain(confinement: Confinement, limits: Limits) -> Confined:
    folder = Path(tempfile.mkdtemp(prefix="grader-"))
    place = Place(sys.executable, str(PACKAGE.parent), str(folder / "work"), str(confinement.data or "") or None)
    environment = {**_environment(confinement), "HOME": str(folder), "TMPDIR": str(folder)}
    command = [place.python, *_ISOLATED, f"{place.root}/grader/kernel/inside/boot.py", place.root, "session", ""]
    return _spawn(command, environment, place, folder, limits)


def boot_command(place: Place, role: str) -> list[str]:
    """What runs in a sandbox first; `role` is session or template.

    Where root starts the sandbox, boot.py becomes a user that nobody else is, so that limits on its processes count
    and nothing on the machine belongs to it.
    """
    user = str(_FIRST_USER + secrets.randbelow(1 << 24)) if drops_root() else ""
    return [place.python, *_ISOLATED, f"{place.root}/grader/kernel/inside/boot.py", place.root, role, user]


def _spawn(
    argv: Sequence[str],
    environment: Mapping[str, str],
    place: Place,
    folder: Path | None,
    limits: Limits,
    keep: tuple[int, ...] = (),
) -> Confined:
    held = bounds.of(limits)
    try:
        process = subprocess.Popen(
            held.starting(argv),
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("GRADER_DEBUG") else subprocess.DEVNULL,
            pass_fds=keep,
            start_new_session=True,
        )
    except OSError as error:
        held.close()
        raise SandboxError(f"cannot start {argv[0]}: {error}; `grader doctor` says what is missing") from error
    if process.stdin is None or process.stdout is None:
        raise SandboxError("the sandbox has no pipes")
    channel = Channel(os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()))
    process.stdin.close()
    process.stdout.close()
    return Confined(process, channel, place, folder, held)


# ---- bubblewrap ------------------------------------------------------------------------------------------------------


def bubblewrap_command(confinement: Confinement) -> list[str]:
    """The bwrap command up to what is particular to the cold path or a template.

    Raises:
        SandboxError: bubblewrap is not installed.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxError("bubblewrap is not installed: run `apt-get install bubblewrap`, or use --sandbox none")
    command = [bwrap, "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv", "--cap-drop", "ALL"]
    if drops_root():
        # In a user namespace of root's the student would be root by number, with root's say over /proc and /dev.
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):  # given up by boot.py before anything else
            command += ["--cap-add", capability]
    else:
        command += ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    command += ["--hostname", "box", "--ro-bind", "/usr", "/usr"]
    for link in ("/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        if os.path.islink(link):
            command += ["--symlink", os.readlink(link), link]
        elif os.path.isdir(link):
            command += ["--ro-bind", link, link]
    for optional in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/fonts"):
        command += ["--ro-bind-try", optional, optional]
    bound = {folder: folder for folder in _python_folders()} | {sys.prefix: "/venv"}
    bound |= {str(PACKAGE / name): f"/grader/grader/{name}" for name in INSIDE}
    # Made one by one, because bubblewrap makes missing parents for their owner alone.
    parents = {str(parent) for inner in bound.values() for parent in Path(inner).parents} - {"/", "/usr"}
    for parent in sorted(parents):
        command += ["--perms", "0755", "--dir", parent]
    for outer, inner in bound.items():
        command += ["--ro-bind", outer, inner]
    if confinement.data is not None:
        command += ["--ro-bind", str(confinement.data), "/data"]
    disk = str(confinement.limits.disk_mb << 20)
    command += ["--proc", "/proc", "--dev", "/dev"]
    if root_by_number():  # to whom the machine's settings belong; bubblewrap leaves them open
        for settings in filter(os.path.exists, ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/sysrq-trigger")):
            command += ["--ro-bind", settings, settings]
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108
        command += ["--perms", "1777", "--size", disk, "--tmpfs", folder]
    if confinement.device != "cpu":
        command += cards.mounts()
    masked = [each for each in (*_MASKED, *_below_visible(confinement.secrets)) if os.path.isdir(each)]
    for folder in masked:
        command += ["--tmpfs", folder]
    # What bubblewrap builds the tree on is writable until here, and a template's sessions share it.
    for folder in (*masked, "/dev", "/"):
        command += ["--remount-ro", folder]
    command += ["--chdir", "/tmp"]  # noqa: S108
    for name, value in _environment(confinement).items():
        command += ["--setenv", name, value]
    return command


@functools.cache
def drops_root() -> bool:
    """Whether root runs the grader and may build a sandbox without a user namespace (not so in most containers)."""
    bwrap = shutil.which("bwrap")
    seen = (PACKAGE, Path(sys.prefix), Path(sys.base_prefix))
    if os.geteuid() != 0 or bwrap is None or not all(path.stat().st_mode & 0o005 == 0o005 for path in seen):
        return False
    command = [bwrap, "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--", "/bin/true"]
    return subprocess.run(command, env={}, capture_output=True, check=False).returncode == 0


def root_by_number() -> bool:
    """Whether the student has root's number, because root runs the grader and cannot give it up: see `drops_root`.

    Then what belongs to root is kept from it one by one: settings of the machine, the template's files in /proc, and
    the modes of device nodes, which are the machine's own also in a sandbox.
    """
    return os.geteuid() == 0 and not drops_root()


def _python_folders() -> list[str]:
    """Where the Python installation lies, and packages that an environment stands on, when that is not below /usr."""
    base = os.path.realpath(sys.base_prefix)
    below = [each for each in sys.path if each.endswith("-packages") and not each.startswith((sys.prefix, base))]
    return [folder for folder in (base, *below) if folder != "/usr" and not folder.startswith("/usr/")]


def _below_visible(secrets: Sequence[Path]) -> list[str]:
    visible = ["/usr", *_python_folders()]
    resolved = [str(secret.resolve()) for secret in secrets]
    return [path for path in resolved if any(path.startswith(folder + "/") for folder in visible)]


def _environment(confinement: Confinement) -> dict[str, str]:
    threads = str(confinement.threads)
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108
        "USER": "student",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "agg",
        "IPYTHONDIR": "/tmp/.ipython",  # noqa: S108
        "MPLCONFIGDIR": "/tmp/.matplotlib",  # noqa: S108
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        **cards.variables(confinement.device),
    }


# ---- system calls ----------------------------------------------------------------------------------------------------

_FORBIDDEN = (
    "ptrace process_vm_readv process_vm_writev kcmp keyctl add_key request_key bpf perf_event_open userfaultfd "
    "io_uring_setup io_uring_enter io_uring_register mount umount2 move_mount open_tree fsopen fsconfig fsmount fspick "
    "mount_setattr pivot_root chroot unshare setns kexec_load kexec_file_load init_module finit_module delete_module "
    "swapon swapoff reboot acct quotactl syslog open_by_handle_at name_to_handle_at clock_settime settimeofday "
    "sethostname setdomainname iopl ioperm lookup_dcookie nfsservctl vhangup pidfd_getfd"
).split()
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
    rules.add_rule(unknown, "clone3")  # its flags lie in memory, where a filter cannot look; libc falls back to clone
    for change in _CHANGES_OF_MODE if root_by_number() else ():
        with contextlib.suppress(RuntimeError, ValueError, OSError):
            # As if it had been done: programs that copy files do not expect a refusal.
            rules.add_rule(seccomp.ERRNO(0), change)
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
