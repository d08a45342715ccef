"""Take every call that draws, keep the numbers and draw nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ._parameters import HyperParameters


class Point(NamedTuple):
    """One point of a curve."""

    x: Any
    y: Any


class ProgressBoard(HyperParameters):
    """Records curves: `data` maps a label to its points, each the mean of `every_n` raw ones."""

    data: OrderedDict[str, list[Point]]
    raw_points: OrderedDict[str, list[Point]]
    xlabel: Any
    xlim: Any

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        xlim: Sequence[float] | None = None,
        ylim: Sequence[float] | None = None,
        xscale: str = "linear",
        yscale: str = "linear",
        ls: Sequence[str] = ("-", "--", "-.", ":"),
        colors: Sequence[str] = ("C0", "C1", "C2", "C3"),
        fig: Any = None,
        axes: Any = None,
        figsize: tuple[float, float] = (3.5, 2.5),
        display: bool = True,
    ) -> None:
        self.save_hyperparameters()

    def draw(self, x: Any, y: Any, label: str, every_n: int = 1) -> None:
        """Add a raw point to the curve `label`; `every_n` of them make a point of the curve."""
        if not hasattr(self, "raw_points"):  # here, because a subclass may have a constructor of its own
            self.raw_points, self.data = OrderedDict(), OrderedDict()
        waiting = self.raw_points.setdefault(label, [])
        curve = self.data.setdefault(label, [])
        waiting.append(Point(x, y))
        if len(waiting) == every_n:
            xs, ys = zip(*waiting, strict=True)
            if all(isinstance(each, Tensor) for each in ys):
                ys = tuple(torch.stack(ys).cpu().numpy())
            curve.append(Point(sum(xs) / every_n, sum(ys) / every_n))
            waiting.clear()


_DRAW = ProgressBoard.draw  # as it was before a notebook adds another to the class


def noted(value: Tensor, board: ProgressBoard) -> Any:
    """A value for a board: an array; on a graphics card itself, which the board fetches when it makes a point of it.

    To fetch each would stop the card at every step.
    """
    value = value.detach()
    return value if value.is_cuda and type(board).draw is _DRAW else value.cpu().numpy()


class Blank:
    """Stands for a figure or its axes: every method exists, can be called and gives a blank again."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # protocols of Python, numpy and copy must see that there is nothing
            raise AttributeError(name)
        return Blank()

    def __call__(self, *args: Any, **kwargs: Any) -> Blank:
        return Blank()

    def __getitem__(self, index: Any) -> Blank:
        return Blank()

    def __iter__(self) -> Iterator[Blank]:
        return iter(())


def use_svg_display() -> None:
    """Does nothing: there is no display."""


def set_figsize(figsize: tuple[float, float] = (3.5, 2.5)) -> None:
    """Does nothing: there is no figure."""


def set_axes(axes: Any, xlabel: Any, ylabel: Any, xlim: Any, ylim: Any, xscale: Any, yscale: Any, legend: Any) -> None:
    """Does nothing: there are no axes."""


def plot(
    X: Any,
    Y: Any = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    legend: Sequence[str] = (),
    xlim: Any = None,
    ylim: Any = None,
    xscale: str = "linear",
    yscale: str = "linear",
    fmts: Sequence[str] = ("-", "m--", "g-.", "r:"),
    figsize: tuple[float, float] = (3.5, 2.5),
    axes: Any = None,
) -> None:
    """Accepts curves and draws nothing."""


def show_images(imgs: Any, num_rows: int, num_cols: int, titles: Any = None, scale: float = 1.5) -> Any:
    """Draw nothing and return a flat array of `num_rows * num_cols` blank axes."""
    axes = np.empty(num_rows * num_cols, dtype=object)
    for place in range(len(axes)):
        axes[place] = Blank()
    return axes


def show_heatmaps(
    matrices: Any,
    xlabel: str,
    ylabel: str,
    titles: Any = None,
    figsize: tuple[float, float] = (2.5, 2.5),
    cmap: str = "Reds",
) -> None:
    """Accepts matrices and draws nothing."""


class Animator:
    """Records the curves of the book's older training functions: `X[i]` and `Y[i]` are the points of curve i."""

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        legend: Sequence[str] | None = None,
        xlim: Any = None,
        ylim: Any = None,
        xscale: str = "linear",
        yscale: str = "linear",
        fmts: Sequence[str] = ("-", "m--", "g-.", "r:"),
        nrows: int = 1,
        ncols: int = 1,
        figsize: tuple[float, float] = (3.5, 2.5),
    ) -> None:
        self.fig = Blank()
        self.axes = [Blank() for _ in range(nrows * ncols)]
        self.config_axes: Callable[[], None] = lambda: None
        self.fmts = fmts
        self.X: list[list[Any]] | None = None
        self.Y: list[list[Any]] | None = None

    def add(self, x: Any, y: Any) -> None:
        """Add one point per curve; a curve whose x or y is None gets none."""
        ys = y if hasattr(y, "__len__") else [y]
        xs = x if hasattr(x, "__len__") else [x] * len(ys)
        if self.X is None or self.Y is None:
            self.X = [[] for _ in ys]
            self.Y = [[] for _ in ys]
        for curve, (a, b) in enumerate(zip(xs, ys, strict=False)):
            if a is not None and b is not None:
                self.X[curve].append(a)
                self.Y[curve].append(b)
