"""Make the embedded digits: python -m tutor.data.make_digits FOLDER_OF_MNIST [TO_FOLDER].

Of each class as many images are taken as its share of MNIST is; which ones, and in which order
they stand, is decided by a hash of their numbers. So the same files come out on every machine, and
an image to test with is never one to train on.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tutor.data import digits, idx, images

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tutor.data.images import ImageSet


def main(words: Sequence[str]) -> None:
    """Make the files of MNIST in the first folder named; put them into the second, or here."""
    source = Path(words[0])
    target = Path(words[1]) if len(words) > 1 else Path(__file__).with_name("embedded")
    for name, content in make(images.load("mnist", source)).items():
        file = compressed(content)
        (target / name).write_bytes(file)
        digest = hashlib.sha256(content).hexdigest()
        sys.stdout.write(f"{digest}  {name}  {len(file):,} bytes\n")


def make(whole: ImageSet) -> dict[str, bytes]:
    """Return the IDX files of the embedded digits, not compressed, by their names."""
    train = chosen(whole.train_labels, digits.TRAIN, "train")
    test = chosen(whole.test_labels, digits.TEST, "test")
    arrays = (
        whole.train_images[train],
        whole.train_labels[train],
        whole.test_images[test],
        whole.test_labels[test],
    )
    return dict(zip(digits.FILES, map(idx.write, arrays), strict=True))


def chosen(labels: NDArray[np.uint8], count: int, part: str) -> NDArray[np.int64]:
    """Return the positions of `count` images, each class with its share, in a fixed mixed order.

    Args:
        labels: The class of every image: uint8 (n,).
        count: How many to choose, at most n.
        part: What tells one mixed order from another.

    Returns:
        Different positions, int64 (count,). Shares are rounded by the largest remainder.
    """
    order: NDArray[np.int64] = np.array(sorted(range(len(labels)), key=lambda one: _key(part, one)))
    counts = np.bincount(labels)
    exact = counts * count / len(labels)
    shares = exact.astype(int)
    rest = np.argsort(shares - exact, kind="stable")[: count - shares.sum()]
    shares[rest] += 1
    rank = np.empty(len(labels), dtype=np.int64)
    for label, share in enumerate(counts):
        rank[order[labels[order] == label]] = np.arange(share)
    return order[rank[order] < shares[labels[order]]]


def compressed(content: bytes) -> bytes:
    """Return `content` gzipped as small as zlib can, without a name or a time."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL + 1)
    body = deflate.compress(content) + deflate.flush()
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    ends = (zlib.crc32(content), len(content))
    return head + body + b"".join(end.to_bytes(4, "little") for end in ends)


def _key(part: str, number: int) -> bytes:
    return hashlib.sha256(f"{part} {number}".encode()).digest()


if __name__ == "__main__":
    main(sys.argv[1:])
