"""Reads a run's journal as it grows, into columns of numbers; needs no torch.

Any number of followers may read one journal, each at its own pace: they leave no trace in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.training.events import Began, Progressed, Tested, from_record
from tutor.training.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from tutor.training.events import Event

MOST = 2**22
"""How many bytes of a journal are read at once; a longer line is passed over."""


@dataclass(slots=True, eq=False)
class History:
    """What a journal tells, or a part of it; no step is in it twice."""

    back_to: int | None = None
    """In a part: forget what was told of steps after this one, at 0 everything, before adding it.

    None if nothing is to be forgotten. `add` does that.
    """
    began: Began | None = None
    """How training began, or last went on; None if that is in an earlier part."""
    steps: Table = field(default_factory=Table)
    """A row for each step: "step", "loss" in nats, "lr"."""
    reports: Table = field(default_factory=Table)
    """A row for each report: "step", "epoch", "lr", "samples_per_second", "seconds", "at".

    Also the norms of each parameter and its gradient, "weights.NAME" and "gradients.NAME". `at` is
    the time of writing in seconds since 1970.
    """
    tests: Table = field(default_factory=Table)
    """A row for each test: "step", "epoch", "train_loss", "test_loss", "test_accuracy", "at" …."""
    others: list[Event] = field(default_factory=list)
    """What else happened, in its order."""
    passed_over: int = 0
    """How many lines were none of ours."""

    def add(self, news: History) -> None:
        """Add a part that follows this one."""
        if news.back_to is not None:
            self._forget(news.back_to)
        self.began = news.began or self.began
        self.steps.extend(news.steps)
        self.reports.extend(news.reports)
        self.tests.extend(news.tests)
        self.others += news.others
        self.passed_over += news.passed_over

    def tell(self, event: Event, at: float) -> None:
        """Add an event that was written at a time."""
        match event:
            case Began(step=step):
                self._forget(step)
                self.began = event
                self.back_to = step if self.back_to is None else min(self.back_to, step)
            case Progressed():
                first = event.step - len(event.losses) + 1
                steps = np.arange(first, event.step + 1)
                lr = np.full(len(steps), event.lr)
                self.steps.append({"step": steps, "loss": event.losses, "lr": lr})
                self.reports.append(_row(event, at))
            case Tested():
                self.tests.append(_row(event, at))
            case _:
                self.others.append(event)

    def _forget(self, step: int) -> None:
        """Drop what was told of later steps; at step 0 everything."""
        for table in (self.steps, self.reports, self.tests):
            table.cut(step)
        self.others = [one for one in self.others if one.step <= step and step]


class Follower:
    """Reads what is new in a journal since the last time."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        """Follow the journal at `path`, which need not be there yet, from an offset in bytes."""
        self._path = path
        self.offset = offset

    def read(self) -> History:
        """Return what is new, of about `MOST` bytes at most; an empty part if nothing is."""
        lines = whole_lines(self._path, self.offset)
        self.offset += len(lines)
        return decoded(lines)

    def catch_up(self) -> History:
        """Return all that is new."""
        news = self.read()
        end = self.offset - 1
        while self.offset > end:
            end = self.offset
            part = self.read()
            news.add(part)
        return news


def whole_lines(path: Path, offset: int, most: int = MOST) -> bytes:
    """Return complete lines of a file from an offset, about `most` bytes; b"" if there are none.

    The bytes may be sent elsewhere and be given to `decoded` there.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            found = file.read(most)
    except OSError:
        return b""
    whole = found.rfind(b"\n") + 1
    return found if not whole and len(found) == most else found[:whole]


def decoded(lines: bytes) -> History:
    """Return what complete lines of a journal tell."""
    told = History()
    for line in lines.splitlines():
        try:
            record: Any = json.loads(line)
            event, at = from_record(record), float(record.get("at", np.nan))
        except (ValueError, TypeError, OverflowError, RecursionError):
            told.passed_over += 1
        else:
            told.tell(event, at)
    return told


def _row(event: Progressed | Tested, at: float) -> dict[str, float]:
    """Return the numbers of an event by the names of a table's columns."""
    row = {"at": at}
    for one in fields(event):
        value = getattr(event, one.name)
        if isinstance(value, dict):
            row |= {f"{one.name}.{key}": number for key, number in value.items()}
        elif not isinstance(value, np.ndarray):
            row[one.name] = value
    return row
