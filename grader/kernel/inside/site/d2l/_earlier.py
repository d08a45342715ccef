"""The functions that earlier editions of the book trained with, and that students still find and use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ._networks import init_cnn
from ._plotting import Animator
from ._training import exhausted, limited

# Where the book keeps its files; nothing is fetched here (`download` says so).
DATA_HUB: dict[str, tuple[str, str]] = {}
DATA_URL = "http://d2l-data.s3-accelerate.amazonaws.com/"


class Timer:
    """A stop watch that keeps its times, in seconds."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.start()

    def start(self) -> None:
        """Start anew."""
        self.tik = time.time()

    def stop(self) -> float:
        """Keep the time since the last start and return it."""
        self.times.append(time.time() - self.tik)
        return self.times[-1]

    def avg(self) -> float:
        """The mean of all times."""
        return sum(self.times) / len(self.times)

    def sum(self) -> float:
        """The sum of all times."""
        return sum(self.times)

    def cumsum(self) -> list[float]:
        """The running sums of all times."""
        return [sum(self.times[:count]) for count in range(1, len(self.times) + 1)]


class Accumulator:
    """`n` sums that grow together."""

    def __init__(self, n: int) -> None:
        self.data = [0.0] * n

    def add(self, *args: Any) -> None:
        """Add one number to each sum."""
        self.data = [total + float(number) for total, number in zip(self.data, args, strict=False)]

    def reset(self) -> None:
        """Start anew from zero."""
        self.data = [0.0] * len(self.data)

    def __getitem__(self, idx: Any) -> Any:
        return self.data[idx]


def linreg(X: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """`Xw + b`."""
    return X @ w + b


def squared_loss(y_hat: Tensor, y: Tensor) -> Tensor:
    """Half the squared difference, for each element of `y_hat`."""
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


def sgd(params: Iterable[Tensor], lr: float, batch_size: int) -> None:
    """Move each parameter against its gradient, in place, and clear the gradient."""
    with torch.no_grad():
        for param in params:
            assert param.grad is not None, "a parameter has no gradient: call backward first"
            param -= lr * param.grad / batch_size
            param.grad.zero_()


def accuracy(y_hat: Tensor, y: Tensor) -> float:
    """The number (not the share) of right predictions; `y_hat` holds scores or labels."""
    if y_hat.ndim > 1 and y_hat.shape[1] > 1:
        y_hat = y_hat.argmax(1)
    return float((y_hat.to(y.dtype) == y).sum())


def evaluate_loss(net: Callable[[Any], Tensor], data_iter: Iterable[Any], loss: Callable[..., Tensor]) -> float:
    """The mean loss of a model over a data set."""
    totals = Accumulator(2)
    for X, y in data_iter:
        out = net(X)
        losses = loss(out, y.reshape(out.shape))
        totals.add(losses.sum(), losses.numel())
    return float(totals[0] / totals[1])


def evaluate_accuracy_gpu(net: Any, data_iter: Iterable[Any], device: Any = None) -> float:
    """The share of right predictions over a data set, on the model's own device; leaves the model in eval mode."""
    if isinstance(net, nn.Module):
        net.eval()
        device = device or next(net.parameters()).device
    totals = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            X = [part.to(device) for part in X] if isinstance(X, list) else X.to(device)
            y = y.to(device)
            totals.add(accuracy(net(X), y), y.numel())
    return float(totals[0] / totals[1])


def train_ch6(net: nn.Module, train_iter: Any, test_iter: Any, num_epochs: int, lr: float, device: Any) -> None:
    """Initialise a network as `init_cnn` does, train it by SGD and print its accuracies.

    Obeys the session's limit of optimisation steps, as `Trainer.fit` does.
    """
    net.apply(init_cnn)
    print("training on", device)
    net.to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    loss = nn.CrossEntropyLoss()
    animator = Animator(xlabel="epoch", xlim=[1, num_epochs], legend=["train loss", "train acc", "test acc"])
    timer = Timer()
    batches = len(train_iter)
    train_iter = limited(train_iter)
    examples = 0.0
    train_loss = train_acc = test_acc = float("nan")
    for epoch in range(num_epochs):
        totals = Accumulator(3)  # loss, right predictions, examples
        net.train()
        for i, (X, y) in enumerate(train_iter):
            timer.start()
            X, y = X.to(device), y.to(device)
            optimizer.zero_grad()
            y_hat = net(X)
            batch_loss = loss(y_hat, y)
            batch_loss.backward()
            optimizer.step()
            totals.add(batch_loss.detach() * len(X), accuracy(y_hat, y), len(X))
            timer.stop()
            train_loss, train_acc = totals[0] / totals[2], totals[1] / totals[2]
            # Five points an epoch, or one a batch where a thin slice has fewer than five.
            if (i + 1) % max(1, batches // 5) == 0 or i == batches - 1:
                animator.add(epoch + (i + 1) / batches, (train_loss, train_acc, None))
        examples += totals[2]
        test_acc = evaluate_accuracy_gpu(net, test_iter)
        animator.add(epoch + 1, (None, None, test_acc))
        if exhausted(train_iter):
            break
    print(f"loss {train_loss:.3f}, train acc {train_acc:.3f}, test acc {test_acc:.3f}")
    print(f"{examples / max(timer.sum(), 1e-9):.1f} examples/sec on {device}")
