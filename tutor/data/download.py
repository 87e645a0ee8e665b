"""Downloading a file whose size and SHA-256 are known, from the first mirror that has it.

The standard library does this better than pooch would: pooch neither resumes nor caps what it
reads nor tries mirrors, so each of these would be written all the same, around it and around
requests.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as it lies on every mirror."""

    name: str
    """Its name, in the mirror's folder and in ours."""
    size: int
    """Its length in bytes; nothing beyond it is ever read."""
    sha256: str
    """Its SHA-256 in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a mirror."""

    connect: float = 15.0
    """Seconds until the answer begins: finding the address, connecting, redirections."""
    stall: float = 20.0
    """Seconds in each of which `least` bytes have to come."""
    least: int = 20_000
    """Bytes that have to come in `stall` seconds."""
    tries: int = 5
    """How often a mirror is asked that breaks off after having sent something."""
    pause: float = 0.5
    """Seconds before it is asked again."""


PATIENCE = Patience()
"""What suits the mirrors of MNIST on a slow line."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is."""

    file: str
    """The name of the file that is coming."""
    mirror: str
    """The host that it comes from; empty while another process downloads it."""
    received: int
    """How many bytes of it are there, those of an earlier attempt included."""
    size: int
    """How many bytes it has."""
    all_received: int = 0
    """How many bytes of all files of this download are there."""
    all_size: int = 0
    """How many bytes all files of this download have."""


def fetch(
    file: RemoteFile,
    folder: Path,
    sources: Sequence[str],
    report: Callable[[Progress], None],
    patience: Patience = PATIENCE,
) -> Path:
    """Download `file` into `folder` from the first of `sources` that has it; return its path.

    What is there is gone on with, what is wrong is thrown away, and the file gets its name when
    its hash is right and it is on disk.

    Args:
        file: What to get.
        folder: Where to; it is made if need be.
        sources: Folders on the web.
        report: Called a few times a second; what it raises stops the download and leaves
            what has come.
        patience: How long to wait for a mirror.

    Raises:
        TutorError: if no mirror gives the file, with the reason of each; or if the folder cannot
            be written.
    """
    from tutor.data.mirrors import Download  # noqa: PLC0415 - whoever has the data does without
    from tutor.data.part import opened  # noqa: PLC0415 - as above

    target = folder / file.name
    with opened(target, lambda: report(Progress(file.name, "", 0, file.size))) as part:
        if not (_is_whole(target, file) or part.has(file.size, file.sha256)):
            Download(file, part, report, patience).from_any(sources)
        if not _is_whole(target, file):
            part.settle()
    return target


def _is_whole(path: Path, file: RemoteFile) -> bool:
    """Tell whether a file is there with the content it should have."""
    try:
        with path.open("rb") as found:
            same_size = os.fstat(found.fileno()).st_size == file.size
            return same_size and hashlib.file_digest(found, "sha256").hexdigest() == file.sha256
    except OSError:
        return False
