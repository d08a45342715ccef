"""Take the pictures of the class report in docs/images/ from real grades: desktop, table filtered, phone in the dark, paper.

.venv/bin/python tools/classroom_pictures.py results    after `make grade`; needs Chromium and Playwright
"""

from __future__ import annotations

import sys
from pathlib import Path

from feedback_pictures import IMAGES, PHONE, beside, taken
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from grader.commands import printing

DESKTOP = {"width": 1180, "height": 1000}


def main() -> None:
    """Write classroom.png (what the README shows), classroom-parts.png, classroom-phone.png and classroom-paper.png."""
    report = Path(sys.argv[1]).absolute() / "report.html"
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(printing.browser()), args=["--no-sandbox"])
        saved(taken(opened(browser, report), "header"), "classroom.png")
        parts = [taken(opened(browser, report), f"#{name}") for name in ("mistakes", "training")]
        filtered = opened(browser, report)
        filtered.locator(".mistakes a.count").first.click()
        filtered.wait_for_function("document.querySelectorAll('#table tbody tr:not([hidden])').length < 14")
        filtered.locator("#all").click()
        filtered.locator("#table thead button", has_text="%").click()
        filtered.wait_for_timeout(300)  # until it has scrolled
        filtered.evaluate("scrollTo(0, 0)")
        parts.append(taken(filtered, "#students"))
        saved(above(parts), "classroom-parts.png")
        phones = []
        for place in ("header", "#staff", "#training"):
            phone = browser.new_page(**PHONE, color_scheme="dark")
            phone.goto(report.as_uri())
            phones.append(taken(phone, place))
        beside(phones).save(IMAGES / "classroom-phone.png", optimize=True)
        paper = browser.new_page(viewport={"width": 718, "height": 1010})
        paper.goto(report.as_uri())
        paper.emulate_media(media="print")
        paper.screenshot(path=IMAGES / "classroom-paper.png")
        browser.close()


def opened(browser: Browser, report: Path) -> Page:
    """The report on a desktop."""
    page = browser.new_page(viewport=DESKTOP)
    page.goto(report.as_uri())
    return page


def above(pictures: list[Image.Image]) -> Image.Image:
    """The pictures one below the other."""
    whole = Image.new("RGB", (pictures[0].width, sum(each.height for each in pictures)), "#ffffff")
    top = 0
    for each in pictures:
        whole.paste(each, (0, top))
        top += each.height
    return whole


def saved(picture: Image.Image, name: str) -> None:
    """Keep a picture with few colours, which suffice for pages."""
    picture.quantize(160).save(IMAGES / name, optimize=True)


if __name__ == "__main__":
    main()
