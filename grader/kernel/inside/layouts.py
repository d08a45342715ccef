"""Parameters that are kept in another layout than the reference's, such as the weight of `X @ W` beside nn.Linear's.

A layout pairs two shapes of as many elements. The weight is drawn in the reference's shape, put down in the student's,
and its gradient is read back, so that both sides compute with the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from grader.probes import Value

Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The reference's shape of a parameter, and whether the student keeps it with its first axis last."""

    shape: Shape
    transposed: bool

    def put_down(self, weight: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
        """A weight of the reference's shape in the student's."""
        return (weight.flatten(1).T if self.transposed else weight).reshape(tuple(shape))

    def read_back(self, gradient: torch.Tensor) -> torch.Tensor:
        """A gradient of the student's shape in the reference's."""
        if self.transposed:
            gradient = gradient.reshape(-1, self.shape[0]).T
        return gradient.reshape(self.shape)


def read(rows: Value) -> Mapping[Shape, Layout]:
    """Layouts by the student's shape, as they travel in a probe: [student's shape, reference's shape, transposed]."""
    return {tuple(own): Layout(tuple(shape), bool(transposed)) for own, shape, transposed in rows or ()}
