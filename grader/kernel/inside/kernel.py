"""The student's kernel: an IPython shell with our hooks in it, process 1 of its sandbox.

    grader --open--> kernel                      lays out the files, takes its limits
           <-ready, cell n-- kernel              before each cell; it interrupts itself after the limit
           <-opened--------- kernel              which names were captured, once all cells ran
           --ask--> kernel --observation-->      until the grader hangs up

All of it is in the student's hands, and nothing here is trusted by the other side: that waits for every frame by its
own clock, and where the kernel dies or hangs it opens another sandbox without the deadly cell.

An event loop runs while a cell does, as in Jupyter, so that `await` and tasks work. Nobody sees what is printed or
displayed: standard output is the null device.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import functools
import os
import random
import re
import selectors
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

from grader.kernel.channel import Channel, ChannelClosed, Frame
from grader.kernel.inside import images, no_card
from grader.kernel.inside.answering import NotDefined, ProbeTimeout, answer, framed, made, seed_torch
from grader.kernel.inside.capture import Captures
from grader.kernel.inside.following import Follower, follow
from grader.kernel.inside.opening import Cell, received
from grader.kernel.inside.postponed import Postponed, Waiting
from grader.kernel.inside.statements import (
    HOOK,
    AfterEachStatement,
    at,
    below,
    bound,
    defines,
    definitions_only,
    parsed,
)
from grader.kernel.inside.transforms import without_workers
from grader.kernel.wire import read_probe
from grader.probes import Observation, Probe, TimedOut, names_of, numbered

_AGAIN_S = 1.0  # between interrupts of a cell that goes on regardless
_RETRY_S = 5.0  # for all definitions that are run once more; within the time that the grader waits beyond a limit
_DEFINED = re.compile(r"^\s*(?:(?:async\s+def|def|class)\s+(\w+)|([A-Za-z_]\w*)(?:\s*,\s*\w+)*\s*=(?!=))", re.MULTILINE)
_STOPS = (KeyboardInterrupt, SystemExit, GeneratorExit)
_EXCEPTIONS = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))
_FRONT_END = ("autosave", "connect_info", "edit", "less", "man", "more", "qtconsole", "subshell")  # magics of Jupyter's


class _Unseen(DisplayHook):
    """What a cell ends with is seen by nobody, so it is not drawn."""

    def compute_format_data(self, result: object) -> tuple[dict[str, object], dict[str, object]]:
        """Nothing in any format."""
        return {}, {}


class _Shell(InteractiveShell):
    """IPython without a terminal or front end."""

    displayhook_class = Type(_Unseen)

    def enable_gui(self, gui: str | None = None) -> None:
        """There are no windows."""

    def transform_ast(self, node: ast.Module) -> ast.Module:
        """IPython's own walks through the whole tree for places that our transformer has given already."""
        match self.ast_transformers:
            case [AfterEachStatement() as ours]:
                return ours.visit_Module(node)
            case _:
                return super().transform_ast(node)  # type: ignore[no-any-return, no-untyped-call]


@functools.cache
def prepare() -> InteractiveShell:
    """The shell; slow to build, so a template builds it before it forks. It starts no thread."""
    import d2l.torch  # noqa: F401 - nearly every notebook does

    if not os.environ.get("CUDA_VISIBLE_DEVICES"):
        no_card.stand_in()
    images.patch_torchvision()
    without_workers()
    # An account has so many places in epoll, and a session next door may take them all.
    selectors.DefaultSelector = selectors.PollSelector  # type: ignore[misc,assignment]
    config = Config()
    config.HistoryManager.enabled = False
    config.Completer.use_jedi = False
    shell = _Shell.instance(config=config, xmode="Minimal", colors="nocolor", cache_size=0)
    if shell.display_formatter is not None:
        shell.display_formatter.active_types = ["text/plain"]  # nobody sees pictures
    shell.set_hook("show_in_pager", _nothing, 0)  # type: ignore[no-untyped-call]
    for name in _FRONT_END:
        shell.register_magic_function(_nothing, "line", name)  # type: ignore[arg-type]
    return shell


def run(channel: Channel) -> NoReturn:
    """Serve one session: read the submission, run its cells, answer probes until the grader hangs up."""
    opening, cells = received(channel)
    sys.path[:0] = [folder for folder in _module_folders(opening) if folder not in sys.path]
    kernel = _Kernel(prepare(), opening, channel)
    kernel.install()
    channel.send(Frame("ready", {"python": sys.version.split()[0]}))
    kernel.run(cells)
    kernel.serve()


def _module_folders(opening: Mapping[str, Any]) -> list[str]:
    """Where modules are handed in: beside the notebook, which may itself lie in a folder of the submission."""
    inner = {os.path.dirname(name) for name, *_ in opening["files"] if name.endswith(".py")}
    packages = {os.path.dirname(name) for name, *_ in opening["files"] if os.path.basename(name) == "__init__.py"}
    return [os.path.join(opening["folder"], each).rstrip(os.sep) for each in sorted({""} | (inner - packages))]


class _Kernel:
    """Runs the cells of one notebook, and answers for it."""

    def __init__(self, shell: InteractiveShell, opening: Mapping[str, Any], channel: Channel) -> None:
        self._shell = shell
        self._wanted = {name for target in opening["targets"] for name in names_of(target)}
        self._prelude: Sequence[str] = opening["prelude"]
        self._deadly: Sequence[int] = opening["deadly"]
        self._limits: Mapping[str, float] = opening["limits"]
        self._data = opening["data"]
        self._channel = channel
        self._loop = asyncio.new_event_loop()
        self.captures = Captures(opening["targets"], shell.user_ns, opening["folder"])
        self._postponed = Postponed(shell.user_ns)
        self._follower: Follower | None = None
        if opening["training"] is not None:
            self._follower = follow(opening["training"], self.captures)
        self._seed: int = opening["seed"]

    def install(self) -> None:
        """Hook into the shell; run the prelude. What a notebook draws without a seed is the same in every session."""
        random.seed(self._seed)
        np.random.seed(self._seed)
        seed_torch(self._seed)
        for line in self._prelude:
            try:
                exec(line, self._shell.user_ns)
            except Exception:  # noqa: BLE001, S112 - a prelude line that fails here fails again where it matters
                continue
        import grader

        grader.check = lambda *args, **kwargs: None  # the notebook's own self-checks
        setattr(builtins, HOOK, self.captures.look)
        self._shell.user_ns.update(exit=_stop, quit=_stop)  # IPython's own would end the kernel
        self._shell.ast_transformers.append(AfterEachStatement(self._wanted))

    # ---- running cells -----------------------------------------------------------------------------------------------

    def run(self, cells: Sequence[Cell]) -> None:
        """Run every cell, however the ones before it ended."""
        asyncio.set_event_loop(self._loop)
        deadline = time.monotonic() + self._limits["total_s"]
        for number, source in cells:
            if not source.strip():
                continue
            late = time.monotonic() > deadline
            self._channel.send(Frame("cell", {"number": number, "late": late}))
            self.captures.cell = number
            if number in self._deadly:
                reason = f"cell {number} ended the kernel, so only its functions and classes were read"
                self._note(parsed(self._transformed(source)).body, reason)
            if late or number in self._deadly:
                source = definitions_only(self._transformed(source))
            self._run_cell(source)
        if cells and cells[-1][0] not in self._deadly:  # to the grader this is still the last cell
            with _interrupted_after(_RETRY_S, self._follower):
                self._postponed.retry(self._run_again)

    def _run_cell(self, source: str) -> None:
        with _interrupted_after(self._limits["cell_s"], self._follower):
            try:
                result = self._loop.run_until_complete(self._executed(source))
            except BaseException:  # noqa: BLE001 - whatever a cell did to the loop, the next one has its own
                self._loop = asyncio.new_event_loop()
                asyncio.set_event_loop(self._loop)
                self.captures.look()
            else:
                self._after(source, result)

    async def _executed(self, source: str) -> ExecutionResult:
        shell, problem = self._shell, None
        try:
            transformed = shell.transform_cell(source)
        except Exception:  # noqa: BLE001 - IPython tells it as it does an error of the cell's
            transformed, problem = source, sys.exc_info()
        result = await shell.run_cell_async(
            source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=problem
        )
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
        return result

    def _transformed(self, source: str) -> str:
        """The cell as Python, without magics."""
        try:
            return str(self._shell.transform_cell(source))
        except (SyntaxError, ValueError, RecursionError):
            return ""

    def _after(self, source: str, result: ExecutionResult) -> None:
        self.captures.look()
        if result.error_before_exec is not None:
            kind = _known(result.error_before_exec)
            for name in filter(None, (name for pair in _DEFINED.findall(source) for name in pair)):
                self.captures.reasons[name] = f"cell {self.captures.cell} does not run: {kind}"
        elif result.error_in_exec is not None:
            if self._follower is not None:
                self._follower.failed(result.error_in_exec)
            self._run_rest(self._transformed(source), result.error_in_exec)

    def _run_rest(self, source: str, error: BaseException) -> None:
        """Run what stands below the line that raised; only its definitions where the cell was to stop."""
        tree, (line, filename) = parsed(source), self._place(error)
        rest, raised = below(tree, line), at(tree, line)
        cell, kind = self.captures.cell, _known(error)
        self._note([raised] if raised else [], f"its definition in cell {cell} raised {kind}")
        if isinstance(error, _STOPS) or not line:
            self._note(rest, f"cell {cell} stopped with {kind} before its definition")
            rest = [node for node in rest if defines(node)]
        self._postponed.add(raised, error, cell, filename)
        for node in rest:
            try:
                self._run_statement(node, filename)
            except KeyboardInterrupt:  # the cell has used up its time
                return
            except BaseException as raised_below:  # noqa: BLE001 - one statement that raises must not cost the next
                self._note([node], f"its definition in cell {cell} raised {_known(raised_below)}")
                self._postponed.add(node, raised_below, cell, filename)
            self.captures.look()

    def _run_again(self, waiting: Waiting) -> BaseException | None:
        """Run a definition that lacked a name which a later cell bound; what it raises now."""
        self.captures.cell = waiting.cell
        self.captures.note = f"Cell {waiting.cell} uses `{waiting.lacks}`, which only a later cell defines."
        try:
            self._run_statement(waiting.statement, waiting.filename)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - one statement that raises must not cost the next
            self._note([waiting.statement], f"its definition in cell {waiting.cell} raised {_known(error)}")
            return error
        finally:
            self.captures.look()
            self.captures.note = ""
        return None

    def _run_statement(self, node: ast.stmt, filename: str) -> None:
        exec(compile(ast.Module([node], []), filename, "exec"), self._shell.user_ns)

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

    def _note_valueless(self) -> None:
        """Of names that are asked about together, note which ones are missing where others are there."""
        for target, kept in self.captures.table().items():
            lacking = [name for name in names_of(target) if name not in self._shell.user_ns]
            if not kept and len(lacking) < len(names_of(target)):
                for name in lacking:
                    self.captures.reasons.setdefault(name, f"`{name}` has no value")

    # ---- answering ---------------------------------------------------------------------------------------------------

    def serve(self) -> NoReturn:
        """Tell what was captured, then answer probes until the grader hangs up."""
        self.captures.finish()
        self._note_valueless()
        if self._follower is not None:
            self._follower.finish()
        images.configure(self._data["folder"], train=None, val=None, max_steps=None)
        versions = {
            target: [[each.cell, each.kind, each.note] for each in kept]
            for target, kept in self.captures.table().items()
        }
        self._channel.send(Frame("opened", {"versions": versions, "reasons": self.captures.reasons}))
        last_timed_out = 0
        while True:
            try:
                frame = self._channel.receive()
            except ChannelClosed:
                os._exit(0)
            if frame.kind == "close":
                os._exit(0)
            number = frame.header["number"]
            if frame.header["after"] != last_timed_out:
                continue  # sent before the grader knew of the time-out; it asks again if it still wants to know
            try:
                probe = read_probe(frame)
            except BaseException:  # noqa: BLE001 - the notebook has replaced what reads it; nobody need wait
                os._exit(72)
            observation = self._limited(probe, float(frame.header["limit_s"]))
            if isinstance(observation, TimedOut):
                last_timed_out = number
            reply = framed(observation, probe)
            self._channel.send(Frame(reply.kind, {**reply.header, "number": number}, reply.body))

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
        name, number = numbered(target)
        kept = self.captures[name]
        if number is None or number >= len(kept):
            raise NotDefined(self.captures.reasons.get(name, ""))
        captured = kept[number]
        with self.captures.around(captured, made(stand_ins)) as namespace:
            yield captured.value, namespace


@contextmanager
def _interrupted_after(limit_s: float, follower: Follower | None) -> Iterator[None]:
    """Interrupt what takes longer, as Ctrl-C would, again and again until it ends."""

    def interrupt(*_: object) -> None:
        if follower is not None:
            follower.out_of_time()
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, limit_s, _AGAIN_S)
    try:
        yield
    except KeyboardInterrupt:  # it came when the cell had just ended
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _nothing(*_: object) -> None:
    """What a front end would do."""


def _stop(*_: object) -> None:
    """What exit() and quit() do in a notebook: end the cell."""
    raise SystemExit


def _known(error: BaseException) -> str:
    """The name of an exception, where it is Python's own: students may read it."""
    name = type(error).__name__
    return name if name in _EXCEPTIONS else "an exception of its own"
