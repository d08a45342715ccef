"""Take the pictures of `check` in docs/images/: a released notebook in JupyterLab, wrong, mended, and in the dark.

.venv/bin/python tools/check_pictures.py     needs Chromium, Playwright and JupyterLab
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from grader.commands import printing  # noqa: E402
from grader.commands.release import Options, release  # noqa: E402
from tests.releases.conftest import WRONG, make_course  # noqa: E402
from tests.selfcheck.jupyterlab import Person, served  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SCREEN = {"viewport": {"width": 1000, "height": 2100}, "device_scale_factor": 2}
RIGHT = WRONG.replace("K.flip(0, 1)", "K").rstrip()
GAP = 8  # pixels above a picture


def main() -> None:
    """Write check-wrong.png (what the README shows), check-dark.png and check-right.png."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder, home = Path(name), Path(name) / "home"
        home.mkdir()
        released = release(Options("hw2-cnn", make_course(folder / "course"), folder / "released")).folder
        browser = playwright.chromium.launch(executable_path=str(printing.browser()), args=["--no-sandbox"])
        with served(released, home) as address:
            person = Person(browser.new_page(**SCREEN), address)
            person.open("hw2-chapter-7.ipynb")
            person.work("# !pip")
            tried(person, WRONG.rstrip())
            taken(person, "check-wrong.png")
            person.darken()
            taken(person, "check-dark.png")
            person.lighten()
            tried(person, RIGHT, "ArrowUp")
            taken(person, "check-right.png")
        browser.close()


def tried(person: Person, source: str, key: str = "ArrowDown") -> None:
    """Write the function, look at the book's example, check."""
    person.work("def corr2d", source, key)
    person.work("corr2d(torch")
    person.work("check(corr2d)")


def taken(person: Person, name: str) -> None:
    """Keep what is seen from the function down to what the check says."""
    shown = person.page.locator(".jp-Notebook .jp-Cell")
    first = shown.filter(has_text="def corr2d").first.bounding_box()
    last = person.cell.bounding_box()
    picture = Image.open(io.BytesIO(person.page.screenshot()))
    scale = SCREEN["device_scale_factor"]
    edges = (first["x"], first["y"] - GAP, last["x"] + last["width"], last["y"] + last["height"])
    picture.crop(tuple(round(edge * scale) for edge in edges)).convert("RGB").quantize(128).save(
        IMAGES / name, optimize=True
    )


if __name__ == "__main__":
    main()
