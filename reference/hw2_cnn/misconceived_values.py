"""Wrong values that students bind in 7.2 and 7.5: images and kernels, learned weights, layers of the library.

Each function makes the names that are bound otherwise than in the solutions. Its docstring is the sentence that a
student reads when the answers equal those of the values it makes.
"""

from __future__ import annotations

import torch
from torch import nn

from . import solutions

# ---- 7.2.3 Edge detection, "X, K"


def edges_reversed() -> dict[str, torch.Tensor]:
    """The edges have the opposite signs: K is (1, -1), and X is white (1) with a black (0) band."""
    return {"K": -solutions.K}


def white_for_black() -> dict[str, torch.Tensor]:
    """Black and white are swapped in X, and the signs in K with them; X is white (1) with a black (0) band."""
    return {"X": 1 - solutions.X, "K": -solutions.K}


def kernel_column() -> dict[str, torch.Tensor]:
    """K is a column, which finds horizontal edges; vertical edges need a row: K of shape (1, 2)."""
    return {"K": solutions.K.t()}


def kernel_square() -> dict[str, torch.Tensor]:
    """K has two rows, so that every edge is counted twice; 7.2.3 has one row: K of shape (1, 2)."""
    return {"K": solutions.K.expand(2, 2).clone()}


def kernel_adds() -> dict[str, torch.Tensor]:
    """K adds neighbouring pixels; their difference finds an edge: K is (1, -1)."""
    return {"K": solutions.K.abs()}


def band_in_rows() -> dict[str, torch.Tensor]:
    """The black band lies in rows 2 to 5 of X; it belongs into the columns 2 to 5."""
    X = torch.ones(6, 8)
    X[2:6] = 0
    return {"X": X}


def band_one_short() -> dict[str, torch.Tensor]:
    """The black band ends a column early: columns 2 to 5 are meant, and a slice leaves its end out."""
    X = torch.ones(6, 8)
    X[:, 2:5] = 0
    return {"X": X}


def band_one_left() -> dict[str, torch.Tensor]:
    """The black band lies one column too far left: it covers columns 2 to 5, counted from 0."""
    X = torch.ones(6, 8)
    X[:, 1:5] = 0
    return {"X": X}


def image_plain() -> dict[str, torch.Tensor]:
    """X has the same value everywhere, so that there is no edge; columns 2 to 5 have to be zero."""
    return {"X": torch.ones(6, 8)}


def image_transposed() -> dict[str, torch.Tensor]:
    """Height and width of X are swapped: it has 6 rows and 8 columns, with the black band in columns 2 to 5."""
    return {"X": solutions.X.t()}


# ---- 7.2.4 The learned kernel, "conv2d": where a recipe leads whatever the start


def weight_reversed() -> dict[str, torch.Tensor]:
    """The learned weight has the opposite sign: the edges Y that conv2d was trained on have the wrong signs."""
    return {"conv2d": torch.tensor([[[[-1.0, 1.0]]]])}


def weight_zero() -> dict[str, torch.Tensor]:
    """The learned weight has become zero: the edges Y that conv2d was trained on are all zero."""
    return {"conv2d": torch.zeros(1, 1, 1, 2)}


def weight_of_sizes() -> dict[str, torch.Tensor]:
    """The edges Y that conv2d was trained on have lost their signs: one edge is 1, the other one is -1."""
    windows = solutions.X.unfold(1, 2, 1).reshape(-1, 2)  # (rows * places, 2)
    edges = solutions.corr2d(solutions.X, solutions.K).abs().reshape(-1, 1)  # (rows * places, 1)
    return {"conv2d": torch.linalg.lstsq(windows, edges).solution.reshape(1, 1, 1, 2)}


# ---- 7.5.2 Pooling layers, "LIBRARY_POOLING": a layer that is not mistaken is left as it is


def layers_average() -> dict[str, tuple[nn.Module, ...]]:
    """This layer takes the average of each window; 7.5.2 takes the maximum."""
    averages = nn.AvgPool2d(3), nn.AvgPool2d(3, padding=1, stride=2), nn.AvgPool2d((2, 3), padding=(0, 1))
    return {"LIBRARY_POOLING": averages}


def layers_stride_default() -> dict[str, tuple[nn.Module, ...]]:
    """The stride is left at its default, which is the window's size; the layer of 7.5.2 has stride 2."""
    first, _, third = solutions.LIBRARY_POOLING
    return {"LIBRARY_POOLING": (first, nn.MaxPool2d(3, padding=1), third)}


def layers_stride_one() -> dict[str, tuple[nn.Module, ...]]:
    """The window moves by one element; the layers of 7.5.2 have larger strides, by default the window's size."""
    ones = nn.MaxPool2d(3, 1), nn.MaxPool2d(3, padding=1, stride=1), nn.MaxPool2d((2, 3), stride=1, padding=(0, 1))
    return {"LIBRARY_POOLING": ones}


def layers_unpadded() -> dict[str, tuple[nn.Module, ...]]:
    """The padding is missing: the second layer of 7.5.2 has padding=1, the third one padding=(0, 1)."""
    first, _, _ = solutions.LIBRARY_POOLING
    return {"LIBRARY_POOLING": (first, nn.MaxPool2d(3, stride=2), nn.MaxPool2d((2, 3), stride=(2, 3)))}


def layers_window_swapped() -> dict[str, tuple[nn.Module, ...]]:
    """Height and width of the window are swapped: the third layer of 7.5.2 has a window of 2 rows and 3 columns."""
    first, second, _ = solutions.LIBRARY_POOLING
    return {"LIBRARY_POOLING": (first, second, nn.MaxPool2d((3, 2), stride=(2, 3), padding=(0, 1)))}


def layers_sides_swapped() -> dict[str, tuple[nn.Module, ...]]:
    """Rows and columns are swapped in window, stride and padding: the third layer of 7.5.2 has a window of (2, 3)."""
    first, second, _ = solutions.LIBRARY_POOLING
    return {"LIBRARY_POOLING": (first, second, nn.MaxPool2d((3, 2), stride=(3, 2), padding=(1, 0)))}
