"""`python -m grader`."""

import sys
from pathlib import Path

# Python puts the folder in which this is typed in front, where submissions may lie; only what holds us is needed.
if not sys.flags.safe_path:
    sys.path.pop(0)
    if (ours := str(Path(__file__).resolve().parent.parent)) not in sys.path:
        sys.path.insert(0, ours)

from grader.cli import main

sys.exit(main())
