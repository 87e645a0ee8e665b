"""The canvas: lines drawn by plotext, read back cell by cell.

plotext has one figure for the whole process. Every call here clears it first, gives it the size
it needs instead of the terminal's, and builds it without showing it, so nothing is ever written
to the terminal and nothing remains from one call to the next. plotext draws no frame, no numbers
and no words: it takes every character for one cell, and a Korean one needs two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutor.widgets.charts.strokes import Stroke

MIDDLE = 0.5 + 0.01
"""From a dot's place to its middle, so that what lies just between two dots gets the upper right
one; plotext moves points by up to 0.007 dots (`rescale_element` in its `8_data.cpp`)."""


def canvas(
    line: Stroke, sign: str | None, size: tuple[int, int], dots: tuple[int, int]
) -> Sequence[str]:
    """Draw a line and return the rows of the canvas, from the top, blank where it is not.

    Args:
        line: The line in dots.
        sign: The ASCII character that draws it, None for Braille.
        size: The width and the height in cells, each at least 1.
        dots: How many dots a cell has, across and down: 2 and 4 in Braille, 1 and 1 in ASCII.
    """
    if not line.x:
        return [" " * size[0]] * size[1]
    figure = _cleared(size, dots)
    x, y = [v + MIDDLE for v in line.x], [v + MIDDLE for v in line.y]
    signal = figure.signal(x, y, marker=plotext.marker(sign or "braille"))
    signal.lines(any(line.joined))
    for index, joined in enumerate(line.joined):
        if not joined:
            signal.line(index, active=False)
    figure.draw(signal)
    rows: list[str] = figure.build().string(colorless=True).split("\n")
    return rows[: size[1]]


def _cleared(size: tuple[int, int], dots: tuple[int, int]) -> plotext.figure:
    """Return the figure with nothing in it, showing all dots of the canvas edge to edge."""
    plotext.terminal.limit(width=False, height=False)
    figure = plotext.figure
    # Not clear(): that asks the terminal for its size.
    for part in (figure.clear.subplots, figure.clear.data, figure.clear.settings):
        part()
    figure.canvas("default").plot_size(*size).axes(active=False).legend(active=False)
    for axis in (0, 1):
        ruler = figure.ruler("xy"[axis], 0)
        ruler.ticks([])
        ruler.alignment(lim="edge")
        ruler.lim(0, size[axis] * dots[axis])
    return figure
