"""A chart on the screen, redrawn when it changes and no more often than the screen can bear."""

from __future__ import annotations

import asyncio
from importlib import import_module
from time import perf_counter
from typing import TYPE_CHECKING

from textual.constants import MAX_FPS
from textual.errors import NoWidget
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tutor.safe import one_line
from tutor.widgets.changes import changed
from tutor.widgets.charts.page import message
from tutor.widgets.charts.palette import palette
from tutor.widgets.covered import is_covered

if TYPE_CHECKING:
    from textual.theme import Theme

    from tutor.widgets.chart import Chart

DRAWING = "tutor.widgets.drawing"
"""The module that draws, loaded when there is something to draw."""
REST = 4.0
"""How long the plot rests after a drawing, as a multiple of the time that it took."""


class Plot(Widget):
    """One chart, as large as the widget.

    Set `chart` to show another one, as often as you like: the last one is always drawn, those that
    come while the plot rests are not. Nothing is drawn, and neither numpy nor plotext is loaded,
    until the plot can be seen.
    """

    DEFAULT_CSS = """
    Plot { height: 1fr; width: 1fr; }
    """

    chart: reactive[Chart | None] = reactive(None, repaint=False)
    """What is shown; None shows the message for when there is nothing."""
    empty: reactive[str] = reactive("", repaint=False)
    """What is said when there is no chart."""
    ascii_only: reactive[bool] = reactive(bool, repaint=False)
    """Whether the curves, the frame and the signs are ASCII."""

    def __init__(  # noqa: PLR0913 - the first three are the plot's, the others every widget's
        self,
        chart: Chart | None = None,
        *,
        empty: str = "",
        summary: str = "",
        ascii_only: bool = False,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        """Show `chart`, or the message `empty` while there is none.

        Args:
            chart: What is shown at first.
            empty: What is said while there is nothing to show.
            summary: What the picture says, in a sentence, for those who cannot see it.
            ascii_only: Whether to draw in ASCII.
            name: The widget's name.
            id: The widget's id.
            classes: The widget's classes.
        """
        super().__init__(name=name, id=id, classes=classes)
        self.summary = summary
        self._lines: list[Strip] = []
        self._drawn_at = Size(0, 0)
        self._outdated = True
        self._unseen = False
        self._waiting: asyncio.TimerHandle | None = None
        self._next_at = 0.0
        self.set_reactive(Plot.chart, chart)
        self.set_reactive(Plot.empty, empty)
        self.set_reactive(Plot.ascii_only, ascii_only)

    def render_line(self, y: int) -> Strip:
        """Return a line as it was last drawn; being asked for one, the plot can be seen."""
        self._unseen = False
        if self._drawn_at != self.content_size:  # Textual does not tell of every change
            self._outdated = True
        self._draw_soon()
        line = self._lines[y] if y < len(self._lines) else Strip.blank(self.content_size.width)
        return line.apply_style(self.rich_style)

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def on_unmount(self) -> None:
        """Draw no more."""
        if self._waiting:
            self._waiting.cancel()

    def on_resize(self) -> None:
        """Draw anew at the new size."""
        self._outdate()

    def watch_chart(self) -> None:
        """Draw the new chart."""
        self._outdate()

    def watch_empty(self) -> None:
        """Show the new message."""
        self._outdate()

    def watch_ascii_only(self) -> None:
        """Draw in other characters."""
        self._outdate()

    def hurry(self) -> None:
        """Draw without a rest: a key has asked for it."""
        self._next_at = 0.0
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None
        self._draw_soon()

    def _recolour(self, _theme: Theme) -> None:
        self._outdate()

    def _outdate(self) -> None:
        self._outdated = True
        if self.is_mounted:
            self._draw_soon()

    def _draw_soon(self) -> None:
        """See to it that what is outdated is drawn, once, when the plot has rested."""
        if self._outdated and not self._unseen and self._waiting is None:
            loop = asyncio.get_running_loop()
            rest = max(self._next_at - perf_counter(), 0.0)
            self._waiting = loop.call_later(rest, self.call_later, self._draw)

    def _draw(self) -> None:
        """Draw if it can be seen, and have the lines that changed painted."""
        self._waiting = None
        if not self._outdated:
            return
        if not self._can_be_seen():
            # Without lines in Textual's cache, whatever makes the plot appear asks for them.
            self._unseen = True
            self.refresh()
            return
        if self.chart is not None:
            # Loading numpy and plotext, once, is not a drawing to rest after.
            import_module(DRAWING)
        begun = perf_counter()
        lines = self._drawn()
        self._outdated = False
        self._show(lines)
        ended = perf_counter()
        self._next_at = ended + max(REST * (ended - begun), 1 / MAX_FPS)

    def _can_be_seen(self) -> bool:
        try:
            return not is_covered(self) and bool(self.screen.find_widget(self).visible_region)
        except NoWidget:
            return False

    def _drawn(self) -> list[Strip]:
        width, height = self._drawn_at = self.content_size
        colours = palette(self.app.theme_variables)
        if self.chart is None:
            return message(one_line(self.empty, 1000), width, height, colours)
        from tutor.widgets.drawing import draw  # noqa: PLC0415 - loaded by `_draw`

        return draw(self.chart, width, height, colours, ascii_only=self.ascii_only)

    def _show(self, lines: list[Strip]) -> None:
        """Have the lines painted that are not what they were."""
        before, self._lines = self._lines, lines
        if len(before) != len(lines):
            self.refresh()
            return
        if regions := changed(before, lines):
            self.refresh(*regions)
