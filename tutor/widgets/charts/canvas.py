"""The canvas: lines drawn by plotext, read back cell by cell.

plotext has one figure for the whole process. Every call here clears it first, gives it the size
it needs instead of the terminal's, and builds it without showing it, so nothing is ever written
to the terminal and nothing remains from one call to the next. plotext draws no frame, no numbers
and no words: it takes every character for one cell, and a Korean one needs two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import plotext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutor.widgets.charts.strokes import Stroke

BRAILLE = (2, 4)
"""How many dots a cell of Braille has, across and down."""
NOBODY = -1
"""The owner of an empty cell."""

_RUN = re.compile(r"\x1b\[(?:38;2;0;0;(\d+)|[\d;]*)m([^\x1b]*)")

Row = list[tuple[str, int]]
"""A row of the canvas: for each cell its character and the stroke it belongs to."""


def canvas(
    strokes: Sequence[tuple[Stroke, str]], width: int, height: int, *, ascii_only: bool
) -> list[Row]:
    """Draw strokes and return the rows, from the top.

    Where strokes share a cell it shows the dots of all and belongs to the last.

    Args:
        strokes: Lines in dots, each with the character that draws it where Braille does not; at
            most 255. A cell has 2 × 4 dots of Braille, or one ASCII character.
        width: The width in cells, at least 1.
        height: The height in cells, at least 1.
        ascii_only: Whether to draw with the characters instead of Braille.
    """
    across, down = (1, 1) if ascii_only else BRAILLE
    figure = _cleared(width, height, width * across, height * down)
    for owner, (line, sign) in enumerate(strokes):
        if line.x:
            # The colour is the owner's number; plotext's own colours never come up.
            marker = plotext.marker(sign if ascii_only else "braille", (0, 0, owner + 1))
            x, y = [v + 0.5 for v in line.x], [v + 0.5 for v in line.y]
            signal = figure.signal(x, y, marker=marker)
            signal.lines(any(line.joined))
            for index, joined in enumerate(line.joined):
                if not joined:
                    signal.line(index, active=False)
            figure.draw(signal)
    return [_row(text) for text in figure.build().string().split("\n")[:height]]


def _cleared(width: int, height: int, wide: int, high: int) -> plotext.figure:
    """Return the figure with nothing in it, showing `wide` × `high` dots edge to edge."""
    plotext.terminal.limit(width=False, height=False)
    figure = plotext.figure
    # Not clear(): that asks the terminal for its size.
    for part in (figure.clear.subplots, figure.clear.data, figure.clear.settings):
        part()
    figure.theme("colorless").plot_size(width, height).axes(active=False).legend(active=False)
    for axis, dots in (("x", wide), ("y", high)):
        ruler = figure.ruler(axis, 0)
        ruler.ticks([]).alignment(lim="edge")
        ruler.lim(0, dots)
    return figure


def _row(text: str) -> Row:
    """Read one line of plotext's, whose colours say which stroke a cell belongs to."""
    row: Row = []
    for owner, run in _RUN.findall(text):
        row.extend((sign, int(owner) - 1 if owner else NOBODY) for sign in run)
    return row
