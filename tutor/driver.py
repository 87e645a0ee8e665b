"""The terminal's driver, which says of a colour only what is new: a slow line is thankful.

Rich ends each piece of text with a reset and begins the next one with its whole style. Most
neighbours differ in one colour or in nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from collections.abc import Iterator

STYLE = re.compile(r"\x1b\[([0-9;]*)m")
"""The sequence that sets a style, ECMA-48 SGR; its parameters."""

MOVES = re.compile(r"(?:\x1b\[[0-9;?]*[A-Za-ln-z]|\n)*")
"""Sequences that draw nothing, so that it does not matter in which style."""

EXTENDED = {"2": 5, "5": 3}
"""How many parameters a colour has that begins with 38 or 48, by the second of them."""


class Style(NamedTuple):
    """What the terminal is told of a style, as SGR parameters."""

    foreground: str = ""
    """The colour of the letters; empty for the terminal's own."""
    background: str = ""
    """The colour behind them; empty for the terminal's own."""
    marks: frozenset[str] = frozenset()
    """Bold, reverse and the like."""


PLAIN = Style()


class FrugalDriver(LinuxDriver):
    """Textual's driver with fewer bytes."""

    def write(self, data: str) -> None:
        """Write what is to be drawn; a style holds until the end of one write at most."""
        super().write(frugal(data))


def frugal(data: str) -> str:
    """Return what draws the same as `data`, in which every style is followed by a reset."""
    drawn: list[str] = []
    shown = wanted = PLAIN
    at = 0
    for found in STYLE.finditer(data):
        text = data[at : found.start()]
        if text:
            if wanted != shown and not MOVES.fullmatch(text):
                drawn.append(_change(shown, wanted))
                shown = wanted
            drawn.append(text)
        wanted = _parsed(found[1], wanted)
        at = found.end()
    if at < len(data) and wanted != shown and not MOVES.fullmatch(data, at):
        drawn.append(_change(shown, wanted))
        shown = wanted
    drawn.append(data[at:])
    drawn.append(_change(shown, wanted))
    return "".join(drawn)


@lru_cache(maxsize=4096)
def _parsed(parameters: str, before: Style) -> Style:
    """Return the style that SGR parameters make of the one before."""
    foreground, background, marks = before
    for part in _parts(parameters.split(";")):
        code = int(part.partition(";")[0] or 0)
        if code == 0:
            foreground, background, marks = PLAIN
        elif code == 38 or 30 <= code <= 37 or 90 <= code <= 97:  # noqa: PLR2004 - SGR's
            foreground = part
        elif code == 48 or 40 <= code <= 47 or 100 <= code <= 107:  # noqa: PLR2004 - SGR's
            background = part
        elif code == 39:  # noqa: PLR2004 - SGR's
            foreground = ""
        elif code == 49:  # noqa: PLR2004 - SGR's
            background = ""
        else:
            marks |= {part}
    return Style(foreground, background, marks)


def _parts(codes: list[str]) -> Iterator[str]:
    """Yield parameters, those of one colour together."""
    at = 0
    while at < len(codes):
        count = 1
        if codes[at] in ("38", "48") and at + 1 < len(codes):
            count = EXTENDED.get(codes[at + 1], 1)
        yield ";".join(codes[at : at + count])
        at += count


@lru_cache(maxsize=4096)
def _change(shown: Style, wanted: Style) -> str:
    """Return the shortest sequence that leads from one style to another."""
    if shown == wanted:
        return ""
    if wanted == PLAIN:
        return "\x1b[m"
    new: list[str] = []
    if shown.marks - wanted.marks:
        new, shown = ["0"], PLAIN
    new += sorted(wanted.marks - shown.marks)
    if wanted.foreground != shown.foreground:
        new.append(wanted.foreground or "39")
    if wanted.background != shown.background:
        new.append(wanted.background or "49")
    return f"\x1b[{';'.join(new)}m"
