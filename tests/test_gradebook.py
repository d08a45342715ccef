"""What is kept: surviving kills, refusing a second writer, telling of damage, and history."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader import gradebook, storage
from grader.errors import GradebookError, UsageError
from grader.gradebook import Gradebook
from grader.lateness import Arrival
from grader.records import Finding, Grade, Item, Outcome, Profile, Score, Status, Student, Submission
from grader.roster import Enrolled

HW = "hw2-cnn"
BEGIN = """
import os, signal, sys
from pathlib import Path
from grader.gradebook import Gradebook
from grader.records import Grade, Profile, Student, Submission
path = Path(sys.argv[1])
grade = Grade(Submission(Student("ada"), "ada.ipynb", ()), (), "bubblewrap", "cpu", Profile.QUICK, "", 1.0, "0.1")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "gradebook.db"


@pytest.fixture
def book(path: Path) -> Iterator[Gradebook]:
    with Gradebook.open(path) as opened:
        yield opened


def graded(outcome: Outcome = Outcome.PASSED, *, student: str = "ada", problem: str = "", **finding: Any) -> Grade:
    item = Item(id="corr2d-values", section="7.2", title="corr2d", points=4.0, check="returns_close", target="corr2d")
    share = 1.0 if outcome is Outcome.PASSED else 0.0
    found = Finding(outcome=outcome, credit=share, **({"message": "As asked."} | finding))
    score = Score(item, found, earned=4.0 * share, possible=4.0 if outcome.decided else 0.0, key="item key")
    return Grade(
        submission=Submission(Student(student, "Ada Moon"), f"{student}.ipynb", (), sha256="c0ffee"),
        scores=() if problem else (score,),
        isolation="bubblewrap",
        device="cpu",
        profile=Profile.QUICK,
        started="2026-03-01T12:00:00+00:00",
        seconds=1.5,
        grader_version="0.1",
        problem=problem,
    )


def begin(script: str, path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BEGIN + script, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def read(path: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_grade_comes_back_as_it_was_recorded(book: Gradebook) -> None:
    finding: dict[str, Any] = {
        "message": "2 of 9 differ.",
        "hint": "Mind the last row.",
        "evidence": {"cell": 3, "curve": [0.1, 0.5]},
    }

    book.record(HW, graded(Outcome.FAILED, **finding), key="k1", observations=b"seen")

    (row,) = book.current(HW)
    assert (row.assignment, row.student_id, row.student_name, row.submission) == (HW, "ada", "Ada Moon", "ada.ipynb")
    assert (row.sha256, row.status, row.isolation, row.device) == ("c0ffee", Status.GRADED, "bubblewrap", "cpu")
    assert (row.profile, row.started, row.seconds) == (Profile.QUICK, "2026-03-01T12:00:00+00:00", 1.5)
    assert (row.grader_version, row.problem, row.key, row.observations) == ("0.1", "", "k1", "kept")
    assert (row.earned, row.possible, row.percent) == (0.0, 4.0, 0.0)
    (item,) = row.items
    assert (item.item, item.section, item.title, item.target) == ("corr2d-values", "7.2", "corr2d", "corr2d")
    assert (item.check, item.outcome, item.credit) == ("returns_close", Outcome.FAILED, 0.0)
    assert (item.earned, item.possible, item.key) == (0.0, 4.0, "item key")
    assert {"message": item.message, "hint": item.hint, "evidence": item.evidence} == finding


def test_a_grade_survives_a_kill_right_after_it_was_recorded(path: Path) -> None:
    script = "Gradebook.open(path).record('hw2-cnn', grade, key='k1'); os.kill(os.getpid(), signal.SIGKILL)"

    with begin(script, path) as killed:
        killed.communicate()

    assert killed.returncode == -signal.SIGKILL
    with Gradebook.open(path) as book:
        assert [row.student_id for row in book.current(HW)] == ["ada"]


def test_a_grade_half_recorded_at_the_kill_leaves_nothing(path: Path) -> None:
    script = """
from grader import storage
insert = storage.insert
def dying(connection, table, values):
    insert(connection, table, values)
    os.kill(os.getpid(), signal.SIGKILL)
book = Gradebook.open(path)
book.started("hw2-cnn", "ada", "k1")
storage.insert = dying
book.record("hw2-cnn", grade, key="k1")
"""

    with begin(script, path) as killed:
        killed.communicate()

    assert killed.returncode == -signal.SIGKILL
    with Gradebook.open(path) as book:
        assert book.current(HW) == []
        assert book.crashes(HW, "ada", "k1") == 1


def test_a_second_grader_is_refused_and_told_who_writes(path: Path) -> None:
    with begin("book = Gradebook.open(path); print('open', flush=True); sys.stdin.read()", path) as other:
        assert other.stdout is not None
        other.stdout.readline()

        with pytest.raises(GradebookError) as refused:
            Gradebook.open(path)
        other.communicate()

    expected = f"another grader is writing to {path.parent} (pid {other.pid}); wait for it or choose another --out"
    assert str(refused.value) == expected


def test_a_reader_may_look_while_a_grader_writes_but_not_write(path: Path, book: Gradebook) -> None:
    book.record(HW, graded(), key="k1")

    with Gradebook.open(path, writing=False) as reader:
        assert len(reader.current(HW)) == 1
        with pytest.raises(GradebookError, match="cannot be written"):
            reader.reseed()


def test_another_program_may_write_between_two_grades(path: Path, book: Gradebook) -> None:
    script = """
import sqlite3, time
other = sqlite3.connect(path, isolation_level=None, timeout=10)
other.execute("CREATE TABLE remarks (text TEXT)")
for number in range(20):
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO remarks VALUES (?)", (str(number),))
    if number == 0:
        print("writing", flush=True)
        time.sleep(0.3)  # the grader has to wait for so long
    other.execute("COMMIT")
"""
    with begin(script, path) as other:
        assert other.stdout is not None
        other.stdout.readline()
        for number in range(20):
            book.started(HW, f"s{number}", "k1")
            book.record(HW, graded(student=f"s{number}"), key="k1")
        other.communicate()

    assert other.returncode == 0
    assert len(book.current(HW)) == 20
    assert read(path, "SELECT count(*) FROM remarks") == [(20,)]


def test_a_program_that_holds_the_gradebook_for_good_is_one_clear_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "PATIENCE_S", 0.1)
    script = "import sqlite3; c = sqlite3.connect(path, isolation_level=None); c.execute('BEGIN IMMEDIATE')\n"
    with Gradebook.open(path) as book, begin(script + "print('held', flush=True); sys.stdin.read()", path) as other:
        assert other.stdout is not None
        other.stdout.readline()

        with pytest.raises(GradebookError, match="is held by another program; close it and run the same command"):
            book.record(HW, graded(), key="k1")
        other.communicate()

        book.record(HW, graded(), key="k1")
        assert len(book.current(HW)) == 1


def test_a_killed_grader_with_orphaned_workers_keeps_nobody_out(path: Path) -> None:
    script = """
book = Gradebook.open(path)
if os.fork() == 0:
    print("worker", flush=True)
    sys.stdin.read()
    os._exit(0)
os.wait()
"""
    with begin(script, path) as grader:
        assert grader.stdout is not None
        grader.stdout.readline()  # the worker runs, and has let go of the lock
        grader.send_signal(signal.SIGKILL)
        grader.wait()

        with Gradebook.open(path) as book:
            book.record(HW, graded(), key="k1")

        assert grader.stdin is not None
        grader.stdin.close()  # ends the worker


def test_a_stale_lock_file_is_harmless(path: Path) -> None:
    path.parent.mkdir()
    path.with_suffix(".lock").write_text("123\n")

    with Gradebook.open(path):
        assert path.with_suffix(".lock").read_text() == f"{os.getpid()}\n"


def test_an_error_while_opening_frees_the_lock(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no gradebook")
    with pytest.raises(GradebookError):
        Gradebook.open(path)
    path.unlink()

    Gradebook.open(path).close()


@pytest.mark.parametrize(
    "kept",
    [lambda size: 0, lambda size: 1, lambda size: size // 2, lambda size: size - 4096, lambda size: size - 1],
    ids=["nothing", "one-byte", "half", "all-but-a-page", "all-but-a-byte"],
)
def test_a_truncated_gradebook_is_reported_and_left_alone(path: Path, kept: Callable[[int], int]) -> None:
    with Gradebook.open(path) as book:
        for student in range(40):
            book.record(HW, graded(student=f"s{student}"), key="k1")
    whole = path.read_bytes()
    torn = whole[: kept(len(whole))]
    path.write_bytes(torn)

    with pytest.raises(GradebookError, match="is damaged or no gradebook; put back a copy of it") as told:
        Gradebook.open(path)

    assert "\n" not in str(told.value)
    assert path.read_bytes() == torn


@pytest.mark.parametrize("content", [b"not a database at all" * 300, b"\0" * 8192], ids=["text", "zeros"])
def test_a_file_that_is_no_gradebook_is_reported_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(GradebookError, match=r"gradebook\.db is damaged or no gradebook"):
        Gradebook.open(path)

    assert path.read_bytes() == content


def test_an_emptied_gradebook_keeps_the_log_that_could_mend_it(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    log = path.with_name("gradebook.db-wal")
    log.write_bytes(b"frames")

    with pytest.raises(GradebookError, match="is damaged"):
        Gradebook.open(path)

    assert log.read_bytes() == b"frames"


@pytest.mark.parametrize(
    ("offset", "rubbish"),
    [pytest.param(0, b"\x55" * 4096, id="page"), pytest.param(7, b"\x55", id="one-byte-of-its-header")],
)
def test_overwritten_bytes_are_noticed_when_the_gradebook_is_opened(path: Path, offset: int, rubbish: bytes) -> None:
    with Gradebook.open(path) as book:
        for student in range(40):
            book.record(HW, graded(student=f"s{student}"), key="k1")
    content = bytearray(path.read_bytes())
    (page,) = read(path, "SELECT rootpage FROM sqlite_master WHERE name = 'items'")[0]
    start = (page - 1) * 4096 + offset
    content[start : start + len(rubbish)] = rubbish
    path.write_bytes(content)

    with pytest.raises(GradebookError, match="is damaged"):
        Gradebook.open(path)


def test_a_gradebook_of_a_later_grader_is_not_touched(path: Path) -> None:
    Gradebook.open(path).close()
    read(path, "PRAGMA user_version = 99")

    with pytest.raises(GradebookError, match="has format 99"):
        Gradebook.open(path)


def test_the_log_of_a_lost_gradebook_is_not_replayed_into_a_new_one(path: Path) -> None:
    path.parent.mkdir()
    path.with_name("gradebook.db-wal").write_bytes(b"frames")

    with pytest.raises(GradebookError, match=r"put .* back or remove both"):
        Gradebook.open(path)

    assert not path.exists()


def test_a_reader_of_an_empty_folder_is_told_to_grade_first(path: Path) -> None:
    with pytest.raises(UsageError, match="run `grader grade` first"):
        Gradebook.open(path, writing=False)

    assert not path.parent.exists()


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")

    with pytest.raises(GradebookError, match="results is no folder; choose another --out"):
        Gradebook.open(tmp_path / "results" / "gradebook.db")
    with pytest.raises(GradebookError, match="below is no folder; choose another --out"):
        Gradebook.open(tmp_path / "results" / "below" / "gradebook.db")


def test_grades_that_are_recorded_together_are_on_disk_together(path: Path) -> None:
    script = """
book = Gradebook.open(path)
with book.together():
    book.record("hw2-cnn", grade, key="k1")
    book.record("hw2-cnn", grade, key="k2")
with book.together():
    book.record("hw2-cnn", grade, key="k3")
    os.kill(os.getpid(), signal.SIGKILL)
"""

    with begin(script, path) as killed:
        killed.communicate()

    with Gradebook.open(path) as book:
        assert [row.key for row in book.history(HW, "ada")] == ["k2", "k1"]


def test_together_a_full_disk_keeps_none_and_all_that_was_recorded_before(path: Path) -> None:
    with Gradebook.open(path) as book:
        book.record(HW, graded(), key="k1")
        pages = book._connection.execute("PRAGMA page_count").fetchone()[0]
        book._connection.execute(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(GradebookError, match="finds the disk full; make room"), book.together():
            book.record(HW, graded(student="bob"), key="k1")
            book.record(HW, graded(student="cy"), key="k1", observations=os.urandom(100_000))
        book._connection.execute(f"PRAGMA max_page_count = {10 * pages}")
        book.record(HW, graded(student="di"), key="k1")

        assert [row.student_id for row in book.current(HW)] == ["ada", "di"]


def test_a_full_disk_loses_nothing_that_was_recorded(path: Path) -> None:
    with Gradebook.open(path) as book:
        book.record(HW, graded(), key="k1")
        pages = book._connection.execute("PRAGMA page_count").fetchone()[0]
        book._connection.execute(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(GradebookError, match="finds the disk full; make room"):
            book.record(HW, graded(student="bob"), key="k1", observations=os.urandom(100_000))

        assert [row.student_id for row in book.current(HW)] == ["ada"]


def test_every_commit_reaches_the_disk(book: Gradebook) -> None:
    synchronous = book._connection.execute("PRAGMA synchronous").fetchone()[0]
    journal = book._connection.execute("PRAGMA journal_mode").fetchone()[0]

    assert (synchronous, journal) == (2, "wal")


def test_the_newest_grade_is_current_and_older_ones_stay(book: Gradebook) -> None:
    book.record(HW, graded(Outcome.FAILED), key="k1")
    book.record(HW, graded(student="Bob"), key="k1")
    book.record(HW, graded(Outcome.PASSED), key="k2")
    book.record("hw3", graded(Outcome.FAILED), key="k3")

    current = [(row.student_id, row.earned, row.key) for row in book.current(HW)]
    history = [(row.earned, row.key) for row in book.history(HW, "ada")]

    assert current == [("Bob", 4.0, "k1"), ("ada", 4.0, "k2")]
    assert history == [(4.0, "k2"), (0.0, "k1")]


@pytest.mark.parametrize("change", ["DELETE FROM grades", "UPDATE items SET earned = 4", "DELETE FROM items"])
def test_history_cannot_be_rewritten(path: Path, book: Gradebook, change: str) -> None:
    book.record(HW, graded(Outcome.FAILED), key="k1")

    with pytest.raises(sqlite3.IntegrityError, match="grades are history"):
        read(path, change)


def test_observations_come_back_newest_first(book: Gradebook) -> None:
    book.record(HW, graded(), key="k1", observations=b"old" * 1000)
    book.record(HW, graded(), key="k2", observations=b"new" * 1000)

    assert [content for _, content in book.recorded(HW, "ada")] == [b"new" * 1000, b"old" * 1000]
    assert list(book.recorded(HW, "bob")) == []


def test_observations_of_older_grades_are_kept_with_the_keys_of_their_items(book: Gradebook) -> None:
    (score,) = graded().scores
    book.record(HW, replace(graded(), scores=(replace(score, key="a.b"),)), key="k1", observations=b"run")
    book.record(HW, replace(graded(), scores=(replace(score, key="a.c"),)), key="k1")

    assert list(book.recorded(HW, "ada")) == [({score.item.id: "a.b"}, b"run")]


def test_observations_older_than_some_that_were_not_kept_are_not_given(
    book: Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.record(HW, graded(), key="k1", observations=b"old")
    monkeypatch.setattr(gradebook, "OBSERVATIONS_CAP", 2**10)
    book.record(HW, graded(), key="k1", observations=os.urandom(2**11))
    book.record(HW, graded(), key="k1", observations=b"new")

    assert [content for _, content in book.recorded(HW, "ada")] == [b"new"]


def test_observations_above_the_cap_are_left_out_and_the_row_says_so(
    book: Gradebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradebook, "OBSERVATIONS_CAP", 2**20)

    book.record(HW, graded(), key="k1", observations=os.urandom(3 * 2**19))
    book.record(HW, graded(student="bob"), key="k1", observations=bytes(2**24))
    book.record(HW, graded(student="eve"), key="k1")

    told = [row.observations for row in book.current(HW)]
    assert told == ["not kept: 1.5 MiB compressed", "kept", "none"]
    assert list(book.recorded(HW, "ada")) == []


def killed(path: Path, script: str) -> None:
    """Run a grader that dies at the end of this script."""
    with begin(f"book = Gradebook.open(path)\n{script}\nos.kill(os.getpid(), signal.SIGKILL)", path) as grader:
        grader.communicate()
    assert grader.returncode == -signal.SIGKILL


def test_what_ran_when_a_grader_was_killed_counts_as_a_crash_until_it_is_graded(path: Path) -> None:
    for _ in range(2):
        killed(path, "book.started('hw2-cnn', 'ada', 'k1')")
    killed(path, "book.started('hw2-cnn', 'ada', 'k1'); book.started('hw2-cnn', 'bob', 'k1')")

    with Gradebook.open(path) as book:
        assert [book.crashes(HW, *of) for of in (("ada", "k1"), ("ada", "k2"), ("bob", "k1"))] == [3, 0, 1]
        book.record(HW, graded(), key="k1")
        assert [book.crashes(HW, *of) for of in (("ada", "k1"), ("bob", "k1"))] == [0, 1]


def test_a_grade_that_is_not_the_last_word_ends_the_attempt_and_forgets_no_crash(path: Path) -> None:
    killed(path, "book.started('hw2-cnn', 'ada', 'k1')")
    killed(path, "book.started('hw2-cnn', 'ada', 'k1'); book.record('hw2-cnn', grade, key='')")

    with Gradebook.open(path) as book:
        assert book.crashes(HW, "ada", "k1") == 1


@pytest.mark.parametrize(
    ("error", "crashes"),
    [(None, 0), (GradebookError("disk full"), 0), (KeyboardInterrupt(), 0), (ZeroDivisionError("a bug of ours"), 1)],
    ids=["no-error", "disk-full", "ctrl-c", "bug"],
)
def test_a_grader_that_ends_in_order_crashed_on_nobody(path: Path, error: BaseException | None, crashes: int) -> None:
    with contextlib.suppress(GradebookError, KeyboardInterrupt, ZeroDivisionError), Gradebook.open(path) as book:
        book.started(HW, "ada", "k1")
        if error:
            raise error

    with Gradebook.open(path) as book:
        assert book.crashes(HW, "ada", "k1") == crashes


def test_a_crashed_worker_counts_at_once(book: Gradebook) -> None:
    book.started(HW, "ada", "k1")
    book.started(HW, "bob", "k1")

    book.crashed(HW, "ada")

    assert [book.crashes(HW, student, "k1") for student in ("ada", "bob")] == [1, 0]


def test_the_secret_stays_until_a_new_one_is_drawn(path: Path) -> None:
    with Gradebook.open(path) as book:
        first = book.secret
    with Gradebook.open(path) as book:
        again = book.secret

        book.reseed()

        assert again == first
        assert len(book.secret) == 32
        assert book.secret != first


def test_two_gradebooks_have_different_secrets(tmp_path: Path) -> None:
    with Gradebook.open(tmp_path / "a" / "gradebook.db") as one, Gradebook.open(tmp_path / "b" / "gradebook.db") as two:
        assert one.secret != two.secret


@pytest.mark.parametrize(
    ("student", "stored"),
    [
        ("x'); DROP TABLE grades; --", "x'); DROP TABLE grades; --"),
        ("김하늘\n", "김하늘\n"),
        ("nul\0inside", "nul\0inside"),
        ("lone\udc80surrogate", "lone\\udc80surrogate"),
    ],
    ids=["sql", "hangul-newline", "nul", "surrogate"],
)
def test_hostile_names_are_only_data(book: Gradebook, student: str, stored: str) -> None:
    book.started(HW, student, "k1")
    book.record(HW, graded(student=student, message=student), key="k1")

    (row,) = book.current(HW)
    assert (row.student_id, row.items[0].message) == (stored, stored)
    assert book.crashes(HW, student, "k1") == 0


def test_evidence_that_is_not_json_does_not_lose_the_grade(book: Gradebook) -> None:
    book.record(HW, graded(evidence={"shape": (1, 2), "kind": int}), key="k1")

    assert book.current(HW)[0].items[0].evidence == {"shape": [1, 2], "kind": "<class 'int'>"}


def test_a_folder_with_odd_characters_holds_a_gradebook(tmp_path: Path) -> None:
    path = tmp_path / "50% of ?mode=ro #1" / "gradebook.db"

    Gradebook.open(path).close()

    assert path.stat().st_size > 0


# ---- who is known, and when each one's submission came -----------------------------------------------------------------


def as_of_format_2(path: Path) -> None:
    """Make the gradebook one of the former format, which had neither roster, arrivals nor decisions."""
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE roster; DROP TABLE arrivals; DROP TABLE decisions; PRAGMA user_version = 2;")
    connection.close()


def test_a_gradebook_of_the_former_format_is_brought_up_to_date_with_its_grades(path: Path) -> None:
    with Gradebook.open(path) as book:
        book.record(HW, graded(), key="key")
        before = book.current(HW)
    as_of_format_2(path)

    with Gradebook.open(path) as book:
        assert book.current(HW) == before
        assert book.roster(HW) == [] and book.arrivals(HW) == {}
        book.enrol(HW, [Enrolled("ada")])
    with Gradebook.open(path, writing=False) as book:
        assert book.roster(HW) == [Enrolled("ada")]


def test_a_reader_leaves_a_gradebook_of_the_former_format_alone_and_says_what_to_do(path: Path) -> None:
    Gradebook.open(path).close()
    as_of_format_2(path)

    with pytest.raises(GradebookError, match=r"earlier format 2.*grader rescore --out .* brings it up to date"):
        Gradebook.open(path, writing=False)

    assert read(path, "PRAGMA user_version") == [(2,)]


def test_a_format_too_old_to_be_brought_up_to_date_is_refused(path: Path) -> None:
    Gradebook.open(path).close()
    read(path, "PRAGMA user_version = 1")

    with pytest.raises(GradebookError, match="has format 1, this grader writes"):
        Gradebook.open(path)


def test_the_roster_comes_back_as_it_was_and_is_replaced_as_a_whole(book: Gradebook) -> None:
    ada = Enrolled("ada", "Kim, 하늘", "0123", "ada1", "ada@example.org", {"canvas": "55", "moodle": "12"}, "DL-02")
    bo = Enrolled("bo", listed=False)

    book.enrol(HW, [bo, ada])
    book.enrol("lab", [bo])
    assert book.roster(HW) == [ada, bo]
    book.enrol(HW, [bo])

    assert book.roster(HW) == book.roster("lab") == [bo]


def test_an_arrival_is_replaced_by_a_later_look_and_the_others_stay(book: Gradebook) -> None:
    early, late = Arrival("2026-10-03T23:59:00+09:00", source="moodle"), Arrival(marked_late=True, source="canvas")

    book.arrived(HW, {"ada": late, "bo": late})
    book.arrived(HW, {"ada": early})

    assert book.arrivals(HW) == {"ada": early, "bo": late}
    assert book.arrivals("lab") == {}
