from __future__ import annotations

import math

from stage import Stage, Watched

from tutor.widgets.bars import Bar, Bars


async def test_a_bar_is_as_long_as_its_share() -> None:
    app = Stage(Bars(ascii_only=False))
    async with app.run_test(size=(40, 4)) as pilot:
        app.widget.bars = (Bar("a", 1.0), Bar("bb", 0.5), Bar("c", 0.0))
        await pilot.pause()
        assert app.lines[0] == f"a  {'█' * 27} 100.0 %"
        assert app.lines[1] == f"bb {'█' * 13}▌{' ' * 13}  50.0 %"
        assert app.lines[2] == f"c  {' ' * 27}   0.0 %"


async def test_the_largest_is_bold_and_coloured_and_the_known_has_a_sign() -> None:
    app = Stage(Bars(ascii_only=False))
    async with app.run_test(size=(40, 4)) as pilot:
        app.widget.bars = (Bar("0", 0.2, "-1.0", known=True), Bar("1", 0.8, "+2.5"))
        await pilot.pause()
        assert app.lines[0].startswith("0 -1.0 █")
        assert app.lines[0].endswith("20.0 % ◂")
        assert not app.lines[1].endswith("◂")
        assert (app.colour(7, 0), app.colour(7, 1)) == (app.hue("primary"), app.hue("accent"))
        assert (app.bold(0, 0), app.bold(0, 1)) == (False, True)


async def test_small_shares_and_those_unknown() -> None:
    app = Stage(Bars(ascii_only=True))
    async with app.run_test(size=(30, 4)) as pilot:
        app.widget.bars = (Bar("확률", 0.0004), Bar("b", math.nan), Bar("c", 0.9995))
        await pilot.pause()
        assert [line.split()[-2:] for line in app.lines[:3:2]] == [["<0.1", "%"], ["99.95", "%"]]
        assert app.lines[1].endswith(".  -".replace("  ", " " * 7))
        assert app.lines[2].startswith("c    #####")
        app.widget.bars = (Bar("a", math.nan), Bar("b", math.nan))
        await pilot.pause()
        assert not app.bold(0, 0)


async def test_it_is_as_high_as_it_needs_to_be_and_paints_what_changed() -> None:
    app = Stage(Bars(ascii_only=False))
    async with app.run_test(size=(40, 24)) as pilot:
        bars = tuple(Bar(str(digit), digit / 45) for digit in range(10))
        app.widget.bars = bars
        await pilot.pause()
        assert app.widget.size.height == 10
        watched = Watched(app.widget)
        app.widget.bars = (*bars[:3], Bar("3", 0.99), *bars[4:])
        await pilot.pause()
        assert watched.rows == {3, 9}
        app.widget.bars = ()
        await pilot.pause()
        assert app.text.strip() == ""
