"""What the book prints about each component, as the assertions that most course notebooks have.

Nothing is graded by them. `grader verify` puts the same wrong versions before them as before the checks, so that one
sees what the checks add.
"""

from __future__ import annotations

from types import ModuleType

import torch
from torch import nn


def corr2d(book: ModuleType) -> None:
    """The example of 7.2.1."""
    X, K = torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2)
    assert torch.equal(book.corr2d(X, K), torch.tensor([[19.0, 25.0], [37.0, 43.0]]))


def Conv2D(book: ModuleType) -> None:
    """7.2.2 prints nothing; whoever tests it looks at the shape."""
    assert book.Conv2D((1, 2))(torch.ones(6, 8)).shape == (6, 7)


def X(book: ModuleType) -> None:
    """The edges of 7.2.3."""
    assert torch.equal(book.corr2d(book.X, book.K), torch.tensor([[0.0, 1, 0, 0, 0, -1, 0]] * 6))
    assert torch.equal(book.corr2d(book.X.t(), book.K), torch.zeros(8, 5))


K = X


def learned_kernel(book: ModuleType) -> None:
    """The weight that 7.2.4 prints, to one decimal."""
    torch.testing.assert_close(book.learned_kernel().weight.flatten(), torch.tensor([1.0, -1.0]), atol=0.1, rtol=0)


def comp_conv2d(book: ModuleType) -> None:
    """The shapes of 7.3.1 and 7.3.2."""
    image = torch.rand(8, 8)
    assert book.comp_conv2d(nn.LazyConv2d(1, kernel_size=3, padding=1), image).shape == (8, 8)
    assert book.comp_conv2d(nn.LazyConv2d(1, kernel_size=(5, 3), padding=(2, 1)), image).shape == (8, 8)
    assert book.comp_conv2d(nn.LazyConv2d(1, kernel_size=3, padding=1, stride=2), image).shape == (4, 4)
    layer = nn.LazyConv2d(1, kernel_size=(3, 5), padding=(0, 1), stride=(3, 4))
    assert book.comp_conv2d(layer, image).shape == (2, 2)


_IMAGE = torch.stack((torch.arange(9.0).reshape(3, 3), torch.arange(1.0, 10.0).reshape(3, 3)))
_KERNEL = torch.stack((torch.arange(4.0).reshape(2, 2), torch.arange(1.0, 5.0).reshape(2, 2)))


def corr2d_multi_in(book: ModuleType) -> None:
    """The example of 7.4.1."""
    assert torch.equal(book.corr2d_multi_in(_IMAGE, _KERNEL), torch.tensor([[56.0, 72.0], [104.0, 120.0]]))


def corr2d_multi_in_out(book: ModuleType) -> None:
    """The example of 7.4.2."""
    printed = [[[56.0, 72], [104, 120]], [[76, 100], [148, 172]], [[96, 128], [192, 224]]]
    kernels = torch.stack((_KERNEL, _KERNEL + 1, _KERNEL + 2))
    assert torch.equal(book.corr2d_multi_in_out(_IMAGE, kernels), torch.tensor(printed))


def corr2d_multi_in_out_1x1(book: ModuleType) -> None:
    """The comparison of 7.4.3."""
    generator = torch.Generator().manual_seed(0)
    image, kernels = torch.randn(3, 3, 3, generator=generator), torch.randn(2, 3, 1, 1, generator=generator)
    difference = book.corr2d_multi_in_out_1x1(image, kernels) - book.corr2d_multi_in_out(image, kernels)
    assert float(difference.abs().sum()) < 1e-5


def pool2d(book: ModuleType) -> None:
    """The examples of 7.5.1."""
    image = torch.arange(9.0).reshape(3, 3)
    assert torch.equal(book.pool2d(image, (2, 2)), torch.tensor([[4.0, 5.0], [7.0, 8.0]]))
    assert torch.equal(book.pool2d(image, (2, 2), "avg"), torch.tensor([[2.0, 3.0], [5.0, 6.0]]))


def LIBRARY_POOLING(book: ModuleType) -> None:
    """The three outputs of 7.5.2."""
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    printed = ([[10.0]], [[5.0, 7.0], [13.0, 15.0]], [[5.0, 7.0], [13.0, 15.0]])
    assert all(
        torch.equal(layer(image)[0, 0], torch.tensor(values))
        for layer, values in zip(book.LIBRARY_POOLING, printed, strict=True)
    )


def LeNet(book: ModuleType) -> None:
    """The output shapes of 7.6.1."""
    assert _shapes(book.LeNet().net, (1, 1, 28, 28)) == [
        *[(1, 6, 28, 28), (1, 6, 28, 28), (1, 6, 14, 14), (1, 16, 10, 10), (1, 16, 10, 10), (1, 16, 5, 5), (1, 400)],
        *[(1, 120), (1, 120), (1, 84), (1, 84), (1, 10)],
    ]


def vgg_block(book: ModuleType) -> None:
    """8.2.1 prints nothing of its own; the shapes of 8.2.2 show its blocks."""
    VGG(book)


def VGG(book: ModuleType) -> None:
    """The output shapes of 8.2.2."""
    with torch.device("meta"):
        net = book.VGG(((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).net
        shapes = _shapes(net, (1, 1, 224, 224))
    assert shapes == [
        *[(1, 64, 112, 112), (1, 128, 56, 56), (1, 256, 28, 28), (1, 512, 14, 14), (1, 512, 7, 7), (1, 25088)],
        *[(1, 4096)] * 6,
        (1, 10),
    ]


def Residual(book: ModuleType) -> None:
    """The two shapes of 8.6.2."""
    image = torch.randn(4, 3, 6, 6)
    assert book.Residual(3)(image).shape == (4, 3, 6, 6)
    assert book.Residual(6, use_1x1conv=True, strides=2)(image).shape == (4, 6, 3, 3)


def ResNet(book: ModuleType) -> None:
    """The shapes of 8.6.3 show its stages."""
    ResNet18(book)


def ResNet18(book: ModuleType) -> None:
    """The output shapes of 8.6.3."""
    with torch.device("meta"):
        shapes = _shapes(book.ResNet18().net.eval(), (1, 1, 96, 96))
    assert shapes == [(1, 64, 24, 24), (1, 64, 24, 24), (1, 128, 12, 12), (1, 256, 6, 6), (1, 512, 3, 3), (1, 10)]


def _shapes(net: nn.Sequential, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    image, found = torch.zeros(shape), []
    for layer in net:
        image = layer(image)
        found.append(tuple(image.shape))
    return found
