"""Leave the student's process as it was: what questions and the student's own functions change is put back.

Every function of the table `KEPT` remembers one thing and returns what puts it back.
"""

from __future__ import annotations

import contextlib
import random
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from torch import nn

from grader.kernel.inside import precision
from grader.kernel.inside.answering import no_default_device

Restore: TypeAlias = Callable[[], object]
Namespace: TypeAlias = Mapping[str, Any]

_MOST_KEPT: Final = 20_000_000  # elements of tensors and modules that are remembered, 80 MB as float32
_MOST_EACH: Final = 4_000_000


@contextlib.contextmanager
def undisturbed(namespace: Namespace) -> Iterator[None]:
    """Remember the state of the process, do what is within, put it back.

    Args:
        namespace: the names of the notebook, whose tensors and modules a function may change as well.
    """
    with contextlib.ExitStack() as stack:
        for keep in KEPT:
            stack.callback(keep(namespace))
        # A check within `torch.inference_mode()` or `no_grad()` asks for gradients all the same.
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        torch.set_default_dtype(torch.float32)  # by which the reference is loaded, as anywhere else
        no_default_device()
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(_silent())
        yield


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Nothing that a function prints or displays is shown among what the check says."""
    from IPython.core.getipython import get_ipython
    from IPython.utils.capture import capture_output

    with capture_output(display=get_ipython() is not None):
        yield


def _generators(_: Namespace) -> Restore:
    plain, of_numpy, of_torch = random.getstate(), np.random.get_state(), torch.get_rng_state()
    started = torch.cuda.is_initialized()
    of_cards = torch.cuda.get_rng_state_all() if started else []
    waiting = len(torch.cuda._queued_calls)

    def restore() -> None:
        random.setstate(plain)
        np.random.set_state(of_numpy)
        torch.set_rng_state(of_torch)
        if started:
            torch.cuda.set_rng_state_all(of_cards)
        elif not torch.cuda.is_initialized():
            del torch.cuda._queued_calls[waiting:]  # seeds that would be set when a card is first used

    return restore


def _settings(_: Namespace) -> Restore:
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    device = None if context is None else context.device
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark, put_back_precision = torch.backends.cudnn.benchmark, precision.kept()
    profile = sys.getprofile()

    def restore() -> None:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
        no_default_device() if device is None else torch.set_default_device(device)
        if torch.are_deterministic_algorithms_enabled() is not deterministic:  # setting it imports much
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.backends.cudnn.benchmark = benchmark
        put_back_precision()
        sys.setprofile(profile)

    return restore


def _figures(_: Namespace) -> Restore:
    """Figures that a function opens are closed, and the student's are not drawn on."""
    helpers, matplotlib = sys.modules.get("matplotlib._pylab_helpers"), sys.modules.get("matplotlib")
    if helpers is None or matplotlib is None:
        return _nothing
    shelf, figures, settings = helpers.Gcf, helpers.Gcf.figs, matplotlib.rcParams.copy()
    shelf.figs = OrderedDict()

    def restore() -> None:
        shelf.destroy_all()
        shelf.figs = figures
        dict.update(matplotlib.rcParams, settings)  # as they were, without a warning for each that is deprecated

    return restore


def _values(namespace: Namespace) -> Restore:
    """Tensors and modules of the notebook, which a function of the student's may change as it is called."""
    left, restores = _MOST_KEPT, []
    known: set[int] = set()
    for value in list(namespace.values()):
        if id(value) in known or not isinstance(value, torch.Tensor | nn.Module):
            continue
        known.add(id(value))
        tensors = [value] if isinstance(value, torch.Tensor) else [*value.parameters(), *value.buffers()]
        sizes = [0 if nn.parameter.is_lazy(each) else each.numel() for each in tensors]
        if isinstance(value, nn.Module):
            restores.append(_modes(value))
        if sum(sizes) <= min(left, _MOST_EACH):
            left -= sum(sizes)
            restores += [_tensor(each) for each in tensors if not nn.parameter.is_lazy(each)]

    def restore() -> None:
        for each in restores:
            each()

    return restore


def _modes(module: nn.Module) -> Restore:
    modes = [(each, each.training) for each in module.modules()]

    def restore() -> None:
        for each, training in modes:
            each.training = training

    return restore


def _tensor(tensor: torch.Tensor) -> Restore:
    if tensor.layout is not torch.strided or tensor.is_inference() or tensor.device.type == "meta":
        return _nothing
    version, wanted, gradient = tensor._version, tensor.requires_grad, tensor.grad if tensor.is_leaf else None
    before = tensor.detach().clone()
    of_gradient = None if gradient is None else gradient.detach().clone()

    def restore() -> None:
        with torch.no_grad():
            # What is written through `.data` is no new version. One that is as it was stays untouched, because
            # a backward pass may still need it.
            if tensor._version != version or not torch.equal(tensor, before):
                tensor.copy_(before)
            if tensor.is_leaf:
                tensor.requires_grad_(wanted)
                if gradient is not None and of_gradient is not None and not torch.equal(gradient, of_gradient):
                    gradient.copy_(of_gradient)
                tensor.grad = gradient

    return restore


def _nothing() -> None:
    """There is nothing to put back."""


# The last one is put back first.
KEPT: Final[tuple[Callable[[Namespace], Restore], ...]] = (_settings, _figures, _values, _generators)
