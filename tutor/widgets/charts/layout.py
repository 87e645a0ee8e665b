"""Where everything of a chart goes, and what its axes show, at one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tutor.widgets.charts.scale import Scale
from tutor.widgets.charts.ticks import is_range, rounded_range, shown_range, ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tutor.widgets.chart import Chart, Range
    from tutor.widgets.charts.ticks import Tick

LEAST_ROWS = 3
"""The canvas gets this many rows before anything else gets one."""
LEAST_COLUMNS = 10
"""With fewer columns left for the canvas, the numbers along the vertical axis are left out."""
ROWS_A_TICK = 2
"""The least distance of numbers along the vertical axis."""
MOST_Y_TICKS = 6
"""More numbers than these are not read along the vertical axis."""
MOST_X_TICKS = 8
"""More numbers than these are not read along the horizontal axis."""
TICK_GAP = 3
"""The least blank between numbers along the horizontal axis."""
ENTRY_GAP = 3
"""The blank between entries of the legend, and between it and the label beside it."""
CROWDED = 8
"""With fewer rows for the canvas, the horizontal axis has its label among its numbers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in the legend."""

    sign: str
    """What the curve or mark looks like."""
    name: str
    """What it is called."""
    role: str
    """What colours the sign."""

    @property
    def cells(self) -> int:
        """How wide it is."""
        return cell_len(self.sign) + 1 + cell_len(self.name)


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a picture in cells, from the upper left corner. A row of −1 is not there."""

    left: int
    """The first column of the canvas."""
    top: int
    """The first row of the canvas."""
    columns: int
    """The width of the canvas."""
    rows: int
    """The height of the canvas."""
    dots: tuple[int, int]
    """How many dots a cell has, across and down."""
    y_label_row: int
    """Where the label of the vertical axis stands."""
    axis_row: int
    """Where the horizontal axis lies; the numbers stand in the row below it."""
    x_label: tuple[int, int]
    """The row and the column where the label of the horizontal axis begins."""
    legend: tuple[tuple[int, int, Entry], ...]
    """The rows and columns where the entries of the legend begin."""
    x: Scale
    """What the horizontal axis shows."""
    y: Scale
    """What the vertical axis shows."""
    x_ticks: tuple[tuple[int, int, Tick], ...]
    """For each number along the horizontal axis its column and that where its text begins."""
    y_ticks: tuple[tuple[int, Tick], ...]
    """For each number along the vertical axis its row."""


def x_scale(chart: Chart, values: Iterable[float]) -> Scale:
    """Return what the horizontal axis shows: its range, or that of the data's finite `values`."""
    given = chart.x_range
    if given is not None and is_range(given, log=chart.x_log):
        return Scale(*given, chart.x_log)
    return Scale(*shown_range(values, log=chart.x_log, unit=chart.x_unit), chart.x_log)


def y_scale(chart: Chart, values: Iterable[float]) -> Scale:
    """Return what the vertical axis shows: its range, or a round one that holds `values`."""
    given = chart.y_range
    if given is not None and is_range(given, log=chart.y_log):
        return Scale(*given, chart.y_log)
    ends: Range = shown_range(values, log=chart.y_log, unit=chart.y_unit)
    return Scale(*rounded_range(*ends, log=chart.y_log), chart.y_log)


def arranged(
    chart: Chart,
    entries: Sequence[Entry],
    scales: tuple[Scale, Scale],
    size: tuple[int, int],
    dots: tuple[int, int],
) -> Layout:
    """Return the parts of a picture; the canvas has at least one cell.

    A small picture gives up, in this order: the legend's further rows, the label of the horizontal
    axis, that of the vertical axis, the legend, the axes.

    Args:
        chart: What is shown.
        entries: The names in the legend.
        scales: What the horizontal and the vertical axis show.
        size: The width and the height in cells, each at least 1.
        dots: How many dots a cell of the canvas has, across and down.
    """
    layout = _arranged(chart, entries, scales, size, dots)
    if layout.rows < CROWDED and chart.x_label:
        tight = _arranged(chart, entries, scales, size, dots, tight=True)
        if tight.x_label[0] >= 0:
            return tight
    return layout


def _arranged(  # noqa: PLR0913 - what `arranged` gets, and one more
    chart: Chart,
    entries: Sequence[Entry],
    scales: tuple[Scale, Scale],
    size: tuple[int, int],
    dots: tuple[int, int],
    *,
    tight: bool = False,
) -> Layout:
    """Return the parts of a picture; if `tight`, one label has no row of its own."""
    (x, y), (width, height) = scales, size
    legend = _in_rows(entries, width)
    label_cells = cell_len(chart.y_label) + ENTRY_GAP if chart.y_label else 0
    beside = len(legend) == 1 and label_cells + _cells(legend[0]) <= width
    granted = _granted(
        height - LEAST_ROWS,
        {
            "axis": 2,
            "names": int(beside),
            "first names": int(bool(legend) and not beside),
            "y label": int(bool(chart.y_label) and not beside),
            "x label": int(bool(chart.x_label) and not tight),
            "more names": 0 if beside else max(len(legend) - 1, 0),
        },
    )
    below = granted["first names"] + granted["more names"]
    top = granted["names"] + granted["y label"]
    rows = max(height - sum(granted.values()), 1)
    y_ticks = _y_ticks(chart, y, top, rows, dots[1])
    left = max((cell_len(tick.text) + 2 for _, tick in y_ticks), default=1)
    if not granted["axis"] or width - left < LEAST_COLUMNS:
        left, y_ticks = min(granted["axis"], 1, width - 1), ()
    axis_row, columns = top + rows, width - left
    x_ticks, x_label = _x_ticks(chart, x, left, columns, dots[0], tight=tight)
    if tight:
        x_label_row = axis_row + 1 if granted["axis"] and x_label >= 0 else -1
    else:
        x_label = left + max((columns - cell_len(chart.x_label)) // 2, -left)
        x_label_row = axis_row + granted["axis"] if granted["x label"] else -1
    return Layout(
        left=left,
        top=top,
        columns=columns,
        rows=rows,
        dots=dots,
        y_label_row=0 if top and chart.y_label else -1,
        axis_row=axis_row if granted["axis"] else -1,
        x_label=(x_label_row, x_label),
        legend=_placed(legend[: granted["names"]], 0, width, width)
        + _placed(legend[:below], height - below, left, width),
        x=x,
        y=y,
        x_ticks=x_ticks if granted["axis"] else (),
        y_ticks=y_ticks,
    )


def _granted(rows: int, wanted: dict[str, int]) -> dict[str, int]:
    """Share out rows in the order of the wishes; all but the last are met whole or not at all."""
    granted = {}
    *_, last = wanted
    for part, wish in wanted.items():
        granted[part] = wish if wish <= rows else max(rows, 0) if part == last else 0
        rows -= granted[part]
    return granted


def _y_ticks(
    chart: Chart, scale: Scale, top: int, rows: int, dots: int
) -> tuple[tuple[int, Tick], ...]:
    most = min(MOST_Y_TICKS, (rows - 1) // ROWS_A_TICK + 1)
    found = ticks(scale.low, scale.high, log=chart.y_log, unit=chart.y_unit, most=most)
    bottom = top + rows - 1
    return tuple((bottom - cell_at(scale.share(t.value), rows, dots), t) for t in found)


def _x_ticks(  # noqa: PLR0913 - the last says what the result holds
    chart: Chart, scale: Scale, left: int, columns: int, dots: int, *, tight: bool
) -> tuple[tuple[tuple[int, int, Tick], ...], int]:
    """Return as many numbers as stand side by side, each under its tick unless at an edge.

    If `tight`, the label stands in the widest blank between two of them, and comes with the column
    where it begins, −1 if there is no room.
    """
    needed = cell_len(chart.x_label) + 2 * TICK_GAP if tight else TICK_GAP
    for most in range(MOST_X_TICKS, 0, -1):
        found = ticks(scale.low, scale.high, log=chart.x_log, unit=chart.x_unit, most=most)
        placed: list[tuple[int, int, Tick]] = []
        blanks = []
        end = -TICK_GAP
        for tick in found:
            at = left + cell_at(scale.share(tick.value), columns, dots)
            cells = cell_len(tick.text)
            begin = max(0, min(at - cells // 2, left + columns - cells))
            if placed:
                blanks.append((begin - end, end))
            placed.append((at, begin, tick))
            end = begin + cells
        blank, start = max(blanks, default=(needed, 0) if not tight else (0, 0))
        too_near = any(cells < TICK_GAP for cells, _ in blanks)
        if end <= left + columns and not too_near and blank >= needed:
            return tuple(placed), start + (blank - cell_len(chart.x_label)) // 2 if tight else -1
    return (), -1


def cell_at(share: float, cells: int, dots: int) -> int:
    """Return the cell that holds the dot at a share of an axis.

    The axis begins in the middle of the first dot and ends in that of the last.

    Args:
        share: How far along the axis, in [0, 1]; what lies outside counts as the nearer end.
        cells: The length of the axis in cells.
        dots: How many dots a cell has.
    """
    return int(min(max(share, 0.0), 1.0) * (cells * dots - 1) + 0.5) // dots


def _in_rows(entries: Sequence[Entry], width: int) -> list[list[Entry]]:
    rows: list[list[Entry]] = []
    for entry in entries:
        if rows and _cells([*rows[-1], entry]) <= width:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    return rows


def _placed(
    rows: Sequence[Sequence[Entry]], top: int, left: int, width: int
) -> tuple[tuple[int, int, Entry], ...]:
    """Return where entries begin: at column `left`, or as near to it as the width allows."""
    placed = []
    for row, entries in enumerate(rows, top):
        column = max(min(left, width - _cells(entries)), 0)
        for entry in entries:
            placed.append((row, column, entry))
            column += entry.cells + ENTRY_GAP
    return tuple(placed)


def _cells(entries: Sequence[Entry]) -> int:
    return sum(entry.cells + ENTRY_GAP for entry in entries) - ENTRY_GAP
