"""Training: its speed beside a bare loop's and a tutorial's, all three in turn, on one thread.

After every report of a run the two other loops take as many steps and some steps, so that whatever
else the machine does slows down all three. Ours is a whole run in a directory, with its journal,
reports and checkpoints. Speed does not depend on what the images show: they are noise.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from tests.benchmarks.figures import Figure
from tutor.data.images import ImageSet
from tutor.training import models, optimizers, train
from tutor.training.batches import place
from tutor.training.config import Config
from tutor.training.events import Event, Progressed
from tutor.training.run_directory import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

SAMPLES = 60_000
"""How many images an epoch has, as MNIST's."""

BATCH_SIZES = (64, 256)
SECONDS = 20.0
"""How long the three loops take turns at each batch size."""

SLOW_STEPS = 12
"""How many steps the slow loop takes at a time."""

THREADS = 1
"""How many threads each loop has: as many as a run on two cores, which leaves one to the UI."""

LEAST_OF_BARE, LEAST_OF_TUTORIAL = 0.95, 8

COMMANDS = (
    f"torch.set_num_threads({THREADS})",
    "train.run(Runs(…).create(Config(batch_size=…)), noise)",
    "for …: loss = F.cross_entropy(model(images.index_select(0, some)), …); …   Bare",
    "for images, labels in DataLoader(…): …; total += loss.item()   Tutorial",
)


def measure() -> list[Figure]:
    """Train at each batch size."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    optimizers.preload()
    images = noise()
    try:
        return [figure for size in BATCH_SIZES for figure in compared(size, images)]
    finally:
        torch.set_num_threads(before)


def compared(batch_size: int, images: ImageSet) -> list[Figure]:
    """Return how fast ours is, and how many times as fast as the others: medians over the turns."""
    found = turns(Config(data="noise", batch_size=batch_size, epochs=1000, device="cpu"), images)
    ours = batch_size / median(mine for mine, _, _ in found)
    of_bare = median(bare / mine for mine, bare, _ in found)
    of_tutorial = median(tutorial / mine for mine, _, tutorial in found)
    name = f"batch {batch_size}, {THREADS} thread"
    return [
        Figure(f"{name}: a run, median of {len(found)}", ours, "images/s"),
        Figure(f"{name}: a run / the bare loop", of_bare, "", least=LEAST_OF_BARE),
        Figure(f"{name}: a run / a tutorial's loop", of_tutorial, "", least=LEAST_OF_TUTORIAL),
    ]


def turns(config: Config, images: ImageSet) -> list[tuple[float, float, float]]:
    """Return the seconds that a step of a run, of the bare loop and of a tutorial's took in turn."""
    bare, tutorial = Bare(config, images), Tutorial(config, images)
    found: list[tuple[float, float, float]] = []
    begun = time.perf_counter()
    end = begun + SECONDS

    def told(event: Event) -> None:
        nonlocal begun
        if isinstance(event, Progressed):
            steps = len(event.losses)
            mine = (time.perf_counter() - begun) / steps
            found.append((mine, bare.take(steps), tutorial.take(SLOW_STEPS)))
            if time.perf_counter() > end:
                made.tell("stop")
        begun = time.perf_counter()

    with TemporaryDirectory() as folder:
        made = Runs(Path(folder)).create(config)
        train.run(made, images, told=told)
    return found[1:]


def noise() -> ImageSet:
    """Return images of noise, as many as MNIST has."""
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
