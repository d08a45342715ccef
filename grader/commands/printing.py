"""Print HTML files as PDF with a browser that is installed: Chromium and its relatives, without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from grader.errors import MachineryError

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_PATIENCE_S: Final = 60.0
_AT_A_TIME: Final = 4


def browser() -> Path:
    """The browser that prints.

    Raises:
        MachineryError: none is installed.
    """
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise MachineryError(
            "no Chromium was found to print PDF with; install it (`apt-get install chromium`) and run this again"
            " (the pages themselves are written)"
        )
    return Path(found)


def printed(browser: Path, pages: Sequence[Path], done: Callable[[], None] = lambda: None) -> list[Path]:
    """Print each page beside itself, with the suffix .pdf; `done` is told of each in turn.

    Raises:
        MachineryError: the browser fails on one of them.
    """
    with ThreadPoolExecutor(min(_AT_A_TIME, os.cpu_count() or 1)) as pool:
        printed = []
        for each in pool.map(lambda page: _printed(browser, page), pages):
            printed.append(each)
            done()
        return printed


def _printed(browser: Path, page: Path) -> Path:
    target = page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory(prefix="grader-print-") as folder:
        draft = Path(folder) / "page.pdf"
        command = [
            str(browser),
            "--headless",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-background-networking",
            "--no-first-run",
            f"--user-data-dir={folder}/profile",
            "--no-pdf-header-footer",
            f"--print-to-pdf={draft}",
            page.absolute().as_uri(),
        ]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # it refuses to start as root otherwise; a page runs nothing
        try:
            ran = subprocess.run(
                command, capture_output=True, timeout=_PATIENCE_S, check=False, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MachineryError(f"{browser} did not print {page} ({error})") from error
        if not draft.exists() or not draft.stat().st_size:
            last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise MachineryError(f"{browser} did not print {page} (status {ran.returncode}; {' '.join(last)})")
        try:
            # First beside the target, because a rename across disks is no rename.
            beside = target.with_name(f".{target.name}.tmp")
            shutil.copyfile(draft, beside)
            beside.replace(target)
        except OSError as error:
            raise MachineryError(f"{target} cannot be written ({error.strerror})") from error
    return target
