"""Pictures of the data: some images of each class, and one mini-batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from lessons.mlp.screen.telling import counts
from tutor.numbers import percent
from tutor.widgets.images import Images, Tile
from tutor.widgets.picture import Picture
from tutor.widgets.readout import Readout

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from lessons.mlp import state


class Data(Picture["state.Lab", "state.Images"]):
    """Images of each class, as many as there is room for, and what the data set is."""

    DEFAULT_CSS = """
    Data > Images { margin: 0 1; }
    """

    controls = ("offset",)

    def compose(self) -> ComposeResult:
        """Lay out the numbers and the images."""
        yield Readout(id="numbers")
        yield Images(ascii_only=self.ascii_only, least=10, together=10)

    def show(self, params: state.Lab, frame: state.Images) -> None:
        """Draw the images, a whole set of the ten classes after the other."""
        words = self.words
        samples = frame.samples
        train = frame.train_counts.tolist()
        first = [f"{digit} ({count:,})" for digit, count in enumerate(train)]
        self.query_one(Images).tiles = tuple(
            Tile(samples[digit, turn], str(digit) if turn else first[digit])
            for turn in range(samples.shape[1])
            for digit in range(samples.shape[0])
        )
        self.query_one("#numbers", Readout).show(
            Content.assemble(
                (f"{frame.dtype} {frame.shape}", "bold"),
                f"  {words['train']} {frame.train:,}  {words['test']} {frame.test:,}",
                (f"\n{words['pixels']} {words['mean']} {frame.mean:.4f}", "$muted"),
                (f"  {words['std']} {frame.std:.4f}", "$muted"),
                (f"  {words['background']} {percent(frame.background)}", "$muted"),
            )
        )


class Batches(Picture["state.Lab", "state.Batch"]):
    """The images of a mini-batch with their labels, and its shapes."""

    DEFAULT_CSS = """
    Batches > Images { margin: 0 1; }
    """

    controls = ("batch", "batch_size", "epoch", "shuffle", "seed")

    def compose(self) -> ComposeResult:
        """Lay out the shapes and the images."""
        yield Readout(id="shapes")
        yield Images(ascii_only=self.ascii_only, least=12)

    def show(self, params: state.Lab, frame: state.Batch) -> None:
        """Draw the first images of the batch."""
        words, dash = self.words, "-" if self.ascii_only else "–"
        named = zip(frame.images, frame.labels.tolist(), frame.indices.tolist(), strict=True)
        self.query_one(Images).tiles = tuple(
            Tile(image, f"{label}  #{index}") for image, label, index in named
        )
        self.query_one("#shapes", Readout).show(
            Content.assemble(
                (f"{words['images']} {frame.dtype} {frame.shape}", "bold"),
                f"  {words['batch']} {params.batch:,} (0{dash}{frame.batches - 1:,})",
                (f"\n{words['labels']} {frame.label_dtype} {frame.label_shape}", "bold"),
                (f"  {words['last_size']} {frame.last_size:,}", "$muted"),
                (f"\n{words['mean']} {frame.mean:+.3f}", "$muted"),
                (f"  {words['std']} {frame.std:.3f}", "$muted"),
                (f"\n{words['per_digit']}  {counts(frame.class_counts.tolist())}", "$muted"),
            )
        )
