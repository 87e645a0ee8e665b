"""A network, its optimizer and its place in the data: what training changes."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it

from tutor.training import models, optimizers
from tutor.training.batches import Batches
from tutor.training.evaluation import evaluate
from tutor.training.events import Tested
from tutor.training.randomness import Dice

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import nn

    from tutor.training.batches import Placed
    from tutor.training.config import Config

ROOM = 4096
"""How many losses are kept on the device until they are fetched."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What is known of the steps since the last look."""

    losses: NDArray[np.float32]
    """The loss of each step: (n,)."""
    samples: int
    """How many images the steps took."""
    gradients: dict[str, float]
    """The Euclidean norm of each parameter's last gradient, by the parameter's name."""
    weights: dict[str, float]
    """The Euclidean norm of each parameter, by its name."""


class Learner:
    """Takes training steps, and does not wait for the device while it does."""

    def __init__(self, config: Config, images: Placed, model: nn.Module | None = None) -> None:
        """Prepare the first step of the first epoch; without a `model`, `config` names one."""
        device = images.train.labels.device
        pixels = images.train.images[0].numel()
        self.config = config
        self.images = images
        self.model = (model or models.create(config, pixels)).to(device).train()
        self.optimizer = optimizers.create(config, self.model)
        self.batches = Batches(images.train, config.batch_size, config.seed)
        self.dice = Dice(config.seed, device)
        self.lr = config.lr
        self.epoch = self.batch = self.pending = self.samples = 0
        self.epoch_loss = self.seconds = 0.0
        self.tested = Tested(0, 0, np.nan, np.nan, np.nan, 0.0)
        self._begun = -1
        self._losses = torch.empty(ROOM, device=device)
        self._parameters = list(self.model.parameters())

    @property
    def step(self) -> int:
        """How many steps have been taken in all."""
        return self.epoch * len(self.batches) + self.batch

    @property
    def epoch_over(self) -> bool:
        """Whether the epoch has no more batches."""
        return self.batch == len(self.batches)

    def set_rate(self, lr: float) -> None:
        """Change the learning rate from the next step on."""
        self.lr = lr
        optimizers.set_rate(self.optimizer, lr)

    def train(self, most: int, seconds: float, interrupted: Callable[[], bool]) -> None:
        """Take steps: `most`, or as many as the time and the epoch allow, but at least one.

        `interrupted` is asked after each step whether to return.
        """
        most = min(most, ROOM)
        end = time.perf_counter() + seconds
        with self.dice:
            while self.pending < most and not self.epoch_over:
                self.advance()
                if time.perf_counter() >= end or interrupted():
                    break

    def advance(self) -> None:
        """Take one step: forward, backward, and the change of the weights."""
        if self._begun != self.epoch:
            self.batches.begin(self.epoch)
            self._begun = self.epoch
        images, labels = self.batches[self.batch]
        loss = F.cross_entropy(self.model(images), labels)
        for one in self._parameters:
            one.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self._losses[self.pending] = loss.detach()
        self.pending += 1
        self.batch += 1

    def gather(self) -> Gathered:
        """Return what happened since the last look; the device is waited for, once."""
        trained = {
            name: (one.grad, one.detach())
            for name, one in self.model.named_parameters()
            if one.grad is not None
        }
        norms = [pair[part].norm().float() for part in (0, 1) for pair in trained.values()]
        told = torch.cat([self._losses[: self.pending], *(one.view(1) for one in norms)])
        losses, values = np.split(told.cpu().numpy(), [self.pending])
        first = self.batch - self.pending
        sizes = [self.batches.samples(number) for number in range(first, self.batch)]
        self.pending = 0
        self.samples += sum(sizes)
        self.epoch_loss = added(self.epoch_loss, losses, sizes)
        gradients, weights = values.reshape(2, -1).tolist()
        return Gathered(
            losses=losses,
            samples=sum(sizes),
            gradients=dict(zip(trained, gradients, strict=True)),
            weights=dict(zip(trained, weights, strict=True)),
        )

    def next_epoch(self) -> Tested:
        """Test the network after an epoch, and go on to the next."""
        train_loss = self.epoch_loss / self.batches.total
        self.epoch, self.batch, self.epoch_loss = self.epoch + 1, 0, 0.0
        return self.test(train_loss)

    def test(self, train_loss: float = np.nan) -> Tested:
        """Test the network."""
        with self.dice:
            found = evaluate(self.model, self.images.test)
            known = evaluate(self.model, self.images.train.first(len(self.images.test)))
        self.tested = Tested(
            step=self.step,
            epoch=self.epoch,
            train_loss=train_loss,
            test_loss=found.loss,
            test_accuracy=found.accuracy,
            seconds=self.seconds,
            train_accuracy=known.accuracy,
        )
        return self.tested

    def is_finite(self) -> bool:
        """Tell whether every weight is a finite number."""
        weights = (one.detach() for one in self.model.parameters())
        return bool(torch.stack([one.isfinite().all() for one in weights]).all())


def added(start: float, losses: NDArray[np.float32], sizes: list[int]) -> float:
    """Return `start` and each loss times its batch's size, added one after the other.

    However the losses are divided among calls, the result has the same bits.
    """
    products = losses.astype(np.float64) * sizes
    return float(functools.reduce(lambda total, one: total + one, products.tolist(), start))
