"""How a drawing and what touches it look: a pixel is half a cell high, or two cells wide."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tutor.widgets import ink
from tutor.widgets.ink import SIDE

if TYPE_CHECKING:
    from textual.geometry import Region

SIGNS = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
ASCII_SIGNS = {(0, 0): " ", (1, 0): "'", (0, 1): ".", (1, 1): "#"}
"""What shows an upper and a lower pixel without and with ink where there are no colours."""

TOUCHED = 2
"""What is added to the state of a pixel, 0 without and 1 with ink, that something touches."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What drawings are shown on."""

    colours: tuple[str, ...]
    """Those of paper and of ink, and of paper and ink that are touched; empty for signs instead."""
    ascii_only: bool
    """Whether the signs are ASCII."""
    large: bool
    """Whether a pixel is two cells wide and one high."""

    @property
    def margin(self) -> int:
        """How many cells each side takes: paper that has no colour needs an edge."""
        return 0 if self.colours else 1

    @property
    def size(self) -> tuple[int, int]:
        """How many columns and lines it takes."""
        columns, lines = (2 * SIDE, SIDE) if self.large else (SIDE, SIDE // 2)
        return columns + 2 * self.margin, lines

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """Return the column and row of the pixel at a place of the paper, in cells."""
        x -= self.margin
        return (int(x // 2), int(y // 1)) if self.large else (int(x // 1), int(y * 2 // 1))

    def lines(self, drawing: int, touched: Region | None) -> list[Strip]:
        """Return a drawing as lines; `touched` are the pixels under the pen or the eraser."""
        rows = [self._states(drawing, row, touched) for row in range(SIDE)]
        if self.large:
            return [self._line(zip(row, row, strict=True), 2) for row in rows]
        pairs = zip(rows[::2], rows[1::2], strict=True)
        return [self._line(zip(upper, lower, strict=True), 1) for upper, lower in pairs]

    def _states(self, drawing: int, row: int, touched: Region | None) -> list[int]:
        states = ink.row(drawing, row)
        if touched is not None and touched.y <= row < touched.bottom:
            for column in range(touched.x, touched.right):
                states[column] += TOUCHED
        return states

    def _line(self, pixels: zip[tuple[int, int]], cells: int) -> Strip:
        """Return a line in which each pair of an upper and a lower pixel takes some cells."""
        side = Segment(("|" if self.ascii_only else "│") * self.margin)
        runs = [self._cells(*pair, cells * len(list(run))) for pair, run in groupby(pixels)]
        return Strip([side, *runs, side])

    def _cells(self, upper: int, lower: int, cells: int) -> Segment:
        """Return cells that all show the same two pixels."""
        if not self.colours:
            signs = ASCII_SIGNS if self.ascii_only else SIGNS
            sign = signs[upper % TOUCHED, lower % TOUCHED]
            if max(upper, lower) < TOUCHED:
                return Segment(sign * cells)
            return Segment((sign if sign != " " else "+") * cells, Style(reverse=True))
        over, under = self.colours[upper], self.colours[lower]
        if over == under:
            return Segment(" " * cells, Style(bgcolor=over))
        return Segment("▀" * cells, Style(color=over, bgcolor=under))
