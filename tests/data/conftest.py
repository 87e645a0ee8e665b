"""Where the tests of data find the real MNIST."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from support import ROOT

from tutor.data import images
from tutor.data.images import ImageSet

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

PLACES = [Path(os.environ.get("TUTOR_DATA") or "/nowhere"), ROOT.parent / "shared/data/mnist"]


@pytest.fixture(autouse=True)
def no_data_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test name its own data, and reach its own server without a proxy."""
    monkeypatch.delenv("TUTOR_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="session")
def real_mnist() -> Path:
    """Return a folder with the four real files, gzipped; without one the test is skipped."""
    for place in PLACES:
        if (place / "train-images-idx3-ubyte.gz").is_file():
            return place
    pytest.skip("the real MNIST is not here")


@pytest.fixture(scope="session")
def whole(real_mnist: Path) -> ImageSet:
    """Return all of MNIST, which no test changes."""
    return images.load("mnist", real_mnist)


@pytest.fixture(scope="session")
def part() -> ImageSet:
    """Return the embedded digits, which no test changes."""
    return images.load("digits")
