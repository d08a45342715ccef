"""The browser in which pages are tried out: Chromium, driven by Playwright, through the fixture `browser`."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

_BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

NEEDED = pytest.mark.skipif(_BROWSER is None, reason="no Chromium is installed here (apt-get install chromium)")


@contextlib.contextmanager
def started() -> Iterator[Any]:
    """A browser without a window."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (make setup)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()
