"""Shares as bars beside their labels, one a line, the largest marked."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from tutor.cells import padded, width
from tutor.numbers import percent
from tutor.widgets.drawn import Drawn

EIGHTHS = " ▏▎▍▌▋▊▉█"
"""A cell filled from the left by 0 to 8 eighths."""

LONGEST = 40
"""How many cells a bar has at most."""

LEAST = 0.001
"""The least share that is told as a number."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of the whole and what it is of."""

    label: str
    """What stands before the bar."""
    share: float
    """How long the bar is, from 0 to 1; NaN is drawn as no bar."""
    note: str = ""
    """What stands between label and bar, such as the score that the share comes from."""
    known: bool = False
    """Whether this is the one that is known to be true, which is then said by a sign."""


class Bars(Drawn):
    """Bars from top to bottom."""

    DEFAULT_CSS = """
    Bars { height: auto; }
    """

    bars: reactive[tuple[Bar, ...]] = reactive((), repaint=False)
    """What is shown."""

    def watch_bars(self, before: tuple[Bar, ...], after: tuple[Bar, ...]) -> None:
        """Draw the new bars."""
        if len(before) != len(after):
            self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, *_: object) -> int:
        """Return how many lines the bars take."""
        return len(self.bars)

    def drawing(self, width: int, height: int) -> list[Strip]:  # noqa: ARG002 - it may be yet to grow
        """Draw all bars; the largest is bold, coloured and has a sign."""
        if not self.bars:
            return []
        shares = [bar.share for bar in self.bars if not isnan(bar.share)]
        largest = next((bar for bar in self.bars if shares and bar.share == max(shares)), None)
        return [self._line(bar, width, largest=bar is largest) for bar in self.bars]

    def _line(self, bar: Bar, room: int, *, largest: bool) -> Strip:
        labels = max(width(one.label) for one in self.bars)
        notes = max(width(one.note) for one in self.bars)
        share = 0.0 if isnan(bar.share) else min(max(bar.share, 0.0), 1.0)
        told = f" {_told(bar.share):>7}"
        known = "<" if self.ascii_only else "◂"
        sign = f" {known}" if bar.known else "  "
        note = f" {' ' * (notes - width(bar.note))}{bar.note} " if notes else " "
        free = min(room - labels - len(note) - len(told) - len(sign), LONGEST)
        full, rest = self._bar(share, max(free, 1))
        weight = Style(bold=largest)
        colour = Style(color=self.colour("accent" if largest else "primary").rich_color)
        faint = Style(color=self.colour("faint").rich_color)
        muted = Style(color=self.colour("muted").rich_color)
        return Strip(
            [
                Segment(padded(bar.label, labels), weight),
                Segment(note, weight if largest else muted),
                Segment(full, colour),
                Segment(rest, faint),
                Segment(told, weight if largest else muted),
                Segment(sign, Style(color=self.colour("success").rich_color, bold=True)),
            ]
        ).adjust_cell_length(room)

    def _bar(self, share: float, cells: int) -> tuple[str, str]:
        """Return the bar and what is left of its line."""
        if self.ascii_only:
            full = round(share * cells)
            return "#" * full, "." * (cells - full)
        whole, part = divmod(round(share * cells * 8), 8)
        bar = EIGHTHS[8] * whole + (EIGHTHS[part] if part else "")
        return bar, " " * (cells - len(bar))


def _told(share: float) -> str:
    """Return a share as a percentage; of the small ones no more is told than that they are."""
    if isnan(share):
        return "-"
    return percent(share) if share in (0, 1) or share >= LEAST else f"<{percent(LEAST)}"
