"""Take the pictures of feedback pages in docs/images/ from real grades: phone, dark, desktop, paper, both languages.

.venv/bin/python tools/feedback_pictures.py results [student]    after `make grade`; needs Chromium and Playwright
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from grader import rubric
from grader.commands import printing
from grader.gradebook import Gradebook
from grader.reports import feedback

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
ASSIGNMENT = "hw2-cnn"
PHONE = {"viewport": {"width": 360, "height": 760}, "device_scale_factor": 2}
GAP = 32  # pixels between the pictures of one image


def main() -> None:
    """Write feedback.png (four phones), feedback-desktop.png and feedback-paper.png."""
    results, student = Path(sys.argv[1]), (sys.argv[2:] or ["chen"])[0]
    assignment = rubric.load(ROOT, rubric.unproven).assignments[ASSIGNMENT]
    with Gradebook.open(results / "gradebook.db", writing=False) as book:
        (row,) = (each for each in book.current(ASSIGNMENT) if each.student_id == student)
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = {}
        for tag in ("en", "ko"):
            pages[tag] = Path(folder) / f"{tag}.html"
            pages[tag].write_text(feedback.page(row, tag=tag, assignment=assignment), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=str(printing.browser()), args=["--no-sandbox"])

        def opened(tag: str, **options: Any) -> Page:
            shown = browser.new_page(**options)
            shown.goto(pages[tag].as_uri())
            return shown

        wrong, trained = "article.failed:has(.grids)", "article:has(.confusion)"
        phones = [
            taken(opened("en", **PHONE), "header"),
            taken(opened("en", **PHONE), wrong),
            taken(opened("ko", **PHONE), wrong),
            taken(opened("en", color_scheme="dark", **PHONE), trained),
        ]
        beside(phones).save(IMAGES / "feedback.png", optimize=True)
        desktop = opened("en", viewport={"width": 860, "height": 1100})
        desktop.screenshot(path=IMAGES / "feedback-desktop.png")
        paper = opened("ko", viewport={"width": 718, "height": 1010})
        paper.emulate_media(media="print")
        paper.screenshot(path=IMAGES / "feedback-paper.png")
        browser.close()


def taken(shown: Page, place: str) -> Image.Image:
    """What a screen shows that was scrolled to a place."""
    shown.evaluate("place => scrollTo(0, document.querySelector(place).getBoundingClientRect().top - 12)", place)
    return Image.open(io.BytesIO(shown.screenshot())).convert("RGB")


def beside(pictures: list[Image.Image]) -> Image.Image:
    """The pictures in a row."""
    width, height = sum(each.width + GAP for each in pictures) - GAP, max(each.height for each in pictures)
    whole = Image.new("RGB", (width, height), "#ffffff")
    left = 0
    for each in pictures:
        whole.paste(each, (left, 0))
        left += each.width + GAP
    return whole.resize((width // 2, height // 2), Image.Resampling.LANCZOS).quantize(192)


if __name__ == "__main__":
    main()
