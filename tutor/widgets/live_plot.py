"""A training run as it goes on: its curves, a window that can be moved, a cursor, and its numbers.

The widget owns only how the run is looked at. It draws the frames that it is given, and says when
it would like others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.reactive import reactive

from tutor.i18n import t
from tutor.widgets.plot import Plot
from tutor.widgets.runs.look import WHOLE, Look
from tutor.widgets.runs.numbers import NOTHING, RunNumbers, told
from tutor.widgets.runs.window import Window

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from tutor.run_view import RunFrame

WIDE = 70
"""From how many columns on the numbers stand beside the chart."""

TALL = 10
"""From how many rows on there is room for a column of numbers."""

ZOOM = 0.5
"""How long the window is after one key press, relative to before."""

PAN = 0.25
"""By what share of its length one key press moves the window."""


class LivePlot(Container, can_focus=True):
    """The curves and numbers of a run; set `frame` as often as you like."""

    DEFAULT_CSS = """
    LivePlot { height: 1fr; width: 1fr; layout: vertical; }
    LivePlot.wide { layout: horizontal; }
    LivePlot.empty > RunNumbers { display: none; }
    LivePlot.wide > RunNumbers { width: 26; height: 1fr; margin-left: 2; }
    LivePlot:focus > Plot { background: $surface; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "read(-1)", "keys.read_off", key_display="←→"),
        Binding("right", "read(1)", "keys.read_off", show=False),
        Binding("plus", "zoom(1)", "keys.zoom", key_display="+ -"),
        Binding("equals_sign", "zoom(1)", "", show=False),
        Binding("minus", "zoom(-1)", "keys.zoom", show=False),
        Binding("w", "whole", "keys.whole"),
        Binding("l", "log", "keys.log_scale"),
        Binding("a", "quantity", "keys.quantity"),
        Binding("m", "part", "keys.raw"),
        Binding("o", "overlays", "keys.overlays"),
        Binding("less_than_sign", "smooth(-1)", "keys.smoothing", key_display="< >"),
        Binding("greater_than_sign", "smooth(1)", "keys.smoothing", show=False),
        Binding("shift+left", "pan(-1)", "keys.pan", key_display="⇧←→"),
        Binding("shift+right", "pan(1)", "keys.pan", show=False),
    ]

    frame: reactive[RunFrame | None] = reactive(None, repaint=False)
    """What is drawn; None while there is no run."""
    look: reactive[Look] = reactive(Look, repaint=False)
    """How it is looked at."""

    @dataclass
    class Looked(Message):
        """Another part of the run is looked at, or its loss is to be smoothed otherwise."""

        first: int
        """The first step; 0 for the beginning."""
        last: int
        """The last step; 0 for the newest."""
        smoothing: float
        """The weight of the past in the smoothed loss."""

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        look: Look | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        """Say that there is no run.

        Args:
            ascii_only: Whether to draw in ASCII.
            look: How to look at the first frame.
            id: The widget's id.
        """
        super().__init__(id=id, classes="empty")
        self._plot = Plot(empty=t("live.none"), ascii_only=ascii_only)
        self._numbers = RunNumbers(ascii_only=ascii_only)
        self._lines: int | None = None
        self._part: object = None
        self.set_reactive(LivePlot.look, look or Look())

    def compose(self) -> ComposeResult:
        """Lay out the chart and the numbers."""
        yield self._plot
        yield self._numbers

    def look_at(self, first: int, last: int, smoothing: float) -> None:
        """Look at a window that was asked for elsewhere; no message is sent."""
        self.look = replace(self.look, window=Window(first, last), smoothing=smoothing)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer only what changes something."""
        frame, look = self.frame, self.look
        match action:
            case "log" | "part" | "smooth":
                return frame is not None and not look.accuracy
            case "overlays":
                return frame is not None and bool(frame.others)
            case "pan" | "whole":
                return not look.window.is_whole or (action == "whole" and look.cursor is not None)
            case "read" | "zoom" | "quantity":
                return frame is not None
        return True

    def action_read(self, columns: int) -> None:
        """Move the cursor, at first to the newest step."""
        first, last = self._ends()
        if self.look.cursor is None:
            cursor = self.frame.step if self.frame else last
        else:
            cursor = self.look.cursor + columns * max(round((last - first) / self._canvas()[1]), 1)
        self._read(cursor)

    def action_zoom(self, by: int) -> None:
        """Zoom in or out around the cursor, or around what is newest."""
        _, last = self._ends()
        self._zoom(by, last if self.look.cursor is None else self.look.cursor)

    def action_pan(self, by: int) -> None:
        """Move the window."""
        window = self.look.window.panned(by * PAN, self._newest())
        self._ask(replace(self.look, window=window))

    def action_whole(self) -> None:
        """Show the whole run, without a cursor."""
        self._ask(replace(self.look, window=WHOLE, cursor=None))

    def action_log(self) -> None:
        """Put the loss on a logarithmic axis, or not."""
        self.look = replace(self.look, log=not self.look.log)

    def action_quantity(self) -> None:
        """Show the accuracy, or the loss."""
        self.look = replace(self.look, accuracy=not self.look.accuracy)

    def action_part(self) -> None:
        """Show the loss of single steps, the smoothed loss, or both."""
        self.look = self.look.with_next_part()

    def action_smooth(self, by: int) -> None:
        """Smooth more, or less."""
        self._ask(self.look.smoothed(by))

    def action_overlays(self) -> None:
        """Show other runs, or not."""
        self.look = replace(self.look, overlays=not self.look.overlays)

    def on_click(self, event: events.Click) -> None:
        """Read off what lies under the mouse."""
        if (step := self._step_at(event)) is not None:
            event.stop()
            self._read(step)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in around the mouse."""
        self._scrolled(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out around the mouse."""
        self._scrolled(event, -1)

    def on_resize(self) -> None:
        """Put the numbers beside the chart where there is room, else below it."""
        width, height = self.content_size
        self.set_class(width >= WIDE and height >= TALL, "wide")
        self._make_room()

    def watch_frame(self, before: RunFrame | None, frame: RunFrame | None) -> None:
        """Draw the new frame; of another run, look at the part that it was asked for with."""
        if (before.run if before else None) != (frame.run if frame else None):
            if frame is not None:
                self.look = replace(self.look, cursor=None)
                self.look_at(frame.first, frame.last, frame.smoothing)
            self.refresh_bindings()
        self.set_class(frame is None, "empty")
        self._draw()

    def watch_look(self) -> None:
        """Draw what is looked at now, at once."""
        self._draw()
        self._plot.hurry()
        self.refresh_bindings()

    def _ask(self, look: Look) -> None:
        """Look otherwise, and say so if that needs another frame."""
        before, self.look = self.look, look
        if (before.window, before.smoothing) != (look.window, look.smoothing):
            window = look.window
            self.post_message(self.Looked(window.first, window.last, look.smoothing))

    def _read(self, step: int) -> None:
        first, last = self._ends()
        self.look = replace(self.look, cursor=min(max(step, first), last))

    def _zoom(self, by: int, at: int) -> None:
        window = self.look.window.zoomed(ZOOM**by, at, self._newest())
        self._ask(replace(self.look, window=window))

    def _scrolled(self, event: events.MouseEvent, by: int) -> None:
        if (step := self._step_at(event)) is not None:
            event.stop()
            self._zoom(by, step)

    def _newest(self) -> int:
        from tutor.widgets.runs.run_chart import newest  # noqa: PLC0415 - loaded with numpy

        return newest(self.frame, overlays=self.look.overlays) if self.frame else 0

    def _ends(self) -> tuple[int, int]:
        """Return the first and the last step that can be read."""
        newest = self._newest()
        first, last = self.look.window.ends(newest)
        return first, max(min(last, newest), first)

    def _canvas(self) -> tuple[int, int]:
        """Return the first column of the chart's canvas and how many it has."""
        from tutor.widgets.drawing import canvas_columns  # noqa: PLC0415 - loaded with numpy

        width, height = self._plot.content_size
        if self._plot.chart is None or not width or not height:
            return 0, 1
        ascii_only = self._plot.ascii_only
        return canvas_columns(self._plot.chart, width, height, ascii_only=ascii_only)

    def _step_at(self, event: events.MouseEvent) -> int | None:
        """Return the step under the mouse; None where there is none."""
        chart = self._plot.chart
        if chart is None or chart.x_range is None:
            return None
        left, columns = self._canvas()
        region = self._plot.content_region
        column = event.screen_x - region.x - left
        if not (0 <= column < columns and region.y <= event.screen_y < region.bottom):
            return None
        first, last = chart.x_range
        return round(first + (last - first) * (column + 0.5) / columns)

    def _draw(self) -> None:
        """Draw the frame, or say what there is instead."""
        frame = self.frame
        if frame is None:
            self._plot.chart, self._plot.empty = None, t("live.none")
            self._numbers.show(NOTHING)
            return
        from tutor.widgets.runs import run_chart  # noqa: PLC0415 - loaded with numpy

        self._plot.empty = t("live.soon")
        part = (frame.run, frame.first, frame.last, replace(self.look, cursor=None))
        same, self._part = part == self._part, part
        before = self._plot.chart if same else None
        self._plot.chart = run_chart.run_chart(frame, self.look, before)
        self._numbers.show(told(frame, run_chart.readings_at(frame, self.look)))
        self._make_room()

    def _make_room(self) -> None:
        """Give the numbers the lines they need below the chart."""
        wide = self.has_class("wide")
        lines = None if wide else self._numbers.lines_needed(self.content_size.width)
        if self._lines != lines:
            self._lines = self._numbers.styles.height = lines
