"""How fast training is beside a bare loop and beside a tutorial's loop, and what it reaches.

Run it with `python tests/benchmarks/bench_training.py [--threads N] [--rounds N]`. What counts is
the ratios, all parts of which come from the same run, in turns. Ours is a whole run in a directory,
with its journal, reports and checkpoints. The accuracy is told if MNIST is there (`TUTOR_DATA`).
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
import torch.nn.functional as F  # noqa: N812
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
    from torch import Tensor

    from tutor.training.batches import Placed

SAMPLES = 60_000
"""How many images an epoch has, as MNIST's."""

SOME_STEPS = 100
"""How many steps of the slow loop are measured each time."""


def noise() -> ImageSet:
    """Return images of noise, as many as MNIST has: speed does not depend on what they show."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (SAMPLES + 100, 28, 28), np.uint8)
    labels = random.integers(0, 10, SAMPLES + 100).astype(np.uint8)
    return ImageSet("noise", images[:-100], labels[:-100], images[-100:], labels[-100:])


def ours(config: Config, images: ImageSet) -> float:
    """Return the seconds a step takes in a run: from the first report of an epoch to its last."""
    times: dict[int, float] = {}

    def told(event: Event) -> None:
        if isinstance(event, (Progressed, Tested)):
            times.setdefault(event.step, time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        train.run(Runs(Path(folder)).create(config), images, told=told)
    first, *_, last = sorted(times)[1:]
    return (times[last] - times[first]) / (last - first)


def bare(config: Config, placed: Placed) -> float:
    """Return the seconds a step takes in the fastest plain loop: it keeps the losses, no more."""
    model = models.create(config).train()
    optimizer = optimizers.create(config, model)
    images, labels = placed.train.images, placed.train.labels
    order = torch.randperm(len(labels)).split(config.batch_size)
    losses = []
    begun = time.perf_counter()
    for some in order:
        loss = F.cross_entropy(model(images.index_select(0, some)), labels.index_select(0, some))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return (time.perf_counter() - begun) / len(order)


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


def tutorial(config: Config, pictures: Pictures) -> float:
    """Return the seconds a step takes in the loop that a tutorial shows."""
    model = models.create(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
    loader = iter(DataLoader(pictures, batch_size=config.batch_size, shuffle=True))
    total = 0.0
    begun = time.perf_counter()
    for _ in range(SOME_STEPS):
        some, labels = next(loader)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(some), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return (time.perf_counter() - begun) / SOME_STEPS


def speed(batch_size: int, rounds: int) -> None:
    """Print the ratios for one batch size."""
    config = Config(data="noise", batch_size=batch_size, epochs=1, device="cpu")
    images = noise()
    placed = place(images, torch.device("cpu"))
    pictures = Pictures(images)
    found = [
        (ours(config, images), bare(config, placed), tutorial(config, pictures))
        for _ in range(rounds)
    ]
    mine, plain, slow = zip(*found, strict=True)
    print(
        f"batch {batch_size}: {batch_size / min(mine):,.0f} images/s;"
        f" {ratio(plain, mine):.2f} of the bare loop, {ratio(slow, mine):.1f} of a tutorial's;"
        f" at their best {min(plain) / min(mine):.2f} and {min(slow) / min(mine):.1f}"
    )


def ratio(others: tuple[float, ...], mine: tuple[float, ...]) -> float:
    """Return how many times as fast ours is: the median over rounds that ran side by side."""
    return statistics.median(other / one for other, one in zip(others, mine, strict=True))


def accuracy(threads: int) -> None:
    """Print what the network of the lesson reaches on MNIST, and how long that takes."""
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
        f"MNIST, 256 hidden, Adam, batch 64, lr 0.001, seed 0, {threads} threads:"
        f" {reached[5]:.2%} after 5 epochs, {reached[10]:.2%} after 10;"
        f" {status.samples_per_second:,.0f} images/s"
    )


def main() -> None:
    """Print the ratios at batch sizes 64 and 256, and the accuracy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    optimizers.preload()
    for batch_size in (64, 256):
        speed(batch_size, told.rounds)
    accuracy(told.threads)


if __name__ == "__main__":
    main()
