"""Process 1 of a sandbox: reaps its children, drives the kernel with nbclient and tells the grader how far it got.

    grader --open--> driver --fork--> kernel            before any thread or socket exists
           <-ready--        --cells over ipc-->
           <-cell n--       (one frame before each cell)
           <------------------opened, observations----- kernel, once all cells ran
           <-died---                                    the kernel is gone; the sandbox ends

A kernel that dies takes the sandbox with it; the grader opens another one without the deadly cell.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.connect import write_connection_file
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, DeadKernelError

from grader.kernel.inside import images, kernel
from grader.kernel.inside.statements import bound, definitions_only, parsed
from grader.kernel.wire import Channel, Frame

_GRACE_S = 3.0  # between an interrupt and the kill


def run(channel: Channel) -> NoReturn:
    """Serve one session on this channel, then exit."""
    frame = channel.receive()
    opening = dict(frame.header)
    limits = opening["limits"]
    _lay_out(Path(opening["folder"]), opening["files"], frame.body)
    _enter(Path(opening["folder"]), Path(opening["notebook"]).parent)
    _restrict(limits)
    data = opening["data"]
    images.configure(data["folder"], train=data["train"], val=data["val"], max_steps=data["max_steps"])
    images.patch_torchvision()
    cells = [
        {"number": number, "source": frame.body[offset : offset + size].decode("utf-8", "surrogatepass")}
        for number, offset, size in opening.pop("cells")
    ]
    code = [cell for cell in cells if cell["source"].strip()]
    opening["order"] = [cell["number"] for cell in code]
    opening["reasons"] = _lost([cell for cell in code if cell["number"] in opening["deadly"]])
    connection_file, _ = write_connection_file(
        str(Path(opening["folder"]).parent / "kernel.json"),
        transport="ipc",
        ip=str(Path(opening["folder"]).parent / "kernel"),
        shell_port=1,
        iopub_port=2,
        stdin_port=3,
        hb_port=4,
        control_port=5,
    )
    channel.send(Frame("ready", {"python": sys.version.split()[0]}))
    pid = os.fork()
    if pid == 0:
        os.setsid()  # a signal to the student's process group is the student's own affair
        _die_with_parent()
        try:
            kernel.main(connection_file, opening, channel)
        finally:
            os._exit(70)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    died = asyncio.run(_Drive(channel, opening, code, pid, connection_file).run())
    with contextlib.suppress(Exception):
        channel.send(Frame("died", died), time.monotonic() + 5)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


def _lay_out(folder: Path, files: list[list[Any]], body: bytes) -> None:
    """Write attached files; the working folder is the sandbox's own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, offset, size in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body[offset : offset + size])


def _enter(folder: Path, below: Path) -> None:
    """Work where the notebook lay, beside the files that it was handed in with."""
    os.chdir(folder / below if (folder / below).is_dir() else folder)


def _die_with_parent() -> None:
    """End this process when the driver ends; without a process namespace nothing else would."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def _lost(deadly: list[dict[str, Any]]) -> dict[str, str]:
    """Why names may be missing that a cell binds which ended the kernel: only its definitions are run."""
    reasons = {}
    for cell in deadly:
        for name in bound(parsed(_transformed(cell["source"])).body):
            reasons[name] = f"cell {cell['number']} ended the kernel, so only its functions and classes were read"
    return reasons


def _transformed(source: str) -> str:
    try:
        return TransformerManager().transform_cell(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""


def _restrict(limits: Mapping[str, Any]) -> None:
    """Take the limits that a process can set on itself; children inherit them."""
    megabyte = 1 << 20
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits["disk_mb"] * megabyte,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_NPROC: limits["processes"],
    }
    if not os.path.exists("/dev/nvidiactl"):  # CUDA reserves address space far beyond what it uses
        wanted[resource.RLIMIT_DATA] = limits["memory_mb"] * megabyte
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


class _KernelManager(AsyncKernelManager):
    """A manager for a kernel that was forked, not started: it only knows how to look at it and interrupt it."""

    def __init__(self, pid: int, connection_file: str) -> None:
        super().__init__()
        self.pid: int = pid
        self.gone = ""  # why, once it is
        self.load_connection_file(connection_file)

    async def _async_is_alive(self) -> bool:
        return not self.gone

    is_alive = _async_is_alive

    async def interrupt_kernel(self) -> None:  # type: ignore[override]  # run_sync makes the base's type unreadable
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGINT)


class _Client(NotebookClient):
    """An nbclient that keeps no outputs: nothing a student prints is evidence of anything."""

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> None:
        if msg["msg_type"] == "status" and msg["content"]["execution_state"] == "idle":
            raise CellExecutionComplete()


class _Drive:
    """One run through a notebook."""

    def __init__(
        self, channel: Channel, opening: Mapping[str, Any], code: list[dict[str, Any]], pid: int, connection_file: str
    ) -> None:
        self._channel = channel
        self._opening = opening
        self._code = code
        self._manager = _KernelManager(pid, connection_file)
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell["source"]) for cell in code])
        self._client = _Client(
            notebook,
            km=self._manager,
            timeout=math.ceil(self._opening["limits"]["cell_s"]),
            interrupt_on_timeout=True,
            allow_errors=True,
            log_level=60,
        )

    async def run(self) -> dict[str, Any]:
        """Run all cells and the serving of probes; returns why and where it ended."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)
        self._reap()
        number = 0
        try:
            client = self._manager.client()
            self._client.kc = client
            client.start_channels(stdin=False)  # input() has nobody to ask, and must not wait
            await client.wait_for_ready(timeout=60)
            deadline = time.monotonic() + self._opening["limits"]["total_s"]
            for index, cell in enumerate(self._code):
                number = cell["number"]
                late = time.monotonic() > deadline
                self._channel.send(Frame("cell", {"number": number, "late": late}))
                await self._run_cell(index, only_definitions=late or number in self._opening["deadly"])
            number = 0
            message = client.execute(f"{kernel.SERVE}()", silent=True, store_history=False)
            while not self._manager.gone:
                await asyncio.sleep(0.05)
            del message
        except (DeadKernelError, RuntimeError, TimeoutError) as error:
            return {"cell": number, "reason": self._manager.gone or str(error)[:200] or "the kernel did not answer"}
        return {"cell": number, "reason": self._manager.gone}

    async def _run_cell(self, index: int, *, only_definitions: bool) -> None:
        cell = self._client.nb.cells[index]
        if only_definitions:
            kept = definitions_only(_transformed(cell.source))
            # A cell with nothing left still has to be run, so that the kernel's count of cells stays right.
            cell.source = kept if kept.strip() else "pass"
        limit = self._opening["limits"]["cell_s"] + _GRACE_S
        try:
            await asyncio.wait_for(self._client.async_execute_cell(cell, index), limit)
        except TimeoutError:
            os.kill(self._manager.pid, signal.SIGKILL)
            raise DeadKernelError(f"did not stop after {self._opening['limits']['cell_s']:g} s") from None

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._manager.pid:
                self._manager.gone = _why(status)
                task = getattr(self._client, "task_poll_for_reply", None)
                if task is not None:
                    task.cancel()


def _why(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"killed by {signal.Signals(number).name}"
    return f"exited with status {os.WEXITSTATUS(status)}"
