"""The wrong versions of softmax regression that students really write, in the order in which they are looked for.

A docstring is the sentence that a student reads when the answers equal those of the version below it. A softmax that
does not subtract the greatest score first is none of them: 4.4 leaves that to 4.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from . import solutions
from .solutions import SoftmaxRegressionScratch

# ---- 4.3 The base classification model


def accuracy_counts(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """This counts the right predictions; divide by the number of examples to get their share."""
    return solutions.accuracy(y_hat, y) * len(y)


def accuracy_of_errors(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """This is the share of wrong predictions; 4.3 asks for that of right ones."""
    return 1 - solutions.accuracy(y_hat, y)


def accuracy_over_examples(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The greatest score is looked for among the examples (dim=0); each example has its own row: look along dim=1."""
    return (y_hat.argmax(dim=0) == y).float().mean()


def accuracy_of_values(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The greatest score itself is compared with the label; compare the place where it stands (argmax)."""
    return (y_hat.max(dim=1).values == y).float().mean()


def accuracy_least(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The least score is taken for the prediction; it is the greatest one (argmax)."""
    return (y_hat.argmin(dim=1) == y).float().mean()


def accuracy_each(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """There is one number for each example; 4.3 asks for their mean."""
    return (y_hat.argmax(dim=1) == y).float()


def accuracy_over_classes(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The number of right predictions is divided by the number of classes; divide it by the number of examples."""
    return (y_hat.argmax(dim=1) == y).sum() / y_hat.shape[1]


# ---- 4.4 Softmax regression from scratch


def softmax_over_examples(X: torch.Tensor) -> torch.Tensor:
    """The columns are 1 together: the sum goes over the examples (dim=0). Each row should be, so sum over dim=1."""
    return X.exp() / X.exp().sum(dim=0, keepdim=True)


def softmax_over_all(X: torch.Tensor) -> torch.Tensor:
    """The whole matrix is 1 together; each row should be, so sum over dim=1 only."""
    return X.exp() / X.exp().sum()


def softmax_without_keepdim(X: torch.Tensor) -> torch.Tensor:
    """The sums of the rows lose their axis and are then applied to the columns; keepdim=True keeps each to its row."""
    return X.exp() / X.exp().sum(dim=1)


def softmax_without_exp(X: torch.Tensor) -> torch.Tensor:
    """The scores themselves are divided by their sum; take their exponential first."""
    return X / X.sum(dim=1, keepdim=True)


def softmax_unnormalised(X: torch.Tensor) -> torch.Tensor:
    """These are the exponentials; divide each row by its sum, so that it is 1 together."""
    return X.exp()


def softmax_negative(X: torch.Tensor) -> torch.Tensor:
    """The sign of the scores is turned round: the greatest score gets the least probability."""
    return solutions.softmax(-X)


def softmax_logarithm(X: torch.Tensor) -> torch.Tensor:
    """This is the logarithm of the softmax; 4.4 asks for the probabilities themselves."""
    return solutions.softmax(X).log()


def softmax_sigmoid(X: torch.Tensor) -> torch.Tensor:
    """This is the sigmoid of each score on its own; the probabilities of a row have to be 1 together."""
    return X.sigmoid()


def softmax_base_2(X: torch.Tensor) -> torch.Tensor:
    """The base is 2; the softmax takes powers of e (torch.exp)."""
    return solutions.softmax(X * torch.log(torch.tensor(2.0, dtype=X.dtype)))


def softmax_twice(X: torch.Tensor) -> torch.Tensor:
    """The softmax is applied twice: these are the probabilities of probabilities."""
    return solutions.softmax(solutions.softmax(X))


def softmax_by_greatest(X: torch.Tensor) -> torch.Tensor:
    """Each row is divided by its greatest exponential; divide it by the sum of all."""
    return X.exp() / X.exp().amax(dim=1, keepdim=True)


def softmax_mean(X: torch.Tensor) -> torch.Tensor:
    """Each row is divided by the mean of its exponentials; divide it by their sum."""
    return X.exp() / X.exp().mean(dim=1, keepdim=True)


def softmax_detached(X: torch.Tensor) -> torch.Tensor:
    """No gradient flows back to the scores: the result is built from plain numbers, or cut off by detach or .data."""
    return solutions.softmax(X.detach())


def cross_entropy_positive(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The sign is missing: a logarithm of a probability is negative, the loss is not."""
    return -solutions.cross_entropy(y_hat, y)


def cross_entropy_sum(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The losses of the examples are added up; 4.4 asks for their mean."""
    return solutions.cross_entropy(y_hat, y) * len(y)


def cross_entropy_each(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """There is one loss for each example; 4.4 asks for their mean."""
    return F.nll_loss(y_hat.log(), y, reduction="none")


def cross_entropy_over_classes(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The sum is divided by the number of all probabilities; divide it by the number of examples."""
    return solutions.cross_entropy(y_hat, y) / y_hat.shape[1]


def cross_entropy_of_scores(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """A softmax is applied to probabilities, as F.cross_entropy does; take the logarithm of them as they are."""
    return F.cross_entropy(y_hat, y)


def cross_entropy_without_log(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The logarithm is missing: the probability of each label itself is averaged, with a minus sign."""
    return F.nll_loss(y_hat, y)


def cross_entropy_base_2(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The logarithm has the base 2; the cross-entropy of 4.4 takes the natural one (torch.log)."""
    return F.nll_loss(y_hat.log2(), y)


def cross_entropy_log_of_mean(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The probabilities are averaged before the logarithm is taken; take the logarithm of each, then the mean."""
    return -torch.log(-F.nll_loss(y_hat, y))


def cross_entropy_of_columns(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The whole columns of the labels are averaged (y_hat[:, y]); take of each row the probability of its own label."""
    return -torch.log(y_hat[:, y]).mean()


def cross_entropy_of_everything(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The logarithms of all probabilities count; only that of the label does."""
    return -torch.log(y_hat).sum(dim=1).mean()


def cross_entropy_detached(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """No gradient flows back to the probabilities: the loss is made of plain numbers, or cut off by detach."""
    return solutions.cross_entropy(y_hat.detach(), y)


class ModelGivesScores(SoftmaxRegressionScratch):
    """The model gives scores; 4.4 applies the softmax to them in forward."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return X.reshape(-1, self.W.shape[0]) @ self.W + self.b


class ModelGivesLogarithms(SoftmaxRegressionScratch):
    """The model gives logarithms of probabilities; 4.4 asks for the probabilities themselves."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return super().forward(X).log()


class ModelWithoutBias(SoftmaxRegressionScratch):
    """The bias b makes no difference: add one number for each class, (num_outputs,), to the scores."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return solutions.softmax(X.reshape(-1, self.W.shape[0]) @ self.W)


class ModelWithoutFlattening(SoftmaxRegressionScratch):
    """An image is not made one row of num_inputs numbers before it meets W: X.reshape((-1, num_inputs)) does that."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return solutions.softmax(X @ self.W + self.b)


class ModelSoftmaxOverExamples(SoftmaxRegressionScratch):
    """The softmax of the model goes over the examples; each example has its own row of probabilities."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return torch.softmax(X.reshape(-1, self.W.shape[0]) @ self.W + self.b, dim=0)


class ModelSigmoid(SoftmaxRegressionScratch):
    """The scores go through a sigmoid, each on its own; 4.4 asks for the softmax of each row."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(X.reshape(-1, self.W.shape[0]) @ self.W + self.b)


class ModelStartsAtZero(SoftmaxRegressionScratch):
    """W starts at zero; 4.4 draws it from a normal distribution with standard deviation sigma."""

    def __init__(self, num_inputs: int, num_outputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__(num_inputs, num_outputs, lr, sigma)
        nn.init.zeros_(self.W)


class ModelIgnoresSigma(SoftmaxRegressionScratch):
    """The standard deviation of W is not sigma: the argument makes no difference."""

    def __init__(self, num_inputs: int, num_outputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__(num_inputs, num_outputs, lr)


class ModelStandardNormal(SoftmaxRegressionScratch):
    """W is drawn with standard deviation 1; 4.4 multiplies that by sigma."""

    def __init__(self, num_inputs: int, num_outputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__(num_inputs, num_outputs, lr, 1.0)


class ModelRandomBias(SoftmaxRegressionScratch):
    """The bias b is drawn at random; 4.4 starts it at zero."""

    def __init__(self, num_inputs: int, num_outputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__(num_inputs, num_outputs, lr, sigma)
        nn.init.normal_(self.b)


class ModelUsualLoss(SoftmaxRegressionScratch):
    """The loss applies a softmax to probabilities, as that of d2l.Classifier does; use your cross_entropy."""

    def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(y_hat, y)


def train_step_uphill(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """The step goes up the gradient; subtract lr times the gradient."""
    return solutions.train_step(W, b, X, y, -lr)


def train_step_without_lr(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """The gradient is not multiplied by the learning rate."""
    return solutions.train_step(W, b, X, y, 1.0)


def train_step_of_sum(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """The gradients of the examples are added up; the cross-entropy is their mean, so divide by their number."""
    return solutions.train_step(W, b, X, y, lr * len(y))


def train_step_divides_twice(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """The gradient is divided by the number of examples twice: the cross-entropy is a mean already."""
    return solutions.train_step(W, b, X, y, lr / len(y))


def train_step_only_weights(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """Only W takes a step; b takes one, too."""
    return solutions.train_step(W, b, X, y, lr)[0], b


def train_step_nothing(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """W and b come back as they were; subtract lr times their gradients."""
    return W, b


def train_step_gradients(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """These are the gradients; subtract lr times them from W and b."""
    stepped = solutions.train_step(W, b, X, y, 1.0)
    return W - stepped[0], b - stepped[1]


def train_step_of_scores(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """The loss applies a softmax to probabilities, as F.cross_entropy does; apply it to the scores once."""
    W, b = W.detach().requires_grad_(), b.detach().requires_grad_()
    dW, db = torch.autograd.grad(F.cross_entropy(solutions.softmax(X @ W + b), y), [W, b])
    return W - lr * dW, b - lr * db


def train_step_without_labels(W: torch.Tensor, b: torch.Tensor, X: torch.Tensor, y: torch.Tensor, lr: float) -> Any:
    """The gradient takes the probabilities as they are; take 1 off at the label of each row before X meets them."""
    share = solutions.softmax(X @ W + b) / len(y)
    return W - lr * X.t() @ share, b - lr * share.sum(dim=0)


MISCONCEPTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "accuracy": (
        accuracy_counts,
        accuracy_of_errors,
        accuracy_over_examples,
        accuracy_of_values,
        accuracy_least,
        accuracy_each,
        accuracy_over_classes,
    ),
    "softmax": (
        softmax_over_examples,
        softmax_over_all,
        softmax_without_keepdim,
        softmax_without_exp,
        softmax_unnormalised,
        softmax_negative,
        softmax_logarithm,
        softmax_sigmoid,
        softmax_base_2,
        softmax_twice,
        softmax_by_greatest,
        softmax_mean,
        softmax_detached,
    ),
    "cross_entropy": (
        cross_entropy_positive,
        cross_entropy_sum,
        cross_entropy_each,
        cross_entropy_over_classes,
        cross_entropy_of_scores,
        cross_entropy_without_log,
        cross_entropy_base_2,
        cross_entropy_log_of_mean,
        cross_entropy_of_columns,
        cross_entropy_of_everything,
        cross_entropy_detached,
    ),
    "SoftmaxRegressionScratch": (
        ModelGivesScores,
        ModelGivesLogarithms,
        ModelWithoutBias,
        ModelWithoutFlattening,
        ModelSoftmaxOverExamples,
        ModelSigmoid,
        ModelStartsAtZero,
        ModelIgnoresSigma,
        ModelStandardNormal,
        ModelRandomBias,
        ModelUsualLoss,
    ),
    "train_step": (
        train_step_uphill,
        train_step_without_lr,
        train_step_of_sum,
        train_step_divides_twice,
        train_step_only_weights,
        train_step_nothing,
        train_step_gradients,
        train_step_of_scores,
        train_step_without_labels,
    ),
}
