"""What `tutor train` does: trains in this process, or starts a process that does."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutor import runs_report
from tutor.compute.protocol import Failed, Launch, Launched, Relaunch, decode
from tutor.errors import TutorError, brief
from tutor.i18n import t
from tutor.run_lines import message
from tutor.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutor.compute.run_process import Wish
    from tutor.training.run_directory import Run, Status

INTERRUPTED = 128
"""What is added to a signal's number for the exit status of a process that it ended."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How training in this process ended."""

    code: int
    """The exit status."""
    told: str
    """What a person reads."""
    result: dict[str, Any]
    """The same as plain data; empty if there is nothing to tell."""


def wish(given: Mapping[str, str], resume: str | None) -> Wish:
    """Return what options ask for, each checked.

    Raises:
        TutorError: if a value cannot be used, there is no such run, or the two do not go together.
    """
    from tutor.data.images import NAMES  # noqa: PLC0415 - with numpy
    from tutor.training.config import Config  # noqa: PLC0415 - when training is asked for

    if resume is not None:
        if given:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise TutorError("error.training.resumed", names=names)
        return Relaunch(0, runs_report.find(resume).id)
    config = Config.from_strings(given)
    folder = os.path.expanduser(config.data)  # noqa: PTH111 - raises nothing
    if config.data not in NAMES and not os.path.isdir(folder):  # noqa: PTH112 - as above
        known = ", ".join(NAMES)
        raise TutorError("error.data.unknown", name=one_line(config.data), known=known)
    return Launch(0, config.values())


def detached(wished: Wish) -> str:
    """Train in a process of its own that outlives this one; return the run's id once it begins.

    Raises:
        TutorError: if it cannot begin.
    """
    from tutor.compute.launcher import Launcher  # noqa: PLC0415 - one of two

    try:
        told = Launcher(spawn=True).launch(wished).answer()
    except OSError as error:
        raise TutorError("error.training.process", told=brief(error)) from None
    match decode(told):
        case Launched(run=run):
            return run
        case Failed(key=key, values=values):
            raise TutorError(key, **values)
        case _:
            raise AssertionError(told)


def train(wished: Wish) -> Outcome:
    """Train in this process, with progress on stderr, until the run ends.

    SIGINT and SIGTERM stop the run with a checkpoint; without its terminal it goes on.

    Raises:
        TutorError: if it cannot begin.
    """
    from tutor.compute.run_process import (  # noqa: PLC0415 - as above
        Signals,
        config_of,
        execute,
        import_torch,
        prepared,
    )
    from tutor.data.images import load  # noqa: PLC0415 - with numpy
    from tutor.training_display import Display  # noqa: PLC0415 - with rich

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals = None
    config = config_of(wished)
    try:
        images = load(config.data)
        with Display(config.epochs) as display:
            import_torch()
            ready = prepared(wished, images)
            signals = Signals(ready.run)
            status = execute(ready, signals, display.take)
    except KeyboardInterrupt:
        told = t("train.killed", run=signals.run.id) if signals else t("train.not_begun")
        return Outcome(INTERRUPTED + signal.SIGINT, told, {})
    return _outcome(ready.run, status, signals.came)


def result(run: Run, status: Status) -> dict[str, Any]:
    """Return what came of a run as plain data."""
    said = {"message": message(status.key, status.values)} if status.key else {}
    return {
        "run": run.id,
        "state": status.state,
        **said,
        "epochs": status.epochs,
        "train_loss": status.train_loss,
        "test_loss": status.test_loss,
        "test_accuracy": status.test_accuracy,
        "samples_per_second": status.samples_per_second,
        "weights_sha256": status.weights_sha256,
    }


def _outcome(run: Run, status: Status, came: int) -> Outcome:
    """Return how a run that was executed here has ended; `came` is the signal that stopped it."""
    told = result(run, status)
    if status.state == "failed":
        return Outcome(1, f"{run.id}: {told['message']}", told)
    if status.state == "stopped":
        code = INTERRUPTED + came if came else 0
        return Outcome(code, t("train.stopped", run=run.id, step=status.step), told)
    speed = status.samples_per_second if math.isfinite(status.samples_per_second) else 0
    accuracy = 100 * status.test_accuracy
    return Outcome(0, t("train.done", run=run.id, accuracy=accuracy, speed=speed), told)
