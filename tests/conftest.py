"""Signals as a terminal gives them, also where the tests were started in the background with Ctrl-C and hang-ups ignored."""

from __future__ import annotations

import signal
import threading

if (
    threading.current_thread() is threading.main_thread()
):  # what is ignored here would be ignored by every grader under test
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
