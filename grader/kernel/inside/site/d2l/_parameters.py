"""Keep constructor arguments as attributes, and add methods to classes that exist already."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any


class HyperParameters:
    """Mixin of classes that keep the arguments of their constructor."""

    hparams: dict[str, Any]

    def save_hyperparameters(self, ignore: Collection[str] = ()) -> None:
        """Make an attribute of every local variable of the calling method, and list them in `hparams`.

        Names in `ignore`, names that start with an underscore, and `self` are left out.
        """
        caller = inspect.currentframe()
        assert caller is not None and caller.f_back is not None
        skipped = {"self", *ignore}
        self.hparams = {
            name: value
            for name, value in caller.f_back.f_locals.items()
            if name not in skipped and not name.startswith("_")
        }
        for name, value in self.hparams.items():
            setattr(self, name, value)


def add_to_class(Class: type) -> Callable[[Any], None]:
    """Return a decorator that makes a function a method of `Class`.

    As in the book, the decorator gives back None, so the decorated name itself is None in the notebook.
    """

    def register(member: Any) -> None:
        setattr(Class, member.__name__, member)

    return register
