"""What there is to learn from, and what of it is at hand."""

from __future__ import annotations

from typing import Any

from tutor.data import digits, mnist

LICENCE = "CC BY-SA 3.0"
"""The licence of MNIST and of what is taken from it."""


def available() -> dict[str, dict[str, Any]]:
    """Return what `images.load` knows by name, as plain data that JSON has; quick.

    Each name has `train` and `test` (numbers of images), `ready` (whether it can be loaded now),
    `bytes` (the size of the files that are there), `folder` (their place; None: in the package),
    `missing` (the names of the files that are not there), `download` (how many bytes fetching
    them brings) and `licence`.
    """
    place = mnist.folder()
    lacking = mnist.missing(place)
    found = [mnist.find(place, file.name) for file in mnist.FILES]
    return {
        "digits": {
            "train": digits.TRAIN,
            "test": digits.TEST,
            "ready": True,
            "bytes": sum(len(digits.content(name)) for name in digits.FILES),
            "folder": None,
            "missing": [],
            "download": 0,
            "licence": LICENCE,
        },
        "mnist": {
            "train": 60_000,
            "test": 10_000,
            "ready": not lacking,
            "bytes": sum(path.stat().st_size for path in found if path),
            "folder": str(place),
            "missing": lacking,
            "download": sum(file.remote.size for file in mnist.FILES if file.name in lacking),
            "licence": LICENCE,
        },
    }
