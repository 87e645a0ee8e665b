"""What the driver leaves out changes nothing that a terminal shows."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from tutor.driver import frugal

COLOURS = st.none() | st.sampled_from(["red", "bright_blue", "color(200)", "#123456", "default"])
STYLES = st.builds(
    lambda color, bgcolor, marks: Style(color=color, bgcolor=bgcolor, **marks),
    COLOURS,
    COLOURS,
    st.dictionaries(st.sampled_from(["bold", "reverse", "underline", "italic"]), st.booleans()),
)
PIECES = st.lists(
    st.tuples(st.text("ab가 ─\n", max_size=6), st.none() | STYLES)
    | st.tuples(st.just("\x1b[3;5H"), st.none())
)


def rendered(pieces: list[tuple[str, Style | None]]) -> str:
    console = Console(force_terminal=True, color_system="truecolor", width=200)
    with console.capture() as capture:
        console.print(Segments([Segment(*piece) for piece in pieces]), end="")
    return capture.get()


def screen_of(data: str) -> object:
    screen = pyte.Screen(40, 12)
    pyte.Stream(screen).feed(data)
    return {y: dict(line) for y, line in screen.buffer.items()}, screen.cursor.attrs


@given(PIECES)
def test_the_screen_is_the_same(pieces: list[tuple[str, Style | None]]) -> None:
    data = rendered(pieces)
    assert screen_of(frugal(data)) == screen_of(data)
    assert len(frugal(data)) <= len(data)


@given(st.text("\x1b[]0123456789;mHab?hl\n\x07"))
def test_whatever_it_is_given_is_passed_on(data: str) -> None:
    left = frugal(data)
    assert screen_of(left) == screen_of(data)


def test_what_neighbours_share_is_said_once() -> None:
    grey, red = Style(color="#808080", bgcolor="#101010"), Style(color="red", bgcolor="#101010")
    assert frugal(rendered([("a", grey), ("b", red), ("c", red), ("d", grey)])) == (
        "\x1b[38;2;128;128;128;48;2;16;16;16ma\x1b[31mbc\x1b[38;2;128;128;128md\x1b[m"
    )


@pytest.mark.parametrize("data", ["", "plain", "\x1b[?2026h\x1b[1;1H", "\x1b[mx", "\x1b[1m"])
def test_without_styles_it_is_left_alone(data: str) -> None:
    assert screen_of(frugal(data)) == screen_of(data)
