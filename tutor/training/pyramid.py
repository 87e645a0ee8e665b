"""A long column of numbers with summaries of ever longer blocks, so that any part of it is cheap.

Numbers are appended at the end, or cut off there. Appending costs time in proportion to what is
appended; asking for a part costs time in proportion to the number of buckets in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

T = TypeVar("T", bound=np.generic)

FIRST_ROOM = 64
"""How many numbers there is room for at first."""

BLOCK = 16
"""How many numbers the shortest blocks have that summaries are kept of; each longer one has two of
the next shorter."""

SUMMARY = np.dtype([("low", "f4"), ("high", "f4"), ("total", "f8"), ("count", "i4")])
"""What is kept of a block: the least and the greatest number that is no NaN, and the sum and the
number of the finite ones."""


class Column(Generic[T]):
    """Numbers in a row that grow at the end and can be cut off there."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._room: NDArray[Any] = np.empty(FIRST_ROOM, dtype)
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    @property
    def values(self) -> NDArray[T]:
        """The numbers; not to be written to, and not to be kept."""
        return self._room[: self._rows]

    @property
    def nbytes(self) -> int:
        """How much memory is taken, in bytes."""
        return self._room.nbytes

    def append(self, values: ArrayLike) -> None:
        """Add numbers at the end."""
        added = np.asarray(values, self._room.dtype)
        end = self._rows + len(added)
        if end > len(self._room):
            larger = np.empty(max(end, len(self._room) * 3 // 2), self._room.dtype)
            larger[: self._rows] = self.values
            self._room = larger
        self._room[self._rows : end] = added
        self._rows = end

    def cut(self, rows: int) -> None:
        """Keep the first `rows` numbers, if there are so many."""
        self._rows = min(rows, self._rows)


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """A part of a column in blocks of one length, of which the last may be shorter."""

    low: NDArray[np.float32]
    """The least number in each that is no NaN; NaN if there is none, shape (n,)."""
    high: NDArray[np.float32]
    """The greatest one, shape (n,)."""
    mean: NDArray[np.float32]
    """The mean of the finite numbers in each; NaN if there is none, shape (n,)."""


class Pyramid:
    """A column of float32 with its summaries."""

    def __init__(self) -> None:
        self._values: Column[np.float32] = Column(np.float32)
        self._levels: list[Column[Any]] = []

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> NDArray[np.float32]:
        """All numbers; not to be written to, and not to be kept."""
        return self._values.values

    @property
    def nbytes(self) -> int:
        """How much memory is taken, in bytes."""
        return self._values.nbytes + sum(level.nbytes for level in self._levels)

    def append(self, values: ArrayLike) -> None:
        """Add numbers at the end; any are allowed, infinities and NaN as well."""
        self._values.append(values)
        level, blocks = 0, len(self) // BLOCK
        while blocks:
            if level == len(self._levels):
                self._levels.append(Column(SUMMARY))
            done = len(self._levels[level])
            if blocks > done:
                self._levels[level].append(self._summaries(level, done, blocks))
            level, blocks = level + 1, blocks // 2

    def cut(self, rows: int) -> None:
        """Keep the first `rows` numbers, if there are so many."""
        self._values.cut(rows)
        for level, column in enumerate(self._levels):
            column.cut(rows // (BLOCK << level))

    def buckets(self, first: int, last: int, width: int) -> Buckets:
        """Return the buckets from one to before another, in the order of the column.

        Args:
            first: The first bucket, counted from 0.
            last: The bucket after the last one; none may begin after the column's end.
            width: How many numbers a bucket holds, a power of two.
        """
        level = (width // BLOCK).bit_length() - 1
        if level < 0:
            found = _of_numbers(self._padded(first * width, last * width, width))
        else:
            whole = min(last, len(self) // width)
            parts = [self._level(level)[first:whole]]
            if max(first, whole) < last:
                parts.append(self._rest(whole * width, level))
            found = np.concatenate(parts)
        with np.errstate(all="ignore"):
            mean = (found["total"] / found["count"]).astype(np.float32)
        return Buckets(found["low"], found["high"], mean)

    def _level(self, level: int) -> NDArray[Any]:
        if level < len(self._levels):
            return self._levels[level].values
        return np.empty(0, SUMMARY)

    def _summaries(self, level: int, done: int, blocks: int) -> NDArray[Any]:
        """Return the summaries of a level's blocks from `done` on, made from those below."""
        if level == 0:
            return _of_numbers(self.values[done * BLOCK : blocks * BLOCK].reshape(-1, BLOCK))
        below = self._levels[level - 1].values[2 * done : 2 * blocks]
        return _of_summaries(below.reshape(-1, 2))

    def _padded(self, start: int, stop: int, width: int) -> NDArray[np.float32]:
        """Return numbers in rows of `width`, with NaN after the last one."""
        padded = np.full(stop - start, np.nan, np.float32)
        found = self.values[start:stop]
        padded[: len(found)] = found
        return padded.reshape(-1, width)

    def _rest(self, start: int, level: int) -> NDArray[Any]:
        """Return the summary of what follows `start`, which is shorter than a block of a level."""
        parts = []
        for lower in reversed(range(level)):
            width = BLOCK << lower
            if len(self) - start >= width:
                parts.append(self._level(lower)[start // width])
                start += width
        parts.append(_of_numbers(self._padded(start, start + BLOCK, BLOCK))[0])
        return _of_summaries(np.array([parts], SUMMARY))


def _of_numbers(rows: NDArray[np.float32]) -> NDArray[Any]:
    """Return the summary of each row of numbers."""
    finite = np.isfinite(rows)
    made = np.empty(len(rows), SUMMARY)
    made["low"] = np.fmin.reduce(rows, axis=1)
    made["high"] = np.fmax.reduce(rows, axis=1)
    made["total"] = np.where(finite, rows, 0).sum(axis=1, dtype=np.float64)
    made["count"] = finite.sum(axis=1)
    return made


def _of_summaries(rows: NDArray[Any]) -> NDArray[Any]:
    """Return the summary of each row of summaries."""
    made = np.empty(len(rows), SUMMARY)
    made["low"] = np.fmin.reduce(rows["low"], axis=1)
    made["high"] = np.fmax.reduce(rows["high"], axis=1)
    made["total"] = rows["total"].sum(axis=1)
    made["count"] = rows["count"].sum(axis=1)
    return made
