"""Runs: directories that hold all there is of a training, and can be followed and steered.

    config.json      what the run was told; written once
    state.json       how it stands; replaced whole
    metrics.jsonl    its journal; only ever appended to
    control.jsonl    commands, appended by anybody: {"do": "pause"}, {"do": "lr", "value": 0.01} …
    checkpoint-*     the last checkpoints
    lock             locked by the process that executes the run
    reserve          given up for `state.json` when the disk is full

It needs no torch: who follows a run does not load it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tutor import locations
from tutor.errors import UnknownNameError
from tutor.safe import one_line
from tutor.training import lock
from tutor.training.config import Config
from tutor.training.controls import Command
from tutor.training.errors import SaveError
from tutor.training.follower import Follower, History
from tutor.training.records import from_table, to_table

if TYPE_CHECKING:
    from pathlib import Path

    from tutor.training.controls import Action

ID = re.compile(r"\d{8}-\d{6}-[a-z0-9_]+-[0-9a-f]{4}")
"""The form of a run's id: when it was made, what it trains, and four digits at random."""

LONGEST_STATE = 65_536
"""The greatest length of `state.json` and `config.json` in bytes."""


def home() -> Path:
    """Return the folder of the runs."""
    return locations.data_folder() / "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a run stands."""

    state: str = "created"
    """"created", "running", "paused", "done", "stopped", "failed" or "interrupted".

    The last is a run whose process ended without saying so: it can be resumed.
    """
    key: str = ""
    """The message that says why it failed or waits; empty if there is nothing to say."""
    values: dict[str, Any] = field(default_factory=dict)
    """The values in the message."""
    pid: int = 0
    """The process that executes it or did so last."""
    started: float = 0.0
    """When it was first started, in seconds since 1970."""
    ended: float = 0.0
    """When it ended; 0 if it has not."""
    step: int = 0
    """How many steps were taken when this was written."""
    epochs: int = 0
    """How many epochs were complete."""
    train_loss: float = float("nan")
    """The mean loss of the last complete epoch, in nats."""
    test_loss: float = float("nan")
    """The mean loss of the last test, in nats."""
    test_accuracy: float = float("nan")
    """The accuracy of the last test, from 0 to 1."""
    samples_per_second: float = float("nan")
    """How many images a second were trained on, over the whole run; only training counts."""
    weights_sha256: str = ""
    """What `state.weights_sha256` gives for the weights at the end; empty before."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run; making this object makes no directory."""

    path: Path
    """Its directory."""

    @property
    def id(self) -> str:
        """Its name among all runs."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """The file of its events."""
        return self.path / "metrics.jsonl"

    @property
    def control(self) -> Path:
        """The file of the commands to it."""
        return self.path / "control.jsonl"

    @property
    def lock(self) -> Path:
        """The file that the process executing it locks."""
        return self.path / "lock"

    def config(self) -> Config:
        """Return what it was told.

        Raises:
            TutorError: if that cannot be read.
        """
        try:
            return Config.from_json(_content(self.path / "config.json"))
        except OSError as error:
            raise locations.trouble(error, self.path / "config.json") from None

    def status(self) -> Status:
        """Return how it stands; a file that cannot be read says nothing."""
        try:
            status = from_table(Status, json.loads(_content(self.path / "state.json")))
        except (OSError, ValueError, RecursionError):
            status = Status()
            if not self.journal.exists():
                return status
            status = replace(status, state="running")
        if status.state in ("running", "paused") and not self.is_executed():
            return replace(status, state="interrupted")
        return status

    def is_executed(self) -> bool:
        """Tell whether a process is executing it."""
        return lock.is_held(self.lock)

    def tell(self, do: Action, value: float = 1) -> None:
        """Send it a command; anybody may, in any process.

        Raises:
            ValueError: if it is none.
            SaveError: if it cannot be written.
        """
        line = Command(do, value).to_json().encode() + b"\n"
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            file = os.open(self.control, flags, locations.PRIVATE_FILE)
            try:
                os.write(file, line)
            finally:
                os.close(file)
        except OSError as error:
            raise SaveError.of(error, self.control) from None

    def follower(self, offset: int = 0) -> Follower:
        """Return what reads its journal from an offset in bytes."""
        return Follower(self.journal, offset)

    def history(self) -> History:
        """Return all that its journal tells."""
        return self.follower().catch_up()


class Runs:
    """The runs in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which need not be there yet; `home()` is the usual one."""
        self.folder = folder

    def create(self, config: Config) -> Run:
        """Make a run that has not begun.

        Raises:
            SaveError: if it cannot be written.
        """
        try:
            locations.make(self.folder)
            path = self._new_folder(config.model)
            locations.write_whole(path / "config.json", config.to_json().encode())
        except OSError as error:
            raise SaveError.of(error, self.folder) from None
        return Run(path)

    def all(self) -> list[Run]:
        """Return the runs, the oldest first."""
        try:
            found = sorted(self.folder.iterdir())
        except OSError:
            return []
        return [Run(path) for path in found if _is_run(path)]

    def find(self, name: str) -> Run:
        """Return the run with this id, or the only one whose id contains `name`.

        Raises:
            UnknownNameError: if there is none, or more than one.
        """
        runs = self.all()
        found = [run for run in runs if name == run.id] or [run for run in runs if name in run.id]
        if len(found) == 1:
            return found[0]
        raise UnknownNameError("run", one_line(name), [run.id for run in found or runs])

    def delete(self, run: Run) -> None:
        """Remove a run and all it holds.

        Raises:
            TutorError: if a process is executing it, or it cannot be removed.
        """
        if run.path.parent != self.folder or not _is_run(run.path):
            raise UnknownNameError("run", one_line(run.id), [one.id for one in self.all()])
        with lock.alone(run.lock):
            try:
                shutil.rmtree(run.path)
            except OSError as error:
                raise locations.trouble(error, run.path) from None

    def _new_folder(self, model: str) -> Path:
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        while True:
            path = self.folder / f"{stamp}-{model}-{secrets.token_hex(2)}"
            with suppress(FileExistsError):
                path.mkdir(mode=locations.PRIVATE_FOLDER)
                return path


def write_status(run: Run, status: Status, *, durable: bool = True) -> None:
    """Replace `state.json`.

    Raises:
        OSError: if it cannot be written; the old one is then as it was.
    """
    path = run.path / "state.json"
    content = json.dumps(to_table(status), ensure_ascii=False, allow_nan=False).encode()
    if durable:
        locations.write_whole(path, content)
    else:
        temporary = path.with_name(".state.json.tmp")
        temporary.write_bytes(content)
        temporary.replace(path)


def _is_run(path: Path) -> bool:
    made = ID.fullmatch(path.name) and not path.is_symlink()
    return bool(made) and (path / "config.json").is_file()


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LONGEST_STATE)
