"""What the names of an assignment were bound to, cell after cell, in a notebook that is being written.

Names are bound again and again: `pool2d` becomes a layer of PyTorch, `X` and `K` change with every example. So after
each cell new bindings are kept, in small copies. Of a function or class the newest definition counts, because the one
before it was most likely an earlier state of the same cell; of layers and values one a cell is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import nn

from grader.kernel.inside.looking import clone, content, kind_of, same
from grader.probes import Version, names_of

_MOST_KEPT: Final = 12  # layers and values of one target
_LARGEST: Final = 100_000  # elements; a larger tensor or module is kept only as long as the notebook itself has it


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, because tensors have no one answer to `==`
class Binding:
    """One binding of a target; of several names together the value is a tuple."""

    version: Version
    value: Any
    cell: str  # an id, or "" where the front end gives none


class Memory:
    """The bindings of all targets.

    Args:
        targets: names, or several that belong together such as `X, K`.
        namespace: of the notebook.
        folder: where the notebook lies: modules in it are the student's own.
        cell_of: in which cell a function or class was written, by its number; 0 where that is not known.
    """

    def __init__(
        self, targets: Sequence[str], namespace: dict[str, Any], folder: str, cell_of: Callable[[Any], int]
    ) -> None:
        self.namespace = namespace
        self.names = {target: names_of(target) for target in targets}
        self._folder = folder
        self._cell_of = cell_of
        self._kept: dict[str, list[Binding]] = {target: [] for target in targets}
        self._seen: dict[str, tuple[tuple[Any, ...], list[Any]]] = {}

    def look(self, number: int, cell: str) -> None:
        """Keep what is new.

        Args:
            number: of the cell that was run last, as Jupyter counts; 0 where that is not known.
            cell: its id.
        """
        for target, names in self.names.items():
            values = tuple(self.namespace.get(name, ...) for name in names)
            if any(value is ... or value is None for value in values):
                continue  # `conv2d = ...` is how a notebook is handed out
            contents = [content(value, self._folder) for value in values]
            seen = self._seen.get(target)
            if seen is None or not all(map(same, seen[0], values)) or seen[1] != contents:
                self._seen[target] = (_small(values), contents)
                self._keep(target, values, number, cell)

    def of(self, target: str) -> Sequence[Binding]:
        """The bindings of a target, oldest first."""
        return self._kept.get(target, ())

    def put(self, target: str, value: Any) -> Callable[[], None]:
        """Let a target be this one value; what is returned undoes it."""
        before = self._kept[target]
        version, _ = self._version(target, value, self._cell_of(value))
        self._kept[target] = [Binding(version, value, "")]

        def undo() -> None:
            self._kept[target] = before

        return undo

    def definitions(self) -> dict[str, Any]:
        """By name the function or class of the student's that something else has taken the name of since."""
        found = {}
        for target, kept in self._kept.items():
            for each in kept:
                if each.version.kind == "definition" and self.namespace.get(target) is not each.value:
                    found[target] = each.value
        return found

    def _keep(self, target: str, values: tuple[Any, ...], number: int, cell: str) -> None:
        value = values[0] if len(values) == 1 else values
        version, kind = self._version(target, value, number)
        kept = self._kept[target]
        if kind == "definition":
            self._kept[target] = [each for each in kept if each.version.kind != kind] + [Binding(version, value, cell)]
        elif kind != "nothing":
            copies = tuple(clone(each) if _is_small(each) else each for each in values)
            copy = copies[0] if len(copies) == 1 else copies
            others = [each for each in kept if each.version.kind == "definition" or not cell or each.cell != cell]
            definitions = [each for each in others if each.version.kind == "definition"]
            values_kept = [each for each in others if each.version.kind != "definition" and self._lasts(target, each)]
            self._kept[target] = definitions + values_kept[1 - _MOST_KEPT :] + [Binding(version, copy, cell)]

    def _lasts(self, target: str, binding: Binding) -> bool:
        """Whether it holds nothing large that the notebook has let go of."""
        parts = binding.value if len(self.names[target]) > 1 else (binding.value,)
        return all(map(_is_small, parts))

    def _version(self, target: str, value: Any, number: int) -> tuple[Version, str]:
        if len(self.names[target]) > 1:
            return Version(number, "value"), "value"
        kind, note = kind_of(target, value, self._folder)
        if kind == "definition":
            number = self._cell_of(value) or number
        return Version(number, kind, note=note), kind


def _is_small(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return nn.parameter.is_lazy(value) or value.numel() <= _LARGEST
    if isinstance(value, nn.Module):
        return sum(0 if nn.parameter.is_lazy(each) else each.numel() for each in value.parameters()) <= _LARGEST
    return True


def _small(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values to compare with later, without any that is large: such a one counts as new each time."""
    return tuple(value if _is_small(value) else None for value in values)
