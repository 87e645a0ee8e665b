"""The plot of a run: what it draws of real frames, what its keys do, and what it asks for."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.events import MouseScrollUp

from tutor import i18n
from tutor.i18n import t
from tutor.run_view import RunFrame, Watch
from tutor.themes import THEMES
from tutor.training.config import Config
from tutor.training.events import Began, Progressed, RateChanged
from tutor.training.events import Tested as WasTested
from tutor.training.journal import Journal
from tutor.training.run_directory import Run, Runs, Status, home, write_status
from tutor.training.watch import watch
from tutor.widgets.drawing import canvas_columns
from tutor.widgets.key_bar import KeyBar
from tutor.widgets.live_plot import LivePlot
from tutor.widgets.plot import Plot
from tutor.widgets.runs.look import SMOOTHINGS, Look
from tutor.widgets.runs.numbers import RunNumbers, clock, loss, rough, shortly
from tutor.widgets.runs.run_chart import newest, run_chart
from tutor.widgets.runs.window import LEAST_STEPS, Window, growing, steady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.pilot import Pilot


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path))
    yield
    i18n.use("en")


def trained(
    count: int = 1000, *, state: str = "done", accuracy: float = 0.95, **config: object
) -> Run:
    """A run of a thousand steps whose loss falls noisily, as its journal tells it."""
    made = Runs(home()).create(Config(epochs=10, **config))  # type: ignore[arg-type]
    random = np.random.default_rng(0)
    steps = np.arange(1, count + 1)
    losses = (0.1 + 2 * np.exp(-steps / 100)) * np.exp(random.normal(scale=0.3, size=count))
    journal = Journal(made.journal)
    journal.append(Began(0, 1000, 100, 6400, 100, 9, "cpu", 1, "2.13.0"))
    journal.append(WasTested(0, 0, math.nan, 2.3, 0.1, 0.0))
    for first in range(1, count + 1, 100):
        last = min(first + 99, count)
        some = losses[first - 1 : last].astype(np.float32)
        journal.append(Progressed(last, -(-last // 100), 0.1, some, 6400.0, last / 100, {}, {}))
        journal.append(WasTested(last, last // 100, 0.5, 0.3, accuracy, 3.5))
    journal.close()
    write_status(made, Status(state=state))
    return made


def frame_of(run: Run | None, *others: Run, **window: float) -> RunFrame:
    told = Watch(run=run.id if run else "", others=",".join(one.id for one in others), **window)  # type: ignore[arg-type]
    *_, frame = watch(told)
    return frame


class Shown(App[None]):
    """An app with the plot of a run."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.live = LivePlot(ascii_only=ascii_only)
        self.asked: list[tuple[int, int, float]] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "tutor-dark"

    def compose(self) -> ComposeResult:
        yield self.live
        yield KeyBar(ascii_only=False)

    def on_mount(self) -> None:
        self.live.focus()

    def on_live_plot_looked(self, event: LivePlot.Looked) -> None:
        self.asked.append((event.first, event.last, event.smoothing))

    @property
    def plot(self) -> Plot:
        return self.query_one(Plot)


async def settled(pilot: Pilot[None]) -> str:
    """Wait until everything is drawn; return what is on the screen."""
    plot = pilot.app.query_one(Plot)
    for _ in range(200):
        await pilot.pause(0.02)
        if not plot._outdated:
            await pilot.pause()
            return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
    raise AssertionError("the plot was not drawn")


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_without_a_run_it_says_how_to_start_one(language: str) -> None:
    i18n.use(language)
    app = Shown()
    async with app.run_test(size=(100, 30)) as pilot:
        assert t("live.none") in await settled(pilot)
        app.live.frame = next(watch(Watch(run=Runs(home()).create(Config()).id)))
        text = await settled(pilot)
        assert t("live.none") not in text
        assert t("live.soon") in text
        assert t("live.state.created") in text


@pytest.mark.parametrize("size", [(100, 30), (80, 24), (64, 18)])
@pytest.mark.parametrize("language", ["en", "ko"])
async def test_curves_and_numbers_are_shown_at_every_size(
    size: tuple[int, int], language: str
) -> None:
    i18n.use(language)
    app, frame = Shown(), frame_of(trained())
    async with app.run_test(size=size) as pilot:
        app.live.frame = frame
        text = await settled(pilot)
        for told in (
            *(t(f"live.{name}") for name in ("loss", "step", "train", "test", "raw", "accuracy")),
            *(t("live.state.done"), "1,000/1,000", "10/10", loss(frame.loss), "0.3000", "95.0 %"),
        ):
            assert told in text, told
        beside = app.query_one(RunNumbers).region.x > app.plot.region.x
        assert beside is (size[0] >= 80)


@pytest.mark.parametrize("state", ["paused", "stopped", "interrupted", "failed", "running"])
async def test_the_state_is_said_in_words(state: str) -> None:
    run = trained(500, state=state)
    write_status(run, Status(state=state, key="error.training.full", values={"path": "/[b]x\x1b"}))
    frame = next(watch(Watch(run=run.id)))
    expected = state if state not in ("paused", "running") else "interrupted"
    assert frame.state == expected
    for size in ((100, 30), (64, 20)):
        async with Shown().run_test(size=size) as pilot:
            pilot.app.query_one(LivePlot).frame = replace(frame, state=state)
            text = await settled(pilot)
            assert t(f"live.state.{state}") in text
            assert "/[b]x" in text
            assert "\x1b" not in text


async def test_an_interrupted_run_says_that_it_can_be_resumed() -> None:
    app = Shown()
    async with app.run_test(size=(100, 30)) as pilot:
        app.live.frame = frame_of(trained(500, state="running"))
        assert t("live.told.interrupted")[:20] in await settled(pilot)


def test_a_loss_that_diverges_leaves_the_picture() -> None:
    frame = frame_of(trained())
    frame = replace(frame, high=np.where(frame.steps > 900, np.float32(1e30), frame.high))
    smoothed = np.where(frame.steps > 900, np.float32(1e30), frame.smoothed)
    chart = run_chart(replace(frame, smoothed=smoothed), Look(), None)
    assert chart is not None
    assert chart.y_range is not None
    assert 2 <= chart.y_range[1] <= 40


async def test_the_keys_choose_what_is_shown() -> None:
    app = Shown()
    async with app.run_test(size=(120, 36)) as pilot:
        app.live.frame = frame_of(trained(), trained(lr=0.5, seed=3))
        text = await settled(pilot)
        assert "lr=0.5" in text
        assert text.count("loss") == 2  # the axis, and the key bar's "loss / accuracy"
        await pilot.press("l")
        await settled(pilot)
        assert app.plot.chart is not None
        assert app.plot.chart.y_log
        await pilot.press("o")
        assert "lr=0.5" not in await settled(pilot)
        await pilot.press("m")
        text = await settled(pilot)
        assert t("live.raw") not in text
        assert t("live.smoothed", smoothing="0.9") in text
        await pilot.press("m")
        text = await settled(pilot)
        assert t("live.raw") in text
        assert t("live.smoothed", smoothing="0.9") not in text
        await pilot.press("m", "a")
        text = await settled(pilot)
        assert "100 %" in text.splitlines()[1]
        assert not app.plot.chart.y_log
        assert app.asked == []


async def test_a_window_and_a_smoothing_are_asked_for() -> None:
    app, run = Shown(), trained()
    async with app.run_test(size=(100, 30)) as pilot:
        app.live.frame = frame_of(run)
        await settled(pilot)
        await pilot.press("plus")
        await pilot.press("plus")
        await pilot.press("shift+left")
        await pilot.press("greater_than_sign")
        await pilot.pause()
        assert app.asked == [(500, 0, 0.9), (750, 0, 0.9), (688, 938, 0.9), (688, 938, 0.95)]
        await settled(pilot)
        assert app.plot.chart is not None
        assert app.plot.chart.x_range == (688, 938)  # what is there is drawn until more comes
        app.live.frame = frame_of(run, first=688, last=938, smoothing=0.95)
        await settled(pilot)
        assert app.plot.chart.series[0].x.tolist() == list(range(687, 940))
        await pilot.press("minus", "shift+right", "w")
        await pilot.pause()
        assert app.asked[4:] == [(438, 938, 0.95), (500, 0, 0.95), (0, 0, 0.95)]
        app.live.look_at(100, 200, 0.5)
        await settled(pilot)
        assert app.plot.chart.x_range == (100, 200)
        assert len(app.asked) == 7


async def test_a_run_is_looked_at_as_its_first_frame_was_asked_for() -> None:
    app, run = Shown(), trained()
    async with app.run_test(size=(100, 30)) as pilot:
        app.live.frame = frame_of(run, first=200, last=400, smoothing=0.5)
        await settled(pilot)
        assert (app.live.look.window, app.live.look.smoothing) == (Window(200, 400), 0.5)
        await pilot.press("left", "minus")
        asked = app.live.look.window
        assert asked != Window(200, 400)
        app.live.frame = frame_of(run, first=200, last=400, smoothing=0.5)  # it was on its way
        await settled(pilot)
        assert app.live.look.window == asked
        app.live.frame = frame_of(trained(lr=0.5))
        await settled(pilot)
        assert (app.live.look.window, app.live.look.cursor) == (Window(), None)


async def test_the_cursor_reads_values_off() -> None:
    app, frame = Shown(), frame_of(trained())
    async with app.run_test(size=(100, 30)) as pilot:
        app.live.frame = frame
        await settled(pilot)
        await pilot.press("left")
        assert app.live.look.cursor == 1000
        await pilot.press("left", "left")
        text = await settled(pilot)
        cursor = app.live.look.cursor
        assert cursor is not None
        assert 950 < cursor < 1000
        at = int(np.abs(frame.steps - cursor).argmin())
        assert loss(float(frame.smoothed[at])) in text
        assert text.count(f"{cursor:,}") == 2  # at the line, and among the numbers
        for _ in range(3):
            await pilot.press("right")
        assert app.live.look.cursor == 1000
        await pilot.press("plus")
        assert app.asked == [(500, 0, 0.9)]
        await pilot.press("w")
        assert app.live.look.cursor is None


async def test_the_mouse_reads_and_zooms() -> None:
    app = Shown()
    async with app.run_test(size=(100, 30)) as pilot:
        app.live.frame = frame_of(trained())
        await settled(pilot)
        chart = app.plot.chart
        assert chart is not None
        left, columns = canvas_columns(chart, *app.plot.content_size)
        middle = left + columns // 2
        await pilot.click(Plot, offset=(middle, 5))
        assert app.live.look.cursor == pytest.approx(500, abs=1000 / columns)
        await pilot.click(Plot, offset=(left - 1, 5))
        assert app.live.look.cursor == pytest.approx(500, abs=1000 / columns)
        await pilot._post_mouse_events([MouseScrollUp], Plot, offset=(middle, 5))
        await pilot.pause()
        ((first, last, _),) = app.asked
        assert last - first == 500
        assert first == pytest.approx(250, abs=1000 / columns)


async def test_keys_that_change_nothing_are_not_offered() -> None:
    app = Shown()
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        bar = app.query_one(KeyBar)
        assert not {told for _, told in bar.keys} & {t("keys.zoom"), t("keys.overlays")}
        app.live.frame = frame_of(trained())
        await settled(pilot)
        await pilot.pause(0.2)
        offered = {told for _, told in bar.keys}
        assert {t("keys.zoom"), t("keys.read_off"), t("keys.log_scale")} <= offered
        assert t("keys.overlays") not in offered
        assert t("keys.whole") not in offered
        await pilot.press("plus")
        await pilot.pause(0.2)
        assert {t("keys.whole"), t("keys.pan")} <= {told for _, told in bar.keys}


async def test_with_ascii_only_nothing_else_is_drawn() -> None:
    for size in ((100, 30), (64, 18)):
        app = Shown(ascii_only=True)
        async with app.run_test(size=size) as pilot:
            app.live.frame = frame_of(trained(500, state="running"), trained(lr=0.5))
            await settled(pilot)
            await pilot.press("left")
            lines = (await settled(pilot)).splitlines()[:-1]
            assert all(line.isascii() for line in lines), lines


async def test_between_frames_few_lines_change() -> None:
    app, run = Shown(), trained(600)
    async with app.run_test(size=(100, 30)) as pilot:
        frame = replace(frame_of(run), state="running", steps_in_all=5000)
        app.live.frame = frame
        before = (await settled(pilot)).splitlines()
        journal = Journal(run.journal)
        journal.append(Progressed(620, 7, 0.1, np.full(20, 0.1, np.float32), 6400.0, 6.2, {}, {}))
        journal.close()
        app.live.frame = replace(frame_of(run), state="running", steps_in_all=5000)
        after = (await settled(pilot)).splitlines()
        width = app.plot.region.width
    changed = [y for y, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    assert any(before[y][:width] != after[y][:width] for y in changed)
    assert len([y for y in changed if before[y][:width] != after[y][:width]]) <= 4


def test_runs_without_one_to_compare_with_are_drawn_too() -> None:
    frame = frame_of(None, trained(lr=0.5))
    chart = run_chart(frame, Look(), None)
    assert chart is not None
    assert chart.x_range == (0, 1000)
    assert chart.series[-1].name == "epochs=10 lr=0.5"
    assert run_chart(frame, Look(overlays=False), None) is None


def test_changes_of_the_learning_rate_are_marked() -> None:
    run = trained()
    journal = Journal(run.journal)
    journal.append(RateChanged(1000, 0.01))
    journal.append(Progressed(1010, 11, 0.01, np.ones(10, np.float32), 6400.0, 11.0, {}, {}))
    journal.close()
    chart = run_chart(frame_of(run), Look(), None)
    assert chart is not None
    assert [(mark.label, mark.x) for mark in chart.marks] == [(f"{t('live.lr')} 0.01", 1000.0)]


@given(st.integers(0, 10**7), st.lists(st.tuples(st.sampled_from("+-<>"), st.floats(-1, 2))))
def test_a_window_stays_within_the_run(newest: int, moves: list[tuple[str, float]]) -> None:
    window = Window()
    for move, share in moves:
        first, last = window.ends(newest)
        at = first + share * (last - first)
        match move:
            case "+":
                window = window.zoomed(0.5, at, newest)
            case "-":
                window = window.zoomed(2.0, at, newest)
            case _:
                window = window.panned(share, newest)
        first, last = window.ends(newest)
        assert 0 <= first < last <= max(newest, LEAST_STEPS)
        assert last - first >= min(LEAST_STEPS, max(newest, LEAST_STEPS))
        assert window.last < max(newest, 1)  # what reaches the end goes on with it


def test_zooming_keeps_the_step_in_its_place() -> None:
    window = Window().zoomed(0.5, 250, 1000)
    assert (window.first, window.last) == (125, 625)
    assert (window.zoomed(0.5, 250, 1000).ends(1000)) == (188, 438)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_axis_grows_in_few_steps(long: int, most: int) -> None:
    found = growing(long, most)
    assert long <= found
    assert found <= max(2.5 * max(long, LEAST_STEPS), most)
    assert growing(found, most) >= found
    assert len({growing(n, 0) for n in range(1, 100_000, 7)}) <= 20


@given(
    st.lists(st.tuples(st.floats(1e-6, 1e6), st.floats(1.0, 1e3)), min_size=1, max_size=8),
    st.booleans(),
)
def test_a_range_holds_what_it_must_and_changes_seldom(
    spans: list[tuple[float, float]],
    log: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    before = None
    for low, times in spans:
        high = low * times
        ends = steady(before, low, high, log=log, top=math.inf)
        assert ends[0] <= low * (1 + 1e-6)
        assert ends[1] >= high * (1 - 1e-6)
        assert ends[0] < ends[1]
        assert steady(ends, low, high, log=log, top=math.inf) == ends
        before = ends


def test_a_range_holds_still_while_a_loss_falls() -> None:
    ends, seen = None, []
    for high in np.linspace(2.7, 0.5, 200):
        ends = steady(ends, 0.01, float(high), log=False, top=math.inf)
        seen.append(ends)
    assert sum(one != other for one, other in pairwise(seen)) <= 2
    assert steady(None, 0.92, 1.0, log=False, top=1.0)[1] == 1.0


def test_smoothing_goes_through_its_choices_and_no_further() -> None:
    look = Look(smoothing=0.0)
    for expected in (*SMOOTHINGS[1:], SMOOTHINGS[-1]):
        look = look.smoothed(1)
        assert look.smoothing == expected
    assert Look(smoothing=0.91).smoothed(-1).smoothing == 0.8


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (clock(0), "0:00"),
        (clock(59.2), "1:00"),
        (clock(3600), "1:00:00"),
        (clock(math.nan), "–"),
        (clock(math.inf), "–"),
        (rough(52_345.0), "52,000"),
        (rough(1.26), "1.3"),
        (rough(math.nan), "–"),
        (shortly(99_999), "99,999"),
        (shortly(2_000_000), "2M"),
        (shortly(1_234_567), "1.235M"),
        (shortly(123_456), "123.5k"),
        (shortly(5_000_000_000), "5G"),
        (loss(0.12345), "0.1235"),
        (loss(12345.0), "1.234e+04"),
        (loss(math.inf), "inf"),
        (loss(math.nan), "–"),
    ],
)
def test_numbers_are_short(found: str, expected: str) -> None:
    assert found == expected


def test_what_is_newest_counts_other_runs_only_where_they_are_shown() -> None:
    frame = frame_of(trained(500), trained(lr=0.5))
    assert newest(frame, overlays=True) == 1000
    assert newest(frame, overlays=False) == 500
