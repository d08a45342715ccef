"""The student's kernel: an IPython kernel in a forked process, with our hooks in it.

It runs cells as the driver asks over Jupyter's ipc transport, keeps the captures, and at the end answers probes that
come over the grader's own pipe. All of it is in the student's hands; nothing here is trusted by the other side.
"""

from __future__ import annotations

import ast
import builtins
import os
import random
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from ipykernel.kernelapp import IPKernelApp

from grader.kernel.inside import images
from grader.kernel.inside.answering import NotDefined, ProbeTimeout, answer
from grader.kernel.inside.capture import Captures
from grader.kernel.inside.statements import HOOK, AfterEachStatement, at, below, bound, defines, parsed
from grader.kernel.wire import Channel, ChannelClosed, Frame, observation_frame, read_probe
from grader.probes import Observation, Probe, Raised

SERVE = "__serve_probes__"
_DEFINED = re.compile(r"^\s*(?:(?:async\s+def|def|class)\s+(\w+)|([A-Za-z_]\w*)(?:\s*,\s*\w+)*\s*=(?!=))", re.MULTILINE)
_STOPS = (KeyboardInterrupt, SystemExit, GeneratorExit)
_EXCEPTIONS = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))


def main(connection_file: str, opening: Mapping[str, Any], channel: Channel) -> None:
    """Run the kernel until the driver is gone. Never returns normally."""
    app = IPKernelApp.instance(connection_file=connection_file)
    app.initialize(
        [
            "--HistoryManager.enabled=False",
            "--IPKernelApp.capture_fd_output=False",
            "--InteractiveShell.xmode=Minimal",
            "--InteractiveShell.cache_size=0",
            "--Completer.use_jedi=False",
        ]
    )
    sys.path[:0] = [folder for folder in _module_folders(opening) if folder not in sys.path]
    hooks = _Hooks(app.shell, opening, channel)
    hooks.install()
    app.start()


def _module_folders(opening: Mapping[str, Any]) -> list[str]:
    """Where modules are handed in: beside the notebook, which may itself lie in a folder of the submission."""
    inner = {os.path.dirname(name) for name, *_ in opening["files"] if name.endswith(".py")}
    packages = {os.path.dirname(name) for name, *_ in opening["files"] if os.path.basename(name) == "__init__.py"}
    return [os.path.join(opening["folder"], each).rstrip(os.sep) for each in sorted({""} | (inner - packages))]


class _Hooks:
    """What the kernel does around cells, and how it answers."""

    def __init__(self, shell: Any, opening: Mapping[str, Any], channel: Channel) -> None:
        self._shell = shell
        self._wanted = {name.strip() for target in opening["targets"] for name in target.split(",")}
        self._order: Sequence[int] = opening["order"]
        self._prelude: Sequence[str] = opening["prelude"]
        self._output_left = opening["limits"]["output_kb"] * 1024
        self._data = opening["data"]
        self._channel = channel
        self._begun = 0
        self.captures = Captures(opening["targets"], shell.user_ns, opening["folder"])
        self.captures.reasons.update(opening["reasons"])

    def install(self) -> None:
        """Hook into the shell; run the prelude. What a notebook draws without a seed is the same in every session."""
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)
        for line in self._prelude:
            try:
                exec(line, self._shell.user_ns)
            except Exception:  # noqa: BLE001, S112 - a prelude line that fails here fails again where it matters
                continue
        import grader

        grader.check = lambda *args, **kwargs: None  # type: ignore[attr-defined]  # the notebook's own self-checks
        setattr(builtins, HOOK, self.captures.look)
        setattr(builtins, SERVE, self.serve)
        self._shell.user_ns.update(exit=_stop, quit=_stop)  # IPython's own would end the kernel
        self._shell.ast_transformers.append(AfterEachStatement(self._wanted))
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)
        for stream in (sys.stdout, sys.stderr):
            self._cap(stream)

    def _cap(self, stream: Any) -> None:
        write = stream.write

        def capped(text: str) -> int:
            if self._output_left > 0:
                write(text[: self._output_left])
                self._output_left -= len(text)
            return len(text)

        stream.write = capped

    def _before(self, info: Any) -> None:
        if info.store_history and self._begun < len(self._order):
            self.captures.cell = self._order[self._begun]
            self._begun += 1

    def _after(self, result: Any) -> None:
        if not result.info.store_history:
            return
        self.captures.look()
        if result.error_before_exec is not None:
            kind = _known(result.error_before_exec)
            for name in filter(None, (name for pair in _DEFINED.findall(result.info.raw_cell) for name in pair)):
                self.captures.reasons[name] = f"cell {self.captures.cell} does not run: {kind}"
        elif result.error_in_exec is not None:
            self._run_rest(result.info.transformed_cell or result.info.raw_cell, result.error_in_exec)

    def _run_rest(self, source: str, error: BaseException) -> None:
        """Run what stands below the line that raised; only its definitions where the cell was to stop."""
        tree, (line, filename) = parsed(source), self._place(error)
        rest, raised = below(tree, line), at(tree, line)
        cell, kind = self.captures.cell, _known(error)
        self._note([raised] if raised else [], f"its definition in cell {cell} raised {kind}")
        if isinstance(error, _STOPS) or not line:
            self._note(rest, f"cell {cell} stopped with {kind} before its definition")
            rest = [node for node in rest if defines(node)]
        for node in rest:
            try:
                exec(compile(ast.Module([node], []), filename, "exec"), self._shell.user_ns)
            except KeyboardInterrupt:  # the cell has used up its time
                return
            except BaseException as raised_below:  # noqa: BLE001 - one statement that raises must not cost the next
                self._note([node], f"its definition in cell {cell} raised {_known(raised_below)}")
            self.captures.look()

    def _place(self, error: BaseException) -> tuple[int, str]:
        """The line of the cell that raised, and the name under which Python knows the cell."""
        line, filename, trace = 0, "<cell>", error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals is self._shell.user_ns and trace.tb_frame.f_code.co_name.startswith("<"):
                line, filename = trace.tb_lineno, trace.tb_frame.f_code.co_filename
                break
            trace = trace.tb_next
        return line, filename

    def _note(self, statements: Sequence[ast.stmt], reason: str) -> None:
        for name in bound(statements):
            self.captures.reasons[name] = reason

    # ---- answering ---------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Tell what was captured, then answer probes until the grader hangs up."""
        self.captures.finish()
        images.configure(self._data["folder"], train=None, val=None, max_steps=None)
        versions = {
            target: [[each.cell, each.kind, each.note] for each in kept]
            for target, kept in self.captures.table().items()
        }
        self._channel.send(Frame("opened", {"versions": versions, "reasons": self.captures.reasons}))
        while True:
            try:
                frame = self._channel.receive()
            except ChannelClosed:
                os._exit(0)
            if frame.kind == "close":
                os._exit(0)
            observation = self._limited(read_probe(frame), float(frame.header["limit_s"]))
            try:
                reply = observation_frame(observation)
            except Exception as error:  # noqa: BLE001 - the student's object may fail while it is taken apart
                reply = observation_frame(Raised(type(error).__name__))
            self._channel.send(reply)

    def _limited(self, probe: Probe, limit_s: float) -> Observation:
        def stop(*_: object) -> None:
            raise ProbeTimeout(limit_s)

        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        try:
            return answer(probe, self)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The `Bench` of a notebook: `name@2` is the third version of the name."""
        name, _, number = target.partition("@")
        kept = self.captures[name]
        if not number.isdigit() or int(number) >= len(kept):
            raise NotDefined(self.captures.reasons.get(name, ""))
        captured = kept[int(number)]
        helpers: dict[str, Any] = {}
        exec("import torch\nfrom torch import nn\nfrom torch.nn import functional as F", helpers)
        for source in stand_ins.values():
            exec(source, helpers)
        with self.captures.around(captured, {each: helpers[each] for each in stand_ins}) as namespace:
            yield captured.value, namespace


def _stop(*_: object) -> None:
    """What exit() and quit() do in a notebook: end the cell."""
    raise SystemExit


def _known(error: BaseException) -> str:
    """The name of an exception, where it is Python's own: students may read it."""
    name = type(error).__name__
    return name if name in _EXCEPTIONS else "an exception of its own"
