"""A canvas of 28×28 pixels to draw a digit on, with the mouse or with keys."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tutor.i18n import t
from tutor.widgets import ink as inks
from tutor.widgets.drawn import Drawn
from tutor.widgets.ink import SIDE
from tutor.widgets.paper import Paper

if TYPE_CHECKING:
    from textual import events
    from textual.timer import Timer

Tool = Literal["", "pen", "eraser"]
"""What touches the paper: nothing, the pen or the eraser."""

SIZES: dict[Tool, int] = {"": 1, "pen": 1, "eraser": 3}
"""How many pixels wide each is."""

REST = 0.1
"""How many seconds lie at least between two reports of a change."""

UNDOABLE = 50
"""How many strokes can be taken back."""


class Canvas(Drawn, can_focus=True):
    """Paper, a cursor on it and, in words below, what the keys do to it.

    A pixel is half a cell high, or two cells wide if the canvas is `large`.
    """

    DEFAULT_CSS = """
    Canvas { width: auto; height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(0, -1)", "keys.cursor", key_display="←→"),
        Binding("down", "move(0, 1)", "keys.cursor", show=False),
        Binding("left", "move(-1, 0)", "keys.cursor", show=False),
        Binding("right", "move(1, 0)", "keys.cursor", show=False),
        Binding("shift+up", "move(0, -4)", "keys.cursor_far", show=False),
        Binding("shift+down", "move(0, 4)", "keys.cursor_far", show=False),
        Binding("shift+left", "move(-4, 0)", "keys.cursor_far", show=False),
        Binding("shift+right", "move(4, 0)", "keys.cursor_far", show=False),
        Binding("d", "take('pen')", "keys.pen"),
        Binding("e", "take('eraser')", "keys.eraser"),
        Binding("u", "undo", "keys.undo"),
        Binding("w", "wipe", "keys.wipe"),
    ]

    drawing_bits: reactive[int] = reactive(0, repaint=False)
    """What is drawn, as `tutor.widgets.ink` has it."""
    tool: reactive[Tool] = reactive[Tool]("", repaint=False)
    """What moves with the cursor."""
    cursor: reactive[tuple[int, int]] = reactive((13, 6), repaint=False)
    """The upper left pixel of the tool: column and row, from 0."""
    large: reactive[bool] = reactive(default=False, repaint=False, layout=True)
    """Whether a pixel is two cells wide and one high."""

    @dataclass
    class Changed(Message):
        """The learner has drawn something."""

        ink: str
        """The drawing, 196 hexadecimal digits; empty if there is none."""

    def __init__(self, *, ascii_only: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        """Lay out empty paper."""
        super().__init__(ascii_only=ascii_only, id=id)
        self._stroke: Tool = ""
        self._undo: deque[int] = deque(maxlen=UNDOABLE)
        self._told: deque[str] = deque(maxlen=UNDOABLE)
        self._told_at = 0.0
        self._waiting: Timer | None = None

    @property
    def ink(self) -> str:
        """What is drawn, in hexadecimal digits.

        It may be set. What was told of an earlier stroke and comes back late is ignored then, and
        so is everything while there is more to tell.
        """
        return inks.written(self.drawing_bits)

    @ink.setter
    def ink(self, ink: str) -> None:
        shown = inks.written(inks.parsed(ink))
        if shown in self._told:  # our own report, come back
            while self._told.popleft() != shown:
                pass
        elif shown != self.ink and not self._waiting:
            self._told.clear()
            self._remember()
            self.drawing_bits = inks.parsed(ink)

    def get_content_width(self, *_: object) -> int:
        """Return the width of the paper, and of its sides where it has no colour of its own."""
        return self._paper.size[0]

    def get_content_height(self, *_: object) -> int:
        """Return the height of the paper and of the line below it."""
        return self._paper.size[1] + 1

    def watch_drawing_bits(self) -> None:
        """Draw what has changed."""
        self.redraw()

    def watch_tool(self) -> None:
        """Say what the keys do."""
        self.redraw()

    def watch_cursor(self) -> None:
        """Draw the cursor."""
        self.redraw()

    def watch_has_focus(self, _has_focus: bool) -> None:  # noqa: FBT001 - Textual's signature
        """Draw the cursor, or not."""
        super().watch_has_focus(_has_focus)
        self.redraw()

    def action_move(self, x: int, y: int) -> None:
        """Move the cursor and what is at it; at the edge, with nothing at it, let the key pass."""
        size = SIZES[self.tool]
        before = self.cursor
        after = _within(before[0] + x, size), _within(before[1] + y, size)
        if after == before and not self.tool:
            raise SkipAction
        self.cursor = after
        self._apply(self.tool, before, after)

    def action_take(self, tool: Tool) -> None:
        """Put the pen or the eraser down, or lift it."""
        self.tool = "" if self.tool == tool else tool
        if self.tool:
            self._remember()
            self._apply(self.tool, self.cursor, self.cursor)

    def action_undo(self) -> None:
        """Take the last stroke back."""
        self.tool = ""
        while self._undo:
            before = self._undo.pop()
            if before != self.drawing_bits:
                self._set(before)
                return

    def action_wipe(self) -> None:
        """Begin anew."""
        self.tool = ""
        self._remember()
        self._set(0)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a stroke: of the eraser with the right button or Shift, else of the pen."""
        at = self._pixel(event)
        if at is None:
            return
        event.stop()
        self.capture_mouse()
        self.tool = ""
        self._stroke = "eraser" if event.shift or event.button == 3 else "pen"  # noqa: PLR2004 - the right one
        self._remember()
        self._drag(at, at)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw on, from where the mouse was last seen."""
        if self._stroke and not event.button:
            self._lift()  # the button was let go outside the terminal
        elif self._stroke:
            event.stop()
            at = self._pixel(event)
            if at is not None:
                self._drag(self.cursor, at)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End the stroke."""
        if self._stroke:
            event.stop()
            self._lift()

    def _lift(self) -> None:
        self._stroke = ""
        self.release_mouse()

    def _drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.cursor = end
        self._apply(self._stroke, start, end)

    def _apply(self, tool: Tool, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Move a tool over the paper."""
        if tool:
            touched = inks.line(start, end, SIZES[tool])
            drawn = self.drawing_bits
            self._set(drawn | touched if tool == "pen" else drawn & ~touched)

    def _remember(self) -> None:
        self._undo.append(self.drawing_bits)

    def _set(self, drawing: int) -> None:
        """Show another drawing that is the learner's, and report it, now or soon."""
        if drawing == self.drawing_bits:
            return
        self.drawing_bits = drawing
        if self._waiting is None:
            rest = REST - (monotonic() - self._told_at)
            if rest <= 0:
                self._tell()
            else:
                self._waiting = self.set_timer(rest, self._tell)

    def _tell(self) -> None:
        self._waiting = None
        self._told_at = monotonic()
        self._told.append(self.ink)
        self.post_message(self.Changed(self.ink))

    def _pixel(self, event: events.MouseEvent) -> tuple[int, int] | None:
        """Return the pixel under the mouse; None beside the paper unless a stroke goes on."""
        column, row = self._paper.pixel(
            event.pointer_x - self.gutter.left, event.pointer_y - self.gutter.top
        )
        if not self._stroke and not (0 <= column < SIDE and 0 <= row < SIDE):
            return None
        return _within(column, 1), _within(row, 1)

    @property
    def _paper(self) -> Paper:
        """What is drawn on."""
        if self.ascii_only or self.plain:
            return Paper((), self.ascii_only, self.large)
        paper, ink = self.colour("panel"), self.colour("foreground")
        cursor = self.colour("error" if self.tool == "eraser" else "accent")
        touched = (one.blend(cursor, 0.8 if self.tool else 0.55) for one in (paper, ink))
        colours = tuple(one.rich_color.name for one in (paper, ink, *touched))
        return Paper(colours, self.ascii_only, self.large)

    def drawing(self, width: int, height: int) -> list[Strip]:
        """Draw the paper, the cursor and the words below."""
        size = SIZES[self.tool]
        touched = Region(*self.cursor, size, size) if self.has_focus else None
        colour = "accent" if self.tool == "pen" else "error" if self.tool else "muted"
        style = Style(color=self.colour(colour).rich_color, bold=bool(self.tool))
        words = Strip([Segment(set_cell_size(self._words(), width), style)])
        lines = [*self._paper.lines(self.drawing_bits, touched), words]
        return [line.crop(0, width) for line in lines[:height]]

    def _words(self) -> str:
        if self.tool:
            return t("canvas.pen") if self.tool == "pen" else t("canvas.eraser")
        if not self.has_focus:
            return t("canvas.idle")
        return t("canvas.up") if self.drawing_bits else t("canvas.empty")


def _within(at: int, size: int) -> int:
    """Return where a tool of a size is that goes no further than to the edge."""
    return min(max(at, 0), SIDE - size)
