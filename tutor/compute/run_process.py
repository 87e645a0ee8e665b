"""The process of a training run: begins it, says so, and trains until the run ends.

It is detached: it outlives the host and the UI. `python -m tutor.compute.run_process` is one that
begins from nothing; a forked one calls `be_detached`. Whoever started it reads from a pipe one
line, `Launched` or `Failed`; a pipe that ends without a line is a process that has died.

Whoever trains in the foreground uses `prepared` and `execute`, too.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Self

from tutor import locations
from tutor.compute import processes
from tutor.compute.protocol import Failed, Launch, Launched, Relaunch, decode, encode
from tutor.errors import TutorError, brief

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import TypeAlias

    from tutor.compute.protocol import Message
    from tutor.data.images import ImageSet
    from tutor.training.config import Config
    from tutor.training.events import Event
    from tutor.training.run_directory import Run, Status

    Wish: TypeAlias = Launch | Relaunch

MODULE = "tutor.compute.run_process"
"""What `python -m` runs to be a run's process."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A run that can begin."""

    run: Run
    """The run."""
    images: ImageSet
    """What its config names."""
    resume: bool
    """Whether it may have begun before."""


def config_of(wish: Wish) -> Config:
    """Return what the run that is wished for is told; this needs no torch.

    Raises:
        TutorError: if a value cannot be used, or there is no such run.
    """
    from tutor.compute.steering import known  # noqa: PLC0415 - with numpy
    from tutor.training.config import Config  # noqa: PLC0415 - as above

    return (
        known(wish.run).config() if isinstance(wish, Relaunch) else Config.from_values(wish.config)
    )


def prepared(wish: Wish, images: ImageSet) -> Prepared:
    """Make, go back in, or branch off a run that is to be trained on these images.

    Raises:
        TutorError: if that cannot be; then no run was made, and none was changed.
    """
    from tutor.compute.steering import known  # noqa: PLC0415 - with numpy
    from tutor.training.run_directory import Runs, home  # noqa: PLC0415 - as above

    if isinstance(wish, Relaunch):
        return Prepared(_branch(known(wish.run), wish), images, resume=True)
    return Prepared(Runs(home()).create(config_of(wish)), images, resume=False)


def _branch(run: Run, wish: Relaunch) -> Run:
    """Return the run to go on with, put back to the checkpoint that was asked for."""
    from tutor.training import branches  # noqa: PLC0415 - with torch
    from tutor.training.checkpoint import Checkpoints  # noqa: PLC0415 - with torch
    from tutor.training.run_directory import Runs  # noqa: PLC0415 - with numpy

    if wish.fork:
        steps = Checkpoints(run.path).steps()
        step = wish.step if wish.step >= 0 or not steps else steps[-1]
        return branches.fork(Runs(run.path.parent), run, step, **wish.changes)
    if run.is_executed():
        raise TutorError("error.training.executed", run=run.id)
    if wish.step >= 0:
        branches.rewind(run, wish.step)
    return run


@dataclass(slots=True)
class Signals:
    """Turns SIGINT and SIGTERM into a stop of the run with its last checkpoint.

    A second one ends training where it is, which loses what came after that checkpoint.
    """

    run: Run
    """The run to stop."""
    came: int = 0
    """The signal that came; 0 if none did."""
    _before: dict[int, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = number
        self.repeat()

    def repeat(self) -> None:
        """Tell the run once more to stop, if it was told before it listened."""
        if self.came:
            try:
                self.run.tell("stop")
            except TutorError:
                raise KeyboardInterrupt from None  # it cannot be told: end it as it stands


def execute(
    ready: Prepared, signals: Signals, told: Callable[[Event], None] = lambda _: None
) -> Status:
    """Train in this process until the run ends, and return how it stands then.

    One core is left to whoever watches.

    Raises:
        TutorError: if training cannot begin.
        KeyboardInterrupt: after a second signal.
    """
    from tutor.compute import device  # noqa: PLC0415 - with torch
    from tutor.training import train  # noqa: PLC0415 - as above
    from tutor.training.events import Began  # noqa: PLC0415 - with numpy

    def heard(event: Event) -> None:
        if isinstance(event, Began):
            signals.repeat()
        told(event)

    device.leave_a_core()
    with signals:
        return train.run(ready.run, ready.images, resume=ready.resume, told=heard)


def import_torch() -> None:
    """Import torch.

    Raises:
        TutorError: if that cannot be; it says what to do.
    """
    try:
        import torch  # noqa: F401, PLC0415 - takes seconds
    except Exception as error:  # noqa: BLE001 - a broken torch may raise anything
        missing = isinstance(error, ModuleNotFoundError) and error.name == "torch"
        key = "error.torch.missing" if missing else "error.torch.broken"
        raise TutorError(key, detail=brief(error)) from None


class Report:
    """The end of a pipe that takes one message; whoever reads it may have gone."""

    def __init__(self, file: int) -> None:
        """Write to the file descriptor `file`."""
        self._file = file

    def tell(self, message: Message) -> None:
        """Send the message, unless one has been sent."""
        if self._file >= 0:
            with suppress(OSError):
                os.write(self._file, encode(message))
            os.close(self._file)
            self._file = -1


def be_detached(wish: Wish, report: int) -> NoReturn:
    """Become a process of its own, begin a run, say so on `report`, train, and end."""
    code = 1
    try:
        processes.detach()
        processes.keep_only(report)
        code = _serve(wish, Report(report))
    except BaseException:  # noqa: BLE001 - nothing may unwind into the frames of who forked it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _serve(wish: Wish, report: Report) -> int:
    """Execute the run that is wished for, and return the process's exit code."""
    try:
        import_torch()
    except TutorError as error:
        report.tell(Failed(wish.id, "unknown", error.key, error.values))
        return 1
    from tutor.compute.failures import failure  # noqa: PLC0415 - with torch
    from tutor.data.images import load  # noqa: PLC0415 - with numpy
    from tutor.training.events import Began  # noqa: PLC0415 - with numpy

    try:
        ready = prepared(wish, load(config_of(wish).data))
        _write_to(ready.run)

        def told(event: Event) -> None:
            if isinstance(event, Began):
                report.tell(Launched(wish.id, ready.run.id))

        status = execute(ready, Signals(ready.run), told)
    except Exception as error:  # noqa: BLE001 - whatever it is, who launched it is told
        report.tell(failure(wish.id, error))
        return 1
    return int(status.state == "failed")


def _write_to(run: Run) -> None:
    """Have whatever is printed from now on go to the run's log."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        log = os.open(run.path / "log.txt", flags, locations.PRIVATE_FILE)
    except OSError:
        log = os.open(os.devnull, os.O_WRONLY)
    for file in (1, 2):
        os.dup2(log, file)
    os.close(log)


def main() -> None:
    """Be the process of the run that the command line tells of, as one message."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", type=int, required=True)
    parser.add_argument("wish")
    options = parser.parse_args()
    wish = decode(options.wish.encode())
    if not isinstance(wish, (Launch, Relaunch)):
        parser.error("no run")
    be_detached(wish, options.report)


if __name__ == "__main__":
    main()
