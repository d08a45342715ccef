"""The right answers of softmax regression from scratch, Dive into Deep Learning 4.3 and 4.4, in plain PyTorch.

Everything is written by hand, as 4.4 does it. In the book the model inherits from `d2l.Classifier`; here it is a plain
module that keeps the learning rate in `lr`.
"""

from __future__ import annotations

import torch
from torch import nn

# ---- 4.3 The base classification model


def accuracy(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Compute the share of examples whose greatest score is the one of their label.

    Args:
        y_hat: scores or probabilities, one example a row, (n, classes).
        y: labels, whole numbers, (n,).

    Returns:
        One number from 0 to 1.
    """
    right = y_hat.argmax(dim=1) == y  # (n,)
    return right.to(torch.float32).mean()


# ---- 4.4 Softmax regression from scratch


def softmax(X: torch.Tensor) -> torch.Tensor:
    """Turn the scores of each row into probabilities: positive, and 1 together.

    Args:
        X: scores, one example a row, (n, classes).

    Returns:
        (n, classes).
    """
    X_exp = torch.exp(X)
    return X_exp / X_exp.sum(dim=1, keepdim=True)


def cross_entropy(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Compute the mean over the examples of -log(probability of the label), with the natural logarithm.

    Args:
        y_hat: probabilities, one example a row, (n, classes).
        y: labels, whole numbers, (n,).

    Returns:
        One number.
    """
    rows = torch.arange(len(y))
    return -torch.log(y_hat[rows, y]).mean()


# stub: class SoftmaxRegressionScratch(d2l.Classifier):
class SoftmaxRegressionScratch(nn.Module):
    """A linear model of flattened images whose scores become probabilities.

    Its parameters are W, (num_inputs, num_outputs), drawn from a normal distribution with mean 0 and standard deviation
    sigma, and b, (num_outputs,), zero at first. `parameters()` gives both, and `lr` is kept as an attribute.
    """

    def __init__(self, num_inputs: int, num_outputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__()
        self.lr = lr
        self.W = nn.Parameter(torch.normal(0, sigma, size=(num_inputs, num_outputs)))
        self.b = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Give the probabilities, (n, num_outputs), of n images of any shape with num_inputs pixels each."""
        X = X.reshape(-1, self.W.shape[0])  # (n, num_inputs)
        return softmax(X @ self.W + self.b)

    def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Give the cross-entropy of probabilities, (n, num_outputs), and labels, (n,)."""
        return cross_entropy(y_hat, y)


def train_step(
    W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Take one step of gradient descent on the cross-entropy of a batch; W and b themselves stay as they are.

    Args:
        W: weights, (num_inputs, num_outputs).
        b: biases, (num_outputs,).
        X: a batch, one example a row, (n, num_inputs).
        y: its labels, (n,).
        lr: the learning rate.

    Returns:
        The new W and the new b.
    """
    W, b = W.detach().requires_grad_(), b.detach().requires_grad_()
    loss = cross_entropy(softmax(X @ W + b), y)
    dW, db = torch.autograd.grad(loss, [W, b])
    return (W - lr * dW).detach(), (b - lr * db).detach()
