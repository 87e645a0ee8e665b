"""One SQLite file of events: its schema, whether it is sound, reading, adding and copying.

The rollback journal is used because the write-ahead log corrupts on network mounts. Functions
raise `sqlite3.Error` as SQLite does, and `DamagedError` where a file is not what we wrote.
"""

from __future__ import annotations

import os
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from tutor import locations
from tutor.errors import TutorError
from tutor.safe import one_line

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

VERSION = 1
"""The number of the schema, kept in the file as `user_version`."""

NEVER_REACHED = 1000
"""A number of a schema that only damage writes."""

PATIENCE = 2.0
"""How many seconds to wait for another tutor that is writing."""

SCHEMA = {
    "events": (
        "CREATE TABLE events (id INTEGER PRIMARY KEY, "
        + ", ".join(
            f"{column} TEXT NOT NULL CHECK (typeof({column}) = 'text')"
            for column in ("at", "lesson", "step", "activity", "kind", "data")
        )
        + ")"
    ),
    "events_stay_as_they_are": (
        "CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events "
        "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
    ),
    "events_stay": (
        "CREATE TRIGGER events_stay BEFORE DELETE ON events "
        "BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END"
    ),
}
"""What makes each thing in the database, by its name; another text is another `VERSION`.

The checks do what STRICT does, which an SQLite before 3.37, as on many clusters, takes for damage.
"""

PRAGMAS = ("journal_mode = DELETE", "synchronous = EXTRA", "fullfsync = ON", "trusted_schema = OFF")
"""How every connection is set; EXTRA is FULL and the folder, too, after the journal is deleted."""

DAMAGE = {1, 11, 18, 20, 26}
"""SQLite's codes ERROR, CORRUPT, TOOBIG, MISMATCH and NOTADB: the file is not what we wrote."""

REASONS = {
    3: "error.file.denied",
    5: "error.progress.busy",
    6: "error.progress.busy",
    8: "error.file.readonly",
    13: "error.file.full",
    14: "error.file.path",
    15: "error.progress.lock",
}
"""The messages for SQLite's codes PERM, BUSY, LOCKED, READONLY, FULL, CANTOPEN and PROTOCOL."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something a learner did; no two of one process are equal, since `at` differs."""

    at: str
    """When, in UTC as ISO 8601 with microseconds."""
    lesson: str
    """The lesson's id."""
    step: str
    """The step's id, or empty."""
    activity: str
    """The activity's id, or empty."""
    kind: str
    """What was done."""
    data: str
    """What else there is to say of it, as a JSON object."""


class DamagedError(Exception):
    """The file is no sound database of ours; the text says what is wrong."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file at `path`; a new one can be read by its owner only."""
    import sqlite3  # noqa: PLC0415 - the first picture does not wait for it

    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, locations.PRIVATE_FILE))
    connection = sqlite3.connect(
        path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


def is_newer(connection: sqlite3.Connection) -> bool:
    """Tell whether a later version of the program wrote the file; looking changes nothing in it."""
    version = _version(connection)
    if not 0 <= version < NEVER_REACHED:
        raise DamagedError(f"user_version {version}")
    return version > VERSION


def prepare(connection: sqlite3.Connection) -> None:
    """Set a connection up, make the schema in an empty file and check any other."""
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    _create(connection)
    _check(connection)


def read(connection: sqlite3.Connection) -> list[Event]:
    """Return all events in the order in which they were added."""
    rows = connection.execute(
        "SELECT at, lesson, step, activity, kind, data FROM events ORDER BY id"
    ).fetchall()
    if not all(isinstance(value, str) for row in rows for value in row):
        raise DamagedError("a value that is no text")
    return [Event(*row) for row in rows]


def read_what_can_be(connection: sqlite3.Connection) -> list[Event]:
    """Return the events of a later version's file as far as they are like ours."""
    import sqlite3  # noqa: PLC0415 - as above

    try:
        return read(connection)
    except (sqlite3.Error, DamagedError):
        return []


def add(connection: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Add events, all or none; they are on disk when this returns.

    After an error they may be there or not: only a new connection can tell.
    """
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO events (at, lesson, step, activity, kind, data) VALUES (?, ?, ?, ?, ?, ?)",
        map(astuple, events),
    )
    connection.execute("COMMIT")


def copy(connection: sqlite3.Connection, path: Path) -> None:
    """Replace `path` by a copy of the file, whole or not at all; nobody else may be doing so.

    The first reading waits no longer than `PATIENCE` for one who writes; `backup` alone would
    wait for ever.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    target = connect(temporary)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM events").fetchone()
        connection.backup(target)
        target.close()
        temporary.replace(path)
        locations.sync_folder(path.parent)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        target.close()
        temporary.unlink(missing_ok=True)


def is_damage(error: Exception) -> bool:
    """Tell whether an error means that the file is not what we wrote.

    Sizes and names read from a damaged file also make Python fail, before SQLite says anything.
    """
    strange = (DamagedError, MemoryError, OverflowError, UnicodeError)
    return isinstance(error, strange) or _code(error) in DAMAGE


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def reason(error: Exception, path: Path) -> TutorError:
    """Return what a person reads when events cannot be written to the file at `path`."""
    if isinstance(error, TutorError):
        return error
    if isinstance(error, BlockingIOError):
        return TutorError("error.progress.busy", path=one_line(path))
    if isinstance(error, OSError):
        return locations.trouble(error, path)
    key = REASONS.get(_code(error), "error.file.other")
    return TutorError(key, path=one_line(path), detail=one_line(error))


def _create(connection: sqlite3.Connection) -> None:
    """Make what the schema has, in a file with nothing in it."""
    if _version(connection) == 0:
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == 0:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise DamagedError("tables without a version")
            for statement in SCHEMA.values():
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")


def _check(connection: sqlite3.Connection) -> None:
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master"))
    if found != SCHEMA:
        raise DamagedError("another schema")
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise DamagedError(verdict)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
