"""What has to be painted of lines that were drawn anew."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from textual.geometry import Region

from tutor.cells import width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.style import Style
    from textual.strip import Strip


def changed(before: Sequence[Strip], after: Sequence[Strip]) -> list[Region]:
    """Return the parts of `after` that are not what they were, one at most for each line.

    A part begins at the left, as Textual writes from there on in any case, and ends with the last
    cell that has changed.
    """
    return [
        Region(0, y, end, 1)
        for y, (old, new) in enumerate(zip(before, after, strict=True))
        if (end := _end(old, new))
    ]


def _end(before: Strip, after: Strip) -> int:
    """Return how many cells lie before what two lines have in common at their end."""
    if before == after:
        return 0
    end = max(before.cell_length, after.cell_length)
    if before.cell_length != after.cell_length:
        return end
    for old, new in zip_longest(_backwards(before), _backwards(after)):
        if old != new:
            break
        end -= width(new[0])
    return end


def _backwards(line: Strip) -> Iterator[tuple[str, Style | None]]:
    """Yield the characters of a line with their styles, the last one first."""
    for segment in reversed(list(line)):
        for character in reversed(segment.text):
            yield character, segment.style
