"""Pictures of the network: where it computes, its parameters, one image's way, its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Horizontal, Vertical
from textual.content import Content

from lessons.mlp.screen.telling import DIGITS, arrow, trained
from tutor.numbers import percent
from tutor.safe import one_line, safe
from tutor.widgets.bars import Bar, Bars
from tutor.widgets.images import Images, Tile
from tutor.widgets.picture import Picture
from tutor.widgets.readout import Readout
from tutor.widgets.sheet import Sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual.app import ComposeResult

    from lessons.mlp import state

ROOMY = 24
"""From how many rows on there is room for all the stations of an image's way."""

STRIP = 64
"""How many columns the activations of a hidden layer take."""


class Imports(Picture["state.Lab", "state.Imports"]):
    """What computes here, and a first tensor."""

    DEFAULT_CSS = """
    Imports > Sheet { margin: 0 1 1 1; }
    """

    def compose(self) -> ComposeResult:
        """Lay out the versions and the tensor."""
        yield Sheet(("", ""), ascii_only=self.ascii_only)
        yield Readout(id="tensor")

    def show(self, params: state.Lab, frame: state.Imports) -> None:
        """Draw what was found."""
        self.query_one(Sheet).rows = (
            ("Python", frame.python),
            ("torch", frame.torch),
            ("numpy", frame.numpy),
            (self.words["device"], f"{frame.device}  {one_line(frame.name)}"),
            (self.words["threads"], str(frame.threads)),
        )
        self.query_one("#tensor", Readout).show(
            Content.assemble(
                ("x\n", "$accent bold"),
                safe(frame.tensor),
                ("\n\nx @ x.T\n", "$accent bold"),
                safe(frame.product),
            )
        )


class Model(Picture["state.Lab", "state.Parameters"]):
    """The parameters by name, and how many of all numbers each holds."""

    DEFAULT_CSS = """
    Model > Sheet { margin: 0 1; }
    Model > Bars { margin: 1 1 0 1; }
    """

    controls = ("hidden", "seed")

    def compose(self) -> ComposeResult:
        """Lay out the table and the bars."""
        words = self.words
        spread = f"std: torch {arrow(ascii_only=self.ascii_only)} init"
        header = (words["name"], words["shape"], words["count"], spread, words["values"])
        yield Sheet(header, numbers=(2, 3), total=True, ascii_only=self.ascii_only)
        yield Bars(ascii_only=self.ascii_only)

    def show(self, params: state.Lab, frame: state.Parameters) -> None:
        """Draw the parameters."""
        sign = arrow(ascii_only=self.ascii_only)
        rows: list[tuple[str, ...]] = []
        for index, name in enumerate(frame.names):
            spread = f"{frame.stds_before[index]:.4f} {sign} {frame.stds[index]:.4f}"
            values = " ".join(f"{value:+.2f}" for value in frame.values[index, :3])
            count = f"{frame.counts[index]:,}"
            rows.append((name, frame.shapes[index], count, spread, f"{values} …"))
        rows.append((self.words["total"], "", f"{frame.total:,}", "", ""))
        if self.ascii_only:
            rows = [tuple(cell.replace("…", "...") for cell in row) for row in rows]
        self.query_one(Sheet).rows = tuple(rows)
        self.query_one(Bars).bars = tuple(
            Bar(name, count / frame.total)
            for name, count in zip(frame.names, frame.counts.tolist(), strict=True)
        )


class Forward(Picture["state.Lab", "state.Forward"]):
    """One image, the hidden layer that it excites, the scores and the probabilities."""

    DEFAULT_CSS = """
    Forward > #top { height: auto; margin: 0 1; }
    Forward #seen { width: 20; height: 11; margin-right: 2; }
    Forward #answer { width: 1fr; height: auto; }
    Forward > #strip { height: 2; margin: 0 1; }
    Forward > Sheet { display: none; margin: 1 1 0 1; }
    Forward.roomy > Sheet { display: block; }
    Forward.roomy > #path { display: none; }
    """

    controls = ("image", "trained")

    def compose(self) -> ComposeResult:
        """Lay out the image beside the answer, the hidden layer and the stations."""
        words, ascii_only = self.words, self.ascii_only
        with Horizontal(id="top"):
            yield Images(ascii_only=ascii_only, id="seen")
            with Vertical(id="answer"):
                yield Bars(ascii_only=ascii_only)
        yield Readout(id="loss")
        yield Images(ascii_only=ascii_only, least=16, most=STRIP, id="strip")
        yield Readout(id="path")
        header = (words["station"], words["shape"], words["kind"], words["span"])
        yield Sheet(header, ascii_only=ascii_only)

    def on_resize(self) -> None:
        """Make room for the stations where there is some."""
        self.set_class(self.size.height >= ROOMY, "roomy")

    def show(self, params: state.Lab, frame: state.Forward) -> None:
        """Draw the image's way."""
        words = self.words
        sign = arrow(ascii_only=self.ascii_only)
        right = frame.predicted == frame.label
        caption = f"{words['label']} {frame.label} {sign} {frame.predicted}"
        self.query_one("#seen", Images).tiles = (
            Tile(frame.image, caption, "right" if right else "wrong"),
        )
        scored = zip(DIGITS, frame.logits.tolist(), frame.probabilities.tolist(), strict=True)
        self.query_one(Bars).bars = tuple(
            Bar(digit, share, f"{logit:+.2f}", known=int(digit) == frame.label)
            for digit, logit, share in scored
        )
        units = len(frame.hidden)
        self.query_one("#loss", Readout).show(
            Content.assemble(
                f"{words['loss']} = −ln {frame.probabilities[frame.label]:.4f} = ".replace(
                    "−", "-" if self.ascii_only else "−"
                ),
                (f"{frame.loss:.4f}", "bold reverse"),
                (f"   {trained(words, frame.step, params.run)}", "$muted"),
                (f"\n{words['hidden_layer']} {units}   {words['active']} ", "$muted"),
                (percent(frame.active), "$muted"),
            )
        )
        self.query_one("#strip", Images).tiles = (Tile(_strip(frame.hidden)),)
        stations = list(zip(frame.stages, frame.shapes, strict=True))
        path = f" {sign} ".join(f"{stage} {shape}" for stage, shape in stations)
        self.query_one("#path", Readout).show(Content.styled(path, "$muted"))
        dots = "..." if self.ascii_only else "…"
        ranges = zip(frame.lows.tolist(), frame.highs.tolist(), strict=True)
        self.query_one(Sheet).rows = tuple(
            (stage, shape, kind, f"{low:.3g} {dots} {high:.3g}")
            for (stage, shape), kind, (low, high) in zip(stations, frame.kinds, ranges, strict=True)
        )


class Weights(Picture["state.Lab", "state.Weights"]):
    """What the first hidden units look for: their weights as images."""

    DEFAULT_CSS = """
    Weights > Images { margin: 0 1; }
    """

    controls = ("unit", "show", "trained")

    def compose(self) -> ComposeResult:
        """Lay out the legend and the images."""
        yield Readout(id="legend")
        yield Images(ascii_only=self.ascii_only, least=12)

    def show(self, params: state.Lab, frame: state.Weights) -> None:
        """Draw the weights; the strongest colour is for those that only few exceed."""
        import numpy as np  # noqa: PLC0415 - the app starts before it needs numpy

        images, words = self.query_one(Images), self.words
        images.signed = True
        images.limit = float(np.quantile(np.abs(frame.images), 0.98))
        images.tiles = tuple(
            Tile(image, f"#{frame.first + index}") for index, image in enumerate(frame.images)
        )
        minus = "-" if self.ascii_only else "−"
        self.query_one("#legend", Readout).show(
            Content.assemble(
                (f"{minus} {words['negative']}", "$primary bold"),
                ("  ", ""),
                (f"+ {words['positive']}", "$error bold"),
                f"  {words['limit']} {frame.limit:.3f}",
                (f"\n{trained(words, frame.step, params.run)}", "$muted"),
                (f"  {words['neighbours']} {frame.neighbours:+.2f}", "$muted"),
            )
        )


def _strip(activations: NDArray[Any]) -> NDArray[Any]:
    """Return a layer's activations as a low, wide image: units in the order of reading."""
    units = len(activations)
    rows = 2 if units < STRIP * 2 else 4 if units <= STRIP * 4 else 8
    rows = min(rows, units)
    columns = units // rows
    image = activations[: rows * columns].reshape(rows, columns)
    image = image.repeat(max(4 // rows, 1), axis=0)
    return image.repeat(max(STRIP // columns, 1), axis=1)
