"""A drawing of 28×28 pixels with or without ink, as one number: the upper left is its highest bit.

Written, it is 196 hexadecimal digits, row by row, four pixels to a digit; empty, it is no digit.
"""

from __future__ import annotations

SIDE = 28
"""The height and width of a drawing in pixels."""

DIGITS = SIDE * SIDE // 4
"""How many hexadecimal digits a drawing takes."""


def parsed(ink: str) -> int:
    """Return the drawing that is written so; what is missing at the end has no ink.

    Raises:
        ValueError: if that is no drawing.
    """
    if len(ink) > DIGITS:
        raise ValueError(f"{len(ink)} digits, more than {DIGITS}")
    return int(ink.ljust(DIGITS, "0"), 16)


def written(drawing: int) -> str:
    """Return how a drawing is written."""
    return f"{drawing:0{DIGITS}x}" if drawing else ""


def inked(drawing: int, x: int, y: int) -> bool:
    """Tell whether the pixel in column `x` and row `y`, both from 0, has ink."""
    return bool(drawing >> _place(x, y) & 1)


def row(drawing: int, y: int) -> list[int]:
    """Return the pixels of row `y` from left to right: 1 with ink, 0 without."""
    bits = drawing >> _place(SIDE - 1, y) & (1 << SIDE) - 1
    return [int(bit) for bit in f"{bits:0{SIDE}b}"]


def stamp(x: int, y: int, size: int) -> int:
    """Return a square of ink whose upper left pixel is at `x`, `y`, without what is outside."""
    square = 0
    for down in range(max(y, 0), min(y + size, SIDE)):
        for right in range(max(x, 0), min(x + size, SIDE)):
            square |= 1 << _place(right, down)
    return square


def line(start: tuple[int, int], end: tuple[int, int], size: int) -> int:
    """Return the ink that a square leaves which is moved from `start` to `end`, both (x, y)."""
    (x, y), (to_x, to_y) = start, end
    steps = max(abs(to_x - x), abs(to_y - y), 1)
    drawn = 0
    for step in range(steps + 1):
        at = step / steps
        drawn |= stamp(round(x + (to_x - x) * at), round(y + (to_y - y) * at), size)
    return drawn


def _place(x: int, y: int) -> int:
    return SIDE * SIDE - 1 - (y * SIDE + x)
