"""How questions are put to functions and modules, in our own process."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.kernel.inside import modules, scores
from grader.kernel.inside.answering import QUESTIONS, NotDefined, ProbeTimeout, answer
from grader.kernel.inside.drawing import seeded
from grader.kernel.inside.operators import OperatorTrace
from grader.probes import Layer, Missing, Observation, Probe, Raised, Returned, TimedOut, Value


@pytest.fixture(autouse=True)
def _state_of_this_process() -> Iterator[None]:
    """`answer` sets global state, as it should in a sandbox; here it is put back."""
    dtype, random_state, numpy_state, torch_state = (
        torch.get_default_dtype(),
        random.getstate(),
        np.random.get_state(),
        torch.get_rng_state(),
    )
    yield
    torch.set_default_dtype(dtype)
    random.setstate(random_state)
    np.random.set_state(numpy_state)
    torch.set_rng_state(torch_state)


class Bench:
    """Names and their values."""

    def __init__(self, **names: Any) -> None:
        self._names = names

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        if target not in self._names:
            raise NotDefined("cell 3 does not run")
        yield self._names[target], self._names


def ask(target: Any, question: str = "call", *args: Value, seed: int = 0, **options: Value) -> Observation:
    return answer(Probe(question, "f", args, seed=seed, options=options), Bench(f=target))


def value(target: Any, question: str = "call", *args: Value, seed: int = 0, **options: Value) -> Any:
    observation = ask(target, question, *args, seed=seed, **options)
    assert isinstance(observation, Returned), observation
    return observation.value


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_a_call_gets_its_arguments_and_gives_its_value() -> None:
    probe = Probe("call", "f", (3,), {"y": 4})

    assert answer(probe, Bench(f=lambda x, y: x * y)) == Returned(12)


def test_a_function_that_changes_its_argument_changes_a_copy() -> None:
    image = torch.ones(2)

    changed = value(torch.Tensor.zero_, "call", image)

    assert changed.tolist() == [0.0, 0.0]
    assert image.tolist() == [1.0, 1.0]


def test_a_layer_is_made_with_weights_of_its_seed() -> None:
    layer = Layer("Conv2d", {"in_channels": 1, "out_channels": 2, "kernel_size": 3}, 5)

    made, again = (value(lambda given: given, "call", layer) for _ in range(2))
    other = value(lambda given: given, "call", Layer(layer.name, layer.kwargs, 6))

    assert isinstance(made, nn.Conv2d)
    assert torch.equal(made.weight, again.weight)
    assert not torch.equal(made.weight, other.weight)


# ---- what becomes of exceptions --------------------------------------------------------------------------------------


def raising(error: BaseException) -> Callable[[], None]:
    def f() -> None:
        raise error

    return f


class Mute(Exception):
    """An exception that cannot be printed."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "observed"),
    [
        (ValueError("no"), Raised("ValueError", "", "no")),
        (NotImplementedError(), Raised("NotImplementedError")),
        (IndexError("list index out of range"), Raised("IndexError", "", "list index out of range")),
        (KeyError("x"), Raised("KeyError", "", "'x'")),
        (SystemExit(0), Raised("SystemExit", "", "0")),
        (KeyboardInterrupt(), Raised("KeyboardInterrupt")),
        (Mute(), Raised("Mute")),
        (ProbeTimeout(2.5), TimedOut(2.5)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_whatever_a_function_raises_is_observed(error: BaseException, observed: Observation) -> None:
    assert ask(raising(error)) == observed


def test_the_last_line_of_the_students_own_code_is_shown(tmp_path: Any) -> None:
    cell = tmp_path / "ipython-input-3.py"
    cell.write_text("def f(x):\n    return g(x)\n\ndef g(x):\n    return  x.nonsense()  # here\n")
    namespace: dict[str, Any] = {}
    exec(compile(cell.read_text(), str(cell), "exec"), namespace)

    assert ask(namespace["f"], "call", torch.ones(1)) == Raised(
        "AttributeError", "return  x.nonsense()  # here", "'Tensor' object has no attribute 'nonsense'"
    )


def test_a_name_that_is_not_defined_is_missing_with_its_reason() -> None:
    assert answer(Probe("call", "corr2d@2"), Bench()) == Missing("corr2d", "cell 3 does not run")


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_no_question_lets_an_exception_through(question: str) -> None:
    observation = ask(raising(ZeroDivisionError()), question)

    assert isinstance(observation, Raised | Returned)


# ---- state -----------------------------------------------------------------------------------------------------------


def draw() -> tuple[float, float, float]:
    return torch.rand(1).item(), random.random(), float(np.random.rand())


def test_every_generator_starts_from_the_seed_of_the_probe() -> None:
    first = value(draw, seed=3)
    torch.manual_seed(99)

    assert value(draw, seed=3) == first
    assert not set(value(draw, seed=4)) & set(first)


def test_a_question_does_not_inherit_what_a_notebook_left_behind() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    try:
        seen = value(
            lambda: (str(torch.zeros(1).dtype), torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled())
        )
    finally:
        torch.set_grad_enabled(True)
        torch.use_deterministic_algorithms(False)

    assert seen == ("torch.float32", True, False)


def test_what_a_function_prints_goes_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert value(lambda: print("the answer", flush=True)) is None
    assert capsys.readouterr().out == ""


def test_a_function_may_write_to_standard_output() -> None:
    assert ask(lambda: sys.stdout.write("the answer") and None) == Returned(None)


# ---- operators -------------------------------------------------------------------------------------------------------


def watched(target: Any, *args: Value) -> list[str]:
    """The operators and functions that a call runs."""
    names: list[str] = value(target, "operators", *args)["names"]
    return names


def test_a_watched_call_gives_its_value_as_well() -> None:
    assert value(lambda x: x + 1, "operators", 3) == {"names": [], "value": 4}


def test_operators_are_seen_whatever_name_they_go_by() -> None:
    hidden = getattr(F, "conv" + "2d")

    names = watched(lambda x: hidden(x, x), torch.ones(1, 1, 3, 3))

    assert "convolution" in names


def test_a_loop_over_windows_runs_no_convolution() -> None:
    def corr2d(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
        return (X.unfold(0, 2, 1).unfold(1, 2, 1) * K).sum(dim=(2, 3))

    names = watched(corr2d, torch.ones(4, 4), torch.ones(2, 2))

    assert names == sorted(names)
    assert "mul" in names
    assert not any("conv" in name for name in names)


def test_functions_of_libraries_are_seen_by_module_and_name() -> None:
    from scipy import signal

    names = watched(lambda x: signal.correlate2d(x.numpy(), x.numpy()), torch.ones(3, 3))

    assert any(name.startswith("scipy.signal.") and name.endswith(".correlate2d") for name in names)


def test_functions_of_numpy_are_seen_too() -> None:
    names = value(lambda: torch.tensor(np.convolve([1.0, 2.0], [1.0])), "operators")["names"]

    assert any(name.startswith("numpy.") and name.endswith(".convolve") for name in names), names


def test_watching_ends_with_the_call() -> None:
    ask(raising(ValueError()), "operators")

    assert sys.getprofile() is None


def test_the_trace_gives_layers_in_the_order_they_are_computed() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 3))

    with OperatorTrace() as trace:
        network(torch.ones(1, 1, 6, 6))

    assert [layer[:3] for layer in trace.layers] == [
        ("Conv2d", (1, 2, 4, 4), (1, 1, 6, 6)),
        ("ReLU", (1, 2, 4, 4), (1, 2, 4, 4)),
        ("AvgPool2d", (1, 2, 2, 2), (1, 2, 4, 4)),
        ("Linear", (1, 3), (1, 8)),
    ]
    assert trace.layers[0][3][:8] == [2, 1, 3, 3, 1, 1, 0, 0]  # the weight's shape, stride, padding


# ---- gradients, expressions, state, initialisation -------------------------------------------------------------------


def test_gradients_are_those_of_autograd() -> None:
    X, K = torch.randn(4, 5), torch.randn(2, 3)

    gradients = value(lambda X, K: F.conv2d(X[None, None], K[None, None])[0, 0], "gradient", X, K, seed=4)

    leaves = [X.clone().requires_grad_(), K.clone().requires_grad_()]
    output = F.conv2d(leaves[0][None, None], leaves[1][None, None])[0, 0]
    wanted = torch.autograd.grad(output, leaves, seeded((3, 3), 4, "cotangent"))
    assert all(torch.allclose(mine, theirs) for mine, theirs in zip(gradients, wanted, strict=True))


def test_a_result_without_a_graph_has_no_gradient() -> None:
    assert value(lambda X: X.detach() * 2, "gradient", torch.ones(2)) == [None]


def test_an_argument_that_is_not_used_has_no_gradient() -> None:
    gradients = value(lambda X, K: X * 2, "gradient", torch.ones(1), torch.ones(1))

    assert gradients[1] is None


def test_an_expression_is_evaluated_among_the_names_around_the_target() -> None:
    probe = Probe("evaluate", "X", options={"expression": "double(X) + 1"})

    assert answer(probe, Bench(X=4, double=lambda x: 2 * x)) == Returned(9)


def test_the_state_of_a_module_is_its_parameters_by_name() -> None:
    layer = nn.Conv2d(1, 1, (1, 2), bias=False)

    state = value(layer, "state")

    assert list(state) == ["weight"]
    assert torch.equal(state["weight"], layer.weight)
    assert not state["weight"].requires_grad


def test_the_state_of_a_module_that_is_still_lazy_is_empty() -> None:
    assert value(nn.LazyConv2d(1, 3), "state") == {}


def test_the_state_of_a_tensor_is_itself() -> None:
    weight = torch.ones(2)

    assert value(weight, "state") is weight


def test_initialisation_shows_what_was_touched() -> None:
    def init(module: nn.Module) -> None:
        if type(module) is nn.Linear:
            nn.init.zeros_(module.weight)

    state = value(init, "initialise")

    changed = [name for name, values in state.items() if not bool((values == 0.5).all())]
    assert changed == ["4.weight"]
    assert len(state) == 7


# ---- modules ---------------------------------------------------------------------------------------------------------


class Small(nn.Module):
    """A network with a layer of every kind that matters."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(18, 3)  # created before what is used before it
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.drop = nn.Dropout(0.5)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.head(self.drop(self.norm(self.conv(X)).flatten(1)))
        return scores


class SmallLazy(nn.Module):
    """The same network in another style: lazy layers, other names, another order of creation."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.LazyConv2d(2, 3),
            nn.LazyBatchNorm2d(),
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.LazyLinear(3),
        ]
        self.net = nn.Sequential(*layers)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.net(X)
        return scores


INPUTS = [torch.randn(4, 1, 5, 5, generator=torch.Generator().manual_seed(0))]


def run(target: Callable[[], nn.Module], *, dtype: str = "float64", inputs: list[torch.Tensor] = INPUTS) -> Any:
    return value(target, "module", seed=3, inputs=inputs, dtype=dtype)


def test_one_network_in_two_styles_computes_the_same() -> None:
    one, other = run(Small), run(SmallLazy)

    for key in ("train.output", "eval.output"):
        assert torch.allclose(one[key], other[key])
    assert torch.allclose(one["train.input_gradient"][0], other["train.input_gradient"][0])
    assert sorted(str(shape) for shape, _ in one["gradients"]) == sorted(str(shape) for shape, _ in other["gradients"])


def test_train_and_eval_mode_differ_and_leave_their_traces() -> None:
    result = run(Small)

    assert not torch.allclose(result["train.output"], result["eval.output"])
    assert [shape for shape, _ in result["buffers"]] == [[2], [2]]
    assert result["unused"] == []
    assert result["train.output"].dtype == torch.float64
    assert result["train.input_changed"] is False


def test_the_global_dtype_does_not_stay_double() -> None:
    run(Small)

    assert value(lambda: str(torch.zeros(1).dtype)) == "torch.float32"


def test_a_module_that_changes_its_input_is_found_out() -> None:
    class InPlace(nn.Module):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return X.relu_()

    assert run(InPlace)["eval.input_changed"] is True


def test_a_parameter_that_is_never_used_is_told_apart() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = nn.Linear(5, 2, bias=False), nn.Linear(7, 3, bias=False)

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            scores: torch.Tensor = self.used(X)
            return scores

    result = run(Idle)

    assert [shape for shape, _ in result["gradients"]] == [[2, 5]]
    assert result["unused"] == [[3, 7]]


def test_what_is_no_module_is_given_as_it_is() -> None:
    for question in ("module", "shapes"):
        assert value(lambda: torch.relu, question, inputs=INPUTS, dtype="float32", input=[1]) is torch.relu


def test_large_gradients_come_as_projections_that_tell_them_apart() -> None:
    def network(scale: float) -> Callable[[], nn.Module]:
        class Wide(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = nn.Linear(100, 50, bias=False)

            def forward(self, X: torch.Tensor) -> torch.Tensor:
                scores: torch.Tensor = scale * self.layer(X)
                return scores

        return Wide

    wide = [torch.randn(2, 100)]
    (one,), (same,), (other,) = (run(network(scale), inputs=wide)["gradients"] for scale in (1.0, 1.0, 1.01))

    assert (one[0], one[1].shape) == ([50, 100], (8,))
    assert torch.equal(one[1], same[1])
    assert not torch.allclose(one[1], other[1])


class Dropping(nn.Module):
    """A network with dropout as a layer, as a function, and as a function that forgets to ask for the mode."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Dropout(0.4)
        self.linear = nn.Linear(3, 3)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        X = F.dropout(self.linear(self.layer(X)), 0.3, self.training)
        spread: torch.Tensor = F.dropout2d(X[:, :, None, None], p=0.2, inplace=True)
        return spread[:, :, 0, 0]


def test_dropout_lets_everything_through_and_is_noted() -> None:
    inputs = [torch.randn(4, 3)]

    answered = value(Dropping, "module", inputs=inputs, dtype="float64", seed=3)

    assert answered["train.dropout"] == [["dropout", 0.4, 3], ["dropout", 0.3, 3], ["feature_dropout", 0.2, 3]]
    assert answered["eval.dropout"] == [["feature_dropout", 0.2, 3]]
    assert answered["random"] is False
    torch.testing.assert_close(answered["train.output"], answered["eval.output"])


class WithALayerToSpare(nn.Module):
    """A lazy layer is made and never called, so that it never has a shape."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.spare, self.norm = nn.LazyConv2d(2, 3), nn.LazyConv2d(2, 1), nn.LazyBatchNorm2d()

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        image: torch.Tensor = self.used(X)
        return image


def test_a_layer_that_is_never_called_does_no_harm() -> None:
    answered = value(WithALayerToSpare, "module", inputs=[torch.randn(1, 1, 4, 4)], dtype="float64", bias="zero")

    assert [shape for shape, _ in answered["gradients"]] == [[2, 1, 3, 3], [2]]
    assert (answered["unused"], answered["buffers"]) == ([], [])


class DroppingByHand(nn.Module):
    """A dropout that is an expression."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 30)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.linear(X)
        return hidden * (torch.rand_like(hidden) > 0.5) * 2 if self.training else hidden


def test_a_dropout_written_by_hand_shows_as_chance() -> None:
    assert value(DroppingByHand, "module", inputs=[torch.randn(4, 3)], dtype="float64")["random"] is True


class Convolving(nn.Module):
    """A convolution and a linear layer, both with a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv2d(1, 2, 3), nn.Linear(2, 2)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.linear(self.conv(X).mean(dim=(2, 3)))
        return scores


def test_convolutions_can_be_asked_without_their_bias() -> None:
    module = Convolving()

    modules.fill(module, 3, convolution_bias=False)

    assert module.conv.bias is not None and not module.conv.bias.any()
    assert module.linear.bias.all()


def test_huge_parameters_repeat_out_of_step_with_their_rows() -> None:
    values = seeded((1024, 2048), 3, "parameter")

    assert len(torch.unique(values, dim=0)) == 1024
    assert 0.98 < float(values.std()) < 1.02


def test_weights_depend_on_seed_and_shape_alone() -> None:
    first, second = nn.Conv2d(3, 4, 2), nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 2))

    modules.fill(first, 7)
    modules.fill(second, 7)

    inner = second[1]
    assert isinstance(inner, nn.Conv2d)
    assert torch.equal(first.weight, inner.weight)
    variance = second[0].running_var
    assert isinstance(variance, torch.Tensor)
    assert bool((variance > 0).all())


# ---- shapes ----------------------------------------------------------------------------------------------------------


def test_shapes_of_layers_come_in_order_with_a_table_for_display() -> None:
    result = value(SmallLazy, "shapes", input=[2, 1, 5, 5])

    assert [row[:3] for row in result["layers"]] == [
        ("Conv2d", [2, 2, 3, 3], [2, 1, 5, 5]),
        ("BatchNorm2d", [2, 2, 3, 3], [2, 2, 3, 3]),
        ("Linear", [2, 3], [2, 18]),
    ]
    assert [name for name, _ in result["modules"]] == ["Conv2d", "BatchNorm2d", "Flatten", "Dropout", "Linear"]
    assert result["output"] == [2, 3]


def test_a_network_that_looks_at_values_is_traced_for_real() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 2)

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            if X.sum().item() > 100:
                raise ValueError("too bright")
            scores: torch.Tensor = self.layer(X.to("cpu"))
            return scores

    (layer,) = value(Branching, "shapes", input=[3, 4])["layers"]
    assert layer[:3] == ("Linear", [3, 2], [3, 4])


def test_architectures_given_as_lists_arrive_as_tuples() -> None:
    seen: list[Any] = []

    def network(arch: Any) -> nn.Module:
        seen.append(arch)
        return nn.Linear(4, 2)

    value(network, "shapes", [[1, 16], [2, 32]], input=[3, 4])

    assert seen[0] == ((1, 16), (2, 32))


class Scaling(nn.Module):
    """A scale that is kept in the shape in which it broadcasts, and a buffer likewise."""

    mean: torch.Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(shape))
        self.register_buffer("mean", torch.zeros(shape))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return (X - self.mean.reshape(1, -1, 1, 1)) * self.scale.reshape(1, -1, 1, 1)


def test_a_number_per_channel_is_filled_alike_in_whatever_shape() -> None:
    plain, broadcast = (
        value(lambda: Scaling(shape), "module", inputs=[torch.ones(2, 3, 2, 2)], dtype="float64")  # noqa: B023
        for shape in ((3,), (1, 3, 1, 1))
    )

    assert torch.equal(plain["eval.output"], broadcast["eval.output"])
    assert [shape for shape, _ in broadcast["gradients"]] == [shape for shape, _ in broadcast["buffers"]] == [[3]]


def test_what_is_drawn_in_one_precision_is_not_given_out_in_another() -> None:
    drawn = {}
    for dtype in (torch.float32, torch.float64, torch.float32):
        torch.set_default_dtype(dtype)
        try:
            drawn[dtype] = seeded((2, 3), 5, "parameter")
        finally:
            torch.set_default_dtype(torch.float32)

    assert [values.dtype for values in drawn.values()] == list(drawn)
    assert not torch.equal(drawn[torch.float32].double(), drawn[torch.float64])


class _ListsItsParameters(nn.Module):
    """A model as 4.4 of the book has it: plain tensors, and `parameters()` gives a list."""

    def __init__(self) -> None:
        super().__init__()
        self.W = torch.ones(4, 3, requires_grad=True)

    def parameters(self) -> list[torch.Tensor]:  # type: ignore[override]  # as in the book
        return [self.W]

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return X.reshape(-1, 4) @ self.W


def test_a_model_that_lists_its_parameters_has_a_device_and_answers() -> None:
    model = scores.moved(_ListsItsParameters(), torch.device("cpu"))

    assert scores.device_of(model) == torch.device("cpu")
    assert scores.answers(model, torch.full((5, 2, 2), 255, dtype=torch.uint8), 2).tolist() == [[4.0] * 3] * 5
