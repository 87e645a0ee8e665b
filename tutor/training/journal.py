"""A run's journal: its events, one JSON object a line, only ever appended to.

Nothing that was written is changed. When a run goes on from a checkpoint it writes another
`Began`, and whatever the journal tells of later steps before that line is void; `follower` heeds
that. So one who follows from an offset never reads a place that is later written anew.

The one exception is a last line without its end, which a process that was killed may leave: it was
never told to anybody, and is cut off when the journal is opened for writing.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from tutor import locations
from tutor.training.errors import SaveError
from tutor.training.events import to_record

if TYPE_CHECKING:
    from pathlib import Path

    from tutor.training.events import Event

BLOCK = 65_536
"""How many bytes are looked at together for the end of the last line."""


class Journal:
    """Appends events to a file, and keeps those that the disk did not take until it does."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, made if need be; one process may do so at a time.

        Raises:
            SaveError: if it cannot be opened.
        """
        self._path = path
        self._waiting = b""
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, locations.PRIVATE_FILE)
            self._size = _end_of_lines(self._file)
            os.ftruncate(self._file, self._size)
        except OSError as error:
            raise SaveError.of(error, path) from None

    def append(self, event: Event) -> SaveError | None:
        """Add an event; return why it is not yet in the file, if it is not."""
        record = {**to_record(event), "at": round(time.time(), 3)}
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        self._waiting += line.encode() + b"\n"
        try:
            self._write()
        except OSError as error:
            return SaveError.of(error, self._path)
        return None

    def sync(self) -> None:
        """Put everything on disk.

        Raises:
            SaveError: if that cannot be done; what is not in the file is kept.
        """
        try:
            self._write()
            os.fsync(self._file)
        except OSError as error:
            raise SaveError.of(error, self._path) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self) -> None:
        """Write what waits; a part of it that the disk took is taken back."""
        data = self._waiting
        while data:
            try:
                data = data[os.write(self._file, data) :]
            except OSError:
                os.ftruncate(self._file, self._size)
                raise
        self._size += len(self._waiting)
        self._waiting = b""


def _end_of_lines(file: int) -> int:
    """Return where the last complete line ends."""
    end = os.fstat(file).st_size
    while end:
        start = max(0, end - BLOCK)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
