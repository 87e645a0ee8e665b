"""Executes a run in this process: trains, journals, saves, and heeds the run's file of commands."""

from __future__ import annotations

import os
import time
from contextlib import closing, contextmanager, suppress
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
from tutor.training.events import Noticed
from tutor.training.execution import Execution
from tutor.training.journal import Journal
from tutor.training.run_directory import write_status
from tutor.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tutor.data.images import ImageSet
    from tutor.training.checkpoint import Checkpoint
    from tutor.training.config import Config
    from tutor.training.events import Event
    from tutor.training.run_directory import Run, Status
    from tutor.training.trainer import Pace


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
    with lock.alone(run.lock):
        if not resume and run.journal.exists():
            raise TutorError("error.training.begun", run=one_line(run.id))
        with recorded(run):
            _sweep(run.path)
            config = run.config()
            checkpoints = Checkpoints(run.path)
            start, notices = _start(checkpoints, config)
            if start is not None:
                torch.set_num_threads(min(start.place.threads, os.cpu_count() or 1))
            placed = place(images, _device(config.device))
            controls = _controls(run.control, start, resume=resume)
            with closing(Journal(run.journal)) as journal:

                def save(checkpoint: Checkpoint) -> None:
                    journal.sync()
                    checkpoints.save(checkpoint)

                trainer = Trainer(config, placed, controls=controls, save=save, pace=pace)
                if start is not None:
                    trainer.restore(start)
                return Execution(run, journal, controls, told).follow(trainer, notices)


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
