from __future__ import annotations

import numpy as np
import pytest
from stage import Stage, Watched

from tutor.widgets.matrix import Matrix

LABELS = tuple("0123456789")


def matrix(*, ascii_only: bool = False, labels: tuple[str, ...] = LABELS) -> Matrix:
    return Matrix(labels, rows="true", columns="said", share="right", ascii_only=ascii_only)


def counts(largest: int = 97) -> np.ndarray:
    made = np.zeros((10, 10), int)
    np.fill_diagonal(made, largest)
    made[4, 9] = 12
    made[7, 2] = 3
    return made


async def test_every_count_stands_under_its_column() -> None:
    app = Stage(matrix())
    async with app.run_test(size=(78, 16)) as pilot:
        app.widget.counts = counts()
        await pilot.pause()
        assert app.lines[0] == "     said →"
        assert app.lines[1] == "true   0   1   2   3   4   5   6   7   8   9     right"
        assert app.lines[2] == "   0  97   ·   ·   ·   ·   ·   ·   ·   ·   ·   100.0 %"
        assert app.lines[6] == "   4   ·   ·   ·   ·  97   ·   ·   ·   ·  12    89.0 %"
        assert app.lines[9] == "   7   ·   ·   3   ·   ·   ·   ·  97   ·   ·    97.0 %"
        assert app.widget.size.height == 12


async def test_heat_tells_the_diagonal_from_errors_and_greater_from_smaller() -> None:
    app = Stage(matrix())
    async with app.run_test(size=(78, 16)) as pilot:
        app.widget.counts = counts()
        await pilot.pause()
        right, worst, small = app.background(7, 2), app.background(43, 6), app.background(15, 9)
        nothing = app.background(11, 2)
        assert len({right, worst, small, nothing}) == 4
        assert nothing == app.hue("background")
        assert app.bold(7, 2)
        assert app.bold(43, 6)
        assert not app.bold(15, 9)


@pytest.mark.parametrize("theme", ["tutor-dark", "tutor-light"])
async def test_numbers_can_be_read_on_every_heat(theme: str) -> None:
    app = Stage(matrix(), theme=theme)
    made = np.arange(100).reshape(10, 10) + 1
    async with app.run_test(size=(78, 16)) as pilot:
        app.widget.counts = made
        await pilot.pause()
        worst = min(
            _contrast(app.colour(7 + 5 * x, 2 + y), app.background(7 + 5 * x, 2 + y))
            for x in range(10)
            for y in range(10)
        )
        assert worst >= 3


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


async def test_without_room_the_shares_go_first_and_then_the_blanks() -> None:
    app = Stage(matrix())
    async with app.run_test(size=(50, 16)) as pilot:
        app.widget.counts = counts(1135)
        await pilot.pause()
        assert "right" not in app.text
        assert app.lines[2].startswith("   0 1135")
        assert app.lines[5].split() == ["3", *"···", "1135", *"······"]


async def test_without_colours_the_diagonal_has_brackets_or_is_reversed() -> None:
    app = Stage(matrix(ascii_only=True))
    async with app.run_test(size=(78, 16)) as pilot:
        app.widget.counts = counts()
        await pilot.pause()
        assert app.lines[6] == "   4   .   .   .   . [97]  .   .   .   .  12    89.0 %"
        assert "".join(app.lines).isascii()
        app.widget.counts = counts(972)
        app.widget.styles.width = 46
        await pilot.pause()
        assert app.lines[6] == "   4   .   .   .   . 972   .   .   .   .  12"
        assert app.reversed(22, 6)


async def test_names_may_be_korean() -> None:
    app = Stage(Matrix(LABELS, rows="정답", columns="예측", share="정답률", ascii_only=False))
    async with app.run_test(size=(78, 16)) as pilot:
        app.widget.counts = counts()
        await pilot.pause()
        assert app.lines[1] == "정답   0   1   2   3   4   5   6   7   8   9    정답률"
        assert app.lines[2] == "   0  97   ·   ·   ·   ·   ·   ·   ·   ·   ·   100.0 %"


async def test_only_rows_that_changed_are_drawn_otherwise() -> None:
    app = Stage(matrix())
    async with app.run_test(size=(78, 16)) as pilot:
        app.widget.counts = counts()
        await pilot.pause()
        watched = Watched(app.widget)
        changed = counts()
        changed[8, 3] = 1
        app.widget.counts = changed
        await pilot.pause()
        assert watched.rows == {10}


async def test_no_counts_and_empty_rows() -> None:
    app = Stage(matrix())
    async with app.run_test(size=(78, 16)) as pilot:
        await pilot.pause()
        assert app.text.strip() == ""
        app.widget.counts = np.zeros((10, 10), int)
        await pilot.pause()
        assert app.lines[2].split() == ["0", "0", *"·········", "-"]
