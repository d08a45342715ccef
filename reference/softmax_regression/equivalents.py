"""Changes of the solutions that make no difference to what is asked, each with the reason.

By definition, then by change as `grader verify` prints it; `*` stands for anything. What is listed here and caught all
the same is told, too.
"""

from __future__ import annotations

_CUT = "tensors are cut off from their gradients on the way out anyway"
_OWN = "each call is given tensors of its own"

EQUIVALENTS: dict[str, dict[str, str]] = {
    "train_step": {
        "W.detach() → W": _OWN,
        "b.detach() → b": _OWN,
        "(W - lr * dW).detach() → W - lr * dW": _CUT,
        "(b - lr * db).detach() → b - lr * db": _CUT,
    },
}
