"""What of the files beside the notebooks has room in a session."""

from __future__ import annotations

import tracemalloc

from grader.kernel.cells import Script
from grader.kernel.room import lacking
from grader.kernel.sandbox import Sandbox
from grader.kernel.session import KernelSession
from grader.records import Limits, SourceFile

MB = 1 << 20
LIMITS = Limits(disk_mb=4)


def test_what_is_larger_than_a_sessions_disk_is_told_with_both_sizes() -> None:
    files = [SourceFile("data/weights.pt", bytes(3 * MB)), SourceFile("table.csv", bytes(2 * MB))]

    assert lacking(files[:1], LIMITS, confined=True) == ""
    assert lacking(files, LIMITS, confined=True) == (
        "What lies beside the notebooks takes 5 MB, and a session has room for 4 MB (`disk_mb` in the limits of the "
        "rubric); the largest file is data/weights.pt with 3 MB."
    )


def test_a_process_without_a_disk_of_its_own_has_that_of_the_machine() -> None:
    assert lacking([SourceFile("weights.pt", bytes(5 * MB))], LIMITS, confined=False) == ""


def test_many_small_files_take_a_page_each() -> None:
    assert "takes 5 MB" in lacking([SourceFile(f"{n}.txt", b"1") for n in range(1_100)], LIMITS, confined=True)


def test_folders_within_folders_are_counted() -> None:
    files = [SourceFile(f"{n}/" + "d/" * 50 + "x.py", b"1") for n in range(1_300)]

    assert "a session has room for fewer" in lacking(files, Limits(), confined=True)
    assert lacking(files[:100], Limits(), confined=True) == ""


def test_lines_of_modules_that_nobody_writes_by_hand_are_not_kept() -> None:
    def never(limits: Limits) -> Sandbox:
        raise AssertionError("nothing is run here")

    long = "".join(f"{n}\n" for n in range(700_000)).encode()

    tracemalloc.start()
    try:
        KernelSession(Script("hw.ipynb", [], (), (SourceFile("a.py", long),)), never, Limits()).close()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < len(long)
