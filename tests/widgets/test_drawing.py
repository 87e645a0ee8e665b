"""Whole pictures: any chart, at any size, is exact in cells and says what it should."""

from __future__ import annotations

import math
import re
import shutil
from typing import TYPE_CHECKING

import numpy as np
import plotext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.widgets.chart import Chart, Mark, Series
from tutor.widgets.drawing import draw

if TYPE_CHECKING:
    from textual.strip import Strip

PALETTE = {
    "text": "#eeeeee",
    "muted": "#888888",
    "faint": "#444444",
    "primary": "#0000ff",
    "ill": "#ff0000",
    "healthy": "#00ff00",
}
ROLES = (*PALETTE, "unheard of")
ODD = (0.0, -1.0, 1e-300, 1e308, -1e308, math.inf, -math.inf, math.nan)
GLYPHS = "●▲■◆▼✚"

LINE = np.linspace(0.0, 1.0, 500)


def told(lines: list[Strip]) -> list[str]:
    return [line.text for line in lines]


def braille(line: str) -> bool:
    return bool(re.search("[\u2801-\u28ff]", line))


def colours(lines: list[Strip], pattern: str) -> set[str]:
    """Return the colours of the characters that match."""
    return {
        segment.style.color.name
        for line in lines
        for segment in line
        if segment.style and segment.style.color and re.search(pattern, segment.text)
    }


numbers = st.floats(width=64) | st.sampled_from(ODD)
words = st.text(max_size=30) | st.sampled_from(("θ", "사전확률", "\x1b[31m", "[red]", "a\nb", ""))
maybe_range = st.none() | st.tuples(numbers, numbers)


@st.composite
def series(draw: st.DrawFn) -> Series:
    count = draw(st.integers(0, 8) | st.sampled_from((300, 1000)))
    if count <= 8:
        x = np.array(draw(st.lists(numbers, min_size=count, max_size=count)), float)
        y = np.array(draw(st.lists(numbers, min_size=count, max_size=count)), float)
    else:
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        x = rng.lognormal(size=count)
        y = rng.normal(size=count) * draw(st.sampled_from((1e-12, 1.0, 1e12)))
        y[rng.random(count) < 0.05] = draw(st.sampled_from(ODD))
    style = draw(st.sampled_from(("line", "dotted", "steps", "points")))
    return Series(x, y, draw(words), draw(st.sampled_from(ROLES)), style)


marks = st.builds(
    lambda label, at, role: Mark(label, *at, role),
    words,
    st.tuples(numbers, numbers | st.none()) | st.tuples(st.none(), numbers),
    st.sampled_from(ROLES),
)

charts = st.builds(
    Chart,
    series=st.lists(series(), max_size=4).map(tuple),
    marks=st.lists(marks, max_size=3).map(tuple),
    x_label=words,
    y_label=words,
    x_range=maybe_range,
    y_range=maybe_range,
    x_log=st.booleans(),
    y_log=st.booleans(),
    x_unit=st.sampled_from(("percent", "count", "")),
    y_unit=st.sampled_from(("percent", "count", "")),
)


@settings(max_examples=150, deadline=None)
@given(charts, st.integers(0, 110), st.integers(0, 34), st.booleans())
def test_any_chart_is_drawn_exactly(
    chart: Chart,
    width: int,
    height: int,
    ascii_only: bool,  # noqa: FBT001
) -> None:
    lines = draw(chart, width, height, PALETTE, ascii_only=ascii_only)
    assert len(lines) == (height if width else 0)
    for line in lines:
        assert cell_len(line.text) == line.cell_length == width
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", line.text)
        assert all(segment.style is None or segment.style.bgcolor is None for segment in line)


@settings(max_examples=40, deadline=None)
@given(st.lists(series(), max_size=4), st.integers(20, 100), st.integers(6, 30), st.booleans())
def test_the_ascii_picture_is_ascii(
    many: list[Series],
    width: int,
    height: int,
    log: bool,  # noqa: FBT001
) -> None:
    named = tuple(Series(one.x, one.y, "a name", "text", one.style) for one in many)
    marked = (Mark("a mark", x=1.0), Mark("a long mark " * 9, y=0.5), Mark("", x=1.0, y=0.5))
    chart = Chart(series=named, marks=marked, x_label="x " * 99, x_log=log, y_unit="percent")
    assert "".join(told(draw(chart, width, height, {}, ascii_only=True))).isascii()


def test_nothing_reaches_the_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: asked.append(1))
    y = np.where(LINE > 0.5, 1.0, np.nan)
    chart = Chart(series=(Series(LINE, LINE), Series(LINE, y), Series(LINE, 0 * LINE)), y_log=True)
    assert len(draw(chart, 200, 90, PALETTE)) == 90
    assert capfd.readouterr() == ("", "")
    assert asked == []


def test_one_drawing_leaves_nothing_to_the_next() -> None:
    chart = Chart(series=(Series(LINE, LINE**2, "square"),))
    before = draw(chart, 60, 18, PALETTE)
    plotext.figure.title("a title").theme("matrix").subplots(2, 2)
    draw(Chart(series=(Series(LINE, -LINE),), x_log=True), 31, 7, {}, ascii_only=True)
    assert draw(chart, 60, 18, PALETTE) == before


def bayes(names: tuple[str, str, str] = ("no change", "after +", "after −")) -> Chart:
    positive = 0.99 * LINE / (0.99 * LINE + 0.1 * (1 - LINE))
    negative = 0.01 * LINE / (0.01 * LINE + 0.9 * (1 - LINE))
    ends = np.array([0.0, 1.0])
    return Chart(
        series=(
            Series(ends, ends, names[0], "muted", "dotted"),
            Series(LINE, positive, names[1], "ill"),
            Series(LINE, negative, names[2], "healthy"),
        ),
        marks=(Mark("prior 10 %", x=0.1), Mark("52.4 %", x=0.1, y=0.524, role="primary")),
        x_label="prior",
        y_label="posterior",
        x_unit="percent",
        y_unit="percent",
        x_range=(0.0, 1.0),
        y_range=(0.0, 1.0),
    )


KOREAN = ("변화 없음", "양성일 때", "음성일 때")


@pytest.mark.parametrize("names", [("no change", "after +", "after −"), KOREAN])
@pytest.mark.parametrize("signs", ["unicode", "ascii"])
@pytest.mark.parametrize("size", [(38, 10), (60, 18), (100, 30)])
def test_nothing_is_cut_off(size: tuple[int, int], signs: str, names: tuple[str, str, str]) -> None:
    chart = bayes(names)
    picture = "\n".join(told(draw(chart, *size, PALETTE, ascii_only=signs == "ascii")))
    for text in (*names, "prior 10 %", "52.4 %", "posterior", "0 %", "50 %", "100 %"):
        if text != "50 %" or size[1] < 18:
            assert text in picture
    assert re.search(r"prior(?! 10)", picture)
    assert "…" not in picture


def test_the_tick_of_a_value_stands_where_the_curve_has_it() -> None:
    step = Series(np.array([0.0, 1.0]), np.array([0.5, 0.5]), role="ill")
    chart = Chart(series=(step,), y_range=(0.0, 1.0), x_range=(0.0, 1.0), y_unit="percent")
    for height in range(8, 40):
        lines = told(draw(chart, 60, height, PALETTE))
        ticked = [at for at, line in enumerate(lines) if line.lstrip().startswith("50 %")]
        drawn = [at for at, line in enumerate(lines) if braille(line)]
        if ticked:
            assert ticked == drawn


def test_the_axes_end_where_the_curve_ends() -> None:
    chart = Chart(series=(Series(LINE, LINE, role="ill"),), x_range=(0.0, 1.0), y_range=(0.0, 1.0))
    lines = told(draw(chart, 60, 20, PALETTE))
    assert braille(lines[0])
    assert braille(lines[0][-1])
    axis = next(at for at, line in enumerate(lines) if "└" in line)
    assert braille(lines[axis - 1][lines[axis].index("└") + 1])


def test_colours_come_from_the_palette() -> None:
    lines = draw(bayes(), 60, 18, PALETTE)
    assert colours(lines, "●") == {PALETTE["ill"]}
    assert colours(lines, "▲") == {PALETTE["healthy"]}
    assert colours(lines, "[│└┤┬]") == {PALETTE["faint"]}
    assert colours(lines, "100 %") == {PALETTE["muted"]}
    assert colours(lines, "52.4 %|◉") == {PALETTE["primary"]}
    strange = Chart(series=(Series(LINE, LINE, "a", "unheard of"),))
    assert colours(draw(strange, 60, 18, PALETTE), "[\u2801-\u28ff]") == {PALETTE["text"]}
    assert colours(draw(strange, 60, 18, {}), ".") == set()


@pytest.mark.parametrize("count", range(2, 7))
def test_lines_are_told_apart_without_colour(count: int) -> None:
    many = tuple(Series(LINE, LINE * n, f"n={n}") for n in range(count))
    lines = told(draw(Chart(series=many), 100, 30, {}))
    canvas = "".join(line for line in lines if "│" in line or "┤" in line)
    legend = "".join(line for line in lines if "n=" in line)
    for glyph in GLYPHS[:count]:
        assert glyph in canvas
        assert legend.count(glyph) == 1
    plain = "".join(told(draw(Chart(series=many), 100, 30, {}, ascii_only=True)))
    assert all(plain.count(sign) > 5 for sign in "*ox#%&"[:count])


def test_the_same_line_twice_shows_both_signs() -> None:
    both = (Series(LINE, LINE, "one"), Series(LINE, LINE, "two"))
    picture = "".join(told(draw(Chart(series=both), 80, 20, {})))
    assert picture.count("●") > 1
    assert picture.count("▲") > 1


def test_a_line_of_few_points_shows_each() -> None:
    beliefs = np.array([0.1, 0.5, 0.9, 0.4])
    chart = Chart(series=(Series(np.arange(4), beliefs, style="steps"),), x_unit="count")
    lines = told(draw(chart, 60, 18, {}))
    assert "".join(lines).count("●") == 4
    assert "".join(told(draw(Chart(series=(Series(LINE, LINE),)), 60, 18, {}))).count("●") == 0


def test_points_have_no_line() -> None:
    rng = np.random.default_rng(0)
    cloud = Series(rng.normal(size=5000), rng.normal(size=5000), "cloud", style="points")
    picture = "".join(told(draw(Chart(series=(cloud,)), 60, 18, {})))
    assert not braille(picture)
    assert 200 < picture.count("●") < 60 * 18


def test_one_point_can_be_seen() -> None:
    one = Series(np.array([3.0]), np.array([7.0]), "here")
    picture = told(draw(Chart(series=(one,)), 40, 12, {}))
    assert sum(line.count("●") for line in picture if "│" in line or "┤" in line) == 1


def test_a_spike_reaches_its_height() -> None:
    y = np.zeros(200_000)
    y[77_777] = 1.0
    chart = Chart(series=(Series(np.arange(y.size), y),), y_range=(0.0, 1.0))
    lines = told(draw(chart, 80, 20, {}))
    columns = [line.index(next(c for c in line if braille(c))) for line in lines[:10]]
    assert max(columns) - min(columns) <= 1


def test_a_gap_is_a_gap() -> None:
    y = np.where((LINE > 0.4) & (LINE < 0.6), np.nan, 0.5)
    lines = told(draw(Chart(series=(Series(LINE, y),), y_range=(0.0, 1.0)), 103, 20, {}))
    row = next(line for line in lines if braille(line))
    drawn = row[row.index(next(c for c in row if braille(c))) :]
    gap = re.search("[\u2800 ]{10,}", drawn)
    assert gap
    assert abs(len(gap[0]) - 0.2 * len(drawn)) < 3


def test_an_infinity_leaves_at_the_top_and_zero_at_the_bottom_of_a_logarithm() -> None:
    y = np.where(LINE > 0.5, np.inf, 1 + LINE)
    lines = told(draw(Chart(series=(Series(LINE, y),)), 60, 15, {}))
    assert braille(lines[0])
    assert "2" in "".join(lines)
    y = np.where(LINE > 0.5, 0.0, 1.0)
    lines = told(draw(Chart(series=(Series(LINE, y),), y_log=True), 60, 15, {}))
    axis = next(at for at, line in enumerate(lines) if "└" in line)
    assert braille(lines[axis - 1])


def test_only_what_can_be_seen_decides_the_range() -> None:
    y = np.where(LINE < 0.5, 1.0, 1000.0) + LINE
    near = told(draw(Chart(series=(Series(LINE, y),), x_range=(0.0, 0.4)), 60, 15, {}))
    assert "1000" not in "".join(near)


def test_marks_outside_are_not_drawn() -> None:
    outside = (Mark("left", x=-1.0), Mark("above", y=9.0), Mark("nan", x=math.nan, y=0.5))
    chart = Chart(
        series=(Series(LINE, LINE),), marks=outside, x_range=(0.0, 1.0), y_range=(0.0, 1.0)
    )
    picture = "".join(told(draw(chart, 60, 18, {})))
    assert not re.search("left|above|nan|◉|┊|┈", picture)


def test_a_label_hides_no_curve_where_there_is_room() -> None:
    chart = Chart(series=(Series(LINE, LINE),), x_range=(0.0, 1.0), y_range=(0.0, 1.0))
    bare = "".join(told(draw(chart, 60, 18, {})))
    for x in np.linspace(0, 1, 11):
        marked = Chart(
            series=chart.series,
            marks=(Mark("a mark", x=float(x), y=float(x)),),
            x_range=(0.0, 1.0),
            y_range=(0.0, 1.0),
        )
        picture = "".join(told(draw(marked, 60, 18, {})))
        assert "a mark" in picture
        dots = sum(braille(c) for c in picture)
        assert sum(braille(c) for c in bare) - dots <= 1


def test_a_long_label_goes_to_the_legend() -> None:
    label = "the value that Bayes' theorem gives"
    chart = Chart(series=(Series(LINE, LINE),), marks=(Mark(label, y=0.5),))
    lines = told(draw(chart, 50, 16, {}))
    assert label in lines[0]


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 3), (12, 4), (200, 2), (3, 60)])
@pytest.mark.parametrize("signs", ["unicode", "ascii"])
def test_tiny_pictures(size: tuple[int, int], signs: str) -> None:
    lines = draw(bayes(KOREAN), *size, PALETTE, ascii_only=signs == "ascii")
    assert [line.cell_length for line in lines] == [size[0]] * size[1]


def test_escape_sequences_are_shown_not_obeyed() -> None:
    chart = Chart(series=(Series(LINE, LINE, "\x1b[31mred"),), x_label="[b]bold[/b]\nnext")
    picture = "".join(told(draw(chart, 70, 18, {})))
    assert "\\x1b[31mred" in picture
    assert "[b]bold[/b]\\nnext" in picture


def noisy() -> Chart:
    x = np.arange(200.0)
    up_and_down = np.where(x % 2, 0.8, 0.2)
    return Chart(
        series=(
            Series(x, np.full(200, 0.5), "mean", "ill", layer=1),
            Series(x, up_and_down, "noise", "primary", "band"),
        ),
        y_range=(0.0, 1.0),
    )


@pytest.mark.parametrize(("ascii_only", "sign"), [(False, "░░ noise"), (True, ",, noise")])
def test_a_band_fills_what_it_sweeps_and_has_no_signs(ascii_only: bool, sign: str) -> None:  # noqa: FBT001 - a parameter
    lines = draw(noisy(), 60, 20, PALETTE, ascii_only=ascii_only)
    text = told(lines)
    assert sum(sign in line for line in text) == 1
    canvas = [line for line in text if re.match(r"^ *[\d.]* *[│┤|+]", line)]
    filled = [line for line in canvas if line[30:50].strip()]
    assert len(canvas) * 0.5 <= len(filled) <= len(canvas) * 0.75
    assert not any(glyph in line for line in canvas for glyph in GLYPHS)


def test_a_greater_layer_lies_on_top_and_the_legend_keeps_its_order() -> None:
    lines = draw(noisy(), 60, 20, PALETTE)
    (legend,) = (line for line in told(lines) if "mean" in line)
    assert legend.index("mean") < legend.index("noise")
    assert PALETTE["ill"] in colours(lines, "[\u2801-\u28ff]")
    beneath = Chart(series=noisy().series[::-1], y_range=(0.0, 1.0))
    assert [line[:40] for line in told(lines)[1:-4]] == [
        line[:40] for line in told(draw(beneath, 60, 20, PALETTE))[1:-4]
    ]
