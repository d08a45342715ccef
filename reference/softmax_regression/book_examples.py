"""What the book prints about each component, as the assertions that most course notebooks have.

Nothing is graded by them. `grader verify` puts the same wrong versions before them as before the checks, so that one
sees what the checks add.
"""

from __future__ import annotations

from types import ModuleType

import torch

_Y = torch.tensor([0, 2])
_Y_HAT = torch.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]])


def accuracy(book: ModuleType) -> None:
    """The two predictions of 4.4.3, of which the second is right."""
    assert float(book.accuracy(_Y_HAT, _Y)) == 0.5


def softmax(book: ModuleType) -> None:
    """4.4.1 prints random rows and their sums."""
    X = torch.rand((2, 5), generator=torch.Generator().manual_seed(0))
    made = book.softmax(X)
    assert made.shape == X.shape
    torch.testing.assert_close(made.sum(1), torch.ones(2))


def cross_entropy(book: ModuleType) -> None:
    """The value that 4.4.3 prints."""
    torch.testing.assert_close(book.cross_entropy(_Y_HAT, _Y), torch.tensor(1.4979), atol=1e-4, rtol=0)


def SoftmaxRegressionScratch(book: ModuleType) -> None:
    """4.4.2 prints nothing; whoever tests it looks at the shape."""
    assert book.SoftmaxRegressionScratch(784, 10, lr=0.1)(torch.rand(2, 1, 28, 28)).shape == (2, 10)
