"""Executes a run in this process: trains, journals, saves, and heeds the run's file of commands."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from tutor.compute import device as devices
from tutor.errors import TutorError
from tutor.safe import one_line
from tutor.training import lock
from tutor.training.batches import place
from tutor.training.checkpoint import Checkpoints
from tutor.training.controls import FileControls
from tutor.training.errors import CheckpointError
from tutor.training.events import Began, Ended, Noticed, Paused, Resumed, Tested
from tutor.training.journal import Journal
from tutor.training.run_directory import Status, write_status
from tutor.training.state import weights_sha256
from tutor.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tutor.data.images import ImageSet
    from tutor.training.checkpoint import Checkpoint
    from tutor.training.config import Config
    from tutor.training.events import Event
    from tutor.training.run_directory import Run
    from tutor.training.trainer import Pace

RESERVE = 65_536
"""How many bytes of the disk are kept free for saying that it is full."""

TOLD_EVERY = 1.0
"""How often the results so far are noted in `state.json`, in seconds."""


def run(
    run: Run,
    images: ImageSet,
    *,
    resume: bool = False,
    pace: Pace | None = None,
    told: Callable[[Event], None] = lambda _: None,
) -> Status:
    """Train until the run is done, stopped or has failed, and return how it stands then.

    A run that is resumed goes on from its newest sound checkpoint, on as many threads as before; a
    run that has none begins anew. Of the commands given since only a change of the learning rate
    is obeyed.

    Args:
        run: The run; `Runs.create` makes one.
        images: What its config names.
        resume: Whether it may have begun before.
        pace: How often to report and to save.
        told: Is given each event after it was written down.

    Raises:
        TutorError: if it cannot be begun; the run's state says so, too.
    """
    with lock.alone(run.lock), recorded(run):
        config = run.config()
        if not resume and run.journal.exists():
            raise TutorError("error.training.begun", run=one_line(run.id))
        _sweep(run.path)
        checkpoints = Checkpoints(run.path)
        start, notices = _start(checkpoints, config)
        if start is not None:
            torch.set_num_threads(min(start.place.threads, os.cpu_count() or 1))
        placed = place(images, _device(config.device))
        journal = Journal(run.journal)
        try:
            controls = _controls(run.control, start, resume=resume)
            execution = Execution(run, journal, controls, told)

            def save(checkpoint: Checkpoint) -> None:
                journal.sync()
                checkpoints.save(checkpoint)

            trainer = Trainer(config, placed, controls=controls, save=save, pace=pace)
            if start is not None:
                trainer.restore(start)
            return execution.follow(trainer, notices)
        finally:
            journal.close()


@contextmanager
def recorded(run: Run) -> Iterator[None]:
    """Note in the run's state why what is done inside failed, if it does.

    Whoever loads images for a run does so inside, so that a run that cannot begin says why.
    """
    try:
        yield
    except TutorError as error:
        _note(run, error.key, error.values)
        raise
    except Exception as error:
        _note(run, "error.bug", {"told": one_line(f"{type(error).__name__}: {error}")})
        raise


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
            fresh = {"state": "running", "key": "", "values": {}, "pid": os.getpid(), "ended": 0.0}
            return fresh if event.step else {**fresh, "started": time.time()}
        case Paused():
            return {"state": "paused", "key": event.key, "values": event.values}
        case Resumed():
            return {"state": "running", "key": "", "values": {}}
        case Tested():
            return {
                "epochs": event.epoch,
                "train_loss": event.train_loss,
                "test_loss": event.test_loss,
                "test_accuracy": event.test_accuracy,
                "samples_per_second": _speed(trainer),
            }
        case Ended():
            failed = event.outcome == "failed"
            return {
                "state": event.outcome,
                "key": event.key,
                "values": event.values,
                "ended": time.time(),
                "samples_per_second": _speed(trainer),
                "weights_sha256": "" if failed else weights_sha256(trainer.model),
            }
    return {}


def _speed(trainer: Trainer) -> float:
    learner = trainer.learner
    return learner.samples / learner.seconds if learner.seconds else float("nan")


def _sweep(folder: Path) -> None:
    """Remove what an earlier process left half-written."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def _start(checkpoints: Checkpoints, config: Config) -> tuple[Checkpoint | None, list[Noticed]]:
    """Return the checkpoint to go on from, and what is worth knowing about that."""
    start, problems = checkpoints.last()
    if start is None:
        return None, []
    if start.config != config:
        raise CheckpointError("other", checkpoints.folder)
    step = start.place.step
    checkpoints.discard_after(step)
    notices = [Noticed(step, one.key, one.values) for one in problems]
    if start.place.torch != torch.__version__:
        values = {"then": one_line(start.place.torch), "now": torch.__version__}
        notices.append(Noticed(step, "training.other_torch", values))
    return start, notices


def _controls(path: Path, start: Checkpoint | None, *, resume: bool) -> FileControls:
    """Return the commands to obey; of those left over from before, only a learning rate."""
    controls = FileControls(path, start.place.control if start else 0)
    rates = [command.value for command in controls.take() if command.do == "lr"] if resume else []
    if rates:
        controls.send("lr", rates[-1])
    return controls


def _device(wanted: str) -> torch.device:
    try:
        return devices.choose(wanted)
    except devices.DeviceError:
        raise TutorError("error.device", detail=wanted) from None


def _note(run: Run, key: str, values: dict[str, Any]) -> None:
    status = replace(run.status(), state="failed", key=key, values=values, ended=time.time())
    with suppress(OSError):
        write_status(run, status)
