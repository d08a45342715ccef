"""What the lab's sheet prints about its networks, as the assertions that most course notebooks have."""

from __future__ import annotations

from types import ModuleType

import torch


def digits_network(lab: ModuleType) -> None:
    """The shape of the scores of two digits, and the number of parameters."""
    network = lab.digits_network()
    assert network(torch.rand(2, 1, 28, 28)).shape == (2, 10)
    assert sum(parameter.numel() for parameter in network.parameters()) == 421_642


def photographs_network(lab: ModuleType) -> None:
    """The shape of the scores of two photographs, and the number of parameters."""
    network = lab.photographs_network()
    assert network(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    assert sum(parameter.numel() for parameter in network.parameters()) == 62_006
