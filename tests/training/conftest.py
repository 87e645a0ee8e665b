"""Small made-up images, and one thread to train on them with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from imagined import CPU, made_up

from tutor.data.images import ImageSet
from tutor.training.batches import Placed, place
from tutor.training.config import Config
from tutor.training.run_directory import Run, Runs


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def images() -> ImageSet:
    return made_up()


@pytest.fixture(scope="session")
def placed(images: ImageSet) -> Placed:
    return place(images, CPU)


@pytest.fixture
def config() -> Config:
    """Eleven steps an epoch, the last with ten images."""
    return Config(hidden="16", batch_size=32, epochs=2, lr=0.01, device="cpu")


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


@pytest.fixture
def made(runs: Runs, config: Config) -> Run:
    return runs.create(config)
