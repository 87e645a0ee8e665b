"""A chart drawn as lines of text: a pure function of the chart, a size and colours.

plotext draws the curves on a canvas of Braille; the frame, the numbers and all words are put around
and on it cell by cell. numpy and plotext are loaded with this module, so import it late.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len

from tutor.safe import one_line
from tutor.widgets.charts.characters import ASCII, UNICODE
from tutor.widgets.charts.layout import Entry, arranged, x_scale, y_scale
from tutor.widgets.charts.page import Page, shortened
from tutor.widgets.charts.painting import Curve, paint_canvas, paint_frame, paint_marks
from tutor.widgets.charts.reduction import extent, reduced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.strip import Strip

    from tutor.widgets.chart import Chart, Mark
    from tutor.widgets.charts.characters import Characters
    from tutor.widgets.charts.layout import Layout
    from tutor.widgets.charts.scale import Scale

SPARSE = 3
"""A line with fewer points than one in so many columns shows each of them."""

UNSIGNED = ("dotted", "band")
"""The styles that are told apart by how they look."""


def draw(
    chart: Chart, width: int, height: int, palette: Mapping[str, str], *, ascii_only: bool = False
) -> list[Strip]:
    """Draw a chart and return its lines, exactly `height` of exactly `width` cells.

    Any data give a picture: none, one point, constants, NaN, infinities. Nothing has a background.

    Args:
        chart: What is shown; its texts need not be safe.
        width: The width in cells; nothing is drawn if it is less than 1.
        height: The height in cells; the same.
        palette: The colour of each role as Rich names it, "#rrggbb" for one. A role that is not
            there has the colour of "text", or none if there is no such role either. The frame
            has the roles "muted" and "faint".
        ascii_only: Whether everything that is drawn is ASCII; the texts of the chart stay as
            they are.
    """
    if width < 1 or height < 1:
        return []
    chart = _made_safe(chart)
    signs = ASCII if ascii_only else UNICODE
    curves, layout = _laid_out(chart, width, height, signs)
    page = Page(width, height)
    paint_frame(page, chart, layout, signs)
    taken = paint_canvas(page, chart, curves, layout, signs)
    beside = [mark for mark in chart.marks if _stands_beside(mark, width)]
    paint_marks(page, beside, taken, layout, signs)
    return page.lines(palette)


def canvas_columns(
    chart: Chart, width: int, height: int, *, ascii_only: bool = False
) -> tuple[int, int]:
    """Return the first column of a drawn chart's canvas, and how many it has.

    Args:
        chart: What is shown.
        width: The width of the picture in cells, at least 1.
        height: Its height in cells, at least 1.
        ascii_only: Whether it is drawn in ASCII.
    """
    signs = ASCII if ascii_only else UNICODE
    _, layout = _laid_out(_made_safe(chart), width, height, signs)
    return layout.left, layout.columns


def _laid_out(
    chart: Chart, width: int, height: int, signs: Characters
) -> tuple[list[Curve], Layout]:
    x = x_scale(chart, _all_x(chart))
    curves = _curves(chart, x, width, signs)
    y = y_scale(chart, _all_y(chart, curves, x))
    entries = _entries(chart, curves, width, signs)
    return curves, arranged(chart, entries, (x, y), (width, height), signs.dots)


def _made_safe(chart: Chart) -> Chart:
    return replace(
        chart,
        series=tuple(replace(one, name=one_line(one.name)) for one in chart.series),
        marks=tuple(replace(mark, label=one_line(mark.label)) for mark in chart.marks),
        x_label=one_line(chart.x_label),
        y_label=one_line(chart.y_label),
    )


def _all_x(chart: Chart) -> list[float]:
    values = [v for one in chart.series for v in extent(one.x, positive=chart.x_log)]
    return values + [mark.x for mark in chart.marks if mark.x is not None]


def _all_y(chart: Chart, curves: Sequence[Curve], x: Scale) -> list[float]:
    """Return what the vertical axis has to hold of the part that the horizontal one shows."""
    values = [mark.y for mark in chart.marks if mark.y is not None and _on(x, mark.x)]
    for curve in curves:
        at, y = curve.points
        seen = y[(x.low <= at) & (at <= x.high)]
        values += extent(seen, positive=chart.y_log)
    return values


def _on(scale: Scale, value: float | None) -> bool:
    return value is None or 0 <= scale.share(value) <= 1


def _curves(chart: Chart, x: Scale, width: int, signs: Characters) -> list[Curve]:
    edges = x.edges(2 * width)
    curves: list[Curve] = []
    for one in chart.series:
        points = reduced(one.x, one.y, edges)
        seen = int((np.isfinite(points[1]) & (x.low <= points[0]) & (points[0] <= x.high)).sum())
        number = sum(curve.series.style not in UNSIGNED for curve in curves)
        plain = {"dotted": signs.dotted, "band": signs.band}
        sign = plain.get(one.style, signs.series[number % len(signs.series)])
        few = one.style not in UNSIGNED and seen <= width // SPARSE
        curves.append(Curve(one, points, sign, few))
    return curves


def _entries(chart: Chart, curves: Sequence[Curve], width: int, signs: Characters) -> list[Entry]:
    entries = []
    for curve in curves:
        if curve.series.name:
            sign = curve.sign
            if curve.series.style in UNSIGNED or not signs.line:
                sign *= 1 if curve.series.style == "points" else 2
            elif curve.series.style != "points":
                shown = curve.few or _several(curves)
                sign = signs.line + (sign if shown else "") + signs.line
            entries.append(_entry(sign, curve.series.name, curve.series.role, width, signs))
    entries += [
        _entry(_mark_sign(mark, signs), mark.label, mark.role, width, signs)
        for mark in chart.marks
        if not _stands_beside(mark, width)
    ]
    return entries


def _entry(sign: str, name: str, role: str, width: int, signs: Characters) -> Entry:
    room = max(width - cell_len(sign) - 1, 0)
    return Entry(sign, shortened(name, room, signs.ellipsis), role)


def _several(curves: Sequence[Curve]) -> bool:
    """Return whether lines need signs to be told apart."""
    return sum(curve.series.style in ("line", "steps") for curve in curves) > 1


def _stands_beside(mark: Mark, width: int) -> bool:
    """Return whether a mark's label stands beside it, and not in the legend."""
    return cell_len(mark.label) <= width // 2


def _mark_sign(mark: Mark, signs: Characters) -> str:
    if mark.x is None:
        return signs.horizontal * 2
    return signs.vertical if mark.y is None else signs.point
