"""The beginning of a file that is being downloaded: locked, kept over interruptions, then named."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from tutor import locations
from tutor.errors import TutorError
from tutor.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PUBLIC_FILE = 0o666
"""The permissions of a new file, less what the user's umask takes: the data are no secret."""

BEAT = 0.1
"""Seconds between two attempts to get the lock."""


class Part:
    """What has come of a file so far; every method raises `TutorError` where the disk fails."""

    def __init__(self, file: io.FileIO, path: Path, target: Path) -> None:
        """Take over an open file that lies at `path` and is to become `target`."""
        self._file = file
        self._path = path
        self._target = target

    @property
    def size(self) -> int:
        """How many bytes have come."""
        with _told(self._path):
            return os.fstat(self._file.fileno()).st_size

    def append(self, content: bytes) -> None:
        """Add bytes at the end."""
        left = memoryview(content)
        with _told(self._path):
            while left:
                left = left[self._file.write(left) :]

    def empty(self) -> None:
        """Throw away what has come."""
        if self.size:
            with _told(self._path):
                self._file.truncate(0)

    def has(self, size: int, sha256: str) -> bool:
        """Tell whether what has come is the whole file; it is read back from the disk."""
        if self.size != size:
            return False
        with _told(self._path):
            self._file.seek(0)
            return hashlib.file_digest(self._file, "sha256").hexdigest() == sha256

    def settle(self) -> None:
        """Give the file its name; its content and its name are on disk when this returns.

        Something else of that name is kept as `.old`.
        """
        with _told(self._target):
            os.fsync(self._file.fileno())
            with suppress(FileNotFoundError):
                self._target.replace(self._target.with_name(f"{self._target.name}.old"))
            self._path.replace(self._target)
            locations.sync_folder(self._target.parent)


@contextmanager
def opened(target: Path, waiting: Callable[[], None]) -> Iterator[Part]:
    """Open what has come of `target`, or begin it, and let no one else do so meanwhile.

    The lock is on the file itself and goes with the process, so that none is ever left behind.
    Where files cannot be locked, as on some network disks, the part gets a name of its own and is
    not kept. An empty part is not kept either.

    Args:
        target: The path that the file will have.
        waiting: Called every `BEAT` seconds while another process downloads the file.

    Raises:
        TutorError: if the file cannot be opened.
    """
    file, path, kept = _claimed(target, waiting)
    try:
        yield Part(file, path, target)
    finally:
        _drop(file, path, kept=kept)


def _claimed(target: Path, waiting: Callable[[], None]) -> tuple[io.FileIO, Path, bool]:
    """Return the open part of `target`, its path, and whether it can be gone on with later."""
    path = target.with_name(f"{target.name}.part")
    while True:
        with _told(path):
            locations.make(path.parent)
            file = _open(path)
            locked = _lock(file)
            if locked and _is_at(file, path):
                return file, path, True
            if locked is None:
                _drop(file, path, kept=True)
                path = target.with_name(f"{target.name}.{uuid4().hex}.part")
                return _open(path), path, False
            file.close()
        if not locked:
            waiting()
            time.sleep(BEAT)


def _open(path: Path) -> io.FileIO:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PUBLIC_FILE)
    return io.FileIO(descriptor, "r+")


def _drop(file: io.FileIO, path: Path, *, kept: bool) -> None:
    """Close a part, and delete it if there is nothing in it to be kept."""
    with file, suppress(OSError):
        if _is_at(file, path) and not (kept and os.fstat(file.fileno()).st_size):
            path.unlink()


def _lock(file: io.FileIO) -> bool | None:
    """Lock a file; False: another process has it; None: files cannot be locked there."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_at(file: io.FileIO, path: Path) -> bool:
    """Tell whether an open file is the one found under a path: its last owner may have named it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn the errors of a disk into those that a person reads."""
    try:
        yield
    except OSError as error:
        kind = locations.trouble(error, path).key.rpartition(".")[2]
        detail = one_line(error.strerror or error)
        raise TutorError(f"error.data.{kind}", path=one_line(path), detail=detail) from error
