"""Where Python processes that we start import from: never from the folder in which somebody stands.

`python -c`, by which multiprocessing starts its processes, looks there first, and a `torch.py` that a student handed in
would be run outside every sandbox. Imported by whoever starts such processes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Final

_SAFE_PATH: Final = "PYTHONSAFEPATH"


@contextlib.contextmanager
def importing_nothing_from_here() -> Iterator[None]:
    """Have the processes that are started in here, and what they start, leave the current folder out of `sys.path`."""
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before
