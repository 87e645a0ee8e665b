"""The picture of an evaluation: the accuracy, what is taken for what, and the worst errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container, Vertical
from textual.content import Content

from lessons.mlp.screen.telling import DIGITS, arrow, trained
from tutor.numbers import percent
from tutor.widgets.images import Images, Tile
from tutor.widgets.matrix import Matrix
from tutor.widgets.picture import Picture
from tutor.widgets.readout import Readout

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from lessons.mlp import state

BELOW = 21
"""From how many rows on the errors have room below the matrix."""

HEADED = 24
"""From how many rows on there is room for a heading between them."""

BESIDE = 70
"""From how many columns on they have room beside it."""


class Evaluate(Picture["state.Lab", "state.Evaluation"]):
    """The confusion matrix and the worst errors, side by side or one below the other."""

    DEFAULT_CSS = """
    Evaluate > #both { height: 1fr; margin: 0 1; layout: vertical; }
    Evaluate #errors { height: 1fr; }
    Evaluate #heading { padding: 0; margin-top: 1; display: none; }
    Evaluate.headed #heading { display: block; }
    Evaluate.beside > #both { layout: horizontal; }
    Evaluate.beside Matrix { width: 46; margin-right: 2; }
    Evaluate.alone #errors { display: none; }
    """

    controls = ("split", "mode", "trained")

    def compose(self) -> ComposeResult:
        """Lay out the accuracy, the matrix and the errors."""
        words, ascii_only = self.words, self.ascii_only
        yield Readout(id="accuracy")
        with Container(id="both"):
            yield Matrix(
                DIGITS,
                rows=words["true"],
                columns=words["predicted"],
                share=words["right"],
                ascii_only=ascii_only,
            )
            with Vertical(id="errors"):
                yield Readout(id="heading")
                yield Images(ascii_only=ascii_only, least=12)

    def on_resize(self) -> None:
        """Put the errors where there is room for them."""
        below = self.size.height >= BELOW
        beside = not below and self.size.width >= BESIDE
        self.set_class(self.size.height >= HEADED, "headed")
        self.set_class(beside, "beside")
        self.set_class(not below and not beside, "alone")

    def show(self, params: state.Lab, frame: state.Evaluation) -> None:
        """Draw the evaluation."""
        words = self.words
        sign = arrow(ascii_only=self.ascii_only)
        self.query_one(Matrix).counts = frame.confusion
        named = zip(
            frame.worst,
            frame.worst_true.tolist(),
            frame.worst_predicted.tolist(),
            frame.worst_probability.tolist(),
            strict=True,
        )
        self.query_one(Images).tiles = tuple(
            Tile(image, f"{true} {sign} {said}  {100 * sure:.0f} %", "wrong")
            for image, true, said, sure in named
        )
        self.query_one("#heading", Readout).show(Content.styled(words["worst"], "$muted"))
        right = frame.count - frame.errors
        self.query_one("#accuracy", Readout).show(
            Content.assemble(
                f"{words['accuracy']} ",
                (percent(frame.accuracy), "bold reverse"),
                f" = {right:,} / {frame.count:,}   {words['loss']} {frame.loss:.4f}",
                (f"\n{trained(words, frame.step, params.run)}", "$muted"),
            )
        )
