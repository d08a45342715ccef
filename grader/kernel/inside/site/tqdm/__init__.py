"""Progress bars that show nothing: what students iterate over passes through, whatever front end they wrote it for.

Nobody watches a notebook while it is graded, and tqdm.notebook would need widgets. Names and arguments are those of
tqdm 4 (https://tqdm.github.io/docs/tqdm/).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["tnrange", "tqdm", "tqdm_notebook", "trange"]
__version__ = "4"


class tqdm:
    """An iterable as it is, with the methods of a bar."""

    monitor_interval = 0

    def __init__(
        self,
        iterable: Any = None,
        desc: str | None = None,
        total: float | None = None,
        leave: bool | None = True,
        file: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self.iterable, self.total, self.leave = iterable, total, leave
        self.desc = desc or ""
        self.disable = bool(kwargs.get("disable"))
        self.n: float = kwargs.get("initial", 0)

    def __iter__(self) -> Iterator[Any]:
        for each in self.iterable:
            yield each
            self.n += 1

    def __len__(self) -> int:
        return len(self.iterable) if self.iterable is not None else int(self.total or 0)

    def __bool__(self) -> bool:
        return bool(self.total) if self.total is not None else bool(self.iterable)

    def __enter__(self) -> tqdm:
        return self

    def __exit__(self, *raised: object) -> None:
        return None

    def update(self, n: float = 1) -> None:
        """Count on."""
        self.n += n

    def reset(self, total: float | None = None) -> None:
        """Count anew."""
        self.n, self.total = 0, self.total if total is None else total

    def set_description(self, desc: str | None = None, refresh: bool = True) -> None:
        """Name what goes on."""
        self.desc = f"{desc}: " if desc else ""

    def set_description_str(self, desc: str | None = None, refresh: bool = True) -> None:
        """Name what goes on."""
        self.desc = desc or ""

    def _nothing(self, *args: Any, **kwargs: Any) -> None:
        """There is nothing to show."""

    close = clear = refresh = unpause = display = set_postfix = set_postfix_str = _nothing

    @classmethod
    def write(cls, s: object, file: Any = None, end: str = "\n", nolock: bool = False) -> None:
        """Print beside the bar."""
        print(s, end=end, file=file)

    @classmethod
    def pandas(cls, *args: Any, **kwargs: Any) -> None:
        """Give pandas `progress_apply` and its like."""
        import pandas as pd

        for kind in (pd.Series, pd.DataFrame):
            kind.progress_apply = kind.apply  # type: ignore[operator, union-attr]
        pd.Series.progress_map = pd.Series.map  # type: ignore[attr-defined]


def trange(*args: Any, **kwargs: Any) -> tqdm:
    """Give tqdm(range(*args))."""
    return tqdm(range(*args), **kwargs)


tqdm_notebook, tnrange = tqdm, trange
