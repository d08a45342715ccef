"""The command that makes a sandbox, and so what a process in it sees. Everything else does not exist for it:

/usr, the Python installation        read-only; data sets below /usr/share masked
/venv                                the virtual environment, read-only
/grader                              the few modules of ours that run inside, read-only
/data                                training images and labels, read-only
/tmp, /dev/shm                       its own, limited in size, gone with it
no network, no environment, its own process numbers, no capabilities, system calls filtered (system_calls.py)
"""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.errors import SandboxError
from grader.kernel import cards, sandbox
from grader.kernel.sandbox import INSIDE, Confinement, Place

_MASKED = ("/usr/share/datasets", "/usr/local/share/datasets", "/usr/src", "/usr/local/src")
_FIRST_USER = 1_900_000_000  # above every number that systems give out
# As -I, but for the environment, which is our own: PYTHONHASHSEED has to count, or sets have another order every time.
_ISOLATED = ("-P", "-s", "-B")


def session_command(confinement: Confinement, filter_fd: int) -> list[str]:
    """The command of a sandbox that serves one session.

    Args:
        confinement: how it is confined.
        filter_fd: a file descriptor from which bwrap reads the filter of system calls.

    Raises:
        SandboxError: bubblewrap is not installed.
    """
    # Where root starts it there is no user namespace to disable; the filter refuses new ones in any case.
    door = [] if drops_root() else ["--disable-userns"]
    boot = boot_command(place(confinement), "session", _user())
    return [*bubblewrap_command(confinement), *door, "--seccomp", str(filter_fd), "--", *boot]


def template_command(confinement: Confinement) -> list[str]:
    """The command of a sandbox in which sessions are forked; the template filters their system calls itself.

    Raises:
        SandboxError: bubblewrap is not installed.
    """
    hidden = ["--tmpfs", "/proc/1"] if root_by_number() else []
    boot = boot_command(place(confinement), "template", _user())
    return [*bubblewrap_command(confinement), *hidden, "--", *boot]


def place(confinement: Confinement) -> Place:
    """Where things lie in a sandbox."""
    return Place("/venv/bin/python", "/grader", "/tmp/work", "/data" if confinement.data else None)  # noqa: S108


def boot_command(place: Place, role: str, user: str = "") -> list[str]:
    """What runs in a sandbox first; `role` is session or template, `user` the number that it is to have."""
    return [place.python, *_ISOLATED, f"{place.root}/grader/kernel/inside/boot.py", place.root, role, user]


def _user() -> str:
    """The number of a user that nobody else is, where root starts a sandbox.

    So limits on its processes count, and nothing on the machine belongs to it.
    """
    return str(_FIRST_USER + secrets.randbelow(1 << 24)) if drops_root() else ""


def bubblewrap_command(confinement: Confinement) -> list[str]:
    """The bwrap command up to what is particular to a session or a template.

    Raises:
        SandboxError: bubblewrap is not installed.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxError("bubblewrap is not installed: run `apt-get install bubblewrap`, or use --sandbox none")
    command = [bwrap, "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv", "--cap-drop", "ALL"]
    command += [*_namespaces(), "--hostname", "box", *_let_in(confinement), *_its_own(confinement)]
    command += ["--chdir", "/tmp"]  # noqa: S108
    for name, value in environment(confinement).items():
        command += ["--setenv", name, value]
    return command


def _namespaces() -> Iterator[str]:
    if drops_root():
        # In a user namespace of root's the student would be root by number, with root's say over /proc and /dev.
        yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):  # given up by boot.py before anything else
            yield from ("--cap-add", capability)
    else:
        yield from ("--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534")


def _let_in(confinement: Confinement) -> Iterator[str]:
    """What is there of the machine, read-only."""
    yield from ("--ro-bind", "/usr", "/usr")
    for link in ("/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        if os.path.islink(link):
            yield from ("--symlink", os.readlink(link), link)
        elif os.path.isdir(link):
            yield from ("--ro-bind", link, link)
    for optional in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/fonts"):
        yield from ("--ro-bind-try", optional, optional)
    bound = {folder: folder for folder in _python_folders()} | {sys.prefix: "/venv"}
    bound |= {str(sandbox.PACKAGE / name): f"/grader/grader/{name}" for name in INSIDE}
    # Made one by one, because bubblewrap makes missing parents for their owner alone.
    parents = {str(parent) for inner in bound.values() for parent in Path(inner).parents} - {"/", "/usr"}
    for parent in sorted(parents):
        yield from ("--perms", "0755", "--dir", parent)
    for outer, inner in bound.items():
        yield from ("--ro-bind", outer, inner)
    if confinement.data is not None:
        yield from ("--ro-bind", str(confinement.data), "/data")


def _its_own(confinement: Confinement) -> Iterator[str]:
    """What is made for it, and what is masked of that which was let in."""
    yield from ("--proc", "/proc", "--dev", "/dev")
    if root_by_number():  # to whom the machine's settings belong; bubblewrap leaves them open
        for settings in filter(os.path.exists, ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/sysrq-trigger")):
            yield from ("--ro-bind", settings, settings)
    disk = str(confinement.limits.disk_mb << 20)
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108
        yield from ("--perms", "1777", "--size", disk, "--tmpfs", folder)
    if confinement.device != "cpu":
        yield from cards.mounts()
    masked = [each for each in (*_MASKED, *_below_visible(confinement.secrets)) if os.path.isdir(each)]
    for folder in masked:
        yield from ("--tmpfs", folder)
    # What bubblewrap builds the tree on is writable until here, and a template's sessions share it.
    for folder in (*masked, "/dev", "/"):
        yield from ("--remount-ro", folder)


@functools.cache
def drops_root() -> bool:
    """Whether root runs the grader and may build a sandbox without a user namespace (not so in most containers)."""
    bwrap = shutil.which("bwrap")
    seen = (sandbox.PACKAGE, Path(sys.prefix), Path(sys.base_prefix))
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


def environment(confinement: Confinement) -> dict[str, str]:
    """The whole environment of a confined process."""
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
        "TORCHDYNAMO_DISABLE": "1",  # torch.compile leaves as it is what it would take minutes to translate
        **cards.variables(confinement.device),
    }
