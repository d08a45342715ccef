"""Take the picture of the score table, docs/score-table.png, from real grades.

.venv/bin/python tools/table_picture.py results    after `make grade`; needs Chromium and Playwright
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI

from grader import rubric
from grader.commands import printing
from grader.gradebook import Gradebook
from grader.reports import terminal

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "hw2-cnn"
STYLE = """
pre, pre * { font-family: NanumGothicCoding, monospace !important }
pre { display: inline-block; width: 122ch; overflow: hidden; padding: 1em; font-size: 18px; line-height: 1.35; background: #16181d }
"""


def main() -> None:
    """Write the picture as the terminal shows the table."""
    items = rubric.load(ROOT, rubric.unproven).assignments[ASSIGNMENT].items
    with Gradebook.open(Path(sys.argv[1]) / "gradebook.db", writing=False) as book:
        rows = book.current(ASSIGNMENT)
    console = Console(file=io.StringIO(), record=True, width=114, force_terminal=True)
    console.print(terminal.score_table(rows, items))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "table.html"
        page_file.write_text(console.export_html(theme=MONOKAI, inline_styles=True), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=str(printing.browser()), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 800})
        page.goto(page_file.as_uri())
        page.add_style_tag(content=STYLE)
        page.locator("pre").screenshot(path=ROOT / "docs/score-table.png")
        browser.close()


if __name__ == "__main__":
    main()
