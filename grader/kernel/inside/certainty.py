"""When held-out images have said enough: an always-valid lower bound of an accuracy.

Looking again and again until the accuracy happens to be high would pass anybody in the end, so the looks share one
error rate: look k gets 6 / (pi k)^2 of it, and these parts sum to one however many looks there are. Each look uses
Chernoff's bound for a share of right answers (Hoeffding, "Probability inequalities for sums of bounded random
variables", 1963, theorem 1), which holds for every number of images and needs no normal approximation.
"""

from __future__ import annotations

import math

ERROR_RATE = 1e-3  # of all looks at one training together


def certain(right: int, images: int, enough: float, look: int, error_rate: float = ERROR_RATE) -> bool:
    """Whether the accuracy is above `enough` for certain, after `right` of `images` at look number `look`, from 1."""
    share = right / images
    if share <= enough:
        return False
    return images * divergence(share, enough) > math.log((math.pi * look) ** 2 / 6 / error_rate)


def divergence(share: float, expected: float) -> float:
    """Kullback and Leibler's divergence of two chances, in nats: how badly `expected` explains `share`."""
    terms = ((share, expected), (1 - share, 1 - expected))
    return sum(seen * math.log(seen / told) if told > 0 else math.inf for seen, told in terms if seen > 0)
