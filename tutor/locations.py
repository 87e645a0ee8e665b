"""Where the program keeps its files, and how they are made: private, and whole or not at all.

`TUTOR_HOME` names one folder for everything; without it each kind of file goes where the system
keeps such files. Nothing is created until it is needed.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.errors import TutorError

NAME = "tutor-tui"
"""The name of the folders; on the package index, too, `tutor` is another project."""

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def data_folder() -> Path:
    """Return the folder of what must not be lost: the learner's progress."""
    return _folder("data")


def config_folder() -> Path:
    """Return the folder of the settings."""
    return _folder("config")


def log_folder() -> Path:
    """Return the folder of the logs."""
    return _folder("log")


def progress_file() -> Path:
    """Return the path of the learner's progress."""
    return data_folder() / "progress.sqlite3"


def settings_file() -> Path:
    """Return the path of the settings."""
    return config_folder() / "settings.json"


def log_file() -> Path:
    """Return the path of the log that error messages refer to."""
    return log_folder() / "tutor.log"


def make(folder: Path) -> None:
    """Create a folder and those above it, readable by their owner only; existing ones stay.

    Raises:
        OSError: if it cannot be created.
    """
    if not folder.is_dir():
        if folder.parent != folder:
            make(folder.parent)
        try:
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def writable(folder: Path) -> TutorError | None:
    """Create `folder` if need be and write a small file in it; return why not, None if it works."""
    trial = folder / f".writable.{os.getpid()}"
    try:
        make(folder)
        try:
            trial.write_bytes(b"tutor")
        finally:
            trial.unlink(missing_ok=True)
    except OSError as error:
        return trouble(error, folder)
    return None


def trouble(error: OSError, path: Path) -> TutorError:
    """Return what a person reads when `path` could not be used: why, and what to do.

    The message's key is `error.file.` with "full", "readonly", "denied", "path" or "other"; its
    values are `path` and `detail`, the system's own words.
    """
    from tutor.errors import TutorError  # noqa: PLC0415 - needed only when something went wrong
    from tutor.safe import one_line  # noqa: PLC0415

    kind = _KINDS.get(error.errno or 0, "other")
    detail = one_line(error.strerror or error)
    return TutorError(f"error.file.{kind}", path=one_line(path), detail=detail)


def open_log() -> int:
    """Open the log for appending, made if need be, and return its file descriptor.

    Raises:
        OSError: if it cannot be opened.
    """
    make(log_folder())
    return os.open(log_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)


def open_log_or_nothing() -> int:
    """Open the log for appending; where that cannot be, open what swallows everything."""
    try:
        return open_log()
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file by `content`, on disk before this returns; a reader sees the old or the new.

    A link stays a link: the file it points to is replaced. The folder is made if need be.

    Raises:
        OSError: if it cannot be written; the old file is then as it was.
    """
    path = Path(os.path.realpath(path))
    make(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with open(file, "wb") as stream:  # noqa: PTH123 - a descriptor has no path
            stream.write(content)
            stream.flush()
            os.fsync(file)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of names on disk, so that a rename in it outlives a power failure.

    A file system that cannot is left to its own ways.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def _folder(kind: str) -> Path:
    if home := os.environ.get("TUTOR_HOME"):
        return Path(os.path.abspath(os.path.expanduser(home)), kind)  # noqa: PTH100, PTH111 - raises nothing
    import platformdirs  # noqa: PLC0415 - not needed with TUTOR_HOME

    system = platformdirs.PlatformDirs(NAME, appauthor=False)
    folders = {
        "data": system.user_data_dir,
        "config": system.user_config_dir,
        "log": system.user_log_dir,
    }
    return Path(os.path.abspath(folders[kind]))  # noqa: PTH100 - keeps links


_KINDS = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "readonly",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ENOTDIR: "path",
    errno.EISDIR: "path",
    errno.ENOENT: "path",
    errno.EEXIST: "path",
    errno.ELOOP: "path",
    errno.ENAMETOOLONG: "path",
}
