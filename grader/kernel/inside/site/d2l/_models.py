"""Models: the classes that students extend, and the regression models of chapters 3 and 4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.kernel.inside import following

from ._parameters import HyperParameters
from ._plotting import ProgressBoard, noted


class Module(nn.Module, HyperParameters):
    """A model with its loss and its optimiser. Subclasses set `net` and `lr`, or override what they need."""

    net: Any
    lr: Any
    trainer: Any

    def __init__(self, plot_train_per_epoch: int = 2, plot_valid_per_epoch: int = 1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.board = ProgressBoard()

    def loss(self, y_hat: Any, y: Any) -> Any:
        """The loss of a batch; a subclass says which."""
        raise NotImplementedError

    def forward(self, X: Any) -> Any:
        """Apply `net`."""
        if not hasattr(self, "net"):
            raise AssertionError("the model has no attribute net")
        return self.net(X)

    def plot(self, key: str, value: Tensor, train: bool) -> None:
        """Record a value on the board: against the epoch, `plot_..._per_epoch` points for each."""
        if not hasattr(self, "trainer"):
            raise AssertionError("the model is not being trained: it has no trainer")
        trainer = self.trainer
        self.board.xlabel = "epoch"
        if train:
            x = trainer.train_batch_idx / trainer.num_train_batches
            every_n = trainer.num_train_batches / self.plot_train_per_epoch
        else:
            x = trainer.epoch + 1
            every_n = trainer.num_val_batches / self.plot_valid_per_epoch
        label = f"{'train' if train else 'val'}_{key}"
        self.board.draw(x, noted(value, self.board), label, every_n=int(every_n))

    def training_step(self, batch: Sequence[Any]) -> Any:
        """The loss of a training batch, whose last element is the target; recorded."""
        loss = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", loss, train=True)
        return loss

    def validation_step(self, batch: Sequence[Any]) -> Any:
        """Record the loss of a validation batch."""
        self.plot("loss", self.loss(self(*batch[:-1]), batch[-1]), train=False)

    def configure_optimizers(self) -> Any:
        """Stochastic gradient descent at the learning rate `lr`."""
        return torch.optim.SGD(self.parameters(), lr=self.lr)

    def apply_init(self, inputs: Sequence[Any], init: Callable[[nn.Module], None] | None = None) -> None:
        """Give lazy layers their shapes by a forward pass over `inputs`, then apply `init` to each layer of `net`."""
        self.forward(*inputs)
        if init is not None:
            self.net.apply(init)


class Classifier(Module):
    """A model whose outputs, (..., classes), are scores of classes."""

    def validation_step(self, batch: Sequence[Any]) -> Any:
        """Record loss and accuracy of a validation batch."""
        Y_hat = self(*batch[:-1])
        self.plot("loss", self.loss(Y_hat, batch[-1]), train=False)
        self.plot("acc", self.accuracy(Y_hat, batch[-1]), train=False)

    def accuracy(self, Y_hat: Tensor, Y: Tensor, averaged: bool = True) -> Tensor:
        """The share of right predictions, or a 1 or 0 for each where not `averaged`."""
        predicted = Y_hat.reshape(-1, Y_hat.shape[-1]).argmax(1).to(Y.dtype)
        right = (predicted == Y.reshape(-1)).to(torch.float32)
        return right.mean() if averaged else right

    def loss(self, Y_hat: Tensor, Y: Tensor, averaged: bool = True) -> Tensor:
        """The cross-entropy, averaged or one for each example."""
        scores = Y_hat.reshape(-1, Y_hat.shape[-1])
        return F.cross_entropy(scores, Y.reshape(-1), reduction="mean" if averaged else "none")

    def layer_summary(self, X_shape: Sequence[int]) -> None:
        """Print the output shape of each layer of `net` for a random input of shape `X_shape`."""
        X = torch.randn(*X_shape)
        for layer in self.net:
            X = layer(X)
            print(type(layer).__name__, "output shape:\t", X.shape)


class SoftmaxRegression(Classifier):
    """A linear classifier of flattened inputs."""

    def __init__(self, num_outputs: int, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))


class LinearRegression(Module):
    """Linear regression by torch's own layer and loss."""

    def __init__(self, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.LazyLinear(1)
        self.net.weight.data.normal_(0, 0.01)
        self.net.bias.data.fill_(0)

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """The mean of squared differences."""
        return F.mse_loss(y_hat, y)

    def get_w_b(self) -> tuple[Tensor, Tensor]:
        """The weight and the bias learned."""
        return self.net.weight.data, self.net.bias.data


class LinearRegressionScratch(Module):
    """Linear regression with a weight `w`, (num_inputs, 1), and a bias `b` of its own."""

    def __init__(self, num_inputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.w = torch.normal(0, sigma, (num_inputs, 1), requires_grad=True)
        self.b = torch.zeros(1, requires_grad=True)

    def forward(self, X: Tensor) -> Tensor:
        """(N, num_inputs) to (N, 1)."""
        return X @ self.w + self.b

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """The mean of halved squared differences."""
        return ((y_hat - y) ** 2 / 2).mean()

    def configure_optimizers(self) -> Any:
        """Stochastic gradient descent without torch's optimisers."""
        return SGD([self.w, self.b], self.lr)


class SGD(HyperParameters):
    """Stochastic gradient descent; step within `torch.no_grad()`, as `Trainer` does."""

    params: Any
    lr: Any

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        self.save_hyperparameters()

    def step(self) -> None:
        """Move each parameter against its gradient, in place."""
        follower = following.current
        if follower is not None:
            follower.before(self, lambda: iter(self.params))
        for param in self.params:
            param -= self.lr * param.grad
        if follower is not None:
            follower.after(self)

    def zero_grad(self) -> None:
        """Set every gradient that exists to zero."""
        for param in self.params:
            if param.grad is not None:
                param.grad.zero_()
