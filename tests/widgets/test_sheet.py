from __future__ import annotations

from stage import Stage, Watched

from tutor.widgets.sheet import Sheet

ROWS = (("hidden.0.weight", "(256, 784)", "200,704"), ("합계", "", "203,530"))


def sheet(*, total: bool = True) -> Sheet:
    return Sheet(("name", "shape", "count"), numbers=(2,), total=total, ascii_only=False)


async def test_columns_are_aligned_by_cells() -> None:
    app = Stage(sheet())
    async with app.run_test(size=(60, 8)) as pilot:
        app.widget.rows = ROWS
        await pilot.pause()
        assert app.lines[:3] == [
            "name             shape         count",
            "hidden.0.weight  (256, 784)  200,704",
            "합계                         203,530",
        ]
        assert app.widget.size.height == 3
        assert (app.bold(30, 1), app.bold(30, 2)) == (False, True)


async def test_columns_without_room_are_left_out() -> None:
    app = Stage(sheet())
    async with app.run_test(size=(30, 8)) as pilot:
        app.widget.rows = ROWS
        await pilot.pause()
        assert app.lines[1] == "hidden.0.weight  (256, 784)"
        app.widget.styles.width = 6
        await pilot.pause()
        assert app.lines[1] == "hidden"


async def test_a_table_without_header_has_none() -> None:
    app = Stage(Sheet(("", ""), ascii_only=False))
    async with app.run_test(size=(40, 8)) as pilot:
        app.widget.rows = (("torch", "[b]2.9\x1b[2J"),)
        await pilot.pause()
        assert app.lines[0] == r"torch  [b]2.9\x1b[2J"
        assert app.widget.size.height == 1


async def test_only_rows_that_changed_are_painted() -> None:
    app = Stage(sheet())
    async with app.run_test(size=(60, 8)) as pilot:
        app.widget.rows = ROWS
        await pilot.pause()
        watched = Watched(app.widget)
        app.widget.rows = (ROWS[0], ("합계", "", "203,531"))
        await pilot.pause()
        assert watched.rows == {2}
