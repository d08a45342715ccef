"""What a session costs: opening a forked and a cold sandbox, and one probe's round trip, side by side.

.venv/bin/python benchmarks/sessions.py
"""

from __future__ import annotations

import statistics
import time

from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.probes import Probe
from grader.records import Limits

CELLS = ((1, "def same(x):\n    return x"),)


def main() -> None:
    """Print seconds for a session of one cell, and for a probe."""
    print(f"{'isolation':12} {'first':>8} {'median of 5':>12} {'probe':>10}")
    for warm in (True, False):
        opened, probes = [], []
        with Sandboxes(Confinement("bubblewrap", None), warm=warm) as sandboxes:
            for _ in range(6):
                start = time.perf_counter()
                with KernelSession(Script("hw.ipynb", CELLS, ["same"]), sandboxes.open, Limits()) as session:
                    session.versions("same")
                    opened.append(time.perf_counter() - start)
                    start = time.perf_counter()
                    list(session.ask([Probe("call", "same@0", (n,)) for n in range(200)]))
                    probes.append((time.perf_counter() - start) / 200)
            median = statistics.median(opened[1:])
            print(f"{sandboxes.isolation:12} {opened[0]:8.2f} {median:12.3f} {statistics.median(probes):10.6f}")


if __name__ == "__main__":
    main()
