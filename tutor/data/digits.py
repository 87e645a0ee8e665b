"""The digits inside the package: 10,000 of MNIST to train on and 2,000 to test with.

`make_digits` made them; `embedded/ATTRIBUTION.md` says whose they are.
"""

from __future__ import annotations

from importlib.resources import files

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
"""Their names, in the order of `ImageSet`'s fields."""

TRAIN = 10_000
"""How many images there are to train on."""

TEST = 2_000
"""How many images there are to test with."""


def content(name: str) -> bytes:
    """Return the content of an embedded file, gzipped IDX; `name` is one of `FILES`."""
    return (files(__package__) / "embedded" / name).read_bytes()
