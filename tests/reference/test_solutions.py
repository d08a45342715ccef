"""The right answers of HW2 against scipy, torch's own operators and the examples printed in the book."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from scipy.signal import correlate2d
from torch import nn
from torch.nn import functional as F

from reference.hw2_cnn import inputs, solutions
from tests.reference.asking import ASKED, answers, resolved, same, solution


def drawn(generate: Any, case: int) -> Any:
    return generate(torch.Generator().manual_seed(case), case)


@pytest.mark.parametrize("case", range(20))
def test_corr2d_agrees_with_scipy(case: int) -> None:
    X, K = drawn(inputs.corr2d_inputs, case).args

    Y = solutions.corr2d(X, K)

    torch.testing.assert_close(Y, torch.from_numpy(correlate2d(X.numpy(), K.numpy(), mode="valid")), check_dtype=False)


def test_corr2d_gives_the_numbers_printed_in_the_book() -> None:
    Y = solutions.corr2d(torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2))

    assert Y.tolist() == [[19, 25], [37, 43]]


def test_corr2d_passes_gradients_to_image_and_kernel() -> None:
    X, K = (value.requires_grad_() for value in drawn(inputs.corr2d_gradient_inputs, 0).args)

    assert torch.autograd.gradcheck(solutions.corr2d, (X, K))


def test_conv2d_has_a_uniform_weight_and_a_zero_bias() -> None:
    layer = solutions.Conv2D((30, 40))

    assert {name: tuple(value.shape) for name, value in layer.named_parameters()} == {"weight": (30, 40), "bias": (1,)}
    assert 0 <= layer.weight.min() < 0.1 and 0.9 < layer.weight.max() < 1
    assert layer.bias.tolist() == [0]


def test_conv2d_agrees_with_the_operator_of_torch() -> None:
    layer, X = solutions.Conv2D((2, 3)), torch.randn(5, 7)
    nn.init.constant_(layer.bias, 0.3)

    Y = layer(X)

    torch.testing.assert_close(Y, F.conv2d(X[None, None], layer.weight[None, None], layer.bias)[0, 0])


def test_the_kernel_finds_the_two_vertical_edges_and_none_in_the_transposed_image() -> None:
    Y = solutions.corr2d(solutions.X, solutions.K)

    assert Y.tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6
    assert not solutions.corr2d(solutions.X.t(), solutions.K).any()


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"kernel_size": 3, "padding": 1}, (8, 8)),
        ({"kernel_size": (5, 3), "padding": (2, 1)}, (8, 8)),
        ({"kernel_size": 3, "padding": 1, "stride": 2}, (4, 4)),
        ({"kernel_size": (3, 5), "padding": (0, 1), "stride": (3, 4)}, (2, 2)),
    ],
)
def test_comp_conv2d_gives_the_shapes_of_the_book(options: dict[str, Any], shape: tuple[int, int]) -> None:
    assert solutions.comp_conv2d(nn.Conv2d(1, 1, **options), torch.rand(8, 8)).shape == shape


@pytest.mark.parametrize("case", range(10))
def test_comp_conv2d_agrees_with_the_operator_of_torch(case: int) -> None:
    described, X = drawn(inputs.comp_conv2d_inputs, case).args
    layer = resolved(described)

    Y = solutions.comp_conv2d(layer, X)

    expected = F.conv2d(X[None, None], layer.weight, layer.bias, layer.stride, layer.padding)
    torch.testing.assert_close(Y, expected.reshape(expected.shape[2:]))


X3 = torch.stack((torch.arange(9.0).reshape(3, 3), torch.arange(1.0, 10.0).reshape(3, 3)))
K3 = torch.stack((torch.arange(4.0).reshape(2, 2), torch.arange(1.0, 5.0).reshape(2, 2)))


def test_channels_give_the_numbers_printed_in_the_book() -> None:
    by_output = solutions.corr2d_multi_in_out(X3, torch.stack((K3, K3 + 1, K3 + 2)))

    assert solutions.corr2d_multi_in(X3, K3).tolist() == [[56, 72], [104, 120]]
    assert by_output.tolist() == [[[56, 72], [104, 120]], [[76, 100], [148, 172]], [[96, 128], [192, 224]]]


@pytest.mark.parametrize("case", range(15))
def test_channels_agree_with_the_operator_of_torch(case: int) -> None:
    X, K = drawn(inputs.corr2d_multi_in_out_inputs, case).args
    one_by_one = drawn(inputs.corr2d_1x1_inputs, case).args

    torch.testing.assert_close(solutions.corr2d_multi_in(X, K[0]), F.conv2d(X[None], K[:1])[0, 0])
    torch.testing.assert_close(solutions.corr2d_multi_in_out(X, K), F.conv2d(X[None], K)[0])
    torch.testing.assert_close(
        solutions.corr2d_multi_in_out_1x1(*one_by_one), F.conv2d(one_by_one[0][None], one_by_one[1])[0]
    )


def test_pool2d_gives_the_numbers_printed_in_the_book() -> None:
    X = torch.arange(9.0).reshape(3, 3)

    assert solutions.pool2d(X, (2, 2)).tolist() == [[4, 5], [7, 8]]
    assert solutions.pool2d(X, (2, 2), "avg").tolist() == [[2, 3], [5, 6]]


@pytest.mark.parametrize("case", range(15))
def test_pool2d_agrees_with_the_operators_of_torch(case: int) -> None:
    X, window = drawn(inputs.pool2d_max_inputs, case).args[:2]

    torch.testing.assert_close(solutions.pool2d(X, window), F.max_pool2d(X[None, None], window, stride=1)[0, 0])
    torch.testing.assert_close(solutions.pool2d(X, window, "avg"), F.avg_pool2d(X[None, None], window, stride=1)[0, 0])


def test_pool2d_refuses_an_unknown_mode() -> None:
    with pytest.raises(ValueError, match="median"):
        solutions.pool2d(torch.ones(2, 2), (1, 1), "median")


def test_the_library_layers_give_the_numbers_printed_in_the_book() -> None:
    X = torch.arange(16.0).reshape(1, 1, 4, 4)

    assert [layer(X)[0, 0].tolist() for layer in solutions.LIBRARY_POOLING] == [
        [[10]],
        [[5, 7], [13, 15]],
        [[5, 7], [13, 15]],
    ]


def test_init_cnn_fills_weights_up_to_the_bound_of_xavier_and_nothing_else() -> None:
    linear, convolution, normalisation = nn.Linear(300, 200), nn.Conv2d(30, 20, 3), nn.BatchNorm2d(4)
    net = nn.Sequential(linear, convolution, normalisation)
    kept = [linear.bias, convolution.bias, *normalisation.parameters()]
    before = [value.detach().clone() for value in kept if value is not None]

    net.apply(solutions.init_cnn)

    assert linear.weight.abs().max().item() == pytest.approx((6 / 500) ** 0.5, rel=0.01)
    assert convolution.weight.abs().max().item() == pytest.approx((6 / (9 * 50)) ** 0.5, rel=0.01)
    assert [value.tolist() for value in kept if value is not None] == [value.tolist() for value in before]


def outputs(net: nn.Module, X: torch.Tensor) -> list[tuple[int, ...]]:
    """List the shapes after each layer of a network."""
    found = []
    assert isinstance(net, nn.Sequential)
    for layer in net:
        X = layer(X)
        found.append(tuple(X.shape))
    return found


def test_the_layers_of_lenet_have_the_shapes_of_the_book() -> None:
    assert outputs(solutions.LeNet().net, torch.zeros(1, 1, 28, 28)) == [
        *[(1, 6, 28, 28), (1, 6, 28, 28), (1, 6, 14, 14)],
        *[(1, 16, 10, 10), (1, 16, 10, 10), (1, 16, 5, 5)],
        *[(1, 400), (1, 120), (1, 120), (1, 84), (1, 84), (1, 10)],
    ]


def test_lenet_agrees_with_the_same_network_in_functions() -> None:
    X, net = torch.randn(2, 1, 28, 28), solutions.LeNet(num_classes=7)

    scores = net(X)

    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = net.parameters()
    Y = F.avg_pool2d(torch.sigmoid(F.conv2d(X, w1, b1, padding=2)), 2)
    Y = F.avg_pool2d(torch.sigmoid(F.conv2d(Y, w2, b2)), 2).flatten(1)
    Y = torch.sigmoid(F.linear(torch.sigmoid(F.linear(Y, w3, b3)), w4, b4))
    torch.testing.assert_close(scores, F.linear(Y, w5, b5))


def test_the_layers_of_vgg_have_the_shapes_of_the_book() -> None:
    with torch.device("meta"):
        net = solutions.VGG(((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).net
        image = torch.zeros(1, 1, 224, 224)

    assert outputs(net, image) == [
        *[(1, 64, 112, 112), (1, 128, 56, 56), (1, 256, 28, 28), (1, 512, 14, 14), (1, 512, 7, 7), (1, 25088)],
        *[(1, 4096)] * 6,
        (1, 10),
    ]


def test_the_block_of_vgg_agrees_with_the_same_block_in_functions() -> None:
    X, block = torch.randn(2, 3, 7, 6), solutions.vgg_block(2, 4)

    Y = block(X)

    w1, b1, w2, b2 = block.parameters()
    expected = F.relu(F.conv2d(F.relu(F.conv2d(X, w1, b1, padding=1)), w2, b2, padding=1))
    torch.testing.assert_close(Y, F.max_pool2d(expected, 2))


@pytest.mark.parametrize("strides", [1, 2])
def test_residual_agrees_with_the_same_block_in_functions(strides: int) -> None:
    X, block = torch.randn(4, 3, 6, 6), solutions.Residual(6, use_1x1conv=True, strides=strides)

    Y = block(X)

    w1, b1, w2, b2, w3, b3 = (value for name, value in block.named_parameters() if name.startswith("conv"))
    inner = F.relu(F.batch_norm(F.conv2d(X, w1, b1, strides, 1), None, None, training=True))
    inner = F.batch_norm(F.conv2d(inner, w2, b2, 1, 1), None, None, training=True)
    torch.testing.assert_close(Y, F.relu(inner + F.conv2d(X, w3, b3, strides)))


def test_residual_has_the_shapes_of_the_book() -> None:
    X = torch.randn(4, 3, 6, 6)

    assert solutions.Residual(3)(X).shape == (4, 3, 6, 6)
    assert solutions.Residual(6, use_1x1conv=True, strides=2)(X).shape == (4, 6, 3, 3)


def test_the_stages_of_resnet18_have_the_shapes_of_the_book() -> None:
    with torch.device("meta"):
        net = solutions.ResNet18().eval().net
        image = torch.zeros(1, 1, 96, 96)

    assert isinstance(net, nn.Module)
    assert outputs(net, image) == [
        *[(1, 64, 24, 24), (1, 64, 24, 24), (1, 128, 12, 12), (1, 256, 6, 6), (1, 512, 3, 3)],
        (1, 10),
    ]


@pytest.mark.parametrize("item", ASKED, ids=lambda item: item["id"])
def test_the_right_answer_answers_every_case_and_always_the_same(item: dict[str, Any]) -> None:
    target = solution(item["target"])

    first, second = answers(item, target), answers(item, target)

    assert all(isinstance(answer, list) and answer for answer in first)
    assert all(map(same, first, second))
