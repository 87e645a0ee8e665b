"""Drawing with mouse and keys, what is told of it, and how it looks."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from stage import Stage, Watched
from textual import events
from textual.containers import Vertical
from textual.widgets import Input

from tutor import i18n
from tutor.widgets.canvas import REST, Canvas
from tutor.widgets.ink import SIDE, inked, line, parsed, stamp, written
from tutor.widgets.key_bar import keys_of

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.pilot import Pilot


def canvas(*, ascii_only: bool = False) -> Canvas:
    return Canvas(ascii_only=ascii_only)


def told(app: Stage) -> list[str]:
    return [event.ink for event in app.heard]


async def mouse(
    pilot: Pilot[None], kind: type[events.MouseEvent], at: tuple[int, int], **how: int
) -> None:
    """Do what the driver does when the mouse is at a cell of the screen."""
    await pilot._post_mouse_events([kind], None, at, **{"button": 1, **how})


async def reported(pilot: Pilot[None]) -> None:
    """Wait until everything has been told."""
    await pilot.pause(REST * 1.5)


async def test_the_mouse_draws_a_line_through_what_it_skips() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        await mouse(pilot, events.MouseDown, (4, 2))
        await mouse(pilot, events.MouseMove, (20, 2))
        await mouse(pilot, events.MouseMove, (20, 10))
        await mouse(pilot, events.MouseUp, (20, 10))
        await mouse(pilot, events.MouseMove, (2, 2))
        await reported(pilot)
        expected = line((4, 4), (20, 4), 1) | line((20, 4), (20, 20), 1)
        assert app.widget.drawing_bits == expected
        assert told(app)[-1] == written(expected)
        assert app.widget.has_focus
        assert app.background(2, 2) == app.hue("panel")
        assert app.colour(10, 2) == app.hue("foreground")


async def test_a_stroke_goes_on_beside_the_paper_and_ends_with_the_button() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        await mouse(pilot, events.MouseDown, (25, 3))
        await mouse(pilot, events.MouseMove, (50, 3))
        assert inked(app.widget.drawing_bits, SIDE - 1, 6)
        before = app.widget.drawing_bits
        await mouse(pilot, events.MouseMove, (3, 3), button=0)  # let go outside the terminal
        await mouse(pilot, events.MouseMove, (9, 9))
        assert app.widget.drawing_bits == before
        await mouse(pilot, events.MouseDown, (40, 5))
        await mouse(pilot, events.MouseMove, (9, 9))
        assert app.widget.drawing_bits == before


@pytest.mark.parametrize("how", [{"button": 3}, {"shift": True}])
async def test_the_right_button_and_shift_erase(how: dict[str, int]) -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.ink = written(stamp(0, 0, SIDE))
        await mouse(pilot, events.MouseDown, (4, 4), **how)
        await mouse(pilot, events.MouseMove, (10, 4), **how)
        await mouse(pilot, events.MouseUp, (10, 4), **how)
        gone = line((4, 8), (10, 8), 3)
        assert app.widget.drawing_bits == stamp(0, 0, SIDE) & ~gone


async def test_keys_draw_where_the_pen_is_down() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.focus()
        app.widget.cursor = (5, 5)
        await pilot.press("right", "d", "right", "right", "down", "d", "down", "down")
        assert app.widget.drawing_bits == line((6, 5), (8, 5), 1) | stamp(8, 6, 1)
        assert app.widget.cursor == (8, 8)
        await pilot.press("shift+up", "e", "up", "e")
        assert app.widget.drawing_bits == stamp(6, 5, 1) | stamp(7, 5, 1)
        await reported(pilot)
        assert told(app)[-1] == app.widget.ink


async def test_the_state_of_the_pen_is_said() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.focus()
        await pilot.pause()
        assert app.lines[14] == "draw: mouse, or d and arrows"
        await pilot.press("d")
        assert app.lines[14] == "PEN DOWN: arrows draw"
        await pilot.press("e")
        assert app.lines[14] == "ERASER DOWN: arrows erase"
        await pilot.press("e", "d", "right", "d")
        assert app.lines[14] == "pen up; d draws, e erases"
        i18n.use("ko")
        await pilot.press("d")
        assert app.lines[14] == "펜 내림: 방향키로 그리기"


async def test_strokes_can_be_taken_back_and_all_can_be_cleared() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.focus()
        await pilot.press("d", "right", "right", "d")
        first = app.widget.drawing_bits
        await pilot.press("down", "d", "down", "d")
        second = app.widget.drawing_bits
        await pilot.press("w")
        assert app.widget.ink == ""
        await pilot.press("u")
        assert app.widget.drawing_bits == second
        await pilot.press("u")
        assert app.widget.drawing_bits == first
        await pilot.press("u", "u")
        assert app.widget.ink == ""
        await reported(pilot)
        assert told(app)[-1] == ""


async def test_it_tells_at_most_ten_times_a_second_and_always_the_last() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        await mouse(pilot, events.MouseDown, (0, 0))
        for step in range(60):
            app.widget._drag(app.widget.cursor, (step % SIDE, step // 3))
            await asyncio.sleep(0.005)
        await mouse(pilot, events.MouseUp, (20, 10))
        await reported(pilot)
        assert told(app)[-1] == app.widget.ink
        times = [event.time for event in app.heard]
        assert 2 <= len(times) < 60
        assert min(later - one for one, later in pairwise(times)) > 0.9 * REST


async def test_what_is_set_from_outside_is_shown_and_not_told() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.ink = written(stamp(0, 0, 2))
        await pilot.pause()
        assert app.background(0, 0) == app.hue("foreground")
        assert app.background(2, 0) == app.hue("panel")
        app.widget.ink = "c"
        assert app.widget.drawing_bits == parsed("c")
        app.widget.ink = ""
        await reported(pilot)
        assert app.widget.drawing_bits == 0
        assert told(app) == []


async def test_a_report_that_comes_back_late_undoes_nothing() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.focus()
        await pilot.press("d", "right")
        await reported(pilot)
        old = told(app)[-1]
        await pilot.press("right", "right")
        newer = app.widget.drawing_bits
        app.widget.ink = old  # while the newer drawing has not been told
        assert app.widget.drawing_bits == newer
        await reported(pilot)
        app.widget.ink = old
        app.widget.ink = told(app)[-1]
        assert app.widget.drawing_bits == newer
        app.widget.ink = old  # set by somebody else, now that nothing is under way
        assert app.widget.ink == old


async def test_large_pixels_are_two_cells() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(80, 34)) as pilot:
        app.widget.large = True
        await pilot.pause()
        assert (app.widget.size.width, app.widget.size.height) == (56, 29)
        await mouse(pilot, events.MouseDown, (11, 7))
        await mouse(pilot, events.MouseUp, (11, 7))
        assert app.widget.drawing_bits == stamp(5, 7, 1)
        app.widget.ink = ""
        app.screen.set_focus(None)
        app.widget.ink = written(stamp(5, 7, 1))
        await reported(pilot)
        assert app.background(10, 7) == app.background(11, 7) == app.hue("foreground")
        assert app.background(12, 7) == app.background(10, 8) == app.hue("panel")


async def test_ascii_has_sides_signs_and_a_cursor() -> None:
    app = Stage(canvas(ascii_only=True))
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.ink = written(stamp(2, 2, 1) | stamp(4, 3, 1) | stamp(6, 2, 2))
        await pilot.pause()
        assert app.lines[1] == f"|  ' . ##{' ' * 20}|"
        assert "".join(app.lines).isascii()
        app.widget.focus()
        app.widget.cursor = (0, 0)
        await pilot.pause()
        assert app.lines[0] == f"|+{' ' * 27}|"
        assert app.reversed(1, 0)
        await mouse(pilot, events.MouseDown, (1, 5))
        assert inked(app.widget.drawing_bits, 0, 10)


async def test_only_lines_that_changed_are_painted() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.focus()
        await pilot.press("d")
        watched = Watched(app.widget)
        await pilot.press("right")
        assert watched.rows == {3}
        watched.regions.clear()
        await pilot.press("down", "down")
        assert watched.rows == {3, 4}


async def test_at_the_edge_an_arrow_with_the_pen_up_goes_past_the_canvas() -> None:
    class Framed(Stage):
        BINDINGS = [("down", "below", "")]  # noqa: RUF012
        passed = 0

        def compose(self) -> ComposeResult:
            with Vertical():
                yield self.widget
                yield Input()

        def action_below(self) -> None:
            self.passed += 1

    app = Framed(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.focus()
        app.widget.cursor = (3, SIDE - 2)
        await pilot.press("down")
        assert (app.widget.cursor, app.passed) == ((3, SIDE - 1), 0)
        await pilot.press("down")
        assert (app.widget.cursor, app.passed) == ((3, SIDE - 1), 1)
        await pilot.press("d", "down")
        assert app.passed == 1


async def test_its_keys_are_said_and_are_not_those_of_lab_and_lesson() -> None:
    app = Stage(canvas())
    async with app.run_test(size=(60, 20)) as pilot:
        app.widget.focus()
        await pilot.pause()
        mine = {one.key for one in keys_of(app.widget)}
        assert {"d", "e", "u", "w", "up", "shift+left"} <= mine
        others = {"v", "V", "r", "space", "full_stop", "x", "tab", "n", "p", "c", "s"}
        assert not mine & (others | {"question_mark", "escape", "enter"})
