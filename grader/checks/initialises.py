"""A function gives the layers the reference names Xavier-uniform weights and leaves the rest alone."""

from __future__ import annotations

import math

import torch

from grader.checks.asking import Reference, ask_both, failed, passed, sentence
from grader.compare import compare
from grader.probes import Probe, Returned, Session
from grader.records import Finding, Item

_CONSTANT = 0.5  # what every parameter holds before


def initialises(student: Session, reference: Reference, item: Item) -> Finding:
    """Apply the target to a network of several layers and look at the parameters it changed.

    Uniform within ±a has standard deviation a/√3; the bound a is that of Glorot and Bengio (2010).
    """
    probe = Probe("initialise", item.target, seed=reference.seed(item.id, 0))
    (answer,) = ask_both(student, reference, [probe])
    if not isinstance(answer.observed, Returned):
        return failed(sentence(answer.observed, item.target))
    if not isinstance(answer.observed.value, dict) or answer.observed.value.keys() != answer.expected.keys():
        return failed(f"`{item.target}` changes which parameters the network has.")
    for name, expected in answer.expected.items():
        observed = answer.observed.value[name]
        if not isinstance(observed, torch.Tensor) or observed.shape != expected.shape:
            return failed(f"`{item.target}` changes the shape of parameter {name}.")
        if problem := _problem(observed.double(), expected.double()):
            known = _misconception(answer.observed, reference, probe)
            return failed(f"{known} After `net.apply({item.target})` on {_LAYERS[name]}: {problem}".strip())
    return passed("Linear and Conv2d weights are Xavier-uniform; nothing else was touched.")


_LAYERS = {
    f"{index}.{kind}": f"the {kind} of {layer}"
    for index, layer in ((0, "nn.Conv2d(3, 16, (5, 3))"), (1, "nn.BatchNorm2d(16)"),
                         (2, "nn.Embedding(16, 4)"), (4, "nn.Linear(60, 40)"))
    for kind in ("weight", "bias")
}  # fmt: skip


def _misconception(observed: Returned, reference: Reference, probe: Probe) -> str:
    """The sentence of the misconception that draws the student's very parameters: the seed of a probe is known."""
    for text, (mistaken,) in reference.misconceptions([probe]):
        if isinstance(mistaken, Returned) and compare(observed.value, mistaken.value) is None:
            return text
    return ""


def _problem(observed: torch.Tensor, expected: torch.Tensor) -> str:
    if bool((expected == _CONSTANT).all()):
        return "" if bool((observed == _CONSTANT).all()) else "it should not be touched, but was changed."
    if bool((observed == _CONSTANT).all()):
        return "it should be initialised, but was not touched."
    receptive = expected[0][0].numel()
    bound = math.sqrt(6 / ((expected.shape[0] + expected.shape[1]) * receptive))
    largest, spread = float(observed.abs().max()), float(observed.std())
    if largest > bound * 1.0001:
        return f"values reach {largest:.3f}, beyond the Xavier bound {bound:.3f}."
    if not 0.9 < spread / (bound / math.sqrt(3)) < 1.1 or abs(float(observed.mean())) > 0.15 * bound:
        uniform = bound / math.sqrt(3)
        return f"the standard deviation is {spread:.3f}; uniform values within ±{bound:.3f} have {uniform:.3f}."
    return ""
