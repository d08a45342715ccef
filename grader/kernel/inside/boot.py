"""The first code of ours that runs in a sandbox: `python -I -B boot.py ROOT`, the grader's pipe as stdin and stdout.

Imports everything that is slow and the same for all students, then serves one session (the cold path) or, started with
a third argument, becomes a template that is forked for each of them.
"""

import os
import sys


def main() -> None:
    """Take the pipe away from stdin and stdout, import, serve."""
    read_fd, write_fd = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    root = sys.argv[1]
    sys.path[:0] = [os.path.join(root, "grader", "kernel", "inside", "site"), root]
    if len(sys.argv) > 2:
        from grader.kernel.inside import forking

        forking.run(read_fd)
    else:
        import d2l.torch  # noqa: F401 - so that it is there before the fork

        from grader.kernel.inside import driver
        from grader.kernel.wire import Channel

        driver.run(Channel(read_fd, write_fd))


main()
