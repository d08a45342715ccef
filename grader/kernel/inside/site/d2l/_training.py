"""Train a model on data, within the session's limit of optimisation steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from grader.kernel.inside import images
from grader.kernel.inside.following import TrainingOver

from ._data import ImageLoader
from ._parameters import HyperParameters
from ._tensors import gpu, num_gpus


class LimitedLoader:
    """A data loader that ends for good once `steps` batches were drawn from it; one batch is one optimisation step."""

    def __init__(self, loader: Any, steps: int) -> None:
        self.loader = loader
        self.steps_left = steps

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        if self.steps_left <= 0:
            return
        for batch in self.loader:
            self.steps_left -= 1
            yield batch
            if self.steps_left <= 0:
                return

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "loader":  # `copy` asks before there is a loader
            raise AttributeError(name)
        return getattr(self.loader, name)


def limited(loader: Any) -> Any:
    """The loader within a fresh limit of this session, or the loader itself where there is none."""
    steps = images.step_limit()
    whole = loader.loader if isinstance(loader, LimitedLoader) else loader
    return whole if steps is None else LimitedLoader(whole, steps)


def exhausted(loader: Any) -> bool:
    """Whether the session's limit allows no further step on this loader."""
    return isinstance(loader, LimitedLoader) and loader.steps_left <= 0


class Trainer(HyperParameters):
    """Fits a model to data for `max_epochs` epochs, on the first GPU where one is asked for and there."""

    max_epochs: Any
    gradient_clip_val: Any
    model: Any
    optim: Any
    train_dataloader: Any
    val_dataloader: Any
    num_train_batches: int
    num_val_batches: int

    def __init__(self, max_epochs: int, num_gpus: int = 0, gradient_clip_val: float = 0) -> None:
        self.save_hyperparameters()
        self.gpus = [gpu(i) for i in range(min(num_gpus, _available_gpus()))]

    def prepare_data(self, data: Any) -> None:
        """Take both loaders from a `DataModule`."""
        self.train_dataloader = data.train_dataloader()
        self.val_dataloader = data.val_dataloader()
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = 0 if self.val_dataloader is None else len(self.val_dataloader)

    def prepare_model(self, model: Any) -> None:
        """Introduce model and trainer to each other and move the model to the device."""
        model.trainer = self
        model.board.xlim = [0, self.max_epochs]
        if self.gpus:
            model.to(self.gpus[0])
        self.model = model

    def prepare_batch(self, batch: Any) -> Any:
        """Move a batch to the device."""
        return [part.to(self.gpus[0]) for part in batch] if self.gpus else batch

    def fit(self, model: Any, data: Any) -> None:
        """Train for all epochs, or until the session's limit of steps is reached."""
        self.prepare_data(data)
        # Here and not in prepare_data: whoever overrides that is limited all the same.
        self.train_dataloader = limited(self._placed(self.train_dataloader))
        self.val_dataloader = self._placed(self.val_dataloader)
        self.prepare_model(model)
        self.optim = model.configure_optimizers()
        self.epoch = 0
        self.train_batch_idx = 0
        self.val_batch_idx = 0
        for epoch in range(self.max_epochs):
            self.epoch = epoch
            try:
                self.fit_epoch()
            except TrainingOver:
                break
            if exhausted(self.train_dataloader):
                break

    def fit_epoch(self) -> None:
        """One pass over the training data, then one over the validation data."""
        self.model.train()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self.prepare_batch(batch))
            self.optim.zero_grad()
            # Off for the sake of optimisers like d2l.SGD, which change parameters in place.
            with torch.no_grad():
                loss.backward()
                if self.gradient_clip_val > 0:
                    self.clip_gradients(self.gradient_clip_val, self.model)
                self.optim.step()
            self.train_batch_idx += 1
        if self.val_dataloader is None or self._validates_later():
            return
        self.model.eval()
        for batch in self.val_dataloader:
            with torch.no_grad():
                self.model.validation_step(self.prepare_batch(batch))
            self.val_batch_idx += 1

    def _placed(self, loader: Any) -> Any:
        """The loader with its images on the device from the start, where batches would be moved there and no more."""
        moves = type(self).prepare_batch is _PREPARE_BATCH
        return loader.on(self.gpus[0]) if self.gpus and moves and isinstance(loader, ImageLoader) else loader

    def _validates_later(self) -> bool:
        """Under a limit of steps only the last epoch validates: a quick pass has no time for more."""
        if not isinstance(self.train_dataloader, LimitedLoader) or exhausted(self.train_dataloader):
            return False
        return bool(self.epoch < self.max_epochs - 1)

    def clip_gradients(self, grad_clip_val: float, model: nn.Module) -> None:
        """Scale all gradients down together where their common norm exceeds `grad_clip_val`."""
        gradients = [param.grad for param in model.parameters() if param.requires_grad and param.grad is not None]
        norm = torch.stack([(gradient**2).sum() for gradient in gradients]).sum().sqrt()
        if norm > grad_clip_val:
            for gradient in gradients:
                gradient.mul_(grad_clip_val / norm)


_PREPARE_BATCH = Trainer.prepare_batch  # as it was before a notebook adds another to the class


def _available_gpus() -> int:
    # Under a name of its own: the constructor's argument `num_gpus` hides the function.
    return num_gpus()
