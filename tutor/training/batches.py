"""Images on the device, once and for all, and the batches of an epoch taken from there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tutor.errors import TutorError
from tutor.training.memory import is_out_of_memory
from tutor.training.randomness import permutation

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from tutor.data.images import ImageSet


PIECE = 65_536
"""How many pixels are summed up at a time: the sum of their squares is less than 2³²."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Images and their labels, on one device."""

    images: Tensor
    """Normalised images: float32 (n, 28, 28)."""
    labels: Tensor
    """The classes: int64 (n,)."""

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Split:
        """Return the first images, `count` at most; they share this split's memory."""
        return Split(self.images[:count], self.labels[:count])


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A set of images on one device, ready to be trained on by any number of trainers."""

    train: Split
    """What is trained on."""
    test: Split
    """What is tested with."""
    mean: float
    """The mean of the training images' pixels, where 0 is background and 1 is ink."""
    std: float
    """Their standard deviation."""


def place(images: ImageSet, device: torch.device) -> Placed:
    """Put images on `device` as floats; the training images then have mean 0 and deviation 1.

    Raises:
        TutorError: if they do not fit into the device's memory.
    """
    mean, std = scale(images.train_images)
    try:
        return Placed(
            train=_split(images.train_images, images.train_labels, mean, std, device),
            test=_split(images.test_images, images.test_labels, mean, std, device),
            mean=mean,
            std=std,
        )
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        count = len(images.train_images) + len(images.test_images)
        raise TutorError("error.training.images", count=count, device=device.type) from None


def scale(images: NDArray[np.uint8]) -> tuple[float, float]:
    """Return mean and standard deviation of all pixels, exactly, where 255 counts as 1.

    Images of one shade have no deviation; 1 is returned for it.
    """
    pixels, count = images.reshape(-1), images.size
    pieces = [pixels[start : start + PIECE] for start in range(0, count, PIECE)]
    total = sum(int(piece.sum(dtype=np.uint32)) for piece in pieces)
    squares = (np.square(piece, dtype=np.uint16) for piece in pieces)
    total_of_squares = sum(int(piece.sum(dtype=np.uint32)) for piece in squares)
    variance = (count * total_of_squares - total**2) / (count * 255) ** 2
    return total / (count * 255), math.sqrt(variance) or 1.0


def normalised(images: Tensor, mean: float, std: float) -> Tensor:
    """Return uint8 images as float32, scaled so that a `mean` pixel is 0 and one `std` is 1."""
    return images.to(torch.float32).sub_(255 * mean).div_(255 * std)


def _split(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    mean: float,
    std: float,
    device: torch.device,
) -> Split:
    pixels = torch.tensor(images, device=device)
    classes = torch.tensor(labels, device=device)
    return Split(normalised(pixels, mean, std), classes.to(torch.int64))


class Batches:
    """The batches of one epoch after the other, in an order that is drawn anew for each."""

    def __init__(self, split: Split, size: int, seed: int) -> None:
        """Prepare batches of `size` images; `begin` chooses the epoch."""
        self._split = split
        self._size = min(size, len(split))
        self._seed = seed
        self._room = split.images.new_empty((self._size, *split.images.shape[1:]))
        self._order = self._labels = split.labels[:0]

    @property
    def total(self) -> int:
        """How many images an epoch has."""
        return len(self._split)

    def __len__(self) -> int:
        """Return how many batches an epoch has; the last one may be smaller than the others."""
        full, left = divmod(len(self._split), self._size)
        return full + (left > 0)

    def begin(self, epoch: int) -> None:
        """Draw the order of an epoch; it depends on the seed and the epoch alone."""
        order = permutation(len(self._split), self._seed, epoch)
        self._order = order.to(self._split.labels.device)
        self._labels = self._split.labels[self._order]

    def samples(self, number: int) -> int:
        """Return how many images a batch has."""
        return min(self._size, len(self._split) - number * self._size)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Return the images and labels of a batch; the next batch overwrites the images."""
        some = slice(number * self._size, (number + 1) * self._size)
        order = self._order[some]
        room = self._room[: len(order)]
        torch.index_select(self._split.images, 0, order, out=room)
        return room, self._labels[some]
