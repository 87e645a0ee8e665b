"""What a network is worth: its loss and accuracy on images, and its answers one by one."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from tutor.training.batches import Split

CHUNK = 2000
"""How many images are looked at together."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well a network does."""

    loss: float
    """The mean cross-entropy in nats."""
    accuracy: float
    """The share of images whose label got the highest score, from 0 to 1."""


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Switch dropout off and record no gradients; afterwards the model is in the mode it was."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


def evaluate(model: nn.Module, split: Split) -> Evaluation:
    """Return loss and accuracy of `model` on `split`; the device is waited for once."""
    losses, hits = [], []
    with evaluating(model):
        for images, labels in _chunks(split):
            scores = model(images)
            losses.append(F.cross_entropy(scores, labels, reduction="sum"))
            hits.append((scores.argmax(1) == labels).sum())
        sums = torch.stack([torch.stack(losses).sum(), torch.stack(hits).sum().float()])
    loss, right = sums.tolist()
    return Evaluation(loss / len(split), right / len(split))


def scores(model: nn.Module, images: Tensor) -> Tensor:
    """Return the scores for normalised images (n, 28, 28): float32 (n, classes), on the CPU."""
    with evaluating(model):
        return torch.cat([model(some) for some in torch.split(images, CHUNK)]).cpu()


def _chunks(split: Split) -> Iterator[tuple[Tensor, Tensor]]:
    return zip(torch.split(split.images, CHUNK), torch.split(split.labels, CHUNK), strict=True)
