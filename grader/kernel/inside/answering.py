"""How a question is put to a function or a module: the table `QUESTIONS`.

The same functions ask the student's definitions in the sandbox and the reference in the grader's own process, so that
the two are treated alike. Nothing here judges.
"""

from __future__ import annotations

import contextlib
import functools
import io
import linecache
import random
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from grader.kernel.channel import Frame
from grader.kernel.inside import following, measuring, modules, precision, training, weights
from grader.kernel.inside.drawing import seeded
from grader.kernel.inside.operators import OperatorTrace
from grader.kernel.wire import max_answer, observation_frame
from grader.probes import Layer, Missing, Observation, Probe, Raised, Returned, TimedOut, Value

_LIBRARIES = ("d2l.", "scipy.", "torchvision.", "numpy.", "cv2.", "skimage.")  # whose functions are looked for by name
# Cells, in a sandbox or in Jupyter, and the working folder with attached files, in a sandbox or without one.
_STUDENTS = re.compile(r"ipython-input|[/\\]ipykernel_\d+[/\\]|^/tmp/work/|/grader-[^/]+/work/")


class _Discarded(io.TextIOBase):
    """Where a student's prints go while a probe is answered."""

    def write(self, text: str) -> int:
        return len(text)


class ProbeTimeout(BaseException):
    """The limit of a probe has passed; no `except Exception` of the student's stops it."""


class Bench(Protocol):
    """Where targets are found: captured definitions of a notebook, or the names of the reference."""

    def entered(self, target: str, stand_ins: Mapping[str, str]) -> AbstractContextManager[tuple[Any, dict[str, Any]]]:
        """The target's value and the namespace it is asked in.

        Raises:
            LookupError: the target is not defined; the first argument says why.
        """
        ...


def answer(probe: Probe, bench: Bench) -> Observation:
    """Put one probe to the target it names. Whatever the student's code raises becomes an observation."""
    try:
        with bench.entered(probe.target, probe.stand_ins) as (target, namespace), _known_state(probe.seed):
            return Returned(QUESTIONS[probe.question](target, probe, namespace))
    except LookupError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None and not _is_missing(error):
            return _raised(error)
        return Missing(probe.name, str(error.args[0]) if error.args else "")
    except ProbeTimeout as error:
        return TimedOut(float(error.args[0]))
    except BaseException as error:  # noqa: BLE001 - this is where student exceptions become values
        return _raised(error)


class NotDefined(LookupError):
    """The target of a probe is not there."""


def framed(observation: Observation, probe: Probe) -> Frame:
    """The frame in which an answer travels; one whose value cannot be taken apart says what that raised."""
    try:
        return observation_frame(observation, max_answer(probe))
    except Exception as error:  # noqa: BLE001 - the student's object may fail while it is taken apart
        return observation_frame(Raised(type(error).__name__))


def made(stand_ins: Mapping[str, str]) -> dict[str, Any]:
    """The helpers that these source texts define, by name."""
    names: dict[str, Any] = {}
    if stand_ins:
        exec("import torch\nfrom torch import nn\nfrom torch.nn import functional as F", names)
    for source in stand_ins.values():
        exec(source, names)
    return {each: names[each] for each in stand_ins}


def _is_missing(error: LookupError) -> bool:
    return isinstance(error, NotDefined)


def _raised(error: BaseException) -> Raised:
    line = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if _STUDENTS.search(frame.filename):
            line = linecache.getline(frame.filename, frame.lineno or 0).strip() or line
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a student's own exception class may fail in __str__
        message = ""
    return Raised(type(error).__name__, line, message)


def warm() -> None:
    """Let torch import now what it imports when a first question is asked: that takes no student's time then."""
    with OperatorTrace():
        torch.zeros(1) + 1


def seed_torch(seed: int) -> None:
    """As torch.manual_seed, which without a GPU takes most of its time to note who called it."""
    if _on_gpu():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


@functools.cache  # asked after the fork, because the answer may start CUDA
def _on_gpu() -> bool:
    return torch.cuda.is_available()


def no_default_device() -> None:
    """As torch.set_default_device(None), which in torch 2.6 and 2.7 breaks get_default_device() where none was set."""
    if getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None) is not None:
        torch.set_default_device(None)


@contextlib.contextmanager
def _known_state(seed: int) -> Iterator[None]:
    """Start every probe from the same global state, whatever the notebook left behind."""
    random.seed(seed)
    np.random.seed(seed % (1 << 32))
    seed_torch(seed)
    torch.set_num_threads(1)  # sums round differently when they are shared out differently
    torch.set_default_dtype(torch.float32)
    no_default_device()
    if torch.are_deterministic_algorithms_enabled():  # asked first, because setting it imports half of torch's compiler
        torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.benchmark = False
    precision.exact()  # a student's `.cuda()` computes as exactly as a CPU does, so that one tolerance serves both
    try:
        with torch.inference_mode(False), torch.enable_grad(), contextlib.redirect_stdout(_Discarded()):
            yield
    finally:
        # The reference answers in the grader's own process, where the next inputs are drawn.
        torch.set_default_dtype(torch.float32)


# ---- questions -------------------------------------------------------------------------------------------------------


def _call(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """The value of target(*args, **kwargs)."""
    args, kwargs = _built(probe)
    return target(*args, **kwargs)


def _operators(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """The aten operators and the libraries' functions (module.name) that a call runs, and its value."""
    args, kwargs = _built(probe)
    functions: set[str] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            functions.add(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}")
        elif event == "c_call":
            functions.add(f"{getattr(argument, '__module__', None)}.{getattr(argument, '__name__', None)}")

    with OperatorTrace() as trace:
        sys.setprofile(note)
        try:
            value = target(*args, **kwargs)
        finally:
            sys.setprofile(None)
    of_libraries = {name for name in functions if name.startswith(_LIBRARIES)}
    return {"names": sorted(trace.names | of_libraries), "value": value}


def _changes(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """Of each tensor that a call is given, in order, whether it has other values afterwards; its shape may be new."""
    args, kwargs = _built(probe)
    given = [each for each in (*args, *kwargs.values()) if isinstance(each, torch.Tensor)]
    before = [each.flatten().clone() for each in given]
    target(*args, **kwargs)
    return [not torch.equal(was, now.detach().flatten()) for was, now in zip(before, given, strict=True)]


def _gradient(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """The gradients of a seeded projection of the result with respect to every floating tensor argument.

    None stands for one that no gradient reaches.
    """
    args, kwargs = _built(probe)
    leaves = [arg.requires_grad_() for arg in args if isinstance(arg, torch.Tensor) and arg.is_floating_point()]
    output = target(*args, **kwargs)
    if not isinstance(output, torch.Tensor):
        return output
    if output.requires_grad:
        shape = () if output.shape == (1,) else tuple(output.shape)  # one number in a tensor is one number
        output.backward(seeded(shape, probe.seed, "cotangent").to(output).reshape(output.shape))
    return [leaf.grad for leaf in leaves]


def _evaluate(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """The value of an expression in the namespace around the target."""
    return eval(compile(str(probe.options["expression"]), "<rubric>", "eval"), namespace)


def _state(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """A tensor itself; of a module its parameters by name."""
    if isinstance(target, nn.Module):
        known = {name: value for name, value in target.named_parameters() if not nn.parameter.is_lazy(value)}
        return {name: value.detach() for name, value in known.items()}
    return target


def _initialise(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """Parameters after target is applied to a network with layers of several kinds, all 0.5 before.

    Whether a transposed convolution is a convolutional layer, tasks leave open, so there is none.
    """
    network = nn.Sequential(
        nn.Conv2d(3, 16, (5, 3)), nn.BatchNorm2d(16), nn.Embedding(16, 4), nn.Flatten(), nn.Linear(60, 40)
    )
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.5)
    network.apply(target)
    return {name: parameter.detach() for name, parameter in network.named_parameters()}


QUESTIONS: Mapping[str, Callable[[Any, Probe, dict[str, Any]], Value]] = {
    "call": _call,
    "changes": _changes,
    "operators": _operators,
    "gradient": _gradient,
    "evaluate": _evaluate,
    "state": _state,
    "initialise": _initialise,
    "module": modules.run,
    "shapes": modules.shapes,
    "train": training.train,
    "trained": following.in_notebook,
    "logits": measuring.logits,
    "weights": weights.weights,
    "redraw": weights.redraw,
}


def _built(probe: Probe) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with layers made, and tensors copied so that nobody else's are changed."""
    return [_made(arg) for arg in probe.args], {name: _made(arg) for name, arg in probe.kwargs.items()}


def _made(value: Value) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, Layer):
        layer: nn.Module = getattr(nn, value.name)(**value.kwargs)
        modules.fill(layer, value.seed)
        return layer
    return value
