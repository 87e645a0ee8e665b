"""Events that are kept through crashes, full disks and damage to the file they are in.

What `append` took is kept, whatever happens: on disk where that is possible, else in memory until
it is. `unsaved` says why an event is not on disk, `notice` what became of a damaged file.

A healthy file is copied beside itself when it is opened and when it is closed. A damaged one is
set aside under another name, the copy takes its place, and what memory still holds is added.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tutor import event_file, locations
from tutor.errors import TutorError
from tutor.event_file import PATIENCE, Event
from tutor.safe import one_line

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


class EventStore:
    """The events in one file; no method raises an error, one thread at a time may call them."""

    def __init__(self, path: Path) -> None:
        """Prepare for the file at `path`; it is opened when it is first needed."""
        self.path = Path(os.path.realpath(path))
        self.copy = self.path.with_name(f"{self.path.name}.copy")
        self.unsaved: TutorError | None = None
        self.notice: TutorError | None = None
        self.readings = 0
        self._tried = False
        self._connection: sqlite3.Connection | None = None
        self._inode = (0, 0)
        self._known: list[Event] = []
        self._pending: list[Event] = []

    def append(self, event: Event) -> None:
        """Add an event; it is on disk when this returns, unless `unsaved` says why not."""
        self._known.append(event)
        self._pending.append(event)
        self.save()

    def events(self) -> list[Event]:
        """Return what the file held when it was last opened, then what was appended here.

        `readings` counts how often the file was opened, so that a caller may keep the result.
        """
        if not self._tried:
            self.save()
        return list(self._known)

    def save(self) -> None:
        """Open the file if it is not open and write what is not written."""
        self._tried = True
        for _ in range(2):
            try:
                self._write(self._connected())
            except Exception as error:  # noqa: BLE001 - whatever it is, the events are kept
                self._disconnect()
                self.unsaved = event_file.reason(error, self.path)
                if not event_file.is_damage(error):
                    return
            else:
                if self._in_place():
                    self._pending = []
                    self.unsaved = None
                    return
                self.unsaved = TutorError("error.progress.moved", path=one_line(self.path))

    def close(self) -> None:
        """Write what is not written, copy the file and close it."""
        if self._pending:
            self.save()
        if self._connection:
            with suppress(OSError), _locked(self.path.parent):
                self._back_up(self._connection)
        self._disconnect()

    def _write(self, connection: sqlite3.Connection) -> None:
        if self._pending:
            event_file.add(connection, self._pending)

    def _connected(self) -> sqlite3.Connection:
        """Return the connection; a new one has told which known events are not in the file.

        After an error there is always a new one: whether a commit that failed was one is seen
        only by looking.
        """
        if self._connection and self._in_place():
            return self._connection
        self._disconnect()
        locations.make(self.path.parent)
        with _locked(self.path.parent):
            self._connection = self._connect_or_rescue()
            self._inode = _inode(self.path)
            self._back_up(self._connection)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _in_place(self) -> bool:
        """Tell whether the open file is still the one that others find under its name."""
        return self._inode == _inode(self.path)

    def _connect_or_rescue(self) -> sqlite3.Connection:
        """Open the file; a damaged one gives way to its copy, a damaged copy to a new file."""
        if self.path.exists() and not self.path.is_file():
            raise OSError(errno.EISDIR, "not a file")
        missing = not _size(self.path) and bool(_size(self.copy))
        if not missing and (connection := self._connect_if_sound()):
            return connection
        aside = self._set_aside()
        if _size(self.copy):
            locations.write_whole(self.path, self.copy.read_bytes())
            if connection := self._connect_if_sound():
                self._tell("missing" if missing else "restored", aside)
                return connection
            self._set_aside()
        self._tell("damaged", aside)
        return self._connect()

    def _connect_if_sound(self) -> sqlite3.Connection | None:
        try:
            return self._connect()
        except Exception as error:
            if not event_file.is_damage(error):
                raise
            return None

    def _connect(self) -> sqlite3.Connection:
        connection = event_file.connect(self.path)
        try:
            if event_file.is_newer(connection):
                self._take(event_file.read_what_can_be(connection))
                self._refuse()
            event_file.prepare(connection)
            self._take(event_file.read(connection))
            _must_be_writable(self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse(self) -> NoReturn:
        raise TutorError("error.progress.newer", path=one_line(self.path))

    def _take(self, rows: list[Event]) -> None:
        there = set(rows) if self._known else set()
        self._pending = [event for event in self._known if event not in there]
        self._known = [*rows, *self._pending]
        self.readings += 1

    def _back_up(self, connection: sqlite3.Connection) -> None:
        """Copy the file, if it has changed since it was last copied; a failure harms nothing."""
        import sqlite3  # noqa: PLC0415 - loaded by now

        if self._known and _changed(self.copy) <= _changed(self.path):
            with suppress(sqlite3.Error, OSError):
                event_file.copy(connection, self.copy)

    def _set_aside(self) -> Path:
        from datetime import datetime  # noqa: PLC0415 - needed only when something went wrong

        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        for suffix in ("-journal", "-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").rename(f"{aside}{suffix}")
        return aside

    def _tell(self, what: str, aside: Path) -> None:
        names = {"path": self.path, "aside": aside.name, "copy": self.copy.name}
        told = {name: one_line(value) for name, value in names.items()}
        self.notice = TutorError(f"error.progress.{what}", **told)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other tutors from opening and rescuing files in `folder`; not all file systems can.

    Raises:
        BlockingIOError: if another tutor keeps us out for longer than `PATIENCE`.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    end = time.monotonic() + PATIENCE
    try:
        while not _lock(descriptor):
            if time.monotonic() > end:
                raise BlockingIOError(errno.EWOULDBLOCK, "another tutor is at work")
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _must_be_writable(path: Path) -> None:
    """Raise what SQLite would raise at the first writing; it opens what can only be read."""
    for place in (path, path.parent):
        if not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _inode(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)
