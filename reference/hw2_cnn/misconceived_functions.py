"""Wrong versions of the functions and the small layer of 7.2 to 7.6.

Each docstring is the sentence that a student reads when the answers equal those of the version below it.
"""

from __future__ import annotations

import torch
from torch import nn

from . import solutions

# ---- 7.2 Convolutions for images


def corr2d_flipped(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """This is convolution: the kernel is flipped. 7.2 asks for cross-correlation."""
    return solutions.corr2d(X, K.flip(0, 1))


def corr2d_last_row_missing(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The last row and the last column are missing: the output has h - kh + 1 rows and w - kw + 1 columns."""
    return solutions.corr2d(X, K)[:-1, :-1]


def corr2d_last_row_zero(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The output has the right size, but its last row and column stay zero: the loops end one step early."""
    Y = solutions.corr2d(X, K).clone()
    Y[-1] = 0
    Y[:, -1] = 0
    return Y


def corr2d_transposed(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The output is transposed: rows of the output go with rows of the image."""
    return solutions.corr2d(X, K).t()


def corr2d_kernel_transposed(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Height and width of the kernel are swapped: a kernel of shape (kh, kw) covers kh rows and kw columns."""
    return solutions.corr2d(X, K.t())


def corr2d_square_only(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The kernel's height is used for both of its sides, which is right for square kernels only."""
    side = K.shape[0]
    Y = X.new_zeros(X.shape[0] - side + 1, X.shape[1] - side + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + side, j : j + side] * K).sum()
    return Y


def corr2d_mean(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The products under the kernel are averaged; cross-correlation adds them up."""
    return solutions.corr2d(X, K) / K.numel()


def corr2d_padded(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The output is as large as the image because the image was padded; 7.2 has no padding yet."""
    rows, columns = K.shape[0] - 1, K.shape[1] - 1
    left, top = columns // 2, rows // 2
    return solutions.corr2d(nn.functional.pad(X, (left, columns - left, top, rows - top)), K)


def corr2d_one_to_the_right(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The window starts one column too far right: the first one starts at row 0 and column 0."""
    return solutions.corr2d(nn.functional.pad(X, (0, 1))[:, 1:], K)


def corr2d_first_kernel_row(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Only the first row of the kernel counts: the sum goes over all of its rows and columns."""
    return solutions.corr2d(X[: X.shape[0] - K.shape[0] + 1], K[:1])


def corr2d_summed_first(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Window and kernel are summed before they are multiplied; multiply element by element, then sum."""
    return solutions.corr2d(X, torch.ones_like(K)) * K.sum()


def corr2d_matrix_product(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Window and kernel are multiplied as matrices (@); cross-correlation multiplies element by element (*)."""
    windows = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)  # (h - kh + 1, w - kw + 1, kh, kw)
    return (windows @ K).sum(dim=(2, 3))


def corr2d_detached(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """No gradient flows back to X and K: the result is built from plain numbers, or cut off by detach or .data."""
    return solutions.corr2d(X.detach(), K.detach())


class Conv2DWithoutBias(solutions.Conv2D):
    """No trainable bias is added to the output: the bias has to be an nn.Parameter and a part of forward."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(x, self.weight)


class Conv2DFlipped(solutions.Conv2D):
    """This layer convolves: its weight is flipped. 7.2 builds it on cross-correlation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(x, self.weight.flip(0, 1)) + self.bias


class Conv2DBiasOnImage(solutions.Conv2D):
    """The bias is added to the image; it belongs to the output, after the cross-correlation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(x + self.bias, self.weight)


class Conv2DBiasOnWeight(solutions.Conv2D):
    """The bias is added to the weight; it belongs to the output, after the cross-correlation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(x, self.weight + self.bias)


class Conv2DBiasSubtracted(solutions.Conv2D):
    """The bias is subtracted; it has to be added to the cross-correlation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(x, self.weight) - self.bias


class Conv2DWeightCutOff(solutions.Conv2D):
    """No gradient reaches the weight: forward uses its .data or a detached copy of it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(x, self.weight.detach()) + self.bias


class Conv2DSquareWeight(solutions.Conv2D):
    """The weight is square: kernel_size gives its height and its width."""

    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__((kernel_size[0], kernel_size[0]))


class Conv2DPlainTensors(nn.Module):
    """The weight and the bias are plain tensors, so an optimizer would not find them: make them nn.Parameter."""

    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.weight = torch.rand(kernel_size)  # (kh, kw)
        self.bias = torch.zeros(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(x, self.weight) + self.bias


# ---- 7.3 Padding and stride


def comp_conv2d_unstripped(conv2d: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """The batch and channel axes are still there: the output is an image with two axes."""
    Y: torch.Tensor = conv2d(X[None, None])
    return Y


def comp_conv2d_half_stripped(conv2d: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """Only one of the two added axes is stripped: the output is an image with two axes."""
    return comp_conv2d_unstripped(conv2d, X)[0]


def comp_conv2d_bare(conv2d: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """The layer gets the bare image; it expects a batch axis and a channel axis before height and width."""
    Y: torch.Tensor = conv2d(X)
    return Y


def comp_conv2d_squeezed(conv2d: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """Every axis of size 1 is stripped, also the height or width of a small output; strip the first two axes only."""
    return comp_conv2d_unstripped(conv2d, X).squeeze()


def comp_conv2d_input_size(conv2d: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """The output is given the shape of the input, which is wrong as soon as padding or stride change the size."""
    return comp_conv2d_unstripped(conv2d, X).reshape(X.shape)


# ---- 7.4 Multiple input and output channels


def corr2d_multi_in_unsummed(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The channels are still apart: their cross-correlations have to be added up."""
    return torch.stack([solutions.corr2d(x, k) for x, k in zip(X, K, strict=True)])


def corr2d_multi_in_first(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Only the first channel counts: all input channels have to be added up."""
    return solutions.corr2d(X[0], K[0])


def corr2d_multi_in_last(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Only the last channel counts: the loop overwrites its result where it has to add to it."""
    return solutions.corr2d(X[-1], K[-1])


def corr2d_multi_in_mean(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The channels are averaged; 7.4 adds them up."""
    return solutions.corr2d_multi_in(X, K) / len(X)


def corr2d_multi_in_shared(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The first channel's kernel is used for every channel: each channel has a kernel of its own."""
    return solutions.corr2d(X.sum(dim=0), K[0])


def corr2d_multi_in_flipped(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """This is convolution: the kernels are flipped. 7.4 adds up cross-correlations."""
    return solutions.corr2d_multi_in(X, K.flip(1, 2))


def corr2d_multi_in_out_summed(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The output channels are added up; they have to be stacked along a new first axis."""
    return solutions.corr2d_multi_in_out(X, K).sum(dim=0)


def corr2d_multi_in_out_repeated(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """All output channels come from the first kernel: each output channel has a kernel of its own."""
    return solutions.corr2d_multi_in(X, K[0]).expand(len(K), -1, -1)


def corr2d_multi_in_out_reversed(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The output channels come in reverse order; the first kernel makes the first one."""
    return solutions.corr2d_multi_in_out(X, K).flip(0)


def corr2d_multi_in_out_last_axis(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The output channels are the last axis; they have to be the first one."""
    return solutions.corr2d_multi_in_out(X, K).movedim(0, -1)


def corr2d_multi_in_out_joined(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The output channels are joined along the rows; they have to be stacked along a new first axis."""
    return solutions.corr2d_multi_in_out(X, K).flatten(0, 1)


def corr2d_1x1_kernel_misread(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The kernel is read as (inputs, outputs); its first axis is the output channels."""
    matrix = K.reshape(K.shape[1], K.shape[0]).t()  # (o, c), in the wrong order
    return (matrix @ X.flatten(1)).reshape(-1, *X.shape[1:])


def corr2d_1x1_sides_swapped(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Height and width of the output are swapped: it has the shape (outputs, h, w)."""
    return solutions.corr2d_multi_in_out_1x1(X, K).reshape(len(K), X.shape[2], X.shape[1])


def corr2d_1x1_pixels_mixed(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Reshaping to (h * w, channels) mixes up pixels and channels; flatten to (channels, h * w) instead."""
    pixels = X.reshape(-1, X.shape[0])  # (h * w, c), in the wrong order
    return (K[:, :, 0, 0] @ pixels.t()).reshape(-1, *X.shape[1:])


def corr2d_1x1_channels_last(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The output channels are the last axis; the output has the shape (outputs, h, w)."""
    return solutions.corr2d_multi_in_out_1x1(X, K).movedim(0, -1)


def corr2d_1x1_flat(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The image is still flat: the product has to be reshaped to (outputs, h, w)."""
    return solutions.corr2d_multi_in_out_1x1(X, K).flatten(1)


# ---- 7.5 Pooling


def pool2d_max_from_zero(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The running maximum starts at 0, so that windows of negative numbers give 0."""
    Y = solutions.pool2d(X, pool_size, mode)
    return Y.clamp(min=0) if mode == "max" else Y


def pool2d_max_of_sizes(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The maximum of the absolute values is taken; pooling takes the values as they are."""
    return solutions.pool2d(X.abs() if mode == "max" else X, pool_size, mode)


def pool2d_max_is_sum(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """With "max" the window is added up; max-pooling takes its largest value."""
    Y = solutions.pool2d(X, pool_size, "avg")
    return Y * pool_size[0] * pool_size[1] if mode == "max" else Y


def pool2d_always_average(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """With "max" the average of the window is taken; max-pooling takes its largest value."""
    return solutions.pool2d(X, pool_size, "avg")


def pool2d_minimum(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The smallest value of the window is taken; max-pooling takes the largest one."""
    return -solutions.pool2d(-X, pool_size, mode)


def pool2d_padded(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The output is as large as the image because the image was padded; the pooling of 7.5.1 has no padding."""
    rows, columns = pool_size[0] - 1, pool_size[1] - 1
    left, top = columns // 2, rows // 2
    return solutions.pool2d(nn.functional.pad(X, (left, columns - left, top, rows - top)), pool_size, mode)


def pool2d_average_of_square(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The sum of a window is divided by its height squared; a window has height times width elements."""
    Y = solutions.pool2d(X, pool_size, mode)
    return Y * pool_size[1] / pool_size[0] if mode == "avg" else Y


def pool2d_sum(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The window is added up but not divided by its number of elements."""
    Y = solutions.pool2d(X, pool_size, mode)
    return Y * pool_size[0] * pool_size[1] if mode == "avg" else Y


def pool2d_mode_ignored(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The mode is ignored: with "avg" the answer is still the maximum."""
    return solutions.pool2d(X, pool_size)


def pool2d_stride_is_window(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The window moves by its own size; in 7.5 it moves by one element, like the kernel of corr2d."""
    return solutions.pool2d(X, pool_size, mode)[:: pool_size[0], :: pool_size[1]]


def pool2d_sides_swapped(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """Height and width of the window are swapped: pool_size is (height, width)."""
    return solutions.pool2d(X, (pool_size[1], pool_size[0]), mode)


def pool2d_last_row_missing(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """The last row and the last column are missing: the output has h - ph + 1 rows and w - pw + 1 columns."""
    return solutions.pool2d(X, pool_size, mode)[:-1, :-1]


# ---- 7.6 LeNet


def init_cnn_linear_only(module: nn.Module) -> None:
    """Only linear layers are initialised; convolutional ones have to be, too."""
    if type(module) is nn.Linear:
        nn.init.xavier_uniform_(module.weight)


def init_cnn_convolutions_only(module: nn.Module) -> None:
    """Only convolutional layers are initialised; linear ones have to be, too."""
    if type(module) is nn.Conv2d:
        nn.init.xavier_uniform_(module.weight)


def init_cnn_normal(module: nn.Module) -> None:
    """The weights come from a normal distribution; 7.6 asks for Xavier's uniform one."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.xavier_normal_(module.weight)


def init_cnn_kaiming(module: nn.Module) -> None:
    """The weights are spread as Kaiming's initialisation has it; 7.6 asks for Xavier's."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.kaiming_uniform_(module.weight)


def init_cnn_bias_too(module: nn.Module) -> None:
    """The bias is changed as well; 7.6 initialises the weights only."""
    solutions.init_cnn(module)
    if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
        nn.init.zeros_(module.bias)


def init_cnn_other_layers(module: nn.Module) -> None:
    """Other layers with a weight are initialised as well; 7.6 names nn.Linear and nn.Conv2d only."""
    weight = getattr(module, "weight", None)
    if isinstance(weight, torch.Tensor) and weight.dim() > 1:
        nn.init.xavier_uniform_(weight)


def init_cnn_batch_norm_too(module: nn.Module) -> None:
    """Batch normalisation is initialised as well; 7.6 names nn.Linear and nn.Conv2d only."""
    solutions.init_cnn(module)
    if isinstance(module, nn.BatchNorm2d):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)


def init_cnn_zeros(module: nn.Module) -> None:
    """The weights are set to zero, so that all units of a layer stay alike; 7.6 asks for Xavier's uniform ones."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.zeros_(module.weight)
