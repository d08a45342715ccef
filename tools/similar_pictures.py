"""Take the picture of the page of `grader similar` in docs/images/: the examples, with copies of two of them planted.

.venv/bin/python tools/similar_pictures.py     needs Chromium and Playwright
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.similarity.planting import authors, copied  # noqa: E402
from grader.commands import printing, similar  # noqa: E402

COPIES = {"nora": ("chen", "all of it"), "otto": ("bruno", "renamed"), "petra": ("bruno", "dead code")}


def main() -> None:
    """Write similar.png."""
    everybody = {author.name: author for author in authors()}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        handed_in = shutil.copytree(ROOT / "examples" / "submissions", Path(folder) / "in")
        for student, (author, disguise) in COPIES.items():
            sources = copied(everybody[author], disguise, random.Random(5)).sources
            cells = [
                {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
                for source in ("import torch\nfrom torch import nn\nfrom d2l import torch as d2l", *sources)
            ]
            notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
            (handed_in / f"{student}.ipynb").write_text(json.dumps(notebook))
        book = ROOT / "examples" / "sources" / "ada.py"  # follows the book
        options = similar.Options((handed_in,), ROOT, "hw2-cnn", Path(folder) / "results", (book,))
        page = similar.similar(options).page
        browser = playwright.chromium.launch(executable_path=str(printing.browser()), args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1180, "height": 1240})
        shown.goto(page.as_uri())
        shown.screenshot(path=ROOT / "docs" / "images" / "similar.png")
        browser.close()


if __name__ == "__main__":
    main()
