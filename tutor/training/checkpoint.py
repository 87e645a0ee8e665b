"""Checkpoints: a safetensors file with the tensors, and a JSON file that vouches for it.

The JSON file is written last and names the other by its hash, so at every instant a checkpoint is
there whole or not at all. Both are written to temporary files in the same folder, put on disk and
then renamed. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from tutor import locations
from tutor.safe import one_line
from tutor.training.config import Config
from tutor.training.errors import CheckpointError, DamagedError, SaveError
from tutor.training.records import from_table, to_table

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

FORMAT = 1
"""The version of both files."""

MOST_HEADER = 2**20
"""The greatest length in bytes of a safetensors header, and of a JSON file."""

MOST_TENSORS = 2**30
"""The greatest length in bytes of a safetensors file; any network here is far smaller."""

TENSORS = re.compile(r"checkpoint-\d{9,}-[0-9a-f]{16}\.safetensors")
"""The names of files with tensors: the step and the start of the hash."""

SIDECAR = re.compile(r"checkpoint-(\d{9,})\.json")
"""The names of files that vouch for them: the step."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where training is, and everything but tensors that is needed to go on from there."""

    step: int
    """How many steps have been taken."""
    epoch: int
    """How many epochs are complete."""
    batch: int
    """How many steps of the next epoch have been taken."""
    lr: float
    """The learning rate."""
    epoch_loss: float
    """The sum of the losses of that epoch's images so far, in nats."""
    seconds: float
    """How long training has taken, in seconds."""
    samples: int
    """How many images were trained on in that time."""
    train_loss: float
    """The mean loss of the last complete epoch, in nats; NaN before."""
    test_loss: float
    """The mean loss of the last test, in nats."""
    test_accuracy: float
    """The accuracy of the last test, from 0 to 1."""
    control: int
    """How much of the file of commands has been obeyed, in bytes."""
    mean: float
    """What was subtracted from the pixels, where 0 is background and 1 is ink."""
    std: float
    """What they were divided by then."""
    threads: int
    """How many threads the CPU computed with."""
    torch: str
    """The version of torch."""
    random: dict[str, str]
    """The states of the global random numbers by generator, in base64."""


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A state of training, on disk or on its way there."""

    config: Config
    """What the run was told."""
    place: Place
    """Where training is."""
    tensors: dict[str, Tensor]
    """The network's and the optimizer's tensors, on the CPU, as `state` names them."""


class Checkpoints:
    """The checkpoints in a folder, the last few of which are kept."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        """Use `folder`, and keep `keep` checkpoints there."""
        self.folder = folder
        self._keep = keep

    def steps(self) -> list[int]:
        """Return the steps that there are checkpoints of, ascending."""
        found = map(SIDECAR.fullmatch, self._names())
        return sorted(int(one[1]) for one in found if one)

    def save(self, checkpoint: Checkpoint) -> None:
        """Put a checkpoint on disk, then remove those that are no longer kept.

        Raises:
            SaveError: if it cannot be written; the older ones are as they were.
        """
        data = save(checkpoint.tensors)
        digest = hashlib.sha256(data).hexdigest()
        step = checkpoint.place.step
        tensors = self.folder / f"checkpoint-{step:09}-{digest[:16]}.safetensors"
        table = {
            "format": FORMAT,
            "file": tensors.name,
            "size": len(data),
            "sha256": digest,
            "config": checkpoint.config.values(),
            **to_table(checkpoint.place),
        }
        try:
            locations.write_whole(tensors, data)
            locations.write_whole(self._sidecar(step), json.dumps(table).encode())
        except OSError as error:
            self.tidy()
            raise SaveError.of(error, tensors) from None
        self.tidy()

    def load(self, step: int) -> Checkpoint:
        """Return the checkpoint of a step, verified.

        Raises:
            DamagedError: if it is not there, or not what was saved.
            CheckpointError: if a newer program wrote it.
            TutorError: if its config cannot be used.
        """
        path = self._sidecar(step)
        table = _table(path)
        try:
            place = from_table(Place, table)
            name, size, digest = (str(table[key]) for key in ("file", "size", "sha256"))
        except (ValueError, KeyError):
            raise DamagedError("sidecar", path) from None
        if place.step != step or not TENSORS.fullmatch(name):
            raise DamagedError("sidecar", path)
        config = Config.from_values(table.get("config"))
        tensors = self.folder / name
        return Checkpoint(config, place, _tensors(tensors, size, digest))

    def last(self) -> tuple[Checkpoint | None, list[CheckpointError]]:
        """Return the newest sound checkpoint, and what is wrong with those after it.

        Raises:
            CheckpointError: if there are checkpoints and none is sound; that of the newest.
        """
        problems: list[CheckpointError] = []
        for step in reversed(self.steps()):
            try:
                return self.load(step), problems
            except DamagedError as error:
                problems.append(error)
        if problems:
            raise problems[0]
        return None, []

    def discard_after(self, step: int) -> None:
        """Remove the checkpoints of later steps, the last one first, and all that is left over."""
        for later in reversed(self.steps()):
            if later > step:
                self._remove(self._sidecar(later).name)
        self.tidy()

    def tidy(self) -> None:
        """Remove what no kept checkpoint needs."""
        kept = self.steps()[-self._keep :]
        needed = {name for step in kept for name in self._files(step)}
        for name in self._names():
            if SIDECAR.fullmatch(name) and name not in needed:
                self._remove(name)
        for name in self._names():
            if TENSORS.fullmatch(name) and name not in needed:
                self._remove(name)

    def _sidecar(self, step: int) -> Path:
        return self.folder / f"checkpoint-{step:09}.json"

    def _files(self, step: int) -> set[str]:
        """Return the names of a checkpoint's files; of a damaged one what may be they."""
        sidecar = self._sidecar(step)
        try:
            tensors = {str(_table(sidecar).get("file"))}
        except CheckpointError:
            start = f"{sidecar.stem}-"
            tensors = {name for name in self._names() if name.startswith(start)}
        return {sidecar.name, *tensors}

    def _names(self) -> list[str]:
        try:
            return [path.name for path in self.folder.iterdir()]
        except OSError:
            return []

    def _remove(self, name: str) -> None:
        with suppress(OSError):
            (self.folder / name).unlink()


def _table(path: Path) -> dict[str, Any]:
    """Return what a checkpoint's JSON file says."""
    try:
        table = json.loads(_content(path, MOST_HEADER))
    except (ValueError, RecursionError):
        raise DamagedError("sidecar", path) from None
    if not isinstance(table, dict) or type(table.get("format")) is not int:
        raise DamagedError("sidecar", path)
    if table["format"] > FORMAT:
        raise CheckpointError("newer", path)
    return table


def _tensors(path: Path, size: str, digest: str) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file of that size and hash."""
    data = _content(path, MOST_TENSORS)
    header = int.from_bytes(data[:8], "little")
    if header > min(MOST_HEADER, len(data) - 8):
        raise DamagedError("header", path)
    if str(len(data)) != size or hashlib.sha256(data).hexdigest() != digest:
        raise DamagedError("hash", path)
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, AssertionError, RuntimeError):
        raise DamagedError("header", path) from None


def _content(path: Path, most: int) -> bytes:
    """Return what a file holds, if it is an ordinary one and not too long."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DamagedError("missing", path)
            data = file.read(most + 1)
    except FileNotFoundError:
        raise DamagedError("missing", path) from None
    except OSError as error:
        raise CheckpointError("unreadable", path, detail=one_line(error.strerror)) from None
    if len(data) > most:
        raise DamagedError("long", path)
    return data
