"""The curves of a run, kept so that a picture of any part costs the same however long it is.

A million steps take some 21 MB, and while they grow up to half as much again: 8 bytes each for the
step, 4 for its loss, 4 for the smoothed loss, 5 for summaries. Needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tutor.training.pyramid import Column, Pyramid
from tutor.training.smoothing import Smoother
from tutor.training.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tutor.training.follower import History

REPORTED = ("step", "epoch", "lr", "samples_per_second", "seconds", "at")
"""What is kept of the reports."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The training loss in a window of steps, in buckets of the same number of steps."""

    steps: NDArray[np.int64]
    """The middle step of each bucket, rising, shape (n,)."""
    low: NDArray[np.float32]
    """The least loss in each, in nats, shape (n,)."""
    high: NDArray[np.float32]
    """The greatest loss in each, in nats, shape (n,)."""
    mean: NDArray[np.float32]
    """The mean loss in each, in nats, shape (n,)."""
    smoothed: NDArray[np.float32]
    """The mean of the smoothed loss in each, in nats, shape (n,)."""


class Curves:
    """What a journal tells in numbers, brought up to date by what is new in it."""

    def __init__(self, smoothing: float = 0.0) -> None:
        """Begin with nothing; `smoothing` is as in `Smoother`."""
        self.tests = Table()
        """A row for each test, as in `History`."""
        self.reports = Table()
        """A row for each report, with the columns that `REPORTED` names."""
        self._steps: Column[np.int64] = Column(np.int64)
        self._losses = Pyramid()
        self._smoothed = Pyramid()
        self._smoother = Smoother(smoothing)
        self._rates: list[tuple[int, float]] = []

    def __len__(self) -> int:
        """Return how many steps are known."""
        return len(self._steps)

    @property
    def last(self) -> int:
        """The newest step of which anything is known, 0 if there is none."""
        found = (self._steps.values, self.tests["step"], self.reports["step"])
        return max((int(steps[-1]) for steps in found if len(steps)), default=0)

    @property
    def loss(self) -> float:
        """The smoothed loss at the newest step, in nats; NaN if there is none."""
        return float(self._smoothed.values[-1]) if len(self) else np.nan

    @property
    def lr(self) -> float:
        """The learning rate of the newest step; NaN if there is none."""
        return self._rates[-1][1] if self._rates else np.nan

    @property
    def rates(self) -> list[tuple[int, float]]:
        """Each change of the learning rate: after which step, and what it became."""
        return self._rates[1:]

    @property
    def nbytes(self) -> int:
        """How much memory the losses take, in bytes."""
        return self._steps.nbytes + self._losses.nbytes + self._smoothed.nbytes

    def add(self, news: History) -> None:
        """Add what is new; if training went back to a step, forget what came after it."""
        if news.back_to is not None:
            self.cut(news.back_to)
        self.tests.extend(news.tests)
        self.reports.append({name: news.reports[name] for name in REPORTED})
        steps = news.steps["step"].astype(np.int64)
        losses, rates = news.steps["loss"], news.steps["lr"]
        # A damaged journal may go back without saying so.
        backwards = np.flatnonzero(np.diff(steps) <= 0) + 1
        for some in np.split(np.arange(len(steps)), backwards):
            if len(some):
                self._append(steps[some], losses[some], rates[some])

    def smooth(self, weight: float) -> None:
        """Smooth with another weight from now on, what is already there as well."""
        if weight != self._smoother.weight:
            self._smoother = Smoother(weight)
            self._smoothed = Pyramid()
            self._smoothed.append(self._smoother.smoothed(self._losses.values))

    def cut(self, step: int) -> None:
        """Forget what came after a step; at step 0 everything."""
        self.tests.cut(step)
        self.reports.cut(step)
        self._cut_steps(step)

    def part(self, first: int, last: int, most: int) -> Part:
        """Return the loss from one step to another in at most `most` buckets.

        A bucket holds as many steps as the least power of two that makes them few enough. They
        begin at multiples of it, so that they stay the same while the run goes on; the first and
        the last may reach over the window's edge. Where there is more, one bucket on either side
        is added, for the lines that lead there.

        Args:
            first: The first step; 0 for the beginning.
            last: The last step; 0 for the newest.
            most: The greatest number of buckets, at least 4.
        """
        steps = self._steps.values
        start = int(np.searchsorted(steps, first, "left"))
        stop = int(np.searchsorted(steps, last, "right")) if last else len(steps)
        stop = max(start, stop)
        width = 1
        while -(-stop // width) - start // width > most - 2:
            width *= 2
        begin = max(start // width - 1, 0)
        end = min(-(-stop // width) + 1, -(-len(steps) // width))
        end = max(begin, end)
        losses = self._losses.buckets(begin, end, width)
        firsts = np.arange(begin, end) * width
        middles = (firsts + np.minimum(firsts + width, len(steps)) - 1) // 2
        smoothed = self._smoothed.buckets(begin, end, width).mean
        return Part(steps[middles], losses.low, losses.high, losses.mean, smoothed)

    def _append(
        self, steps: NDArray[np.int64], losses: NDArray[np.float64], rates: NDArray[np.float64]
    ) -> None:
        """Add steps, rising; those that are there already are replaced, and all after them."""
        if len(self._steps) and steps[0] <= self._steps.values[-1]:
            self._cut_steps(int(steps[0]) - 1)
        self._steps.append(steps)
        self._losses.append(losses)
        self._smoothed.append(self._smoother.smoothed(losses.astype(np.float32)))
        changed = np.isfinite(rates) & (np.diff(rates, prepend=self.lr) != 0)
        self._rates += [(int(steps[at]) - 1, float(rates[at])) for at in np.flatnonzero(changed)]

    def _cut_steps(self, step: int) -> None:
        rows = int(np.searchsorted(self._steps.values, step, "right"))
        if rows == len(self):
            return
        self._steps.cut(rows)
        self._losses.cut(rows)
        self._rates = [one for one in self._rates if one[0] < step]
        self._smoother = Smoother(self._smoother.weight)
        self._smoothed = Pyramid()
        self._smoothed.append(self._smoother.smoothed(self._losses.values))
