"""A grid of images: how many fit, in what size, in which colours, and what is painted."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from stage import Stage, Watched

from tutor.widgets.images import Images, Tile


def square(ink: int = 255) -> np.ndarray:
    """An image with ink in its left half."""
    image = np.zeros((28, 28), np.uint8)
    image[:, :14] = ink
    return image


def tiles(count: int, caption: str = "{}") -> tuple[Tile, ...]:
    return tuple(Tile(square(), caption.format(index)) for index in range(count))


def images(*, ascii_only: bool = False, **how: int) -> Images:
    return Images(ascii_only=ascii_only, **how)


async def test_one_image_is_drawn_pixel_for_pixel() -> None:
    app = Stage(images())
    async with app.run_test(size=(40, 20)) as pilot:
        app.widget.tiles = (Tile(square(), "a half"),)
        await pilot.pause()
        for y in (0, 13):
            assert app.background(13, y) == app.hue("foreground")
            assert app.background(14, y) == app.hue("panel")
            assert app.background(27, y) == app.hue("panel")
        assert app.lines[14].strip() == "a half"


@pytest.mark.parametrize(
    ("size", "count", "shown", "cells"),
    [
        ((78, 16), 1, 1, 28),
        ((78, 16), 10, 10, 14),
        ((78, 16), 30, 10, 14),
        ((120, 40), 10, 10, 24),
        ((10, 4), 3, 1, 14),
    ],
)
async def test_all_are_shown_as_large_as_they_fit_or_else_as_many_as_can(
    size: tuple[int, int], count: int, shown: int, cells: int
) -> None:
    app = Stage(images())
    async with app.run_test(size=size) as pilot:
        app.widget.tiles = tiles(count)
        await pilot.pause()
        assert app.widget.shown == shown
        panel = app.hue("panel")
        if cells <= size[0]:
            assert app.background(cells - 1, 0) == panel
            assert app.background(cells, 0) != panel
        captions = " ".join(app.lines).split()
        if size[1] > 4:
            assert captions == [str(index) for index in range(shown)]


async def test_groups_stay_whole_and_rows_break_between_them() -> None:
    app = Stage(images(least=10, together=10))
    async with app.run_test(size=(66, 24)) as pilot:
        app.widget.tiles = tiles(80)
        await pilot.pause()
        assert app.widget.shown == 20
        assert app.lines[5].split() == ["0", "1", "2", "3", "4"]
        app.widget.styles.width, app.widget.styles.height = 40, 8
        await pilot.pause()
        assert 0 < app.widget.shown < 10


async def test_captions_are_cells_wide_and_coloured_by_their_verdict() -> None:
    app = Stage(images())
    async with app.run_test(size=(40, 8)) as pilot:
        app.widget.tiles = (
            Tile(square(), "정답 7", "right"),
            Tile(square(), "7 → 1  98 %", "wrong"),
        )
        await pilot.pause()
        line = app.lines[7]
        assert line == "    정답 7      7 → 1  98 %"
        assert app.colour(4, 7) == app.hue("success")
        assert app.colour(17, 7) == app.hue("error")


async def test_a_caption_wider_than_the_room_is_cut() -> None:
    app = Stage(images())
    async with app.run_test(size=(16, 8)) as pilot:
        app.widget.tiles = (Tile(square(), "한" * 30),)
        await pilot.pause()
        assert app.lines[7] == "한" * 8


async def test_signed_numbers_have_a_colour_for_each_sign() -> None:
    app = Stage(images(most=14))
    app.widget.signed = True
    image = np.zeros((28, 28))
    image[:, :9], image[:, 19:] = -2.0, 1.0
    async with app.run_test(size=(14, 7)) as pilot:
        app.widget.limit = 1.0
        app.widget.tiles = (Tile(image),)
        await pilot.pause()
        assert app.background(0, 3) == app.hue("primary")
        assert app.background(7, 3) == app.hue("panel")
        assert app.background(13, 3) == app.hue("error")
        app.theme = "tutor-light"
        await pilot.pause()
        assert app.background(13, 3) == app.hue("error")
        app.widget.ascii_only = True
        app.widget.limit = 2.0
        await pilot.pause()
        assert app.lines[3] == "%%%%-    +++++"


async def test_ascii_and_no_colour_draw_with_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Stage(images(ascii_only=True, most=14))
    async with app.run_test(size=(14, 8)) as pilot:
        app.widget.tiles = (Tile(square(), "x"),)
        await pilot.pause()
        assert app.lines[:7] == ["@@@@@@@"] * 7
    monkeypatch.setenv("NO_COLOR", "1")
    app = Stage(images(most=14), theme="tutor-mono")
    async with app.run_test(size=(14, 8)) as pilot:
        app.widget.tiles = (Tile(square(), "x"),)
        await pilot.pause()
        assert app.lines[:7] == ["███████"] * 7


async def test_only_lines_that_changed_are_painted() -> None:
    app = Stage(images())
    async with app.run_test(size=(28, 16)) as pilot:
        app.widget.tiles = (Tile(square(), "a"),)
        await pilot.pause()
        watched = Watched(app.widget)
        app.widget.tiles = (Tile(square(), "a"),)
        await pilot.pause()
        assert watched.regions == []
        changed = square()
        changed[6, 20] = 255
        app.widget.tiles = (Tile(changed, "b"),)
        await pilot.pause()
        assert watched.rows == {3, 14}


async def test_no_images_are_no_error() -> None:
    app = Stage(images())
    async with app.run_test(size=(28, 16)) as pilot:
        app.widget.tiles = tiles(3)
        await pilot.pause()
        app.widget.tiles = ()
        await pilot.pause()
        assert app.text.strip() == ""
        assert app.widget.shown == 0


LIGHT = """
import sys
import tutor.widgets.images, tutor.widgets.matrix, tutor.widgets.bars, tutor.widgets.canvas
import tutor.widgets.sheet, lessons.mlp.screen
assert not {"numpy", "plotext", "torch"} & set(sys.modules), "loaded too early"
"""


def test_importing_the_widgets_loads_no_numpy() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True, timeout=60)
