"""What a person sees while submissions are graded: how far it is, who runs, what needs staff, what the machine does.

On a terminal the last lines change in place; elsewhere there are plain lines, and not too many for a large class.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grader import usage
from grader.cli.events import broken, stages_to, to_look_at
from grader.cli.progress import QUIET_S
from grader.cli.tally import Tally, span
from grader.escaping import visible
from grader.records import Status
from grader.usage import Usage

if TYPE_CHECKING:
    from grader.commands.grade import Options, Result
    from grader.commands.intake import Intake
    from grader.commands.watch import Idle
    from grader.records import Grade, Submission

_ROWS: Final = 8  # of those who run
_EACH: Final = 100  # submissions up to which each gets a plain line of its own
_LONGEST_QUIET_S: Final = 60.0  # after which a plain line says that it still goes on
_LOOK_S: Final = 2.0  # between two looks at the machine


def graded(options: Options) -> Result:
    """Grade, and show it on standard error.

    Raises:
        GraderError: with one clear line.
    """
    from grader.commands import grade as grading
    from grader.commands.watch import Watch

    console = Console(stderr=True)
    shown = Shown(console, with_cards=options.device != "cpu")
    with stages_to(shown.stage), shown.showing():
        watch = Watch(
            shown.planned,
            shown.began,
            shown.finished,
            shown.postponed,
            shown.retrying,
            shown.told,
            took_in=shown.took_in,
            stale=shown.stale,
        )
        return grading.grade(options, watch)


class Shown:
    """Hears what a run tells, and shows it.

    Args:
        console: where.
        with_cards: whether graphics cards are looked at.
        look: at what the grader uses of the machine.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        console: Console,
        *,
        with_cards: bool,
        look: Callable[..., Usage] = usage.now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._plain = not console.is_terminal
        self._with_cards = with_cards
        self._look = look
        self._clock = clock
        self._tally = Tally(clock)
        self._start = self._said = clock()
        self._usage: Usage | None = None
        self._staff = 0
        self._planned = False
        self._changing = threading.Lock()  # a thread draws, another one looks at the machine

    @contextlib.contextmanager
    def showing(self) -> Iterator[None]:
        """In here it is shown."""
        over = threading.Event()
        looking = threading.Thread(target=self._keep_looking, args=(over,), daemon=True)
        with contextlib.ExitStack() as stack:
            if not self._plain:
                live = Live(
                    get_renderable=self.view,
                    console=self._console,
                    refresh_per_second=4,
                    transient=True,
                    redirect_stdout=False,
                )
                stack.enter_context(live)
            looking.start()
            try:
                yield
            finally:
                over.set()
                looking.join()

    # ---- what a run tells --------------------------------------------------------------------------------------------

    def told(self, sentence: str) -> None:
        """A line that stays."""
        self._said = self._clock()
        self._console.print(visible(sentence), highlight=False, markup=False, emoji=False, soft_wrap=True)

    def took_in(self, taken: Intake) -> None:
        """What was handed in, and whom to look at."""
        from grader.reports.intake import intake_table

        for line in taken.lines:
            self.told(line)
        if rows := to_look_at(taken):
            self._console.print(intake_table(rows))

    def planned(self, todo: Sequence[Submission], idle: Idle) -> None:
        """How much is to be done."""
        self.told(f"{len(todo)} to run, {idle.rescored} to rescore, {idle.unchanged} unchanged.")
        with self._changing:
            self._tally.total = len(todo)
            self._planned = True
            self._start = self._clock()

    def stale(self, todo: Sequence[Submission]) -> None:
        """There is more to do."""
        self.told(f"{len(todo)} of them to run after all: not all that is asked now was recorded.")
        with self._changing:
            self._tally.total += len(todo)

    def began(self, submission: Submission) -> None:
        """Somebody runs."""
        with self._changing:
            self._tally.began(submission.student.id)

    def stage(self, student: str, stage: str) -> None:
        """Somebody has come so far."""
        with self._changing:
            self._tally.at(student, stage)

    def finished(self, grade: Grade) -> None:
        """Somebody is done; who needs staff is told at once, and why."""
        student = grade.submission.student.id
        with self._changing:
            self._tally.finished(student)
            self._staff += grade.status is Status.NEEDS_STAFF
            first, last = self._tally.done == 1, self._tally.done == self._tally.total
            few = self._tally.total <= _EACH
        if self._plain and few:
            points = f"{grade.earned:g}/{grade.possible:g}" if grade.possible else grade.status.value
            self._heartbeat(f"{student} {points} in {grade.seconds:.0f} s")
        elif self._plain and (first or last or self._clock() - self._said >= QUIET_S):
            self._heartbeat()
        if grade.status is Status.NEEDS_STAFF:
            self.told(f"{student} needs staff: {_why(grade)}")

    def postponed(self, grade: Grade) -> None:
        """Somebody runs no more, and will once more."""
        with self._changing:
            self._tally.put_off(grade.submission.student.id)

    def retrying(self, todo: Sequence[Submission]) -> None:
        """Those are run again."""
        who = "1 submission alone, because it" if len(todo) == 1 else f"{len(todo)} submissions alone, because they"
        self.told(f"Retrying {who} ran out of time beside others.")
        with self._changing:
            self._tally.alone()

    # ---- what is shown -----------------------------------------------------------------------------------------------

    def view(self) -> Group:
        """The lines that change in place."""
        with self._changing:
            if not self._planned:
                return Group(Text("reading ...", "dim"))
            head = Table.grid(padding=(0, 2))
            bar = ProgressBar(total=max(self._tally.total, 1), completed=self._tally.done, width=24)
            head.add_row(Text(f"{self._tally.done}/{self._tally.total}", "bold"), bar, Text(self._time(), no_wrap=True))
            running = self._tally.running()
            table = Table.grid(padding=(0, 2))
            table.add_column(max_width=24, no_wrap=True, overflow="ellipsis")
            table.add_column(justify="right", no_wrap=True)
            table.add_column(no_wrap=True, overflow="ellipsis")
            for each in running[:_ROWS]:
                table.add_row(
                    Text("  " + visible(each.student)), Text(span(each.seconds)), Text(visible(each.stage), "dim")
                )
            more = [Text(f"  and {len(running) - _ROWS} more", "dim")] if len(running) > _ROWS else []
            if not running and self._tally.done < self._tally.total:
                more = [Text("  starting ...", "dim")]
            return Group(
                head,
                *([table] if running else []),
                *more,
                Text(self._machine(), "dim", overflow="ellipsis", no_wrap=True),
            )

    def _time(self) -> str:
        left = self._tally.left_s()
        if left is None:
            told = "time left is not known yet"
        elif self._tally.done == self._tally.total:
            told = "writing tables"
        else:
            told = f"about {span(left)} left"
        return f"{span(self._clock() - self._start)} so far, {told}"

    def _machine(self) -> str:
        """Such as `2.1 GB in 9 processes · GPU 0: 87 %, 11.2 of 141.0 GB`."""
        parts = []
        if self._usage is not None:
            parts.append(f"{_gb(self._usage.memory_mb)} GB in {self._usage.processes} processes")
            for card in self._usage.cards:
                busy = "" if card.busy_percent is None else f"{card.busy_percent:.0f} %, "
                parts.append(f"GPU {card.number}: {busy}{_gb(card.used_mb)} of {_gb(card.total_mb)} GB")
        if self._staff:
            parts.append(f"{self._staff} need{'s' if self._staff == 1 else ''} staff")
        return "  " + " · ".join(parts)

    def _heartbeat(self, what: str = "") -> None:
        with self._changing:
            running, left = self._tally.running(), self._tally.left_s()
            count = f"[{self._tally.done}/{self._tally.total}]"
            machine = self._machine().strip()
        if not what and running:
            stage = f" ({running[0].stage})" if running[0].stage else ""
            what = f"{len(running)} run, longest {running[0].student} {span(running[0].seconds)}{stage}"
            what += f"; {machine}" if machine else ""
        rest = "" if left is None or self._tally.done == self._tally.total else f"about {span(left)} left"
        self.told(" ".join(filter(None, (count, ", ".join(filter(None, (what, rest)))))))

    def _keep_looking(self, over: threading.Event) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})  # the main thread's
        while not over.wait(_LOOK_S):
            if not self._planned:
                continue
            seen = self._look(with_cards=self._with_cards)
            with self._changing:
                self._usage = seen
            if self._plain and self._tally.running() and self._clock() - self._said >= _LONGEST_QUIET_S:
                self._heartbeat()


def _why(grade: Grade) -> str:
    told = broken(grade)
    return grade.problem or "; ".join(f"{item}: {message}" for item, message in told.items())


def _gb(mb: float | None) -> str:
    return "?" if mb is None else f"{mb / 1024:.1f}"
