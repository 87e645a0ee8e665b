"""Keeps a run's journal and state up to date while its trainer trains, on a full disk, too."""

from __future__ import annotations

import math
import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tutor.training.errors import SaveError
from tutor.training.events import Began, Ended, Paused, Resumed, Tested
from tutor.training.run_directory import write_status
from tutor.training.state import weights_sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutor.training.controls import FileControls
    from tutor.training.events import Event, Noticed
    from tutor.training.journal import Journal
    from tutor.training.run_directory import Run, Status
    from tutor.training.trainer import Trainer

RESERVE = 65_536
"""How many bytes of the disk are kept for saying that it is full."""

TOLD_EVERY = 1.0
"""How often the results so far are noted in `state.json`, in seconds."""


class Execution:
    """Keeps a run's journal and state while its trainer trains."""

    def __init__(
        self, run: Run, journal: Journal, controls: FileControls, told: Callable[[Event], None]
    ) -> None:
        """Prepare for the events of a trainer that obeys `controls`."""
        self._run = run
        self._journal = journal
        self._controls = controls
        self._told = told
        self._reserve = run.path / "reserve"
        self._status = run.status()
        self._noted_at = 0.0
        self._full = False

    def follow(self, trainer: Trainer, notices: list[Noticed]) -> Status:
        """Let the trainer train, journal what happens, and return how the run stands then."""
        self._keep_reserve()
        for event in trainer.events():
            self._take(event, trainer)
            if isinstance(event, Began):
                for notice in notices:
                    self._take(notice, trainer)
        with suppress(SaveError, OSError):
            self._reserve.unlink(missing_ok=True)
            self._journal.sync()
        return self._status

    def _take(self, event: Event, trainer: Trainer) -> None:
        self._journalled(event)
        self._noted(event, trainer)
        self._told(event)

    def _journalled(self, event: Event) -> None:
        """Write an event; if the disk does not take it, let the trainer pause and say so."""
        problem = self._journal.append(event)
        if problem and not self._full:
            self._full = True
            self._controls.send("checkpoint")

    def _noted(self, event: Event, trainer: Trainer) -> None:
        """Bring the run's state up to date; a result alone waits until a second has passed."""
        changes = _changes(event, trainer)
        if not changes:
            return
        self._status = replace(self._status, step=event.step, **changes)
        if isinstance(event, Resumed):
            self._full = False
            self._keep_reserve()
        important = "state" in changes
        now = time.monotonic()
        if important or now - self._noted_at >= TOLD_EVERY:
            self._noted_at = now
            self._write(durable=important)

    def _write(self, *, durable: bool) -> None:
        """Write the state; a full disk gets back what was reserved for that."""
        try:
            write_status(self._run, self._status, durable=durable)
        except OSError:
            with suppress(OSError):
                self._reserve.unlink(missing_ok=True)
                write_status(self._run, self._status)

    def _keep_reserve(self) -> None:
        with suppress(OSError):
            self._reserve.write_bytes(b"\0" * RESERVE)


def _changes(event: Event, trainer: Trainer) -> dict[str, Any]:
    """Return what an event changes in a run's state."""
    match event:
        case Began():
            return {**_begun(event), **_results(trainer)}
        case Paused():
            return {"state": "paused", "key": event.key, "values": event.values}
        case Resumed():
            return {"state": "running", "key": "", "values": {}}
        case Tested():
            return _results(trainer)
        case Ended():
            failed = event.outcome == "failed"
            return {
                "state": event.outcome,
                "key": event.key,
                "values": event.values,
                "ended": time.time(),
                **_results(trainer),
                "weights_sha256": "" if failed else weights_sha256(trainer.model),
            }
    return {}


def _begun(event: Began) -> dict[str, Any]:
    fresh = {"state": "running", "key": "", "values": {}, "pid": os.getpid(), "ended": 0.0}
    started = {} if event.step else {"started": time.time()}
    return {**fresh, **started, "weights_sha256": ""}


def _results(trainer: Trainer) -> dict[str, Any]:
    """Return how good the network was at the last test, and how fast it was trained."""
    learner, tested = trainer.learner, trainer.learner.tested
    return {
        "epochs": tested.epoch,
        "train_loss": tested.train_loss,
        "test_loss": tested.test_loss,
        "test_accuracy": tested.test_accuracy,
        "samples_per_second": learner.samples / learner.seconds if learner.seconds else math.nan,
    }
