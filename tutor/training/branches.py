"""Goes back to a checkpoint: in the run itself, or in a new run with something changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tutor import locations
from tutor.errors import ParameterError
from tutor.safe import one_line
from tutor.training import lock
from tutor.training.checkpoint import Checkpoint, Checkpoints
from tutor.training.errors import SaveError
from tutor.training.events import Began, Progressed, RateChanged, Tested, from_record

if TYPE_CHECKING:
    from pathlib import Path

    from tutor.training.run_directory import Run, Runs

FREE = ("epochs", "lr", "momentum", "weight_decay", "dropout")
"""What may be changed; network, optimizer and order of images are gone on with as they are."""


def rewind(run: Run, step: int) -> None:
    """Give up what a run did after the checkpoint of a step; when resumed, it goes on from there.

    Raises:
        TutorError: if a process is executing it, or there is no such checkpoint.
    """
    with lock.alone(run.lock):
        checkpoints = Checkpoints(run.path)
        checkpoints.load(step)
        checkpoints.discard_after(step)


def fork(runs: Runs, run: Run, step: int, **changes: Any) -> Run:
    """Return a new run that is as `run` was at the checkpoint of a step, but for `changes`.

    It has its own copy of the checkpoint and of what the journal tells up to there. It is gone on
    with by `train.run(…, resume=True)`.

    Raises:
        ParameterError: if something is changed that cannot be, or to a value it cannot have.
        CheckpointError: if there is no such checkpoint.
        SaveError: if it cannot be written.
    """
    for name in changes:
        if name not in FREE:
            raise ParameterError("error.training.fork", name=one_line(name), free=", ".join(FREE))
    found = Checkpoints(run.path).load(step)
    config = run.config().changed(**changes)
    place = replace(found.place, control=0, lr=changes.get("lr", found.place.lr))
    made = runs.create(config)
    try:
        locations.write_whole(made.journal, b"".join(_told(run.journal, step)))
    except OSError as error:
        raise SaveError.of(error, made.journal) from None
    Checkpoints(made.path).save(Checkpoint(config, place, found.tensors))
    return made


def _told(journal: Path, step: int) -> list[bytes]:
    """Return the lines of a journal about what happened up to a step and was not voided."""
    kept: list[tuple[int, bytes]] = []
    for line in journal.read_bytes().splitlines(keepends=True):
        try:
            event = from_record(json.loads(line))
        except (ValueError, RecursionError):
            continue
        if isinstance(event, Began):
            kept = [one for one in kept if event.step and one[0] <= event.step]
        if isinstance(event, (Began, Progressed, Tested, RateChanged)):
            kept.append((event.step, line))
    return [line for told, line in kept if told <= step]
