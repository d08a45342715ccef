"""Run the texts of book_sections.py under one d2l, as a process of its own:

    python d2l_process.py FOLDER DATA OUT      FOLDER holds the package d2l; DATA what `d2l_data` laid out

Writes {section: {"seen": ..., "points": ..., "printed": ..., "raised": ...}} to OUT with torch.save.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import struct
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

_ROOT = Path(__file__).parents[2]


class Silent:
    """Takes the place of everything in the published library that draws."""

    def __getattr__(self, name: str) -> Any:
        return Silent()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return Silent()

    def __iter__(self) -> Iterator[Any]:
        return iter((Silent(), Silent()))

    def __getitem__(self, index: Any) -> Any:
        return Silent()


def lay_out(folder: Path, images: Any, labels: Any) -> None:
    """Write images (n, 28, 28) and labels (n,), bytes, as both libraries look for them: a sixth is for validation."""
    border = len(images) - len(images) // 6
    parts = {
        "fashion_mnist/train": slice(None),
        "data/FashionMNIST/raw/train": slice(0, border),
        "data/FashionMNIST/raw/t10k": slice(border, None),
    }
    for place, rows in parts.items():
        for name, array in (("images-idx3-ubyte", images[rows]), ("labels-idx1-ubyte", labels[rows])):
            path = folder / f"{place}-{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape) + array.tobytes())
    (folder / "work").mkdir(exist_ok=True)


def imported(folder: str, data: str) -> Any:
    """The d2l of a folder, ready to train on the data without drawing."""
    sys.path.insert(0, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        d2l = importlib.import_module("d2l.torch")
    assert d2l.__file__ is not None and d2l.__file__.startswith(folder), d2l.__file__
    os.chdir(Path(data, "work"))  # the published library reads ../data
    if Path(folder) == _ROOT / "grader/kernel/inside/site":
        images = importlib.import_module("grader.kernel.inside.images")
        images.configure(data)
    else:
        for name in ("use_svg_display", "display", "plt"):
            setattr(d2l, name, Silent())
        # Its four workers for each pass over few images would take most of the time; "4.2" starts some.
        d2l.DataModule.__init__.__defaults__ = ("../data", 0)
    return d2l


def run(d2l: Any, text: str) -> dict[str, Any]:
    """Execute one text; what it has seen, raw points and what it printed."""
    seen: dict[str, Any] = {}
    points: list[Any] = []
    classes = {each: dict(vars(each)) for each in vars(d2l).values() if isinstance(each, type)}
    draw = d2l.ProgressBoard.draw

    def drawn(board: Any, x: Any, y: Any, label: str, every_n: int = 1) -> None:
        points.append((label, float(x), float(y), every_n))
        draw(board, x, y, label, every_n)

    d2l.ProgressBoard.draw = drawn
    namespace = {"d2l": d2l, "torch": torch, "nn": nn, "F": F, "np": np, "seen": seen}
    torch.manual_seed(0)
    printed, raised = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(text, "<section>", "exec"), namespace)
        except Exception:
            raised = traceback.format_exc()
    for each, members in classes.items():  # what add_to_class did to the library is over
        for name in vars(each).keys() - members.keys() - {"__doc__"} if each.__module__.startswith("d2l") else ():
            delattr(each, name)
        for name, member in members.items():
            if vars(each).get(name) is not member:
                setattr(each, name, member)
    return {"seen": seen, "points": points, "printed": printed.getvalue(), "raised": raised}


def main() -> None:
    """Run every text, each after the same common beginning."""
    from tests.kernel.book_sections import BLOCKS, SECTIONS

    folder, data, out = sys.argv[1:4]
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    d2l = imported(folder, data)
    torch.save({name: run(d2l, BLOCKS + text) for name, text in SECTIONS.items()}, out)


if __name__ == "__main__":
    main()
