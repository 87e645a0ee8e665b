"""The parts of a lesson's lab and of its panes, led by keys and by the mouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from textual.app import App
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input

from tutor.api import Params, choice, integer, text
from tutor.cells import width
from tutor.themes import DARK
from tutor.widgets.controls import Controls
from tutor.widgets.options import Options
from tutor.widgets.pane import Heading, Pane
from tutor.widgets.readout import Readout
from tutor.widgets.signs import Signs
from tutor.widgets.slider import Slider
from tutor.widgets.view_bar import ViewBar

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

VIEWS = {f"v{n}": f"보기 {n}" if n % 2 else f"view {n}" for n in range(12)}


@dataclass(frozen=True, kw_only=True)
class Settings(Params):
    """One parameter of each kind."""

    size: int = integer(3, low=1, high=9)
    """A number."""
    colour: str = choice("red", "red", "green", "blue")
    """A word."""
    signs: str = text("+", pattern="[+-]{0,4}")
    """A text."""
    place: str = text("near", pattern="[a-z]+", offered=("near", "far"))
    """A text of which some are offered."""


class Shown(App[None]):
    """Shows some widgets, and keeps what they say."""

    CSS = "ViewBar { width: 40; }"

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.widgets = widgets
        self.changes: list[tuple[str, object]] = []
        self.views: list[str] = []

    def compose(self) -> ComposeResult:
        yield from self.widgets

    def on_controls_changed(self, event: Controls.Changed) -> None:
        self.changes.append((event.name, event.value))

    def on_view_bar_chosen(self, event: ViewBar.Chosen) -> None:
        self.views.append(event.view)


def plain(widget: Widget) -> str:
    content = widget.render()
    assert isinstance(content, Content)
    return content.plain


async def test_a_heading_shows_where_the_keys_go() -> None:
    panes = [
        Pane(Input(), title, id=f"p{n}", ascii_only=True)
        for n, title in enumerate(("one [b]", "둘"))
    ]
    async with Shown(Horizontal(*panes)).run_test() as pilot:
        first, second = pilot.app.query(Heading)
        await pilot.press("tab")
        before = pilot.app.focused
        told = {plain(first)[:2], plain(second)[:2]}
        assert told == {"==", "--"}
        await pilot.press("tab")
        assert pilot.app.focused is not before
        assert {plain(first)[:2], plain(second)[:2]} == told
        assert " one [b] " in plain(first)
        assert width(plain(second)) == second.size.width


async def test_a_readout_lays_out_anew_only_for_another_height() -> None:
    readout = Readout()
    async with Shown(readout).run_test(size=(20, 10)) as pilot:
        layouts: list[bool] = []
        update = readout.update

        def spied(content: Content, *, layout: bool = True) -> None:
            layouts.append(layout)
            update(content, layout=layout)

        readout.update = spied  # type: ignore[method-assign, assignment]
        for told in ("1", "2", "2", "three words on two lines", "4", Content("5").stylize("red")):
            readout.show(Content(told) if isinstance(told, str) else told)
            await pilot.pause()
        assert layouts == [False, False, True, True, False]
        assert readout.size.height == 1


async def test_each_kind_of_parameter_has_its_control() -> None:
    controls = Controls({"size": "크기", "colour.red": "rouge"}, ascii_only=True)
    app = Shown(controls)
    async with app.run_test(size=(60, 10)) as pilot:
        controls.lay(Settings.names(), Settings())
        await pilot.pause(0.1)
        made = list(controls)
        assert [type(one) for one in made] == [Slider, Options, Signs, Options]
        assert "rouge" in plain(made[1])
        assert len({one.label_cells for one in made}) == 1
        for control, key in zip(made, ("right", "right", "minus", "right"), strict=True):
            control.focus()
            await pilot.press(key)
        assert app.changes == [("size", 4), ("colour", "green"), ("signs", "+-"), ("place", "far")]
        controls.show(Settings(size=7, colour="blue", place="elsewhere"))
        assert made[0].value == 7
        assert made[1].value == "blue"


async def test_options_stay_within_their_line_and_their_ends() -> None:
    options = Options("x", "label", {f"word{n}": f"word{n}" for n in range(9)}, "word0")
    app = Shown(options)
    async with app.run_test(size=(40, 3)) as pilot:
        options.focus()
        await pilot.press("left")
        assert options.value == "word0"
        await pilot.press(*["right"] * 20)
        assert options.value == "word8"
        assert "word8" in plain(options)[: options.content_size.width]
        await pilot.click(Options, offset=(9, 0))
        assert options.value != "word8"


def test_a_value_that_is_not_offered_is_one_more_option() -> None:
    assert "/home/kim" in Options("data", "data", {"digits": "digits"}, "/home/kim")._options


@pytest.mark.parametrize("view", VIEWS)
async def test_the_current_view_is_always_in_sight(view: str) -> None:
    bar = ViewBar(VIEWS, view, ascii_only=True)
    async with Shown(bar).run_test(size=(60, 5)):
        told = plain(bar)
        assert VIEWS[view] in told
        assert width(told) <= bar.content_size.width
        assert told.startswith("<") == (VIEWS["v0"] not in told)
        assert told.endswith(">") == (VIEWS["v11"] not in told)


async def test_the_view_under_the_mouse_is_chosen() -> None:
    bar = ViewBar(VIEWS, "v5", ascii_only=True)
    app = Shown(bar)
    async with app.run_test(size=(60, 5)) as pilot:
        told = plain(bar)
        for view in ("v5", "v6"):
            at = width(told[: told.index(VIEWS[view])]) + bar.styles.padding.left
            await pilot.click(ViewBar, offset=(at, 0))
        assert app.views == ["v5", "v6"]
