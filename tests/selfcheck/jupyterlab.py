"""JupyterLab as a person meets it: the real server, a real kernel, and a browser in which a notebook is filled in.

A notebook on the page holds only the cells in sight, so one goes through it as people do, cell after cell by keys.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import psutil

from grader.kernel.inside import answering

ROOT: Final = Path(__file__).parents[2]
BOOK: Final = ROOT / ".cache" / "d2l"  # where set-up puts the book's own library
STAND_IN: Final = Path(answering.__file__).parent / "site"
LIMIT_S: Final = 60  # for the server to start, and for a cell to run
LONGEST: Final = 100  # cells
SETTINGS: Final = (
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",  # a free one
    "--ServerApp.allow_root=True",
    "--ServerApp.terminals_enabled=False",
    # Nothing is asked of the internet.
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


@contextlib.contextmanager
def served(folder: Path, home: Path) -> Iterator[str]:
    """The address of a JupyterLab that shows a folder, its token included; afterwards server and kernels are gone.

    Args:
        folder: what is shown.
        home: an empty folder for everything that JupyterLab and IPython write elsewhere.

    Raises:
        AssertionError: it did not start; with what it said.
    """
    token, said = secrets.token_hex(16), home / "said.txt"
    answered = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    answered.parent.mkdir(parents=True)
    answered.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}), encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlab", *SETTINGS, f"--ServerApp.root_dir={folder}"]
    with said.open("wb") as output:
        server = subprocess.Popen(
            [*command, f"--IdentityProvider.token={token}"],
            cwd=folder,
            env=_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield f"{_address(server, said)}/lab?token={token}"
    finally:
        _end(server)


def _environment(home: Path) -> Mapping[str, str]:
    """Nothing of whoever runs this: no settings, no start-up files; the kernel finds this checkout and the book's library."""
    own = {"HOME": home, "IPYTHONDIR": home / "ipython", "MPLCONFIGDIR": home / "matplotlib"}
    own |= {f"JUPYTER_{each}_DIR": home / each.lower() for each in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{each}_DIR": home / each.lower() for each in ("SETTINGS", "WORKSPACES")}
    path = os.pathsep.join(map(str, (ROOT, BOOK if BOOK.is_dir() else STAND_IN)))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON", "PYTEST"))}
    return kept | {name: str(value) for name, value in own.items()} | {"PYTHONPATH": path}


def _address(server: subprocess.Popen[bytes], said: Path) -> str:
    """Where it listens, once it answers."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until and server.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+", said.read_text(encoding="utf-8", errors="replace")):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{found.group()}/api", timeout=5).close()
                return found.group()
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{said.read_text(encoding='utf-8', errors='replace')[-3000:]}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End it and its kernels, each of which is a process group of its own."""
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    for each in reversed(family):
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    server.wait(timeout=30)
    psutil.wait_procs(family[1:], timeout=30)


class Person:
    """Somebody who works in one notebook.

    Args:
        page: Playwright's, empty.
        address: of JupyterLab, with its token.
    """

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.noticed: list[str] = []  # what was asked of elsewhere, and errors of the page
        base = address.partition("/lab?")[0]
        ours = (base, base.replace("http:", "ws:"), "data:", f"blob:{base}")
        for kind in ("request", "websocket"):
            page.on(kind, lambda asked: None if asked.url.startswith(ours) else self.noticed.append(asked.url))
        page.on("pageerror", lambda error: self.noticed.append(str(error)))
        page.goto(address)

    def open(self, notebook: str) -> None:
        """Open a notebook from the list of files, wait for its kernel, and close the list."""
        self.page.locator(".jp-DirListing-item", has_text=notebook).dblclick()
        self.page.get_by_text(re.compile(r"Python 3.*\| Idle")).wait_for(timeout=LIMIT_S * 1000)
        self.page.keyboard.press("Control+b")
        self.page.keyboard.press("Escape")

    def work(self, beginning: str, source: str = "", key: str = "ArrowDown") -> Any:
        """Go to the next code cell that begins so, fill it where there is something to fill in, and run it.

        Args:
            beginning: of what the cell holds.
            source: what it is to hold, or "" to leave it as it is.
            key: that leads there; ArrowUp goes back.

        Returns:
            What the cell shows, as Playwright's locator.
        """
        self._choose(beginning, key)
        if source:
            for each in ("Enter", "Control+a", "Delete"):
                self.page.keyboard.press(each)
            self.page.keyboard.insert_text(source)
            self.page.keyboard.press("Escape")
        before = self.prompt()
        self.page.keyboard.press("Control+Enter")
        until = time.monotonic() + LIMIT_S
        while (now := self.prompt()) == before or not re.fullmatch(r"\[\d+\]:", now):
            assert time.monotonic() < until, f"the cell is at {now}"
            self.page.wait_for_timeout(50)
        return self.cell.locator(".jp-OutputArea-output")

    @property
    def cell(self) -> Any:
        """The one that is chosen."""
        return self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")

    def prompt(self) -> str:
        """`[3]:` of the chosen cell, `[*]:` while it runs."""
        return str(self.cell.locator(".jp-InputPrompt").inner_text()).replace("\xa0", " ")

    def darken(self) -> None:
        """Choose JupyterLab's dark theme in its menu."""
        self._theme("JupyterLab Dark")

    def lighten(self) -> None:
        """Choose its light one."""
        self._theme("JupyterLab Light")

    def _theme(self, name: str) -> None:
        self.page.get_by_role("menuitem", name="Settings").click()
        self.page.get_by_text("Theme", exact=True).hover()
        self.page.get_by_text(name, exact=True).click()
        self.page.locator(f"body[data-jp-theme-name='{name}']").wait_for(state="attached")
        self.page.wait_for_timeout(500)  # what changes its colour gradually
        self.cell.locator(".jp-InputPrompt").click()  # back from the menu

    def _choose(self, beginning: str, key: str) -> None:
        for _ in range(LONGEST):
            # Waits until the cell is drawn, which it is not before it is in sight.
            is_code = "jp-CodeCell" in self.cell.get_attribute("class")
            if is_code and self.cell.locator(".cm-content").inner_text().startswith(beginning):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"no cell begins with {beginning!r}")
