"""Signals as a terminal gives them, also where the tests were started in the background; what many tests share."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from grader import datasets
from grader.commands.isolation import bubblewrap_problem
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from tests import browsers

# What is ignored here, as in the background Ctrl-C and hang-ups are, would be ignored by every grader under test.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Ends with the module, because as long as it runs no test can have an event loop of its own."""
    with browsers.started() as found:
        yield found


@pytest.fixture(scope="session")
def forked() -> Iterator[Sandboxes]:
    """Sandboxes of one template, which takes seconds to start: for every test that neither ends it nor looks into it."""
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    with Sandboxes(Confinement("bubblewrap", datasets.training_folder()), warm=True) as sandboxes:
        yield sandboxes
