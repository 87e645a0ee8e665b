"""What can go wrong with the files of a run."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from tutor.errors import TutorError
from tutor.safe import one_line

if TYPE_CHECKING:
    from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The system's errors that mean: no room."""


class SaveError(TutorError):
    """Something could not be put on disk; what was there before is as it was."""

    @classmethod
    def of(cls, error: OSError, path: Path) -> SaveError:
        """Return what a person reads when `path` could not be written."""
        kind = "full" if error.errno in FULL else "unwritable"
        detail = one_line(error.strerror or error)
        return cls(f"error.training.{kind}", path=one_line(path), detail=detail)


class CheckpointError(TutorError):
    """A checkpoint that cannot be used."""

    def __init__(self, reason: str, path: Path, **values: Any) -> None:
        """Describe why the file at `path` is no use: `error.training.checkpoint.` and `reason`."""
        super().__init__(f"error.training.checkpoint.{reason}", path=one_line(path), **values)


class DamagedError(CheckpointError):
    """A checkpoint that is not what was once saved; an older one may do."""
