"""The picture in which a learner draws a digit and the network reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container, Horizontal, Vertical
from textual.content import Content

from lessons.mlp.screen.telling import DIGITS, trained
from tutor.numbers import percent
from tutor.widgets.bars import Bar, Bars
from tutor.widgets.canvas import Canvas
from tutor.widgets.images import Images, Tile
from tutor.widgets.picture import Picture
from tutor.widgets.readout import Readout

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from lessons.mlp import state

LARGE = (90, 30)
"""From how many columns and rows on a pixel of the canvas takes two cells."""

BROAD = 68
"""From how many columns on the image that the network sees has room beside the bars."""

HIGH = 21
"""From how many rows on it has room above them."""

TALL = 27
"""From how many rows on all of its pixels have."""


class Draw(Picture["state.Lab", "state.Reading"]):
    """The canvas, the image that is made of the drawing, and the probabilities."""

    DEFAULT_CSS = """
    Draw > Horizontal { height: auto; margin: 0 1; }
    Draw #answer { width: 1fr; height: auto; margin-left: 2; }
    Draw #prepared { height: auto; margin-bottom: 1; }
    Draw #seen { height: 7; }
    Draw.tall #seen { height: 14; }
    Draw #heading { padding: 0; color: $muted; }
    Draw.broad #answer { layout: horizontal; }
    Draw.broad #prepared { width: 14; margin: 0 2 0 0; }
    """

    controls = ("trained",)

    def compose(self) -> ComposeResult:
        """Lay out the canvas beside the answer."""
        with Horizontal():
            yield Canvas(ascii_only=self.ascii_only)
            with Container(id="answer"):
                with Vertical(id="prepared"):
                    yield Readout(id="heading")
                    yield Images(ascii_only=self.ascii_only, id="seen")
                yield Bars(ascii_only=self.ascii_only)
        yield Readout(id="told")

    def on_resize(self) -> None:
        """Draw large pixels where there is room."""
        large = self.size.width >= LARGE[0] and self.size.height >= LARGE[1]
        self.query_one(Canvas).large = large
        broad = self.size.width >= BROAD and self.size.height < HIGH
        self.set_class(broad, "broad")
        self.set_class(self.size.height >= TALL, "tall")

    def on_canvas_changed(self, event: Canvas.Changed) -> None:
        """Ask for the drawing to be read."""
        event.stop()
        self.post_message(self.Asked({"ink": event.ink}))

    def show(self, params: state.Lab, frame: state.Reading) -> None:
        """Draw what the network reads."""
        words = self.words
        self.query_one(Canvas).ink = params.ink
        self.query_one("#heading", Readout).show(Content(words["prepared"]))
        self.query_one("#seen", Images).tiles = (Tile(frame.prepared),)
        shares = frame.probabilities.tolist()
        self.query_one(Bars).bars = tuple(
            Bar(digit, share) for digit, share in zip(DIGITS, shares, strict=True)
        )
        drawn = frame.digit >= 0
        self.query_one("#told", Readout).show(
            Content.assemble(
                f"{words['network_reads']} " if drawn else words["nothing_drawn"],
                (f" {frame.digit} " if drawn else "", "bold reverse"),
                f"  {percent(frame.probability)}" if drawn else "",
                (f"   {trained(words, frame.step, params.run)}", "$muted"),
            )
        )
