"""Take the pictures of `grader review` in docs/images/ from real grades: one answer being marked, one student's page.

.venv/bin/python tools/review_pictures.py results [student]    after `make grade`; needs Chromium and Playwright

What is marked for the pictures is marked in a copy of the results.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from grader import rubric
from grader.commands import printing
from grader.reviewing.classroom import Classroom

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
ASSIGNMENT, ITEM = "hw2-cnn", "written-7.2"
COMMENTS = ("Clear and complete.", "Say why the kernel is not flipped.", "Right; give the shapes as well.")
DESKTOP = {"viewport": {"width": 1200, "height": 760}}


def main() -> None:
    """Write review.png and review-student.png."""
    student = (sys.argv[2:] or ["chen"])[0]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        out = Path(folder) / "results"
        shutil.copytree(sys.argv[1], out)
        command = [sys.executable, "-m", "grader", "review", "--out", str(out), "--course", str(ROOT)]
        command += ["--who", "teacher"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            address = server.stdout.readline().split()[1]
            browser = playwright.chromium.launch(executable_path=str(printing.browser()), args=["--no-sandbox"])
            shown = browser.new_page(**DESKTOP)
            shown.goto(address)
            mark_some(shown, address)
            shown.goto(f"{address.partition('/?')[0]}/item/{ITEM}/{richest(out)}")
            shown.screenshot(path=IMAGES / "review.png")
            overrule(shown, f"{address.partition('/?')[0]}/student/{student}")
            shown.screenshot(path=IMAGES / "review-student.png")
            browser.close()
            server.send_signal(signal.SIGINT)


def mark_some(shown: Page, address: str) -> None:
    """Mark a few answers, so that there are comments to take again."""
    shown.goto(f"{address.partition('/?')[0]}/item/{ITEM}")
    for comment in COMMENTS:
        shown.keyboard.press("f")
        shown.keyboard.press("c")
        shown.keyboard.type(comment)
        shown.keyboard.press("Escape")
        shown.wait_for_selector(".state.good")
        before = shown.url
        shown.keyboard.press("n")
        shown.wait_for_url(lambda url, before=before: url != before)


def richest(out: Path) -> str:
    """The unmarked answer that shows most of what markdown can."""
    room = Classroom(out / "gradebook.db", rubric.load(ROOT, rubric.unproven).assignments[ASSIGNMENT])
    room.refresh()

    def shows(student: str) -> int:
        entry = room.entry(student, ITEM)
        text = str(entry.item.evidence.get("text", "")) if entry else ""
        return sum(text.count(mark) for mark in "$*`|")

    waiting = [student for student, unmarked in room.queue(ITEM).items() if unmarked]
    return room.alias(ITEM, max(waiting, key=shows))


def overrule(shown: Page, address: str) -> None:
    """Correct the first item that lost points, and leave it open."""
    shown.goto(address)
    item: Any = shown.locator("article.item.failed, article.item.partial").first
    item = shown.locator(f"#{item.get_attribute('id')}")
    item.locator("summary").first.click()
    item.locator("input[name=why]").fill("The kernel is flipped; windows, sums and shapes are right.")
    item.locator("input[name=points]").fill("1")
    shown.keyboard.press("Tab")
    item.locator(".state.good").wait_for()
    shown.reload()
    item.locator("summary").first.click()
    item.evaluate("place => scrollTo(0, place.getBoundingClientRect().top + scrollY - 70)")


if __name__ == "__main__":
    main()
