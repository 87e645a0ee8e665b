"""Keeps two processes from executing one run, and tells whether any process does."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tutor import locations
from tutor.errors import TutorError
from tutor.safe import one_line
from tutor.training.errors import SaveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 1.0
"""How long to wait for one who only looks whether a run is executed, in seconds."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock in the file at `path`; it goes with the process, however that ends.

    On a file system without locks nothing is held.

    Raises:
        TutorError: if another process holds it.
        SaveError: if the file cannot be made.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, locations.PRIVATE_FILE)
    except OSError as error:
        raise SaveError.of(error, path) from None
    try:
        end = time.monotonic() + PATIENCE
        while _taken(file, fcntl.LOCK_EX):
            if time.monotonic() > end:
                raise TutorError("error.training.executed", run=one_line(path.parent.name))
            time.sleep(0.01)
        yield
    finally:
        os.close(file)


def is_held(path: Path) -> bool:
    """Tell whether a process holds the lock in the file at `path`."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return _taken(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _taken(file: int, kind: int) -> bool:
    """Take a lock, or tell that another has it."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
