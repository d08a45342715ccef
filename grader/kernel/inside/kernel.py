"""The student's kernel: an IPython kernel in a forked process, with our hooks in it.

It runs cells as the driver asks over Jupyter's ipc transport, keeps the captures, and at the end answers probes that
come over the grader's own pipe. All of it is in the student's hands; nothing here is trusted by the other side.
"""

from __future__ import annotations

import ast
import builtins
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ipykernel.kernelapp import IPKernelApp

from grader.kernel.inside import images
from grader.kernel.inside.answering import NotDefined, ProbeTimeout, answer
from grader.kernel.inside.capture import HOOK, AfterEachStatement, Captures, definitions_after
from grader.kernel.wire import Channel, ChannelClosed, Frame, observation_frame, read_probe
from grader.probes import Observation, Probe, Raised

SERVE = "__serve_probes__"
_DEFINED = re.compile(r"^\s*(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)


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
    folder = opening["folder"]
    if folder not in sys.path:
        sys.path.insert(0, folder)
    hooks = _Hooks(app.shell, opening, channel)
    hooks.install()
    app.start()


class _Hooks:
    """What the kernel does around cells, and how it answers."""

    def __init__(self, shell: Any, opening: Mapping[str, Any], channel: Channel) -> None:
        self._shell = shell
        self._order: Sequence[int] = opening["order"]
        self._prelude: Sequence[str] = opening["prelude"]
        self._output_left = opening["limits"]["output_kb"] * 1024
        self._data = opening["data"]
        self._channel = channel
        self._begun = 0
        self.captures = Captures(opening["targets"], shell.user_ns, opening["folder"])

    def install(self) -> None:
        """Hook into the shell; run the prelude."""
        for line in self._prelude:
            try:
                exec(line, self._shell.user_ns)
            except Exception:  # noqa: BLE001, S112 - a prelude line that fails here fails again where it matters
                continue
        import grader

        grader.check = lambda *args, **kwargs: None  # type: ignore[attr-defined]  # the notebook's own self-checks
        setattr(builtins, HOOK, self.captures.look)
        setattr(builtins, SERVE, self.serve)
        self._shell.ast_transformers.append(AfterEachStatement())
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
            for name in _DEFINED.findall(result.info.raw_cell):
                self.captures.reasons[name] = (
                    f"cell {self.captures.cell} does not run: {type(result.error_before_exec).__name__}"
                )
        elif result.error_in_exec is not None:
            self._run_rest(result.info.transformed_cell or result.info.raw_cell, result.error_in_exec)
            self.captures.look()

    def _run_rest(self, source: str, error: BaseException) -> None:
        """Run the definitions below the line that raised."""
        line, trace = 0, error.__traceback__
        filename = ""
        while trace is not None:
            if trace.tb_frame.f_globals is self._shell.user_ns and trace.tb_frame.f_code.co_name == "<module>":
                line, filename = trace.tb_lineno, trace.tb_frame.f_code.co_filename
            trace = trace.tb_next
        try:
            tree = ast.parse(definitions_after(source, line))
        except (SyntaxError, ValueError):
            return
        for node in tree.body:
            try:
                exec(compile(ast.Module([node], []), filename or "<cell>", "exec"), self._shell.user_ns)
            except Exception:  # noqa: BLE001, S112 - one definition that raises must not cost the next
                continue

    # ---- answering ---------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Tell what was captured, then answer probes until the grader hangs up."""
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
