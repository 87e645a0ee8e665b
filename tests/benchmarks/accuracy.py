"""Accuracy: what the lesson's network reaches on the test images, from its first seed.

MNIST is taken from where `TUTOR_DATA` says.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from tests.benchmarks.figures import Figure, Remark
from tutor.data.images import load
from tutor.errors import TutorError
from tutor.training import train
from tutor.training.config import Config
from tutor.training.events import Event, Tested
from tutor.training.run_directory import Runs

LEAST = {"mnist": {5: 97.3, 10: 97.7}, "digits": {10: 93.0}}
"""What must be reached on each set of images after how many epochs, in percent."""

EPOCHS, THREADS = 10, 1

COMMANDS = tuple(f"tutor train --data {data} --epochs {EPOCHS}" for data in LEAST)


def measure() -> list[Figure | Remark]:
    """Train on each set of images that is there."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        return [one for data in LEAST for one in found(data)]
    finally:
        torch.set_num_threads(before)


def found(data: str) -> list[Figure | Remark]:
    """Return what is reached on some images, or that they are not there."""
    if data == "mnist" and not os.environ.get("TUTOR_DATA"):
        return [Remark("MNIST is not there: TUTOR_DATA names no folder")]
    try:
        reached, speed = trained(data)
    except TutorError as error:
        return [Remark(f"{data} is not there: {error}")]
    name = f"{data}, 256 hidden, Adam, batch 64, lr 0.001, seed 0"
    return [
        *(
            Figure(f"{name}: {epoch} epochs", 100 * reached[epoch], "%", least=least)
            for epoch, least in LEAST[data].items()
        ),
        Figure(f"{data}: over the whole run, {THREADS} thread", speed, "images/s"),
    ]


def trained(data: str) -> tuple[dict[int, float], float]:
    """Return the accuracy after each epoch, from 0 to 1, and the images a second.

    Raises:
        TutorError: if the images are not there.
    """
    reached: dict[int, float] = {}

    def told(event: Event) -> None:
        if isinstance(event, Tested):
            reached[event.epoch] = event.test_accuracy

    images = load(data)
    with TemporaryDirectory() as folder:
        made = Runs(Path(folder)).create(Config(data=data, epochs=EPOCHS, device="cpu"))
        status = train.run(made, images, told=told)
    return reached, status.samples_per_second
