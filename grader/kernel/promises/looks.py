"""What a notebook finds that looks around: run as a student's cell, one function a promise.

The docstring is the promise. The function is given what the grader has planted, and returns what is wrong: nothing when
the promise is kept. Without a sandbox it runs with the rights of whoever asked, so it tries nothing that could do harm.
"""

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import platform
import resource
import signal
import socket
import stat
import struct
import termios
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Told = Mapping[str, Any]  # what has been planted, and the limits

_libc = ctypes.CDLL(None, use_errno=True)
_NEWUSER, _NEWNS = 0x10000000, 0x00020000
_MB = 1 << 20

# Numbers of system calls that libc has no function for: x86_64, aarch64. From asm/unistd_64.h and asm-generic/unistd.h.
_CALLS = {
    "socket": (41, 198),
    "clone": (56, 220),
    "io_setup": (206, 0),
    "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    "kcmp": (312, 272),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "clone3": (435, 435),
    "pidfd_getfd": (438, 438),
}


# ---- what is seen ----------------------------------------------------------------------------------------------------


def hidden_files(told: Told) -> list[str]:
    """No file of the course, the gradebook or the home folder is seen."""
    return [path for path in told["hidden"] if os.path.lexists(path)]


def environment(told: Told) -> list[str]:
    """Nothing of the grader's environment is seen."""
    wrong = [name for name, value in os.environ.items() if told["secret"] in value]
    for pid in _pids():
        if told["secret"].encode() in _content(f"/proc/{pid}/environ"):
            wrong.append(f"/proc/{pid}/environ")
    return wrong


def labels(told: Told) -> list[str]:
    """No test image and no test label is seen."""
    places = ("/data", "/usr/share/datasets", "/usr/local/share/datasets")
    return [
        f"{folder}/{name}" for top in places for folder, _, names in os.walk(top) for name in names if "t10k" in name
    ]


def network(told: Told) -> list[str]:
    """There is no network: no interface but the loopback, no listener of the machine, no way out."""
    wrong = [name for _, name in socket.if_nameindex() if name != "lo"]
    addresses = ((socket.AF_INET, ("127.0.0.1", told["port"])), (socket.AF_UNIX, "\0" + told["abstract"]))
    for family, address in addresses:
        with socket.socket(family) as caller:
            caller.settimeout(1)
            if caller.connect_ex(address) == 0:
                wrong.append(f"reached {address!r}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        if caller.connect_ex(("169.254.169.254", 80)) == 0:  # sends nothing; asks whether there is a way
            wrong.append("a way to 169.254.169.254")
    return wrong


def descriptors(told: Told) -> list[str]:
    """No file of the grader's is open."""
    links = {_link(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")}
    return sorted(
        link for link in links if link.startswith("/") and not link.startswith(("/dev/null", "/proc/", "/memfd"))
    )


def devices(told: Told) -> list[str]:
    """There are harmless devices only, and no terminal."""
    harmless = {"core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty"}
    harmless |= {"urandom", "zero"} | set(told["devices"])
    return sorted(set(os.listdir("/dev")) - harmless) + (["/dev/tty"] if _opens("/dev/tty") else [])


def other_processes(told: Told) -> list[str]:
    """Processes outside the session, the template among them, cannot be looked into, changed or sent signals."""
    own = _link("/proc/self/ns/pid")
    wrong = []
    for pid in _pids():
        if _link(f"/proc/{pid}/ns/pid") != own:
            wrong += [
                f"/proc/{pid}/{name}" for name in ("root", "cwd", "exe", "ns/pid") if _link(f"/proc/{pid}/{name}")
            ]
            wrong += [
                f"/proc/{pid}/{name}" for name in ("environ", "maps", "mem", "io") if _opens(f"/proc/{pid}/{name}")
            ]
            names = ("oom_score_adj", "comm", "coredump_filter", "autogroup", "mem", "clear_refs")
            wrong += [f"/proc/{pid}/{name}" for name in names if _opens(f"/proc/{pid}/{name}", os.O_WRONLY)]
    if os.getpgid(0) == 0 or os.getsid(0) == 0:
        wrong.append("in a process group from outside")
    return wrong


# ---- what may be done ------------------------------------------------------------------------------------------------


def not_root(told: Told) -> list[str]:
    """It is not root, by its own or by the machine's numbers, and cannot become root."""
    wrong = [f"user {each}" for each in {os.getuid(), os.geteuid(), os.getgid()} if each == 0]
    return wrong + _not_refused({"became root": lambda: _libc.setresuid(0, 0, 0)}, errno.EPERM, errno.EINVAL)


def capabilities(told: Told) -> list[str]:
    """It has no capability and can have none."""
    return [f"{name} {value}" for name, value in _status().items() if name.startswith("Cap") and int(value, 16)]


def new_privileges(told: Told) -> list[str]:
    """No program gives it more rights than it has."""
    return [] if _status()["NoNewPrivs"] == "1" else ["NoNewPrivs is not set"]


def system_calls(told: Told) -> list[str]:
    """System calls that only attacks need are refused: ptrace, mount, keyctl, bpf, io_uring and the like."""
    null = ctypes.c_void_p()
    tried = {
        "ptrace": lambda: _libc.ptrace(0, 0, null, null),
        "mount": lambda: _libc.mount(null, null, null, 0, null),
        "umount2": lambda: _libc.umount2(null, 0),
        "setns": lambda: _libc.setns(-1, 0),
        "process_vm_readv": lambda: _libc.process_vm_readv(os.getpid(), null, 0, null, 0, 0),
        "keyctl": lambda: _call("keyctl", 0, -1, 0),
        "perf_event_open": lambda: _call("perf_event_open", 0, 0, 0, 0, 0),
        "kcmp": lambda: _call("kcmp", os.getpid(), os.getpid(), 1, 0, 0),
        "bpf": lambda: _call("bpf", 0, 0, 0),
        "userfaultfd": lambda: _call("userfaultfd", 1),
        "io_uring_setup": lambda: _call("io_uring_setup", 0, 0),
        "io_setup": lambda: _call("io_setup", 0, 0),
        "shmget": lambda: _libc.shmget(0, 1, 0o1600),
        "msgget": lambda: _libc.msgget(0, 0o1600),
        "open_tree": lambda: _call("open_tree", -1, 0, 0),
        "move_mount": lambda: _call("move_mount", -1, 0, -1, 0, 0),
        "fsopen": lambda: _call("fsopen", 0, 0),
        "pidfd_getfd": lambda: _call("pidfd_getfd", -1, -1, 0),
    }
    return _not_refused(tried) + ([] if _status()["Seccomp"] == "2" else ["no filter is loaded"])


def namespaces(told: Told) -> list[str]:
    """It can make no namespace, and so no user that is root there."""
    tried = {
        "unshare user": lambda: _libc.unshare(_NEWUSER),
        "unshare mount": lambda: _libc.unshare(_NEWNS),
        "clone user": lambda: _cloned(_NEWUSER),
        "clone3": lambda: _call("clone3", 0, 0),
    }
    return _not_refused(tried, errno.EPERM, errno.ENOSYS, errno.ENOSPC)


def sockets(told: Told) -> list[str]:
    """Sockets of unusual families are refused, whatever stands in the upper half of the number."""
    families = {"packet": 17, "alg": 38, "vsock": 40, "alg in 64 bits": 38 | 1 << 32, "vsock in 64 bits": 40 | 1 << 32}
    return _not_refused(
        {name: partial(_call, "socket", family, 1, 0) for name, family in families.items()}, errno.EPERM
    )


def typing(told: Told) -> list[str]:
    """It can type nothing into a terminal (TIOCSTI), not even its own."""

    def typed() -> int:
        _, terminal = os.openpty()
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        return int(_libc.ioctl(terminal, termios.TIOCSTI, b"x"))

    return _not_refused({"typed": typed}, errno.EPERM)


def settings(told: Told) -> list[str]:
    """No setting of the machine and no device can be changed."""
    wrong = []
    for top in ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/sysrq-trigger", "/proc/mtrr", "/proc/timer_list"):
        for folder, _, names in [*os.walk(top), (top, [], [""])]:
            paths = [os.path.join(folder, name).rstrip("/") for name in names if name != "ns_last_pid"]
            wrong += [path for path in paths if os.path.isfile(path) and _opens(path, os.O_WRONLY | os.O_NONBLOCK)]
    for name in os.listdir("/dev"):
        with contextlib.suppress(OSError):
            before = os.lstat(f"/dev/{name}")
            if stat.S_ISCHR(before.st_mode) and name not in ("ptmx", "console"):
                os.chmod(f"/dev/{name}", stat.S_IMODE(before.st_mode))  # what it is already, but the kernel notes when
                wrong += [f"/dev/{name}"] if os.lstat(f"/dev/{name}").st_ctime_ns != before.st_ctime_ns else []
    return wrong


def read_only(told: Told) -> list[str]:
    """Only /tmp and /dev/shm can be written to."""
    folders = [
        "/",
        "/usr",
        "/usr/bin",
        "/etc",
        "/dev",
        "/proc",
        "/data",
        "/home",
        "/root",
        "/venv",
        "/usr/share/datasets",
    ]
    folders += ["/grader", "/grader/grader", "/grader/grader/kernel/inside"]
    return [folder for folder in folders if os.access(folder, os.W_OK)]


# ---- how much it may use ---------------------------------------------------------------------------------------------


def own_memory(told: Told) -> list[str]:
    """A MemoryError tells it when it asks for more memory than the limit, libraries included; until then it gets it."""
    kept: list[bytearray] = []
    limit, held = told["memory_mb"], int(_status()["VmData"].split()[0]) // 1024
    try:
        while held + len(kept) * 16 < limit * 1.2:
            kept.append(bytearray(16 * _MB))
    except MemoryError:
        taken = held + len(kept) * 16
        return [] if limit * 0.9 <= taken <= limit else [f"stopped at {taken} megabytes, the limit being {limit}"]
    return [f"took {held + len(kept) * 16} megabytes, the limit being {limit}"]


def shared_memory(told: Told) -> list[str]:
    """Memory that no process owns is limited as well: shared mappings, files in memory. Nearly as much it gets."""
    limit = told["memory_mb"]
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_fd)
        kept, page = [], b"x" * (16 * _MB)
        for number in range(int(limit * 1.1) // 16):
            file = os.memfd_create("look") if number % 2 else -1
            if file >= 0:
                os.ftruncate(file, 16 * _MB)
            memory = mmap.mmap(file, 16 * _MB)
            memory.write(page)
            kept.append(memory)
            os.write(write_fd, b"x")
        time.sleep(1)  # where nothing but a watch limits it
        os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as pipe:
        taken = len(pipe.read()) * 16
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        return [f"took {taken} megabytes, the limit being {limit}"]
    return [] if limit * 0.5 <= taken <= limit else [f"stopped at {taken} megabytes, the limit being {limit}"]


def processes(told: Told) -> list[str]:
    """It may start some processes, and no more."""
    limit = told["processes"]
    children: list[int] = []
    try:
        while len(children) < limit + 8:
            children.append(os.posix_spawn("/usr/bin/sleep", ["sleep", "60"], {}))
    except OSError:
        return [] if len(children) >= limit * 0.5 else [f"only {len(children)} of {limit}"]
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return [f"started {len(children)} processes, the limit being {limit}"]


def disk(told: Told) -> list[str]:
    """Its folders /tmp and /dev/shm are limited in size; nearly as much it may write."""
    wrong, limit = [], told["disk_mb"]
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108
        paths, part = [], max(limit // 8, 1)
        try:
            for number in range(10):
                paths.append(f"{folder}/look-{os.getpid()}-{number}")
                with open(paths[-1], "wb") as file:
                    file.write(bytes(part * _MB))
            wrong.append(f"{folder} took {10 * part} megabytes, the limit being {limit}")
        except OSError:
            if len(paths) < 6:
                wrong.append(f"{folder} took less than {len(paths) * part} of {limit} megabytes")
        for path in paths:
            if os.path.exists(path):
                os.unlink(path)
    return wrong


def file_size(told: Told) -> list[str]:
    """No file grows beyond the limit, wherever it lies."""
    file = os.memfd_create("look")
    try:
        os.ftruncate(file, (told["disk_mb"] - 1) * _MB)
        os.ftruncate(file, (told["disk_mb"] + 1) * _MB)
    except OSError as error:
        return [] if error.errno == errno.EFBIG else [str(error)]
    finally:
        os.close(file)
    return [f"{told['disk_mb'] + 1} megabytes, the limit being {told['disk_mb']}"]


def open_files(told: Told) -> list[str]:
    """It may open some files, and no more."""
    opened: list[int] = []
    try:
        while len(opened) < 1100:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return [] if len(opened) > 800 else [f"only {len(opened)}"]
    finally:
        for file in opened:
            os.close(file)
    return [f"opened {len(opened)} files"]


def core_files(told: Told) -> list[str]:
    """A program that crashes leaves no core file."""
    return [] if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else ["core files are not forbidden"]


# ---- what is looked at from outside ----------------------------------------------------------------------------------


def hang(told: None) -> None:
    """Hear no signal and never end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        time.sleep(60)


def leave_processes(name: str) -> bool:
    """Start a daemon of this name that ignores every signal, for the promise `end`."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _name(name)
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            time.sleep(60)
        os._exit(0)
    time.sleep(0.2)
    return True


def leave_marks(name: str) -> bool:
    """Be found wherever a neighbour could look, for the promise `neighbours`."""
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108
        with open(f"{folder}/{name}", "w"):
            pass
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0" + name)
    listener.listen()
    listener.detach()  # it stays open when this function ends
    _libc.shmget(int(name[-6:], 16), 4096, 0o1666)
    _name(name)
    return True


def find_marks(name: str) -> list[str]:
    """Whatever of a neighbour can be found or touched."""
    wrong = [folder for folder in ("/tmp", "/dev/shm") if os.path.exists(f"{folder}/{name}")]  # noqa: S108
    with socket.socket(socket.AF_UNIX) as caller:
        wrong += ["its socket"] if caller.connect_ex("\0" + name) == 0 else []
    wrong += ["its shared memory"] if _libc.shmget(int(name[-6:], 16), 4096, 0) >= 0 else []
    for pid in _pids():
        if _content(f"/proc/{pid}/comm").strip() == name.encode():
            wrong += ["its environment"] if _opens(f"/proc/{pid}/environ") else []
            wrong += ["its files"] if _link(f"/proc/{pid}/cwd") else []
    return wrong


# ---- how it is found out ---------------------------------------------------------------------------------------------


def _pids() -> list[str]:
    return [entry for entry in os.listdir("/proc") if entry.isdigit()]


def _status() -> dict[str, str]:
    with open("/proc/self/status") as file:
        return {name: rest.strip() for name, _, rest in (line.partition(":") for line in file)}


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16)
    except OSError:
        return b""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _opens(path: str, flags: int = os.O_RDONLY) -> bool:
    try:
        os.close(os.open(path, flags))
    except OSError:
        return False
    return True


def _name(name: str) -> None:
    with open("/proc/self/comm", "w") as file:
        file.write(name)


def _call(name: str, *arguments: int) -> int:
    number = _CALLS[name][platform.machine() == "aarch64"]
    return int(_libc.syscall(ctypes.c_long(number), *(ctypes.c_ulong(each & (1 << 64) - 1) for each in arguments)))


def _cloned(flags: int) -> int:
    result = _call("clone", flags | signal.SIGCHLD, 0, 0, 0, 0)
    if result == 0:
        os._exit(0)
    return result


def _not_refused(tried: Mapping[str, Callable[[], int]], *refusals: int) -> list[str]:
    """Which system calls got another answer than a refusal. They are made in a process that ends with them."""
    read_fd, write_fd = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for call in tried.values():
                ctypes.set_errno(0)
                os.write(write_fd, struct.pack("i", ctypes.get_errno() if call() < 0 else 0))
        finally:
            os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    answers = dict(zip(tried, struct.iter_unpack("i", told), strict=False))
    accepted = refusals or (errno.EPERM, errno.ENOSYS)
    return [name for name in tried if name not in answers or answers[name][0] not in accepted]
