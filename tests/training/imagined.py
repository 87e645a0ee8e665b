"""Images made up for the tests, and the device to train on."""

import numpy as np
import torch

from tutor.data.images import ImageSet

CPU = torch.device("cpu")


def made_up(train: int = 330, test: int = 100, seed: int = 0) -> ImageSet:
    """Return images that are a shape for each class with noise on it: easy, but not at once."""
    random = np.random.default_rng(seed)
    shapes = random.integers(0, 200, (10, 28, 28))
    labels = random.integers(0, 10, train + test)
    noise = random.integers(-90, 90, (train + test, 28, 28))
    images = np.clip(shapes[labels] // 2 + 60 + noise, 0, 255).astype(np.uint8)
    labels = labels.astype(np.uint8)
    return ImageSet("made up", images[:train], labels[:train], images[train:], labels[train:])
