"""Changes of the solutions that make no difference to what is asked, each with the reason.

By definition, then by change as `grader verify` prints it; `*` stands for anything.
"""

from __future__ import annotations

_COMMUTE = "the maximum of what ReLU leaves is what ReLU leaves of the maximum"
_SWAPPED = "nn.Sequential(… nn.ReLU(), nn.MaxPool2d(2) …) → nn.Sequential(… nn.MaxPool2d(2), nn.ReLU() …)"

EQUIVALENTS: dict[str, dict[str, str]] = {
    "digits_network": {_SWAPPED: _COMMUTE},
    "photographs_network": {_SWAPPED: _COMMUTE},
}
