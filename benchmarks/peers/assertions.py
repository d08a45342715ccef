"""What the peers ask: for each item of ours a function that asserts the same, in as many cases.

The source text of these functions stands in nbgrader's test cells and in otter's test files; floor.py calls them.
The name is the item's, the parameters are the names of the notebook that it looks at.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

IMPORTS = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\nfrom typing import Any\n"


def corr2d_values(corr2d: Any) -> None:
    """Compare 20 cross-correlations."""
    torch.manual_seed(0)
    for case in range(20):
        X = torch.randn(4 + case % 5, 4 + case % 7)
        K = torch.randn(1 + case % 3, 1 + case % 4)
        torch.testing.assert_close(corr2d(X, K), F.conv2d(X[None, None], K[None, None])[0, 0], rtol=1e-4, atol=1e-4)


def corr2d_gradient(corr2d: Any) -> None:
    """Compare 6 pairs of gradients."""
    torch.manual_seed(0)
    for case in range(6):
        X = torch.randn(4 + case, 6, requires_grad=True)
        K = torch.randn(1 + case % 3, 1 + case % 4, requires_grad=True)
        expected = torch.autograd.grad(F.conv2d(X[None, None], K[None, None]).square().sum(), [X, K])
        torch.testing.assert_close(
            torch.autograd.grad(corr2d(X, K).square().sum(), [X, K]), expected, rtol=1e-4, atol=1e-4
        )


def conv2d_layer(Conv2D: Any) -> None:
    """Compare 6 layers with a bias, forward and backward."""
    torch.manual_seed(0)
    for case in range(6):
        layer, X = Conv2D((1 + case % 3, 1 + case % 4)), torch.randn(4 + case, 6, requires_grad=True)
        assert isinstance(layer, nn.Module)
        with torch.no_grad():
            layer.bias.fill_(0.5 + case)
        expected = F.conv2d(X[None, None], layer.weight[None, None], layer.bias)[0, 0]
        torch.testing.assert_close(layer(X), expected, rtol=1e-4, atol=1e-4)
        leaves = [X, layer.weight, layer.bias]
        gradients = torch.autograd.grad(layer(X).square().sum(), leaves)
        torch.testing.assert_close(
            gradients, torch.autograd.grad(expected.square().sum(), leaves), rtol=1e-3, atol=1e-3
        )


def edge_detection(corr2d: Any, X: Any, K: Any) -> None:
    """Look at the edges in the image and in the image turned round."""
    edges = torch.zeros(6, 7)
    edges[:, 1], edges[:, 5] = 1, -1
    torch.testing.assert_close(corr2d(X, K), edges)
    torch.testing.assert_close(corr2d(X.t(), K), torch.zeros(8, 5))


def learned_kernel(conv2d: Any) -> None:
    """Look at the weight that was learned."""
    assert conv2d.weight.shape == (1, 1, 1, 2)
    torch.testing.assert_close(conv2d.weight.detach().reshape(2), torch.tensor([1.0, -1.0]), rtol=0, atol=0.15)


def comp_conv2d(comp_conv2d: Any) -> None:
    """Compare 10 layers."""
    torch.manual_seed(0)
    for case in range(10):
        X = torch.randn(7 + case % 4, 8)
        size, padding, stride = (1 + case % 3, 1 + case % 4), (case % 2, case % 3), (1 + case % 3, 1 + case % 2)
        layer = nn.Conv2d(1, 1, size, padding=padding, stride=stride)
        torch.testing.assert_close(comp_conv2d(layer, X), layer(X[None, None])[0, 0])


def corr2d_multi_in(corr2d_multi_in: Any) -> None:
    """Compare 15 images of several channels."""
    torch.manual_seed(0)
    for case in range(15):
        X = torch.randn(1 + case % 4, 4 + case % 5, 4 + case % 7)
        K = torch.randn(1 + case % 4, 1 + case % 3, 1 + case % 4)
        torch.testing.assert_close(corr2d_multi_in(X, K), F.conv2d(X[None], K[None])[0, 0], rtol=1e-4, atol=1e-4)


def corr2d_multi_in_out(corr2d_multi_in_out: Any) -> None:
    """Compare 15 images of several channels, several outputs each."""
    torch.manual_seed(0)
    for case in range(15):
        X = torch.randn(1 + case % 4, 4 + case % 5, 4 + case % 7)
        K = torch.randn(1 + case % 5, 1 + case % 4, 1 + case % 3, 1 + case % 4)
        torch.testing.assert_close(corr2d_multi_in_out(X, K), F.conv2d(X[None], K)[0], rtol=1e-4, atol=1e-4)


def corr2d_1x1(corr2d_multi_in_out_1x1: Any) -> None:
    """Compare 15 convolutions of one pixel."""
    torch.manual_seed(0)
    for case in range(15):
        X = torch.randn(1 + case % 4, 4 + case % 5, 4 + case % 7)
        K = torch.randn(1 + case % 5, 1 + case % 4, 1, 1)
        torch.testing.assert_close(corr2d_multi_in_out_1x1(X, K), F.conv2d(X[None], K)[0], rtol=1e-4, atol=1e-4)


def pool2d_max(pool2d: Any) -> None:
    """Compare 15 maxima, negative images among them."""
    torch.manual_seed(0)
    for case in range(15):
        X, size = torch.randn(4 + case % 5, 4 + case % 7) - 3 * (case % 2), (1 + case % 3, 1 + case % 4)
        torch.testing.assert_close(pool2d(X, size), F.max_pool2d(X[None, None], size, 1)[0, 0])


def pool2d_avg(pool2d: Any) -> None:
    """Compare 15 averages."""
    torch.manual_seed(0)
    for case in range(15):
        X, size = torch.randn(4 + case % 5, 4 + case % 7), (1 + case % 3, 1 + case % 4)
        expected = F.avg_pool2d(X[None, None], size, 1)[0, 0]
        torch.testing.assert_close(pool2d(X, size, "avg"), expected, rtol=1e-4, atol=1e-4)


def library_pooling(pool2d: Any) -> None:
    """Compare the last of the layers in 3 cases."""
    torch.manual_seed(0)
    for _ in range(3):
        X = torch.randn(1, 1, 7, 8)
        torch.testing.assert_close(pool2d(X), F.max_pool2d(X, (2, 3), (2, 3), (0, 1)))


def residual_identity(Residual: Any) -> None:
    """Compare 4 blocks, forward and backward, in both modes."""

    def normalised(layer: Any, X: Any) -> Any:
        mean, variance = layer.running_mean.clone(), layer.running_var.clone()
        return F.batch_norm(X, mean, variance, layer.weight, layer.bias, training=layer.training)

    torch.manual_seed(0)
    for case in range(4):
        block, X = Residual(2 + case), torch.randn(3, 2 + case, 5 + case, 6, requires_grad=True)
        for training in (True, False):
            block.train(training)(X)
            H = F.relu(normalised(block.bn1, F.conv2d(X, block.conv1.weight, block.conv1.bias, 1, 1)))
            H = normalised(block.bn2, F.conv2d(H, block.conv2.weight, block.conv2.bias, 1, 1))
            expected, leaves = F.relu(H + X), [X, block.conv1.weight, block.bn2.weight]
            torch.testing.assert_close(block(X), expected, rtol=1e-3, atol=1e-3)
            gradients = torch.autograd.grad(block(X).square().sum(), leaves)
            wanted = torch.autograd.grad(F.relu(H + X).square().sum(), leaves)
            torch.testing.assert_close(gradients, wanted, rtol=1e-2, atol=1e-2)


def residual_1x1(Residual: Any) -> None:
    """Compare 4 blocks with a convolution on the shortcut, forward and backward, in both modes."""

    def normalised(layer: Any, X: Any) -> Any:
        mean, variance = layer.running_mean.clone(), layer.running_var.clone()
        return F.batch_norm(X, mean, variance, layer.weight, layer.bias, training=layer.training)

    torch.manual_seed(0)
    for case in range(4):
        stride = 1 + case % 3
        block = Residual(3 + case, use_1x1conv=True, strides=stride)
        X = torch.randn(3, 2, 5 + case, 6, requires_grad=True)
        for training in (True, False):
            block.train(training)(X)
            H = F.relu(normalised(block.bn1, F.conv2d(X, block.conv1.weight, block.conv1.bias, stride, 1)))
            H = normalised(block.bn2, F.conv2d(H, block.conv2.weight, block.conv2.bias, 1, 1))
            shortcut = F.conv2d(X, block.conv3.weight, block.conv3.bias, stride)
            expected, leaves = F.relu(H + shortcut), [X, block.conv1.weight, block.bn2.weight]
            torch.testing.assert_close(block(X), expected, rtol=1e-3, atol=1e-3)
            gradients = torch.autograd.grad(block(X).square().sum(), leaves)
            wanted = torch.autograd.grad(F.relu(H + shortcut).square().sum(), leaves)
            torch.testing.assert_close(gradients, wanted, rtol=1e-2, atol=1e-2)


ASSERTIONS: Mapping[str, Callable[..., None]] = {
    "corr2d-values": corr2d_values,
    "corr2d-gradient": corr2d_gradient,
    "conv2d-layer": conv2d_layer,
    "edge-detection": edge_detection,
    "learned-kernel": learned_kernel,
    "comp-conv2d": comp_conv2d,
    "corr2d-multi-in": corr2d_multi_in,
    "corr2d-multi-in-out": corr2d_multi_in_out,
    "corr2d-1x1": corr2d_1x1,
    "pool2d-max": pool2d_max,
    "pool2d-avg": pool2d_avg,
    "library-pooling": library_pooling,
    "residual-identity": residual_identity,
    "residual-1x1": residual_1x1,
}


def parameters(item: str) -> list[str]:
    """The names of the notebook that an item's assertions look at."""
    return list(inspect.signature(ASSERTIONS[item]).parameters)


def source(item: str) -> str:
    """The text of an item's assertions as a function called `asserted`, with its imports."""
    text = inspect.getsource(ASSERTIONS[item])
    return IMPORTS + text.replace(f"def {ASSERTIONS[item].__name__}(", "def asserted(", 1)
