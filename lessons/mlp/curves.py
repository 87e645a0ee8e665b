"""Reduces a training run in the lab to what its picture needs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lessons.mlp.state import Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn
    from torch.utils.data import DataLoader

POINTS = 400
"""How many points a loss curve has, at most."""


def drawn(
    losses: NDArray[np.float64],
    tests: list[tuple[float, float]],
    network: nn.Module,
    loader: DataLoader[tuple[Tensor, ...]],
    epochs: int,
) -> Curve:
    """Return the curves so far, the losses as the means of at most `POINTS` buckets."""
    epoch, size = len(tests) - 1, max(math.ceil(len(losses) / POINTS), 1)
    starts = np.arange(0, len(losses), size)
    lengths = np.diff(np.append(starts, len(losses)))
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.add.reduceat(losses, starts) / lengths if len(losses) else losses.copy()
    last = losses[(epoch - 1) * len(loader) : epoch * len(loader)]
    return Curve(
        step=len(losses),
        steps=epochs * len(loader),
        epoch=epoch,
        batches=len(loader),
        parameters=sum(one.numel() for one in network.parameters()),
        loss_steps=starts + (lengths + 1) / 2,
        losses=means,
        test_steps=np.arange(epoch + 1) * len(loader),
        test_losses=np.array([loss for loss, _ in tests]),
        test_accuracies=np.array([accuracy for _, accuracy in tests]),
        first_loss=float(losses[0]) if len(losses) else math.nan,
        epoch_loss=float(last.mean()) if epoch else math.nan,
        finite=int(np.isfinite(losses).all()),
    )
