"""What the `tutor runs` commands do and print; nothing here needs torch."""

from __future__ import annotations

import json
import math
import sys
import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tutor.cells import table
from tutor.errors import TutorError, UnknownNameError
from tutor.i18n import t
from tutor.run_lines import Lines, message
from tutor.safe import one_line
from tutor.training.events import from_record
from tutor.training.export import exported
from tutor.training.follower import whole_lines
from tutor.training.records import to_table
from tutor.training.run_directory import Runs, home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tutor.training.events import Event
    from tutor.training.run_directory import Run, Status

LAST = "last"
"""What names the newest run."""

LOOK_EVERY = 0.1
"""How often to look for news of a run that is followed, in seconds."""

STATES = ("created", "running", "paused", "done", "stopped", "failed", "interrupted")
"""The states that have a word."""


def names() -> list[str]:
    """Return the ids of all runs."""
    return [run.id for run in Runs(home()).all()]


def find(name: str) -> Run:
    """Return the run with this id, with the only id that begins so, or "last" made.

    Raises:
        TutorError: if there is none, or more than one.
    """
    runs = Runs(home()).all()
    if not runs:
        raise TutorError("runs.none")
    if name == LAST:
        return max(runs, key=_made)
    found = [run for run in runs if name and run.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    raise UnknownNameError("run", one_line(name), [run.id for run in found or runs])


def overview() -> list[dict[str, Any]]:
    """Return every run as plain data, the oldest first."""
    return [facts(run) for run in sorted(Runs(home()).all(), key=_made)]


def facts(run: Run) -> dict[str, Any]:
    """Return what a run was told, how it stands and what is kept of it, as plain data."""
    status = run.status()
    try:
        config, problem = run.config().values(), ""
    except TutorError as error:
        config, problem = None, str(error)
    return {
        "run": run.id,
        **to_table(status),
        "message": message(status.key, status.values) if status.key else problem or None,
        "executed": run.is_executed(),
        "config": config,
        "checkpoints": _checkpoints(run),
        "folder": str(run.path),
    }


def overview_table(found: list[dict[str, Any]]) -> str:
    """Return what `overview` gives as aligned lines."""
    if not found:
        return t("runs.none")
    head = [t(f"runs.column.{name}") for name in ("run", "state", "epochs", "accuracy", "told")]
    return table([head, *map(_row, found)])


def facts_table(found: dict[str, Any]) -> str:
    """Return what `facts` gives as aligned lines."""
    config = found["config"] or {}
    lines = [
        ("run", found["run"]),
        ("state", _state(found["state"])),
        ("message", found["message"] or ""),
        ("epochs", f"{found['epochs']}/{config.get('epochs', '?')}"),
        ("step", str(found["step"])),
        ("train_loss", _number(found["train_loss"], ".4f")),
        ("test_loss", _number(found["test_loss"], ".4f")),
        ("accuracy", _number(found["test_accuracy"], ".2%")),
        ("speed", _number(found["samples_per_second"], ",.0f")),
        ("started", _moment(found["started"])),
        ("ended", _moment(found["ended"])),
        ("checkpoints", ", ".join(map(str, found["checkpoints"]))),
        ("weights", found["weights_sha256"]),
        ("folder", found["folder"]),
    ]
    shown = [(t(f"runs.column.{name}"), one_line(value, 1000)) for name, value in lines if value]
    told = [(f"--{name.replace('_', '-')}", str(value) or '""') for name, value in config.items()]
    return table([*shown, *told])


def follow(run: Run, say: Callable[[str], None]) -> Status:
    """Tell what has happened in a run and what happens, until it ends; return how it stands then.

    Raises:
        TutorError: if its config cannot be read.
    """
    lines, offset = Lines(run.config().epochs), 0
    going = True
    while going:
        going = run.is_executed()
        while news := whole_lines(run.journal, offset):
            offset += len(news)
            for event in _events(news):
                line = lines.line(event)
                if line is not None:
                    say(line)
        if going:
            time.sleep(LOOK_EVERY)
    status = run.status()
    say(_ending(run, status))
    return status


def export(run: Run, form: str, output: Path | None) -> Path | None:
    """Write a run's history in a form, and return the file; to stdout if no place is given.

    Raises:
        TutorError: if it cannot be written, or is nothing for a terminal.
    """
    pieces = exported(run, form)
    if output is None:
        if form == "tensorboard" and sys.stdout.isatty():
            raise TutorError("error.export.binary")
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return None
    place = output / _file_name(run, form) if output.is_dir() else output
    try:
        with place.open("wb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        detail = one_line(error.strerror or error)
        raise TutorError("error.export.unwritable", path=one_line(place), detail=detail) from None
    return place


def remove(run: Run) -> None:
    """Delete a run.

    Raises:
        TutorError: if it is executed, or cannot be deleted.
    """
    Runs(home()).delete(run)


def _made(run: Run) -> tuple[int, str]:
    """Return when a run was made, to the nanosecond."""
    try:
        return (run.path / "config.json").stat().st_mtime_ns, run.id
    except OSError:
        return 0, run.id


def _checkpoints(run: Run) -> list[int]:
    """Return the steps that there are checkpoints of, ascending."""
    steps = []
    for path in run.path.glob("checkpoint-*.json"):
        with suppress(ValueError):
            steps.append(int(path.stem.partition("-")[2]))
    return sorted(steps)


def _events(lines: bytes) -> Iterator[Event]:
    for line in lines.splitlines():
        with suppress(ValueError, RecursionError):
            yield from_record(json.loads(line))


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    config = one["config"] or {}
    told = ("data", "hidden", "optimizer", "lr", "batch_size")
    return (
        one["run"],
        _state(one["state"]),
        f"{one['epochs']}/{config.get('epochs', '?')}",
        _number(one["test_accuracy"], ".2%"),
        " ".join(f"{name}={config[name]}" for name in told if name in config),
    )


def _state(state: str) -> str:
    return t(f"runs.state.{state}") if state in STATES else state


def _number(value: float | None, form: str) -> str:
    return format(value, form) if value is not None and math.isfinite(value) else ""


def _moment(seconds: float | None) -> str:
    if not seconds:
        return ""
    try:
        return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
    except (OverflowError, OSError, ValueError):
        return ""


def _ending(run: Run, status: Status) -> str:
    if status.state == "done":
        return t("runs.ended.done", accuracy=100 * status.test_accuracy)
    if status.state == "failed" and status.key:
        return message(status.key, status.values)
    return t("runs.ended.other", state=_state(status.state), step=status.step, run=run.id)


def _file_name(run: Run, form: str) -> str:
    if form == "tensorboard":
        started = run.status().started
        return f"events.out.tfevents.{started if math.isfinite(started) else 0:.0f}.{run.id}"
    return f"{run.id}.{form}"
