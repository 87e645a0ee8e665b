"""What is seen of a training run: what to look at, and the picture of it at one moment.

Both sides of the process boundary share it: `tutor.training.watch` makes the frames from a run's
journal, `tutor.widgets.live_plot` draws them. It loads neither torch nor numpy nor Textual, so a
lesson's `state` may build on it: `Task(Watch, RunFrame, streams=True)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutor.api import Frame, Params, integer, number, text
from tutor.errors import TutorError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RUN = r"\d{8}-\d{6}-[a-z0-9_]+-[0-9a-f]{4}"
"""The form of a run's id, as `tutor.training.run_directory` gives it."""

MOST_OTHERS = 8
"""How many other runs can be laid over one."""

LAST_STEP = 10**12
"""No run has more steps."""

ENDED = frozenset({"done", "stopped", "failed", "interrupted"})
"""The states in which nothing more happens unless a run is resumed."""


@dataclass(frozen=True, kw_only=True)
class Watch(Params):
    """Which run to look at, and how."""

    run: str = text("", pattern=rf"({RUN})?")
    """The run's id; empty while there is none."""
    first: int = integer(0, low=0, high=LAST_STEP)
    """The first step of the window; 0 for the beginning."""
    last: int = integer(0, low=0, high=LAST_STEP)
    """The last step of the window; 0 for the newest, whichever that is."""
    smoothing: float = number(0.9, low=0.0, high=0.999, step=0.05)
    """The share of the past in the smoothed loss: the weight of an exponential moving average."""
    others: str = text("", pattern=rf"({RUN}(,{RUN}){{0,{MOST_OTHERS - 1}}})?")
    """The ids of other runs to lay over it, separated by commas."""

    @property
    def other_runs(self) -> tuple[str, ...]:
        """The ids of the other runs."""
        return tuple(filter(None, self.others.split(",")))


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Another run in the same window; its arrays are like those of `RunFrame`."""

    run: str
    """Its id."""
    name: str
    """What tells it apart: how its config differs from that of the run that is looked at."""
    steps: NDArray[np.int64]
    """The middle step of each bucket, shape (m,)."""
    smoothed: NDArray[np.float32]
    """The mean of the smoothed loss in each bucket, in nats, shape (m,)."""
    test_steps: NDArray[np.int64]
    """When it was tested, shape (k,)."""
    test_losses: NDArray[np.float32]
    """The loss of each test, in nats, shape (k,)."""
    test_accuracies: NDArray[np.float32]
    """The accuracy of each test, from 0 to 1, shape (k,)."""


@dataclass(frozen=True, eq=False)
class RunFrame(Frame):
    """A run at one moment, its curves reduced to a window of at most some 400 buckets.

    What is not known yet is NaN, or an empty array. The same moment with nothing new is the same
    object, as far as one process is concerned.
    """

    run: str
    """The run's id; empty if there is none."""
    state: str
    """"created", "running", "paused", "done", "stopped", "failed" or "interrupted"; "" without a
    run. An interrupted run's process ended without saying so: it can be resumed."""
    key: str
    """The message that says why it waits or has failed; empty if there is nothing to say."""
    values: tuple[tuple[str, Any], ...]
    """The values in the message, as pairs of name and value."""
    first: int
    """The window's first step as it was asked for; 0 for the beginning."""
    last: int
    """The window's last step as it was asked for; 0 for the newest."""
    smoothing: float
    """The smoothing that was asked for."""
    step: int
    """How many steps have been taken."""
    steps_in_all: int
    """How many steps there will be; 0 if that is not known yet."""
    steps_an_epoch: int
    """How many steps an epoch has; 0 if that is not known yet."""
    epoch: int
    """The epoch that the last step belongs to, counted from 1; 0 before the first step."""
    epochs: int
    """How many epochs there will be; 0 without a run."""
    lr: float
    """The learning rate of the last step, or that of the config before it."""
    samples_per_second: float
    """How many images a second are trained on, over the last reports."""
    seconds: float
    """How long training has taken so far, in seconds; only training counts."""
    seconds_left: float
    """About how long training will still take at the present speed, in seconds."""
    loss: float
    """The smoothed training loss at the last step, in nats."""
    train_loss: float
    """The mean training loss of the last complete epoch, in nats."""
    test_loss: float
    """The loss at the last test, in nats."""
    test_accuracy: float
    """The accuracy at the last test, from 0 to 1."""
    steps: NDArray[np.int64]
    """The middle step of each bucket, rising, shape (n,)."""
    low: NDArray[np.float32]
    """The least training loss of a step in each bucket, in nats, shape (n,)."""
    high: NDArray[np.float32]
    """The greatest one, in nats, shape (n,)."""
    mean: NDArray[np.float32]
    """Their mean, in nats, shape (n,)."""
    smoothed: NDArray[np.float32]
    """The mean of the smoothed loss in each bucket, in nats, shape (n,)."""
    test_steps: NDArray[np.int64]
    """After how many steps the run was tested, shape (k,)."""
    train_losses: NDArray[np.float32]
    """The mean training loss of the epoch before each test, in nats, shape (k,)."""
    test_losses: NDArray[np.float32]
    """The loss of each test, in nats, shape (k,)."""
    train_accuracies: NDArray[np.float32]
    """The accuracy on the training images at each test, from 0 to 1, shape (k,)."""
    test_accuracies: NDArray[np.float32]
    """The accuracy of each test, from 0 to 1, shape (k,)."""
    rate_steps: NDArray[np.int64]
    """The last steps before the learning rate changed, shape (c,)."""
    rates: NDArray[np.float64]
    """What the learning rate became after each of these steps, shape (c,)."""
    checkpoints: tuple[int, ...]
    """The steps of the checkpoints that are there to go back to, rising."""
    others: tuple[tuple[Any, ...], ...]
    """The fields of each `Overlay`, which `overlays` makes of them."""

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """The other runs."""
        return tuple(Overlay(*one) for one in self.others)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen unless the run is resumed."""
        return self.state in ENDED

    @property
    def progress(self) -> float:
        """The share of the steps that has been taken, from 0 to 1; NaN if that is not known."""
        return self.step / self.steps_in_all if self.steps_in_all else math.nan

    @property
    def problem(self) -> TutorError | None:
        """Why it waits or has failed, in the reader's language when shown; None if it does not."""
        return TutorError(self.key, **dict(self.values)) if self.key else None
