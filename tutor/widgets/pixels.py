"""Small images as cells of a terminal: two pixels in a cell, or a sign for every two."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from rich.segment import Segment
from rich.style import Style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray
    from textual.color import Color

SHADES = 25
"""How many colours a palette has; odd, so that zero has one of its own between two poles."""

GREY_SIGNS = " .:-=+*#%@"
"""From no ink to full ink, for terminals that show ASCII only."""

SIGNED_SIGNS = "%=- +*#"
"""From the most negative to the most positive, where there are no colours."""

BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
"""What a cell shows whose upper and lower pixels have ink or not."""

HALF = 0.5
"""From how much ink on a pixel counts as inked where it can only be inked or not."""

HAZE = 0.15
"""From how much ink on a cell is shaded in which no pixel is inked."""


def ramp(*poles: Color) -> tuple[str, ...]:
    """Return a palette: colours, as Rich names them, that lead from pole to pole in even steps."""
    colours = []
    for index in range(SHADES):
        at = index * (len(poles) - 1) / (SHADES - 1)
        first = min(int(at), len(poles) - 2)
        colours.append(poles[first].blend(poles[first + 1], at - first).rich_color.name)
    return tuple(colours)


def shares(image: NDArray[Any], limit: float | None, *, signed: bool) -> NDArray[np.float64]:
    """Return an image as float64 in [0, 1]: its place on a palette, or on a row of signs.

    Args:
        image: uint8 (h, w), in which 255 is full ink, or numbers of any other type.
        limit: The magnitude at the palette's end; the image's largest where it is None.
        signed: Whether the palette has zero in its middle.
    """
    values = np.nan_to_num(image.astype(np.float64))
    if limit is None:
        limit = 255.0 if image.dtype == np.uint8 else float(np.abs(values).max(initial=0.0))
    values = values / (limit or 1.0)
    return np.clip((values + 1) / 2 if signed else values, 0.0, 1.0)


def resized(image: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Return an image at another size; each new pixel is the mean of the area that it covers."""
    return _areas(image.shape[0], rows) @ image @ _areas(image.shape[1], columns).T


def half_blocks(image: NDArray[np.float64], palette: Sequence[str]) -> list[list[Segment]]:
    """Return lines of coloured half blocks, one for every two rows of an image in [0, 1]."""
    image = _even(image)
    index = np.rint(image * (len(palette) - 1)).astype(int)
    return [
        [
            _segment(palette[upper], palette[lower], len(list(run)))
            for (upper, lower), run in groupby(zip(*pair, strict=True))
        ]
        for pair in index.reshape(-1, 2, index.shape[1]).tolist()
    ]


def signs(image: NDArray[np.float64], ramp_of_signs: str) -> list[str]:
    """Return lines of signs, one for every two rows of an image in [0, 1]."""
    cells = _even(image).reshape(-1, 2, image.shape[1]).mean(axis=1)
    index = np.rint(cells * (len(ramp_of_signs) - 1)).astype(int)
    return ["".join(ramp_of_signs[one] for one in line) for line in index.tolist()]


def blocks(image: NDArray[np.float64]) -> list[str]:
    """Return lines of half blocks in one colour, one for every two rows of an image in [0, 1].

    What counts as ink is relative to the most ink on a pixel: a small image of thin lines is grey.
    """
    lines = []
    strongest = image.max(initial=0.0) or 1.0
    for upper, lower in (_even(image) / strongest).reshape(-1, 2, image.shape[1]).tolist():
        line = ""
        for over, under in zip(upper, lower, strict=True):
            hazy = max(over, under) < HALF and over + under > 2 * HAZE
            line += "░" if hazy else BLOCKS[over >= HALF, under >= HALF]
        lines.append(line)
    return lines


@lru_cache(maxsize=2048)
def _segment(upper: str, lower: str, cells: int) -> Segment:
    if upper == lower:
        return Segment(" " * cells, Style(bgcolor=lower))
    return Segment("▀" * cells, Style(color=upper, bgcolor=lower))


@lru_cache(maxsize=64)
def _areas(before: int, after: int) -> NDArray[np.float64]:
    """Return how much of each old pixel is in each new one, (after, before); rows sum to 1."""
    edges = np.linspace(0.0, before, after + 1)
    low = np.maximum(edges[:-1, None], np.arange(before)[None, :])
    high = np.minimum(edges[1:, None], np.arange(1, before + 1)[None, :])
    covered: NDArray[np.float64] = np.clip(high - low, 0.0, None) * (after / before)
    return covered


def _even(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an image with an even number of rows; a missing last one repeats the one before."""
    return image if image.shape[0] % 2 == 0 else np.vstack([image, image[-1:]])
