"""Makes a drawing an image as MNIST's were made, so that a network can be asked what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lessons.mlp.state import SIDE

if TYPE_CHECKING:
    from torch import Tensor

PEN = 2.4
"""How wide the pen draws, in pixels of the finished image."""

BOX = 20
"""The side of the square that a digit fits into."""


def as_mnist(raw: Tensor) -> Tensor:
    """Make a drawing (28, 28) of 0 and 1 an image as LeCun et al. made MNIST's: uint8 (28, 28).

    The ink fits into a square of 20×20 and keeps its ratio; then its centre of mass is moved to
    the middle of the image (http://yann.lecun.com/exdb/mnist/). A pen with soft edges goes along
    the drawing, so that thin lines become strokes.
    """
    points = raw.nonzero().float()
    if not len(points):
        return torch.zeros_like(raw, dtype=torch.uint8)
    low, high = points.min(dim=0).values, points.max(dim=0).values
    scale = (BOX - PEN) / max((high - low).max().item(), 1)
    lines = (strokes(raw) - (low + high) / 2) * scale + (SIDE - 1) / 2
    image = inked(lines)
    rows = torch.arange(SIDE, device=raw.device, dtype=torch.float32)
    centre = torch.stack([image.sum(1) @ rows, image.sum(0) @ rows]) / image.sum()
    return (255 * inked(lines - centre + (SIDE - 1) / 2)).round().to(torch.uint8)


def strokes(raw: Tensor) -> Tensor:
    """Return the lines between inked neighbours, and each inked pixel as one: float (n, 2, 2)."""
    ink = {(int(row), int(column)) for row, column in raw.nonzero()}
    ends = [
        ((row, column), (row + down, column + right))
        for row, column in sorted(ink)
        for down, right in ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1))
        if (row + down, column + right) in ink
    ]
    return torch.tensor(ends, dtype=torch.float32, device=raw.device)


def inked(lines: Tensor) -> Tensor:
    """Return how dark each pixel is under a pen that follows the lines, 0 to 1: (28, 28)."""
    axis = torch.arange(SIDE, device=lines.device, dtype=torch.float32)
    pixels = torch.cartesian_prod(axis, axis).unsqueeze(1)  # (784, 1, 2)
    start, way = lines[:, 0], lines[:, 1] - lines[:, 0]  # (n, 2)
    along = ((pixels - start) * way).sum(-1) / way.square().sum(-1).clamp_min(1e-9)
    nearest = start + along.clamp(0, 1).unsqueeze(-1) * way  # (784, n, 2)
    distance = (pixels - nearest).norm(dim=-1).min(dim=1).values
    darkness: Tensor = (PEN / 2 + 0.5 - distance).clamp(0, 1).reshape(SIDE, SIDE)
    return darkness
