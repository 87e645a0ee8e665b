"""A chart put on a page: the frame, the curves, the marks and their labels."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.cells import cell_len

from tutor.widgets.charts.canvas import canvas
from tutor.widgets.charts.labels import place
from tutor.widgets.charts.layout import cell_at
from tutor.widgets.charts.page import BOLD, shortened
from tutor.widgets.charts.reduction import reduced, stepped
from tutor.widgets.charts.strokes import Stroke, dotted, stroke

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from tutor.widgets.chart import Chart, Mark, Series
    from tutor.widgets.charts.characters import Characters
    from tutor.widgets.charts.layout import Layout
    from tutor.widgets.charts.page import Page
    from tutor.widgets.charts.reduction import Points

    Taken = NDArray[np.bool_]

SIGN_EVERY = 18
"""About how many columns lie between the signs on a line that has more points than columns."""


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """A series on its way to the canvas."""

    series: Series
    """What is drawn."""
    points: Points
    """Its points, reduced to about twice the width."""
    sign: str
    """What tells it apart without colour."""
    few: bool
    """Whether each of its points is shown."""


def paint_frame(page: Page, chart: Chart, layout: Layout, signs: Characters) -> None:
    """Put the axes, their numbers and labels and the legend on the page."""
    vertical, on_vertical, corner, horizontal, on_horizontal = signs.axes
    if layout.left:
        for row in range(layout.top, layout.top + layout.rows):
            page.put(row, layout.left - 1, vertical, "faint")
        for row, tick in layout.y_ticks:
            page.put(row, layout.left - 2 - cell_len(tick.text), tick.text, "muted")
            page.put(row, layout.left - 1, on_vertical, "faint")
    if layout.axis_row >= 0:
        page.put(layout.axis_row, layout.left, horizontal * layout.columns, "faint")
        page.put(layout.axis_row, layout.left - 1, corner, "faint")
        for column, begin, tick in layout.x_ticks:
            page.put(layout.axis_row, column, on_horizontal, "faint")
            page.put(layout.axis_row + 1, begin, tick.text, "muted")
    if layout.y_label_row >= 0:
        label = shortened(chart.y_label, page.width, signs.ellipsis)
        page.put(layout.y_label_row, 0, label, "muted")
    row, column = layout.x_label
    if row >= 0:
        page.put(row, column, shortened(chart.x_label, page.width, signs.ellipsis), "muted")
    for row, column, entry in layout.legend:
        page.put(row, column, entry.sign, BOLD + entry.role)
        page.put(row, column + cell_len(entry.sign) + 1, entry.name, "text")


def paint_canvas(
    page: Page, chart: Chart, curves: Sequence[Curve], layout: Layout, signs: Characters
) -> Taken:
    """Put the lines of marks, the curves and the marked points on the page, in this order.

    Returns:
        The cells of the canvas that show something now, shape (rows, columns).
    """
    taken = np.zeros((layout.rows, layout.columns), bool)
    points = []
    for mark in chart.marks:
        column, row = _cell(mark, layout)
        if column is not None and row is not None:
            points.append((row, column, signs.point, mark.role))
        elif column is not None:
            taken[:, column] = True
            for at in range(layout.top, layout.top + layout.rows):
                page.put(at, layout.left + column, signs.vertical, mark.role)
        elif row is not None:
            taken[row] = True
            line = signs.horizontal * layout.columns
            page.put(layout.top + row, layout.left, line, mark.role)
    _paint_curves(page, curves, layout, signs, taken)
    for row, column, sign, role in points:
        taken[row, column] = True
        page.put(layout.top + row, layout.left + column, sign, BOLD + role)
    return taken


def paint_marks(
    page: Page, marks: Sequence[Mark], taken: Taken, layout: Layout, signs: Characters
) -> None:
    """Put the labels of marks beside them, where they hide as little as possible."""
    for mark in marks:
        column, row = _cell(mark, layout)
        label = shortened(mark.label, layout.columns, signs.ellipsis)
        if label and (column is not None or row is not None):
            cells = cell_len(label)
            at_row, at_column = place(taken, cells, column, row)
            taken[at_row, at_column : at_column + cells] = True
            page.put(layout.top + at_row, layout.left + at_column, label, mark.role)


def _cell(mark: Mark, layout: Layout) -> tuple[int | None, int | None]:
    """Return the column and the row of a mark on the canvas, nothing if it is not on it."""
    (across, down), x, y = layout.dots, layout.x, layout.y
    column = row = None
    if mark.x is not None:
        if not 0 <= x.share(mark.x) <= 1:
            return None, None
        column = cell_at(x.share(mark.x), layout.columns, across)
    if mark.y is not None:
        if not 0 <= y.share(mark.y) <= 1:
            return None, None
        row = layout.rows - 1 - cell_at(y.share(mark.y), layout.rows, down)
    return column, row


def _paint_curves(
    page: Page, curves: Sequence[Curve], layout: Layout, signs: Characters, taken: Taken
) -> None:
    curves = sorted(curves, key=lambda curve: curve.series.layer)
    lines = [_line(curve, layout) for curve in curves]
    for curve, line in zip(curves, lines, strict=True):
        sign = curve.sign if signs.ascii_only else None
        rows = canvas(line, sign, (layout.columns, layout.rows), layout.dots)
        for at, cells in enumerate(rows):
            put = page.overlay(layout.top + at, layout.left, cells, curve.series.role)
            taken[at, put] = True
    drawn = [curve for curve in curves if curve.series.style in ("line", "steps")]
    for curve, line in zip(curves, lines, strict=True):
        places: Iterable[tuple[int, int]] = ()
        if curve.series.style == "points":
            places = _cells_of_points(curve.series.x, curve.series.y, layout)
        elif curve.few:
            places = _cells_of_points(*curve.points, layout)
        elif len(drawn) > 1 and curve in drawn and not signs.ascii_only:
            share = (drawn.index(curve) + 0.5) / len(drawn)
            places = _cells_along(line, share, layout)
        for at_row, at_column in places:
            taken[at_row, at_column] = True
            row, column = layout.top + at_row, layout.left + at_column
            page.put(row, column, curve.sign, BOLD + curve.series.role)


def _line(curve: Curve, layout: Layout) -> Stroke:
    """Return the line of a curve in dots; it has no points if the curve has no line."""
    if curve.series.style == "points":
        return Stroke([], [], [])
    across, down = layout.dots
    wide, high = layout.columns * across, layout.rows * down
    x, y = reduced(*curve.points, layout.x.edges(wide))
    if curve.series.style == "steps":
        x, y = stepped(x, y)
    line = stroke(layout.x.places(x, wide), layout.y.places(y, high), wide, high)
    return dotted(line, 1.0 + across) if curve.series.style == "dotted" else line


def _cells_of_points(x: NDArray[Any], y: NDArray[Any], layout: Layout) -> Iterator[tuple[int, int]]:
    """Return the rows and columns of the cells that points lie in, each once."""
    across, down = layout.dots
    x_share, y_share = layout.x.shares(np.asarray(x, float)), layout.y.shares(np.asarray(y, float))
    seen = (x_share >= 0) & (x_share <= 1) & (y_share >= 0) & (y_share <= 1)
    columns = (x_share[seen] * (layout.columns * across - 1) + 0.5).astype(int) // across
    rows = layout.rows - 1 - (y_share[seen] * (layout.rows * down - 1) + 0.5).astype(int) // down
    held = np.zeros((layout.rows, layout.columns), bool)
    held[rows, columns] = True
    return ((int(row), int(column)) for row, column in np.argwhere(held))


def _cells_along(line: Stroke, share: float, layout: Layout) -> Iterator[tuple[int, int]]:
    """Return the rows and columns of a few cells that a line passes, about evenly spaced.

    Args:
        line: The line in dots.
        share: Where in each space between two cells to begin, in [0, 1).
        layout: The size of the canvas.
    """
    across, down = layout.dots
    many = max(round(layout.columns / SIGN_EVERY), 1)
    for number in range(many):
        column = int(layout.columns * (number + share) / many)
        at = column * across
        after = bisect_left(line.x, at)
        if 0 < after < len(line.x) and line.joined[after]:
            before_x, before_y = line.x[after - 1], line.y[after - 1]
            run = max(line.x[after] - before_x, 1e-9)
            height = before_y + (line.y[after] - before_y) * (at - before_x) / run
            yield layout.rows - 1 - int(height + 0.5) // down, column
