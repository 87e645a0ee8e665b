"""Reduction, ticks, colours and pages: the steps of a drawing that need no plotext."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from tutor.themes import THEMES
from tutor.widgets.chart import Chart, Mark, Series
from tutor.widgets.charts.page import Page, message, shortened, wrapped
from tutor.widgets.charts.palette import LEGIBLE, palette
from tutor.widgets.charts.reduction import extent, reduced, stepped
from tutor.widgets.charts.scale import Scale
from tutor.widgets.charts.strokes import dotted, stroke
from tutor.widgets.charts.ticks import is_range, rounded_range, shown_range, ticks

CORNERS = (0.0, -0.0, 1e-320, 1e308, -1e308, math.inf, -math.inf, math.nan)


@st.composite
def dense(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Many points, some of them odd, and the boundaries of a few columns."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, columns = draw(st.integers(0, 600)), draw(st.integers(1, 40))
    x = rng.uniform(-1, 2, count)
    if draw(st.booleans()):
        x = np.round(x, 1)
    if draw(st.booleans()):
        x.sort()
    y = rng.normal(size=count)
    for odd in draw(st.lists(st.sampled_from(CORNERS), max_size=3)):
        y[rng.random(count) < draw(st.sampled_from((0.01, 0.3, 0.9)))] = odd
    if draw(st.booleans()) and count:
        x[rng.integers(count)] = draw(st.sampled_from((math.inf, -math.inf, math.nan)))
    return x, y, np.linspace(0, 1, columns + 1)


@given(dense())
def test_the_reduction_keeps_the_extremes_of_every_column(data: tuple[np.ndarray, ...]) -> None:
    x, y, edges = data
    small_x, small_y = reduced(x, y, edges)
    assert small_x.size <= max(2 * edges.size, 3 * (edges.size + 1))
    assert (np.diff(small_x) >= 0).all()
    for low, high in pairwise(edges):
        before, after = y[(low <= x) & (x < high)], small_y[(low <= small_x) & (small_x < high)]
        before, after = before[~np.isnan(before)], after[~np.isnan(after)]
        assert bool(before.size) == bool(after.size)
        if before.size:
            assert (before.min(), before.max()) == (after.min(), after.max())


@given(dense())
def test_the_reduction_invents_no_point(data: tuple[np.ndarray, ...]) -> None:
    x, y, edges = data
    small_x, small_y = reduced(x, y, edges)
    assert np.isin(small_x, x).all()
    assert np.isin(small_y[~np.isnan(small_y)], y).all()


def test_a_spike_among_a_million_points_survives() -> None:
    y = np.zeros(1_000_000)
    y[123_456] = 7.0
    x, small = reduced(np.arange(y.size), y, np.linspace(0, y.size, 101))
    assert small.max() == 7.0
    assert abs(x[small.argmax()] - 123_456) <= y.size / 100


def test_a_gap_wider_than_a_column_stays_and_no_other_comes() -> None:
    x = np.linspace(0, 1, 10_000)
    y = np.sin(x)
    edges = np.linspace(0, 1, 51)
    assert not np.isnan(reduced(x, y, edges)[1]).any()
    y[(x > 0.4) & (x < 0.6)] = np.nan
    small_x, small_y = reduced(x, y, edges)
    gaps = np.flatnonzero(np.isnan(small_y))
    assert gaps.size == 1
    assert small_x[gaps[0] - 1] <= 0.4
    assert small_x[gaps[0] + 1] >= 0.6


def test_the_neighbours_outside_the_window_are_kept() -> None:
    x = np.arange(100_000.0)
    small_x, _ = reduced(x, x, np.linspace(500.5, 90_000.5, 11))
    assert small_x[0] == 500
    assert small_x[-1] == 90_001
    two_x, _ = reduced(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.linspace(0.4, 0.6, 11))
    assert two_x.tolist() == [0.0, 1.0]


def test_steps_keep_each_value_until_the_next_point() -> None:
    x, y = stepped(np.array([0.0, 1.0, 3.0]), np.array([5.0, 6.0, 7.0]))
    assert x.tolist() == [0, 1, 1, 3, 3]
    assert y.tolist() == [5, 5, 6, 6, 7]
    assert stepped(np.array([]), np.array([]))[0].size == 0


def test_the_extent_is_that_of_the_finite_values() -> None:
    values = np.array([np.nan, -np.inf, -3.0, 0.0, 2.0, np.inf])
    assert extent(values) == (-3.0, 2.0)
    assert extent(values, positive=True) == (2.0, 2.0)
    assert extent(np.array([np.nan])) == ()
    assert extent(np.array([])) == ()


@pytest.mark.parametrize(
    ("low", "high", "unit", "most", "texts"),
    [
        (0, 1, "percent", 6, "0 %|20 %|40 %|60 %|80 %|100 %"),
        (0, 1, "percent", 3, "0 %|50 %|100 %"),
        (0, 1, "percent", 2, "0 %|100 %"),
        (0.0, 0.004, "percent", 5, "0.0 %|0.1 %|0.2 %|0.3 %|0.4 %"),
        (0, 1, "", 6, "0.0|0.2|0.4|0.6|0.8|1.0"),
        (-3, 2, "", 3, "-2|0|2"),
        (0, 1e6, "count", 3, "0|500k|1M"),
        (0, 2500, "count", 3, "0|1,000|2,000"),
        (0, 3, "count", 8, "0|1|2|3"),
        (0, 0.5, "count", 8, "0"),
        (0, 1e-7, "", 3, "0|5e-8|1e-7"),
        (0, 4.5, "", 2, "0|4"),
    ],
)
def test_ticks_are_round(low: float, high: float, unit: str, most: int, texts: str) -> None:
    found = ticks(low, high, log=False, unit=unit, most=most)
    assert "|".join(tick.text for tick in found) == texts


@pytest.mark.parametrize(
    ("low", "high", "unit", "most", "texts"),
    [
        (1, 1e7, "count", 8, "1|10|100|1k|10k|100k|1M|10M"),
        (1, 1e7, "count", 4, "1|100|10k|1M"),
        (1e-5, 1e-1, "", 5, "1e-5|1e-4|1e-3|1e-2|1e-1"),
        (0.01, 10, "", 5, "0.01|0.1|1|10"),
        (0.001, 1, "percent", 5, "0.1 %|1 %|10 %|100 %"),
        (2, 60, "", 5, "2|5|10|20|50"),
        (2, 3, "", 3, "2.0|2.5|3.0"),
    ],
)
def test_logarithmic_ticks_are_powers(
    low: float, high: float, unit: str, most: int, texts: str
) -> None:
    found = ticks(low, high, log=True, unit=unit, most=most)
    assert "|".join(tick.text for tick in found) == texts


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from(CORNERS)


@given(
    st.lists(numbers, max_size=4),
    st.booleans(),
    st.sampled_from(("percent", "count", "")),
    st.integers(0, 9),
)
def test_any_numbers_give_a_range_and_few_ticks_in_it(
    values: list[float],
    log: bool,  # noqa: FBT001
    unit: str,
    most: int,
) -> None:
    ends = shown_range(values, log=log, unit=unit)
    assert is_range(ends, log=log)
    low, high = rounded_range(*ends, log=log)
    assert low <= ends[0] < ends[1] <= high
    found = ticks(*ends, log=log, unit=unit, most=most)
    assert len(found) <= most
    assert len({tick.text for tick in found}) == len(found)
    room = 1e-4 * (ends[1] - ends[0])
    for one, other in pairwise(found):
        assert one.value < other.value
    for tick in found:
        assert ends[0] * (1 - 1e-4 * log) - room <= tick.value <= ends[1] * (1 + 1e-4 * log) + room
        assert len(tick.text) <= 24
        assert tick.text.isascii()


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(1, 9))
def test_linear_ticks_are_1_2_or_5_apart(start: float, span: float, most: int) -> None:
    found = ticks(start, start + span, log=False, unit="", most=most)
    if len(found) > 2:
        steps = np.diff([tick.value for tick in found])
        mantissa = float(f"{steps.mean():.2e}".split("e")[0])
        assert np.allclose(steps, steps[0], rtol=1e-3)
        assert mantissa in (1.0, 2.0, 5.0)


def test_a_scale_goes_from_0_to_1() -> None:
    assert Scale(-1, 3, log=False).share(1.0) == 0.5
    assert Scale(1, 100, log=True).share(10.0) == 0.5
    assert Scale(1, 100, log=True).share(0.0) == -math.inf
    assert math.isnan(Scale(1, 100, log=True).share(-1.0))
    edges = Scale(1, 100, log=True).edges(3)
    assert np.allclose(np.sqrt(edges[1:] * edges[:-1]), [1, 10, 100])


@given(
    st.lists(st.tuples(st.floats(-50, 150), numbers), max_size=60),
    st.integers(1, 100),
    st.integers(1, 100),
)
def test_strokes_stay_in_the_picture(
    points: list[tuple[float, float]], wide: int, high: int
) -> None:
    points.sort(key=lambda point: point[0])
    x, y = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    line = stroke(x, y, wide, high)
    for one in (line, dotted(line, 3.0)):
        assert len(one.x) == len(one.y) == len(one.joined)
        assert all(-0.5 < v < wide - 0.5 for v in one.x)
        assert all(-0.5 < v < high - 0.5 for v in one.y)
    assert not line.joined or not line.joined[0]


@given(st.lists(st.floats(0, 99), min_size=2, max_size=80))
def test_thinning_moves_a_line_by_less_than_half_a_dot(heights: list[float]) -> None:
    x, y = np.linspace(0, 99, len(heights)), np.array(heights)
    line = stroke(x, y, 100, 100)
    assert np.abs(np.interp(x, line.x, line.y) - y).max() < 0.5
    straight = stroke(x, x, 100, 100)
    assert len(straight.x) == 2


def test_a_line_that_blows_up_leaves_at_the_top() -> None:
    line = stroke(np.array([0.0, 10.0, 20.0]), np.array([5.0, np.inf, 5.0]), 30, 10)
    assert max(line.y) > 9
    assert line.x[0] == 0.0
    assert line.x[-1] == 20.0


@pytest.mark.parametrize("theme", [*BUILTIN_THEMES.values(), *THEMES], ids=lambda theme: theme.name)
def test_every_role_is_legible_in_every_theme(theme: object) -> None:
    variables = {**theme.to_color_system().generate(), **theme.variables}
    colours = palette(variables)
    assert {"text", "muted", "faint", "ill", "healthy", "primary", "accent"} <= set(colours)
    if not theme.ansi:
        background = Color.parse(variables["background"])
        for role in set(colours) - {"muted", "faint"}:
            one, other = sorted((_luminance(Color.parse(colours[role])), _luminance(background)))
            assert (other + 0.05) / (one + 0.05) >= LEGIBLE


def _luminance(colour: Color) -> float:
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in colour.normalized]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def test_without_colours_there_is_no_palette() -> None:
    assert palette({}) == {}


def test_a_wide_letter_that_loses_a_half_loses_both() -> None:
    page = Page(6, 1)
    page.put(0, 0, "가나다", "text")
    page.put(0, 1, "xx", "text")
    assert page.lines({})[0].text == " xx 다"


@given(st.text(max_size=20), st.integers(-5, 20), st.integers(1, 20))
def test_a_page_keeps_its_width(text: str, column: int, width: int) -> None:
    page = Page(width, 1)
    page.put(0, column, text.replace("\x00", ""), "text")
    line = page.lines({})[0]
    assert cell_len(line.text) == width


@given(st.text(alphabet="ab가나 é👩🏽‍🔬", max_size=40), st.integers(2, 20))
def test_broken_and_shortened_texts_fit(text: str, width: int) -> None:
    rows = wrapped(text, width)
    assert all(row and cell_len(row) <= width for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
    for ellipsis in ("…", "..."):
        short = shortened(text, width, ellipsis)
        assert cell_len(short) <= width
        assert short == text or short.endswith(ellipsis) or width < cell_len(ellipsis) + 2


def test_a_message_stands_in_the_middle() -> None:
    lines = [line.text for line in message("아직 그림이 없습니다.", 30, 5, {})]
    assert [cell_len(line) for line in lines] == [30] * 5
    assert lines[2].strip() == "아직 그림이 없습니다."
    assert not "".join(lines[:2] + lines[3:]).strip()


def test_what_is_no_chart_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Series(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="shape"):
        Series(np.zeros((2, 2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="mark"):
        Mark("nowhere")
    assert Chart() != Chart()
