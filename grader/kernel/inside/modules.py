"""Questions to network modules: the same weights on both sides, forward, backward and the shapes on the way.

A seed travels instead of weights. Every parameter is filled from the seed and its shape alone, so parameters of one
shape get one value, and neither names, nor creation order, nor which of two equal layers comes first can matter.
Swapping equal layers is a relabelling; using one of them twice shows in the gradients, which are compared as a bag
per shape (docs/decisions/0002-seeds-instead-of-weights.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from grader.kernel.inside import layouts
from grader.kernel.inside.drawing import PERIOD, normal, seeded, uniform
from grader.kernel.inside.layouts import Layout
from grader.kernel.inside.operators import OperatorTrace
from grader.probes import Probe, Value

_LARGE = 4096  # elements above which a gradient travels as projections
_PROJECTIONS = 8
_PASSES, _REPEATS = 16, 16  # of a module in which chance has a part, and of its inputs within each


@torch.no_grad()
def fill(
    module: nn.Module, seed: int, *, convolution_bias: bool = True, kept: Mapping[tuple[int, ...], Layout] | None = None
) -> None:
    """Set parameters and buffers from the seed: weights scaled by fan-in, vectors near one half, variances positive.

    Without `convolution_bias` the biases of convolutions are zero, as if they had none. `kept` are layouts by shape.
    """
    for parameter in _known(module.parameters()):
        shape = _plain(parameter.shape)
        layout = (kept or {}).get(shape)
        if layout is not None:
            shape = layout.shape
        values = normal(shape, seed, "parameter")
        fan_in = math.prod(shape[1:]) if len(shape) >= 2 else 0
        # Vectors stay near one half, so that a scale of BatchNorm never vanishes.
        values = values * math.sqrt(2.0 / fan_in) if fan_in else 0.5 + 0.2 * values
        if layout is not None:
            whole = values.repeat(-(-parameter.numel() // len(values)))[: parameter.numel()].reshape(shape)
            parameter.copy_(layout.put_down(whole, parameter.shape))
            continue
        filled = parameter.view(-1) if parameter.is_contiguous() else parameter.new_empty(parameter.numel())
        for piece in filled.split(PERIOD):
            piece.copy_(values[: len(piece)])
        if not parameter.is_contiguous():
            parameter.copy_(filled.reshape(parameter.shape))
    for buffer in _known(module.buffers()):
        if buffer.is_floating_point():
            values = seeded(_plain(buffer.shape), seed, "buffer").abs() + 0.5
            buffer.copy_(values.reshape(buffer.shape))
    if not convolution_bias:
        for layer in module.modules():
            if isinstance(layer, nn.modules.conv._ConvNd) and layer.bias is not None:
                for bias in _known([layer.bias]):
                    bias.zero_()


def _known(tensors: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    """Those that have a shape; a lazy layer that was made and never called has none."""
    return [each for each in tensors if not nn.parameter.is_lazy(each)]


def _plain(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape that counts: what is kept as (1, channels, 1, 1), so that it broadcasts, is one number per channel."""
    match tuple(shape):
        case (1, channels, 1, 1):
            return (channels,)
        case ones if set(ones) <= {1}:
            return (1,)  # one number, such as a bias that broadcasts
        case plain:
            return plain


_BUILT_IN = (torch.dropout, torch.dropout_, torch.feature_dropout, torch.alpha_dropout)


class _Undropped(TorchFunctionMode):
    """Every dropout lets everything through and is noted, be it a layer or a function: its mask is nobody's mistake."""

    _FUNCTIONS: ClassVar[Mapping[Any, str]] = {
        F.dropout: "dropout",
        torch.dropout: "dropout",
        torch.dropout_: "dropout",
        F.dropout1d: "feature_dropout",
        F.dropout2d: "feature_dropout",
        F.dropout3d: "feature_dropout",
        torch.feature_dropout: "feature_dropout",
        F.alpha_dropout: "alpha_dropout",
        torch.alpha_dropout: "alpha_dropout",
        F.feature_alpha_dropout: "feature_alpha_dropout",
    }

    def __init__(self) -> None:
        super().__init__()
        self.applied: list[tuple[str, float, int]] = []  # kind, rate, elements of one example

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the function, or note what this dropout would drop."""
        if func not in self._FUNCTIONS:
            return func(*args, **(kwargs or {}))
        names = ("input", "p", "train" if func in _BUILT_IN else "training")
        given = {
            "p": 0.5,
            names[2]: func is not F.alpha_dropout,
            **dict(zip(names, args, strict=False)),
            **(kwargs or {}),
        }
        image = given["input"]
        if given[names[2]] and given["p"] > 0:
            self.applied.append((self._FUNCTIONS[func], float(given["p"]), image.numel() // max(1, len(image))))
        return image * 1


def _constructed(target: Any, probe: Probe) -> Any:
    """What the student's class or function makes: a module, if it is right."""
    return target(*_nested(probe.args), **probe.kwargs)


def _nested(args: tuple[Value, ...]) -> list[Any]:
    # Architectures travel as lists; the book writes them as tuples of tuples, and both must do.
    def tuples(value: Any) -> Any:
        return tuple(tuples(each) for each in value) if isinstance(value, list | tuple) else value

    return [tuples(arg) for arg in args]


def run(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """Construct the module, fill it and run it forward and backward in train and eval mode.

    Options: `inputs`, the tensors forward takes; `dtype`, float64 or float32; `bias`, "zero" for convolutions without;
    `layouts`, in which parameters are kept otherwise than in the reference (layouts.py).

    Returns what was made instead of a module or a tensor; else a dict: per mode `output`, `input_gradient`,
    `input_changed` and `dropout`, (kind, rate, elements of one example) of each in order;
    `random`, whether a second pass in train mode gives another output, as a dropout written by hand does; then
    `passes`, the outputs of several passes, (passes, *output.shape), each the mean over as many examples again;
    `gradients`, a list of (shape, projection) of parameters that got one; `unused`, shapes of those that did not;
    `buffers` as (shape, values) after training.
    """
    dtype = torch.float64 if probe.options["dtype"] == "float64" else torch.float32
    torch.set_default_dtype(dtype)  # so that tensors the student's code makes fit in
    inputs = [tensor.to(dtype) for tensor in probe.options["inputs"]]
    kept = layouts.read(probe.options.get("layouts"))
    module = _constructed(target, probe)
    if not isinstance(module, nn.Module):
        return module
    with torch.no_grad():
        module.eval()
        module(*[tensor.clone() for tensor in inputs])  # lazy layers take their shapes here
    module = module.to(dtype)
    result: dict[str, Value] = {}
    for mode in ("train", "eval"):
        fill(module, probe.seed, convolution_bias=probe.options.get("bias") != "zero", kept=kept)
        module.train(mode == "train")
        module.zero_grad(set_to_none=True)
        leaves = [tensor.clone().requires_grad_() for tensor in inputs]
        # Passed through an operation, because an in-place change of a leaf raises where a change of a result does not.
        passed = [leaf * 1 for leaf in leaves]
        with _Undropped() as undropped:
            output = module(*passed)
        if not isinstance(output, torch.Tensor):
            return {"train.output": output, "eval.output": output}
        result[f"{mode}.output"] = output
        result[f"{mode}.dropout"] = [list(each) for each in undropped.applied]
        changed = any(not torch.equal(a.detach(), b) for a, b in zip(passed, inputs, strict=True))
        result[f"{mode}.input_changed"] = changed
        cotangent = seeded(tuple(output.shape), probe.seed, "cotangent").to(output)
        output.backward(cotangent)
        result[f"{mode}.input_gradient"] = [leaf.grad for leaf in leaves]
        if mode == "train":
            parameters, buffers = _known(module.parameters()), _known(module.buffers())
            result["gradients"] = [_gradient(p, kept, probe.seed) for p in parameters if p.grad is not None]
            result["unused"] = [list(_plain(p.shape)) for p in parameters if p.grad is None]
            result["buffers"] = [
                (list(_plain(b.shape)), b.detach().clone().reshape(_plain(b.shape)))
                for b in buffers
                if b.is_floating_point()
            ]
            with torch.no_grad(), _Undropped():
                result["random"] = not torch.equal(module(*[tensor.clone() for tensor in inputs]), output)
                if result["random"] and not undropped.applied:
                    result["passes"] = _passes(module, inputs, output)
    return result


def _passes(module: nn.Module, inputs: Sequence[torch.Tensor], output: torch.Tensor) -> Value:
    """Outputs of a module in which chance has a part; None where it does not take a batch, or gives too much."""
    if output.numel() > _LARGE:
        return None
    # A batch of the same images again and again has the same statistics, so that BatchNorm gives what it gave.
    repeated = [torch.cat([tensor] * _REPEATS) for tensor in inputs]
    passes = [module(*[tensor.clone() for tensor in repeated]) for _ in range(_PASSES)]
    if any(each.shape != (_REPEATS * len(output), *output.shape[1:]) for each in passes):
        return None
    return torch.stack([each.reshape(_REPEATS, *output.shape).mean(0) for each in passes])


def _gradient(
    parameter: torch.Tensor, kept: Mapping[tuple[int, ...], Layout], seed: int
) -> tuple[list[int], torch.Tensor]:
    """The shape of a parameter, and what travels of its gradient; both in the reference's layout."""
    shape, gradient = _plain(parameter.shape), parameter.grad
    assert gradient is not None
    if (layout := kept.get(shape)) is not None:
        shape, gradient = layout.shape, layout.read_back(gradient)
    return list(shape), _projected(gradient, seed)


def _projected(gradient: torch.Tensor, seed: int) -> torch.Tensor:
    flat = gradient.detach().reshape(-1)
    if flat.numel() <= _LARGE:
        return flat
    pieces = flat.split(PERIOD)
    projections = []
    for number in range(_PROJECTIONS):
        drawn = uniform(tuple(gradient.shape), seed, f"projection {number}").to(flat) - 0.5
        projections.append(sum(piece @ drawn[: len(piece)] for piece in pieces) / math.sqrt(flat.numel() / 12))
    return torch.stack(projections)


def shapes(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """Shapes that the layers give for an input of shape options["input"], in the order they are computed.

    Tried on the meta device, where nothing is computed; whatever fails there (`.item()`, `.to(device)`, branches on
    values) is done again for real.

    Returns a dict: `layers`, (kind, shape of output, shape of input, details) of operators; `modules`, (class name,
    shape of output) of leaf modules, for display; `output`, the shape of the whole network's output.
    """
    shape = tuple(probe.options["input"])
    try:
        with torch.device("meta"):
            return _traced(target, probe, shape)
    except Exception:  # noqa: BLE001 - the meta device refuses many right programs; the real one decides
        return _traced(target, probe, shape)


def _traced(target: Any, probe: Probe, shape: tuple[int, ...]) -> Value:
    module = _constructed(target, probe)
    if not isinstance(module, nn.Module):
        return module
    table: list[tuple[str, list[int]]] = []

    def note(layer: nn.Module, args: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            table.append((type(layer).__name__, list(output.shape)))

    module.eval()
    with torch.no_grad():
        module(torch.zeros(shape))  # lazy layers take their shapes here
        for layer in module.modules():
            if not any(True for _ in layer.children()):
                layer.register_forward_hook(note)
        with OperatorTrace() as trace:
            scores = module(torch.zeros(shape))
    if not isinstance(scores, torch.Tensor):
        return scores
    return {
        "layers": [(kind, list(output), list(input), details) for kind, output, input, details in trace.layers],
        "modules": table,
        "output": list(scores.shape),
    }
