"""Pictures of training: a short run in the lab, and a run in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from lessons.mlp.state import CHANCE
from tutor.numbers import percent
from tutor.widgets.chart import Chart, Mark, Series
from tutor.widgets.live_plot import LivePlot
from tutor.widgets.picture import Picture
from tutor.widgets.plot import Plot
from tutor.widgets.readout import Readout

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from lessons.mlp import state
    from tutor.run_view import RunFrame

TALL = 22
"""From how many rows on the accuracy has a plot of its own."""

HIGHEST = 4.0
"""The greatest loss that is shown while a run does not explode."""


class Course(Picture["state.Lab", "state.Curve"]):
    """The loss of a short run as it falls, and the accuracy as it rises."""

    DEFAULT_CSS = """
    Course > #accuracies { display: none; height: 2fr; }
    Course.tall > #accuracies { display: block; }
    Course > #losses { height: 3fr; }
    """

    controls = ("lr", "optimizer", "epochs", "batch_size", "hidden", "fault")

    def compose(self) -> ComposeResult:
        """Lay out the plots and the numbers."""
        yield Plot(ascii_only=self.ascii_only, id="losses")
        yield Plot(ascii_only=self.ascii_only, id="accuracies")
        yield Readout(id="numbers")

    def on_resize(self) -> None:
        """Make room for the accuracy where there is some."""
        self.set_class(self.size.height >= TALL, "tall")

    def show(self, params: state.Lab, frame: state.Curve) -> None:
        """Draw the run so far."""
        words = self.words
        steps = (0.0, float(frame.steps))
        highest = max(frame.losses.max(initial=0.0), frame.test_losses.max(initial=0.0))
        explodes = not highest <= HIGHEST
        self.query_one("#losses", Plot).chart = Chart(
            series=(
                Series(frame.loss_steps, frame.losses, words["train_loss"], role="primary"),
                Series(frame.test_steps, frame.test_losses, words["test_loss"], "accent", "points"),
            ),
            marks=(Mark(words["guessing"], y=CHANCE, role="muted"),),
            x_label=words["step"],
            y_label=words["loss"],
            x_range=steps,
            y_range=None if explodes else (0.0, max(2.5, float(highest))),
            y_log=explodes,
            x_unit="count",
        )
        accuracies = frame.test_steps, frame.test_accuracies
        self.query_one("#accuracies", Plot).chart = Chart(
            series=(
                Series(*accuracies, words["test_accuracy"], role="accent"),
                Series(*accuracies, role="accent", style="points"),
            ),
            x_label=words["step"],
            y_label=words["accuracy"],
            x_range=steps,
            y_range=(0.0, 1.0),
            x_unit="count",
            y_unit="percent",
        )
        self.query_one("#numbers", Readout).show(
            Content.assemble(
                f"{words['step']} {frame.step:,} / {frame.steps:,}",
                f"   {words['epoch']} {frame.epoch} / {params.epochs}",
                f"   {words['test_accuracy']} ",
                (percent(frame.accuracy), "bold reverse"),
                (f"\n{words['epoch_loss']} {frame.epoch_loss:.3f}", "$muted"),
                (f"   {words['first_loss']} {frame.first_loss:.3f}", "$muted"),
            )
        )


class Train(Picture["state.Lab", "RunFrame"]):
    """A run as it goes on; what is looked at can be moved."""

    DEFAULT_CSS = """
    Train > LivePlot { margin: 0 1; }
    """

    controls = ("data", "lr", "optimizer", "epochs", "batch_size", "hidden", "dropout", "seed")

    def compose(self) -> ComposeResult:
        """Lay out the curves and the numbers."""
        yield LivePlot(ascii_only=self.ascii_only)

    @property
    def cursor(self) -> int | None:
        """The step at the cursor of the curves."""
        return self.query_one(LivePlot).look.cursor

    def on_live_plot_looked(self, event: LivePlot.Looked) -> None:
        """Ask for the part of the run that is looked at."""
        event.stop()
        window: dict[str, object] = {
            "first": event.first,
            "last": event.last,
            "smoothing": event.smoothing,
        }
        self.post_message(self.Asked(window))

    def show(self, params: state.Lab, frame: RunFrame) -> None:
        """Draw the run so far."""
        self.query_one(LivePlot).frame = frame
