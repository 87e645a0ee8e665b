"""The plot on a screen: what is drawn when, what is painted, and what is loaded."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

import tutor.widgets.drawing
from tutor.themes import THEMES
from tutor.widgets.chart import Chart, Series
from tutor.widgets.drawing import draw
from tutor.widgets.plot import REST, Plot

if TYPE_CHECKING:
    import pytest
    from textual.geometry import Region
    from textual.pilot import Pilot
    from textual.strip import Strip

X = np.linspace(0.0, 1.0, 300)


def level(height: float, *, name: str = "") -> Chart:
    """A chart of one level line, whose frame is always the same."""
    return Chart(
        series=(Series(X, np.full(X.size, height), name, "primary"),),
        x_range=(0.0, 1.0),
        y_range=(0.0, 1.0),
    )


class Painted(Plot):
    """A plot that notes what it has painted."""

    def on_mount(self) -> None:
        self.painted: list[tuple[Region, ...]] = []
        super().on_mount()

    def refresh(self, *regions: Region, **how: bool) -> Painted:
        if hasattr(self, "painted"):
            self.painted.append(regions)
        return super().refresh(*regions, **how)


class Shown(App[None]):
    """An app with one plot."""

    CSS = "Plot { width: 60; height: 18; } .hidden { display: none; }"

    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self.plot = plot
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "tutor-dark"

    def compose(self) -> ComposeResult:
        yield self.plot


class Drawings:
    """Every call of `draw`: when it began and ended, and of what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.0) -> None:
        self.times: list[tuple[float, float]] = []
        self.charts: list[Chart] = []
        self.seconds = seconds
        monkeypatch.setattr(tutor.widgets.drawing, "draw", self)

    def __call__(self, chart: Chart, *size: object, ascii_only: bool) -> list[Strip]:
        begun = time.perf_counter()
        lines = draw(chart, *size, ascii_only=ascii_only)
        if self.seconds:
            time.sleep(self.seconds)
        self.times.append((begun, time.perf_counter()))
        self.charts.append(chart)
        return lines


async def settled(pilot: Pilot[None], plot: Plot) -> None:
    """Wait until nothing is left to draw."""
    for _ in range(200):
        await pilot.pause(0.02)
        if not plot._outdated:
            await pilot.pause()
            return
    raise AssertionError("the plot was not drawn")


def shown(app: App[None]) -> list[str]:
    """Return what is on the screen, line by line."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


async def test_a_chart_is_shown_as_it_is_drawn() -> None:
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        expected = [line.text for line in draw(level(0.5), 60, 18, {})]
        assert [line[:60] for line in shown(app)[:18]] == expected


async def test_only_lines_that_changed_are_painted() -> None:
    app = Shown(Painted(level(0.1)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        before = draw(level(0.1), 60, 18, {})
        after = draw(level(0.9), 60, 18, {})
        changed = {y for y in range(18) if before[y].text != after[y].text}
        assert len(changed) == 2
        app.plot.painted.clear()
        app.plot.chart = level(0.9)
        await settled(pilot, app.plot)
        assert len(app.plot.painted) == 1
        assert {region.y for region in app.plot.painted[0]} == changed
        assert {(r.x, r.width, r.height) for r in app.plot.painted[0]} == {(0, 60, 1)}
        assert [line[:60] for line in shown(app)[:18]] == [line.text for line in after]


async def test_the_right_lines_are_painted_inside_a_border() -> None:
    app = Shown(Plot(level(0.1)))
    async with app.run_test(size=(80, 24)) as pilot:
        app.plot.styles.border = ("round", "red")
        app.plot.styles.padding = (1, 2)
        await settled(pilot, app.plot)
        app.plot.chart = level(0.9)
        await settled(pilot, app.plot)
        expected = [line.text for line in draw(level(0.9), 54, 14, {})]
        assert [line[3:57] for line in shown(app)[2:16]] == expected


async def test_a_chart_that_looks_the_same_paints_nothing() -> None:
    app = Shown(Painted(level(0.3)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        app.plot.painted.clear()
        app.plot.chart = level(0.3)
        await settled(pilot, app.plot)
        assert app.plot.painted == []


async def test_a_theme_recolours_the_picture() -> None:
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        words, colours = shown(app), _colours(app.plot)
        assert THEMES[0].primary in colours
        app.theme = "tutor-light"
        await pilot.pause()
        await settled(pilot, app.plot)
        assert shown(app) == words
        assert THEMES[1].primary in _colours(app.plot)
        assert not colours & _colours(app.plot)


def _colours(plot: Plot) -> set[str]:
    return {
        segment.style.color.name
        for line in plot._lines
        for segment in line
        if segment.style and segment.style.color
    }


async def test_the_background_is_the_widgets() -> None:
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        app.plot.styles.background = "#123456"
        await pilot.pause()
        line = app.plot.render_line(3)
        assert {segment.style.bgcolor.name for segment in line} == {"#123456"}


async def test_a_plot_is_drawn_anew_at_a_new_size() -> None:
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        app.plot.styles.width, app.plot.styles.height = 41, 9
        await pilot.pause()
        await settled(pilot, app.plot)
        expected = [line.text for line in draw(level(0.5), 41, 9, {})]
        assert [line[:41] for line in shown(app)[:9]] == expected


async def test_characters_can_be_changed() -> None:
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        app.plot.ascii_only = True
        await settled(pilot, app.plot)
        assert "".join(shown(app)).isascii()


async def test_without_a_chart_the_message_is_shown_as_it_is() -> None:
    app = Shown(Plot(empty="[b]아직[/b] 그림이\x1b[2J 없습니다."))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        picture = "\n".join(shown(app))
        assert "[b]아직[/b] 그림이\\x1b[2J 없습니다." in picture
        app.plot.empty = "later"
        await settled(pilot, app.plot)
        assert "later" in "\n".join(shown(app))
        app.plot.chart = level(0.5)
        await settled(pilot, app.plot)
        assert "later" not in "\n".join(shown(app))
        app.plot.chart = None
        await settled(pilot, app.plot)
        assert "later" in "\n".join(shown(app))


async def test_many_charts_at_once_are_one_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        drawings = Drawings(monkeypatch)
        for height in range(10):
            app.plot.chart = level(height / 10)
        await settled(pilot, app.plot)
        assert drawings.charts == [app.plot.chart]


async def test_drawing_takes_at_most_a_quarter_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        drawings = Drawings(monkeypatch, seconds=0.02)
        end = time.perf_counter() + 0.8
        while time.perf_counter() < end:
            app.plot.chart = level(time.perf_counter() % 1)
            await asyncio.sleep(0.002)
        await settled(pilot, app.plot)
        assert drawings.charts[-1] is app.plot.chart
        assert 3 <= len(drawings.times) <= 10
        for (begun, ended), (next_begun, _) in pairwise(drawings.times):
            assert next_begun - ended >= REST * (ended - begun)


async def test_nothing_is_drawn_while_it_cannot_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings = Drawings(monkeypatch)
    app = Shown(Plot(level(0.5), classes="hidden"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        for height in range(5):
            app.plot.chart = level(height / 10)
            await pilot.pause(0.02)
        assert drawings.charts == []
        app.plot.remove_class("hidden")
        await settled(pilot, app.plot)
        assert drawings.charts == [app.plot.chart]
        app.plot.add_class("hidden")
        await pilot.pause()
        app.plot.chart = level(0.9)
        await pilot.pause(0.1)
        assert len(drawings.charts) == 1
        app.plot.remove_class("hidden")
        await settled(pilot, app.plot)
        assert drawings.charts[-1] is app.plot.chart
        assert len(drawings.charts) == 2


async def test_a_plot_below_the_screen_is_drawn_when_scrolled_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Long(Shown):
        CSS = "Plot { height: 10; } Static { height: 60; }"

        def compose(self) -> ComposeResult:
            with VerticalScroll():
                yield Static("above")
                yield self.plot

    drawings = Drawings(monkeypatch)
    app = Long(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        app.plot.chart = level(0.6)
        await pilot.pause(0.1)
        assert drawings.charts == []
        app.query_one(VerticalScroll).scroll_end(animate=False)
        await pilot.pause()
        await settled(pilot, app.plot)
        assert drawings.charts[-1] is app.plot.chart
        app.query_one(VerticalScroll).scroll_home(animate=False)
        await pilot.pause(0.1)
        count = len(drawings.charts)
        app.plot.chart = level(0.7)
        await pilot.pause(0.1)
        assert len(drawings.charts) == count
        app.query_one(VerticalScroll).scroll_end(animate=False)
        await pilot.pause()
        await settled(pilot, app.plot)
        assert drawings.charts[-1] is app.plot.chart


async def test_a_plot_on_a_covered_screen_is_drawn_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawings = Drawings(monkeypatch)
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        await app.push_screen(Screen())
        app.plot.chart = level(0.6)
        await pilot.pause(0.1)
        assert len(drawings.charts) == 1
        await app.pop_screen()
        await settled(pilot, app.plot)
        assert drawings.charts[-1] is app.plot.chart
        expected = [line.text for line in draw(level(0.6), 60, 18, {})]
        assert [line[:60] for line in shown(app)[:18]] == expected


async def test_removing_a_plot_that_waits_is_no_error() -> None:
    app = Shown(Plot(level(0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, app.plot)
        app.plot.chart = level(0.1)
        await app.plot.remove()
        await pilot.pause(0.1)


def test_the_summary_is_what_was_given() -> None:
    assert Plot(summary="A rising line.").summary == "A rising line."


LOADED = """
import asyncio, sys, time

from textual.app import App

from tutor.widgets.plot import Plot
from tutor.widgets.chart import Chart, Series

HEAVY = {"numpy", "plotext", "torch"}
assert not HEAVY & set(sys.modules), "importing the widget"


class Shown(App):
    def compose(self):
        yield Plot(empty="nothing yet")


async def main():
    app = Shown()
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause(0.1)
        assert not HEAVY & set(sys.modules), "showing the message"
        import numpy
        assert "plotext" not in sys.modules
        line = numpy.linspace(0, 1, 50)
        plot = app.query_one(Plot)
        plot.chart = Chart(series=(Series(line, line),))
        while plot._outdated:
            await asyncio.sleep(0.001)
        assert "plotext" in sys.modules, "drawing"
        assert plot._next_at - time.perf_counter() < 0.8, "it rests as if loading were drawing"
        assert "torch" not in sys.modules


asyncio.run(main())
"""


def test_plotext_is_loaded_with_the_first_drawing() -> None:
    subprocess.run([sys.executable, "-c", LOADED], check=True, timeout=60)
