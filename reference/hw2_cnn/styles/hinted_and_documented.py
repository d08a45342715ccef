# style: full type hints, long docstrings, a dataclass for settings and an enumeration for modes
# %%
from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import torch
from torch import Tensor, nn
# %%
def corr2d(image: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """Two-dimensional cross-correlation.

    Parameters
    ----------
    image : Tensor
        Of shape (h, w).
    kernel : Tensor
        Of shape (kh, kw).
    stride : int
        Steps between windows, both ways.
    """
    kh, kw = kernel.shape
    rows: Final[range] = range(0, image.shape[0] - kh + 1, stride)
    columns: Final[range] = range(0, image.shape[1] - kw + 1, stride)
    result: list[Tensor] = [(image[i : i + kh, j : j + kw] * kernel).sum() for i in rows for j in columns]
    return torch.stack(result).reshape(len(rows), len(columns))
# %%
class Conv2D(nn.Module):
    """One channel in, one channel out."""

    weight: nn.Parameter
    bias: nn.Parameter

    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Correlate and shift."""
        return corr2d(x, self.weight) + self.bias
# %%
X: Tensor = torch.ones(6, 8)
X[:, 2:6] = 0.0
K: Tensor = torch.tensor([[1.0, -1.0]])
# %%
class Mode(str, enum.Enum):
    MAX = "max"
    AVG = "avg"


def pool2d(X: Tensor, pool_size: Sequence[int], mode: Literal["max", "avg"] = "max") -> Tensor:
    """Pool with stride 1."""
    height, width = pool_size
    out: Tensor = torch.zeros(X.shape[0] - height + 1, X.shape[1] - width + 1, dtype=X.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            window = X[i : i + height, j : j + width]
            out[i, j] = window.max() if Mode(mode) is Mode.MAX else window.mean()
    return out
# %%
pool2d: nn.Module = nn.MaxPool2d(3)
# %%
pool2d: nn.Module = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d: nn.Module = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
@dataclass(frozen=True)
class Settings:
    channels: tuple[int, int] = (6, 16)
    hidden: tuple[int, int] = (120, 84)
    activation: type[nn.Module] = nn.Sigmoid
    extra: dict[str, int] = field(default_factory=lambda: {"kernel_size": 5})


class LeNet(nn.Module):
    """LeNet-5.

    >>> LeNet()(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """

    def __init__(self, lr: float = 0.1, num_classes: int = 10, settings: Settings = Settings()) -> None:
        super().__init__()
        self.lr: float = lr
        first, second = settings.channels
        act = settings.activation
        self.body: nn.Sequential = nn.Sequential(
            nn.Conv2d(1, first, padding=2, **settings.extra), act(), nn.AvgPool2d(2),
            nn.Conv2d(first, second, **settings.extra), act(), nn.AvgPool2d(2),
        )
        self.head: nn.Sequential = nn.Sequential(
            nn.Linear(second * 5 * 5, settings.hidden[0]), act(),
            nn.Linear(settings.hidden[0], settings.hidden[1]), act(),
            nn.Linear(settings.hidden[1], num_classes),
        )

    def forward(self, X: Tensor) -> Tensor:
        """Give the logits."""
        return self.head(self.body(X).flatten(start_dim=1))


def init_cnn(module: nn.Module) -> None:
    """Xavier, only for the two kinds of layers."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
