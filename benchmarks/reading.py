"""What reading costs the grader's own process: CPU seconds and memory for notebooks made to cost as much as they can.

    .venv/bin/python benchmarks/reading.py [--only NAME]

Each notebook is as large as it may be: once to be looked into, once to be read at all. It is read in a process of its
own as intake and pipeline read it: told from other files, cut into cells, stripped of installations, searched for
definitions, forgotten imports, calls and a written answer. Seconds are CPU time.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from grader import notebook, submissions
from grader.notebook import cells
from grader.records import SourceFile
from grader.submissions import recognising

EXAMPLES = Path(__file__).parents[1] / "examples/submissions"
IMPORTS = ("torch", "nn", "F", "d2l")


def json_of(piece: str, size: int, *, around: tuple[str, str] = ('{"cells": [', "]}")) -> bytes:
    """As many pieces as fit, one after the other."""
    return f"{around[0]}{','.join([piece] * (size // (len(piece.encode()) + 1)))}{around[1]}".encode()


def cell(source: str, kind: str = "code") -> bytes:
    """A notebook of one cell."""
    return json.dumps({"cells": [{"cell_type": kind, "source": source}]}, ensure_ascii=False).encode()


def whole(piece: str, size: int, kind: str = "code") -> bytes:
    """A notebook of one cell that is a piece repeated."""
    return cell(piece * (size // len(json.dumps(piece, ensure_ascii=False).encode()[1:-1])), kind)


def many(piece: str, size: int, kind: str = "code") -> bytes:
    """A notebook of many cells of the same piece."""
    return json_of(json.dumps({"cell_type": kind, "source": piece}), size)


NOTEBOOKS: dict[str, Callable[[int], bytes]] = {
    "empty objects": lambda size: json_of("{}", size),
    "empty lists": lambda size: json_of("[]", size),
    "short texts": lambda size: json_of('"ab"', size),
    "small numbers": lambda size: json_of("999", size),
    "objects of one": lambda size: json_of('{"a":[]}', size),
    "many keys": lambda size: json_of('"%d":0', size, around=("{", ',"cells": []}')).replace(b"%d", b"11"),
    "distinct keys": lambda size: (
        b'{"cells": [], ' + b",".join(b'"%07d":0' % number for number in range(size // 12)) + b"}"
    ),
    "pieces of source": lambda size: json_of(
        '"a"', size, around=('{"cells": [{"cell_type": "code", "source": [', "]}]}")
    ),
    "nested to the limit": lambda size: json_of("[" * 900 + "]" * 900, size),
    "one wide text": lambda size: cell("\U0001f600" + "a" * size),
    "outputs": lambda size: json_of('{"output_type":"stream","text":["a"]}', size),
    "empty cells": lambda size: many("", size),
    "cells of one line": lambda size: many("x = 1", size),
    "cells of a definition": lambda size: many("def f(X):\n    return torch.ones(X)", size),
    "long tuple": lambda size: whole("1,", size),
    "statements": lambda size: whole("x=1\n", size),
    "brackets": lambda size: whole("(", size),
    "functions": lambda size: whole("def f():pass\n", size),
    "quotes": lambda size: whole('"', size),
    "shell lines": lambda size: whole("!pip install d2l\n", size),
    "questions": lambda size: whole("a?\n", size),
    "colab": lambda size: whole("drive.(\n", size),
    "operators": lambda size: whole("a+", size),
    "attributes": lambda size: whole("a.b;", size),
    "definitions of one name": lambda size: many("f = lambda f: f(f, f)", size),
    "branches": lambda size: many("if f:\n    f = g\nelse:\n    g = f", size),
    "branches in one cell": lambda size: whole("if f: f = g\nelse: g = f\n", size),
    "texts that run": lambda size: many("exec('f = 1; exec(\"f = 2\")')", size),
    "chained": lambda size: many("f = f + f", size),
    "fields of one text": lambda size: cell(f"f'{'{x}' * (size // 3)}'"),
    "picture in the source": lambda size: cell(f'picture = "{"A" * size}"'),
    "headings": lambda size: whole("# Discussion 7.2\n", size, "markdown"),
    "stars": lambda size: whole("*", size, "markdown"),
    "spaces": lambda size: whole(" ", size, "markdown"),
    "tags": lambda size: whole("<h1", size, "markdown"),
    "underlines": lambda size: whole("Discussion: a\n---\n", size, "markdown"),
}


def steps(content: bytes) -> dict[str, float]:
    """Seconds of each step that a notebook goes through."""
    file, seconds = SourceFile("hw2.ipynb", content), {}
    clock = time.process_time()

    def took(step: str) -> None:
        nonlocal clock
        now = time.process_time()
        seconds[step], clock = now - clock, now

    said = submissions.readable(file)
    took("readable")
    if said:
        return seconds
    try:
        read = notebook.read(file)
    except notebook.UnreadableNotebook:
        return seconds
    finally:
        took("read")
    for each in read.legible:
        notebook.neutralised(each.source)
    took("neutralised")
    for each in read.legible:
        notebook.definitions(each.source)
    took("definitions")
    notebook.unimported(read, IMPORTS)
    took("unimported")
    notebook.calls(read, read.code[-1].number if read.code else 0, "f")
    took("calls")
    notebook.discussion([read], "7.2")
    took("discussion")
    return seconds


def fitting(name: str, size: int) -> bytes:
    """The notebook at a size, or at the smaller one at which it has no more parts than may be."""
    sample = NOTEBOOKS[name](1 << 16)
    parts = sum(sample.count(mark) for mark in (b",", b"[", b"{")) / len(sample)
    return NOTEBOOKS[name](min(size, int(0.99 * recognising.MOST_PARTS / parts)))


def measure(name: str, size: int, answer: Connection) -> None:
    """Read one notebook and tell the seconds of each step and the megabytes that the process grew by at most."""
    content = fitting(name, size)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back
    before = status("VmRSS")
    seconds = steps(content)
    answer.send((len(content), seconds, status("VmHWM") - before))


def status(name: str) -> float:
    """A row of this process's status in megabytes."""
    rows = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(rows[name].split()[0]) / 1024


def main() -> None:
    """Print a line per notebook and size, the worst at the end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", default="", help="notebooks whose name contains this")
    arguments = parser.parse_args()
    worst = [0.0, 0.0]
    print(f"{'notebook':24} {'MB':>6} {'seconds':>8} {'grown MB':>9}  longest step")
    for name in NOTEBOOKS:
        for size in (cells.MOST_LEGIBLE - 200, recognising.MAX_NOTEBOOK - 1000) if arguments.only in name else ():
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=measure, args=(name, size, theirs))
            process.start()
            theirs.close()
            length, seconds, grown = ours.recv()
            process.join()
            total, longest = sum(seconds.values()), max(seconds, key=lambda step: seconds[step])
            worst = [max(worst[0], total), max(worst[1], grown)]
            told = f"{name:24} {length / 2**20:6.1f} {total:8.2f} {grown:9.0f}  {longest} {seconds[longest]:.2f}"
            print(told, flush=True)
    print(f"{'worst':24} {'':6} {worst[0]:8.2f} {worst[1]:9.0f}")
    honest = [sum(steps(path.read_bytes()).values()) for path in sorted(EXAMPLES.rglob("*.ipynb"))]
    print(f"{'examples, median':24} {'':6} {statistics.median(honest):8.2f}")


if __name__ == "__main__":
    main()
