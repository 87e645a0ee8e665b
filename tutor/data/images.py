"""Sets of small grey images with labels: the embedded digits, MNIST, or a folder in its form."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.data import digits, idx, mnist
from tutor.errors import TutorError
from tutor.safe import one_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 28
"""The height and width of an image in pixels."""

CLASSES = 10
"""How many labels there are: 0 to 9."""

NAMES = ("digits", "mnist")
"""What `load` knows by name."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """Images to train on and images to test with; the two share none.

    Raises:
        TutorError: if an array has another type or shape than its field says.
    """

    name: str
    """What it is called: "digits", "mnist" or the path of a folder."""
    train_images: NDArray[np.uint8]
    """Images to train on: uint8 (n, 28, 28), 0 is background, 255 is ink; n is at least 1."""
    train_labels: NDArray[np.uint8]
    """The class of each image to train on: uint8 (n,), 0 to 9."""
    test_images: NDArray[np.uint8]
    """Images to test with: uint8 (m, 28, 28); m is at least 1."""
    test_labels: NDArray[np.uint8]
    """The class of each image to test with: uint8 (m,), 0 to 9."""

    def __post_init__(self) -> None:
        """Refuse arrays that are not what the fields say."""
        for part in ("train", "test"):
            images = getattr(self, f"{part}_images")
            labels = getattr(self, f"{part}_labels")
            count = max(images.shape[0] if images.ndim else 0, 1)
            self._check(f"{part} images", images, (count, SIDE, SIDE))
            self._check(f"{part} labels", labels, (count,))
            if labels.max() >= CLASSES:
                raise TutorError(
                    "error.data.labels", name=one_line(self.name), found=int(labels.max())
                )

    def _check(self, part: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
        if array.dtype != np.uint8 or array.shape != shape:
            raise TutorError(
                "error.data.images",
                name=one_line(self.name),
                part=part,
                found=f"{array.dtype} {array.shape}",
                expected=f"uint8 {shape}",
            )


def load(name: str, folder: Path | None = None) -> ImageSet:
    """Return the images called `name`.

    Args:
        name: "digits", the embedded 10,000 + 2,000 of MNIST, at hand without a network; "mnist",
            all 60,000 + 10,000; or the path of a folder with four files in the form of MNIST's
            and under their names (Fashion-MNIST, notMNIST).
        folder: Where MNIST lies; else the folder in `TUTOR_DATA`, else where `mnist.fetch` puts it.

    Raises:
        TutorError: if a file is missing, damaged, or not what the name says; it tells how to get
            what is missing.
    """
    if name == "digits":
        return ImageSet(name, *(idx.read(digits.content(one), name=one) for one in digits.FILES))
    if name == "mnist":
        return _mnist(folder or mnist.folder())
    place = os.path.expanduser(name)  # noqa: PTH111 - raises nothing
    if not os.path.isdir(place):  # noqa: PTH112 - raises nothing
        raise TutorError("error.data.unknown", name=one_line(name), known=", ".join(NAMES))
    paths = [_found(Path(place), one, "error.data.incomplete") for one in mnist.FILES]
    return ImageSet(place, *map(idx.read_path, paths))


def _mnist(folder: Path) -> ImageSet:
    paths = [_found(folder, one, "error.data.no_mnist") for one in mnist.FILES]
    arrays = []
    for path, file in zip(paths, mnist.FILES, strict=True):
        array = idx.read_path(path, largest=file.size)
        digest = hashlib.sha256(idx.header(array))
        digest.update(np.ascontiguousarray(array).data)
        if digest.hexdigest() != file.sha256:
            raise TutorError("error.data.not_mnist", file=one_line(path), folder=one_line(folder))
        arrays.append(array)
    return ImageSet("mnist", *arrays)


def _found(folder: Path, file: mnist.MnistFile, missing: str) -> Path:
    path = mnist.find(folder, file.name)
    if path is None:
        raise TutorError(missing, folder=one_line(folder), name=file.name)
    return path
