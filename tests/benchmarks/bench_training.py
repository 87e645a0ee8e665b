"""How fast training is beside a bare loop and beside a tutorial's loop, and what it reaches.

Run it with `python tests/benchmarks/bench_training.py [--threads N] [--seconds N]`. What counts is
the ratios: after every report of a run, the two other loops take as many steps and some steps, so
that whatever else the machine does slows down all three. Ours is a whole run in a directory, with
its journal, reports and checkpoints. The accuracy is told if MNIST is there (`TUTOR_DATA`).
"""

# ruff: noqa: T201 - what it is for is to print
from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from tutor.data.images import ImageSet, load
from tutor.errors import TutorError
from tutor.training import models, optimizers, train
from tutor.training.batches import place
from tutor.training.config import Config
from tutor.training.events import Event, Progressed, Tested
from tutor.training.run_directory import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

SAMPLES = 60_000
"""How many images an epoch has, as MNIST's."""

SLOW_STEPS = 12
"""How many steps the slow loop takes at a time."""


def noise() -> ImageSet:
    """Return images of noise, as many as MNIST has: speed does not depend on what they show."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (SAMPLES + 100, 28, 28), np.uint8)
    labels = random.integers(0, 10, SAMPLES + 100).astype(np.uint8)
    return ImageSet("noise", images[:-100], labels[:-100], images[-100:], labels[-100:])


class Bare:
    """The fastest plain loop: images on the device, a fused optimizer, the losses kept, no more."""

    def __init__(self, config: Config, images: ImageSet) -> None:
        placed = place(images, torch.device("cpu"))
        self.images, self.labels = placed.train.images, placed.train.labels
        self.model = models.create(config).train()
        self.optimizer = optimizers.create(config, self.model)
        self.size = config.batch_size
        self.order: Iterator[Tensor] = iter(())
        self.losses: list[Tensor] = []

    def take(self, steps: int) -> float:
        """Take some steps, and return how many seconds each took."""
        images, labels, model, optimizer = self.images, self.labels, self.model, self.optimizer
        begun = time.perf_counter()
        for _ in range(steps):
            some = next(self.order, None)
            if some is None:
                self.order = iter(torch.randperm(len(labels)).split(self.size))
                some = next(self.order)
            loss = F.cross_entropy(
                model(images.index_select(0, some)), labels.index_select(0, some)
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            self.losses.append(loss.detach())
        return (time.perf_counter() - begun) / steps


class Pictures(Dataset["tuple[Tensor, int]"]):
    """What torchvision's MNIST and its ToTensor do for each image, without torchvision."""

    def __init__(self, images: ImageSet) -> None:
        self.data = torch.tensor(images.train_images)
        self.targets = torch.tensor(images.train_labels)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = Image.fromarray(self.data[index].numpy())
        pixels = torch.from_numpy(np.array(picture, np.uint8, copy=True))
        image = pixels.view(picture.size[1], picture.size[0], 1).permute((2, 0, 1)).contiguous()
        return image.to(torch.get_default_dtype()).div(255), int(self.targets[index])


class Tutorial:
    """The loop that a tutorial shows."""

    def __init__(self, config: Config, images: ImageSet) -> None:
        self.model = models.create(config)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.lr)
        self.loader = DataLoader(Pictures(images), batch_size=config.batch_size, shuffle=True)
        self.batches = iter(self.loader)
        self.total = 0.0

    def take(self, steps: int) -> float:
        """Take some steps, and return how many seconds each took."""
        begun = time.perf_counter()
        for _ in range(steps):
            images, labels = next(self.batches)
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(images), labels)
            loss.backward()
            self.optimizer.step()
            self.total += loss.item()
        seconds = (time.perf_counter() - begun) / steps
        self.batches = iter(self.loader)
        return seconds


def speed(batch_size: int, seconds: float) -> None:
    """Print the ratios for one batch size."""
    config = Config(data="noise", batch_size=batch_size, epochs=1000, device="cpu")
    images = noise()
    bare, tutorial = Bare(config, images), Tutorial(config, images)
    found: list[tuple[float, float, float]] = []
    begun = 0.0
    end = time.monotonic() + seconds

    def told(event: Event) -> None:
        nonlocal begun
        if isinstance(event, Progressed):
            steps = len(event.losses)
            mine = (time.perf_counter() - begun) / steps
            found.append((mine, bare.take(steps), tutorial.take(SLOW_STEPS)))
            if time.monotonic() > end:
                made.tell("stop")
        begun = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        made = Runs(Path(folder)).create(config)
        train.run(made, images, told=told)
    mine, plain, slow = zip(*found[1:], strict=True)
    print(
        f"batch {batch_size}: {batch_size / statistics.median(mine):,.0f} images/s;"
        f" {ratio(plain, mine):.2f} of the bare loop, {ratio(slow, mine):.1f} of a tutorial's"
        f" (medians of {len(mine)}); at their best"
        f" {batch_size / min(mine):,.0f}, {min(plain) / min(mine):.2f}, {min(slow) / min(mine):.1f}"
    )


def ratio(others: tuple[float, ...], mine: tuple[float, ...]) -> float:
    """Return how many times as fast ours is: the median over turns that ran side by side."""
    return statistics.median(other / one for other, one in zip(others, mine, strict=True))


def accuracy() -> None:
    """Print what the network of the lesson reaches on MNIST, and how fast."""
    try:
        images = load("mnist")
    except TutorError as error:
        print(f"accuracy: {error}")
        return
    reached: dict[int, float] = {}

    def told(event: Event) -> None:
        if isinstance(event, Tested):
            reached[event.epoch] = event.test_accuracy

    with tempfile.TemporaryDirectory() as folder:
        made = Runs(Path(folder)).create(Config(data="mnist", epochs=10, device="cpu"))
        status = train.run(made, images, told=told)
    print(
        f"MNIST, 256 hidden, Adam, batch 64, lr 0.001, seed 0:"
        f" {reached[5]:.2%} after 5 epochs, {reached[10]:.2%} after 10;"
        f" {status.samples_per_second:,.0f} images/s"
    )


def main() -> None:
    """Print the ratios at batch sizes 64 and 256, and the accuracy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seconds", type=float, default=30.0, help="for each batch size")
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    print(f"{told.threads} threads")
    optimizers.preload()
    for batch_size in (64, 256):
        speed(batch_size, told.seconds)
    accuracy()


if __name__ == "__main__":
    main()
