"""A run that is being looked at: its journal as far as it has been read, and how the run stands."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from tutor.run_view import ENDED
from tutor.training.curves import Curves
from tutor.training.follower import decoded, whole_lines
from tutor.training.run_directory import Runs, Status, home

if TYPE_CHECKING:
    from pathlib import Path

    from tutor.training.config import Config
    from tutor.training.events import Began
    from tutor.training.run_directory import Run

PIECE = 2**17
"""How many bytes of a journal are read at once; that takes some 15 ms."""

MOST_KEPT = 16
"""How many runs that were looked at are kept in memory, so that a new window needs no reading."""

CHECKPOINT = re.compile(r"checkpoint-(\d{9,})\.json")
"""The names of the files that vouch for checkpoints: the step."""

RECENT = 10
"""Over how many reports the speed is taken."""


class Watched:
    """One run, read as far as it has got."""

    def __init__(self, run: Run) -> None:
        """Begin to read a run.

        Raises:
            TutorError: if its config cannot be read.
        """
        self.run = run
        self.config: Config = run.config()
        self.curves = Curves()
        self.began: Began | None = None
        self.version = 0
        """Grows with everything that is new."""
        self._offset = 0

    def read(self) -> bool:
        """Read the next piece of the journal, and tell whether there was any."""
        lines = whole_lines(self.run.journal, self._offset, PIECE)
        if not lines:
            return False
        self._offset += len(lines)
        news = decoded(lines)
        self.began = news.began or self.began
        self.curves.add(news)
        self.version += 1
        return True

    def status(self) -> Status:
        """Return how the run stands; one that a process is about to go on with counts as going."""
        status = self.run.status()
        if status.state in ENDED and self.run.is_executed():
            again = self.run.status()
            return again if again.state not in ENDED else Status(state="running")
        return status

    def checkpoints(self) -> tuple[int, ...]:
        """Return the steps of the checkpoints that are there, rising."""
        try:
            found = [CHECKPOINT.fullmatch(path.name) for path in self.run.path.iterdir()]
        except OSError:
            return ()
        return tuple(sorted(int(one[1]) for one in found if one))

    @property
    def step(self) -> int:
        """How many steps have been taken, as far as was read."""
        return max(self.curves.last, self.began.step if self.began else 0)

    @property
    def epoch(self) -> int:
        """The epoch that the last step belongs to, counted from 1; 0 before the first step."""
        return -(-self.step // self.began.batches) if self.began and self.began.batches > 0 else 0

    def speed(self) -> tuple[float, float]:
        """Return how many images, and how many steps, were trained on a second of late."""
        reports = self.curves.reports
        steps, seconds = reports["step"][-RECENT:], reports["seconds"][-RECENT:]
        images = reports["samples_per_second"][-RECENT:]
        if not len(steps):
            return np.nan, np.nan
        took = float(seconds[-1] - seconds[0])
        if len(steps) > 1 and took > 0:
            each = float(steps[-1] - steps[0]) / took
            return each * self.config.batch_size, each
        return float(images[-1]), float(images[-1]) / self.config.batch_size

    def difference(self, other: Config) -> str:
        """Return the values of the run's config that another has not, as `name=value …`."""
        mine, others = self.config.values(), other.values()
        return " ".join(
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in mine.items()
            if value != others[name]
        )


_kept: OrderedDict[Path, Watched] = OrderedDict()


def find(name: str) -> Watched:
    """Return a run by its id, as far as it was read in this process.

    Raises:
        TutorError: if there is no such run, or its config cannot be read.
    """
    run = Runs(home()).find(name)
    found = _kept.pop(run.path, None) or Watched(run)
    _kept[run.path] = found
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found
