"""MNIST: its four files, where they lie, whether they are sound, and how to get them.

Sources of the numbers: the MD5s in torchvision's `datasets/mnist.py`, the sizes and SHA-256s of
the gzipped files in TensorFlow Datasets; those of the contents were computed from them.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tutor import locations
from tutor.data import download
from tutor.data.download import PATIENCE, Patience, Progress, RemoteFile
from tutor.errors import TutorError
from tutor.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SOURCES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
"""Folders on the web that hold the four files; the first is tried first."""


@dataclass(frozen=True, slots=True)
class MnistFile:
    """One of the four files."""

    name: str
    """Its name without `.gz`."""
    size: int
    """The length of its content in bytes, not gzipped."""
    sha256: str
    """The SHA-256 of its content, not gzipped."""
    remote: RemoteFile
    """The gzipped file that the mirrors have."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What became of looking at one of the four files."""

    name: str
    """The file's name without `.gz`."""
    path: Path | None
    """Where it was found; None: nowhere."""
    problem: TutorError | None
    """What is wrong with it; None: its content is MNIST's to the last bit."""


FILES = (
    MnistFile(
        "train-images-idx3-ubyte",
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        RemoteFile(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
    ),
    MnistFile(
        "train-labels-idx1-ubyte",
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        RemoteFile(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
    ),
    MnistFile(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        RemoteFile(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
    ),
    MnistFile(
        "t10k-labels-idx1-ubyte",
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        RemoteFile(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
)
"""The files in the order of `ImageSet`'s fields."""

SUBFOLDERS = ("", "mnist", "MNIST/raw")
"""Where in a folder the files may lie; the last is where torchvision puts them."""

CHUNK = 1 << 20
"""How many bytes are checked at a time."""


def folder() -> Path:
    """Return the folder in which MNIST is looked for, and into which it is fetched.

    It is the one named by `TUTOR_DATA`, else one beside the learner's progress: systems empty
    cache folders when they please, and a run that is resumed without a network needs its data.
    """
    if named := os.environ.get("TUTOR_DATA"):
        return Path(os.path.abspath(os.path.expanduser(named)))  # noqa: PTH100, PTH111 - raises nothing
    return locations.data_folder() / "mnist"


def find(folder: Path, name: str) -> Path | None:
    """Return the path of one of the four files, called by its name without `.gz`.

    It may be gzipped or not, and be called by a dot (`train-images.idx3-ubyte`). None: not there.

    Raises:
        TutorError: if it cannot be known, for want of permission, say.
    """
    for subfolder in SUBFOLDERS:
        for written in (name, name.replace("-idx", ".idx")):
            for suffix in (".gz", ""):
                path = folder / subfolder / f"{written}{suffix}"
                if _is_file(path):
                    return path
    return None


def missing(place: Path | None = None) -> list[str]:
    """Return the names of the files that are not in `place` or the usual folder; quick."""
    return [file.name for file in FILES if find(place or folder(), file.name) is None]


def verify(place: Path | None = None, *, files: Sequence[MnistFile] = FILES) -> list[FileState]:
    """Compare the content of each file in `place` or the usual folder with what was published.

    A gzipped file is expanded as far as its content should go, without keeping it.
    """
    place = place or folder()
    return [_state(place, file) for file in files]


def fetch(
    place: Path | None,
    progress: Callable[[Progress], None],
    sources: Sequence[str] = SOURCES,
    *,
    files: Sequence[MnistFile] = FILES,
    patience: Patience = PATIENCE,
) -> Path:
    """Download what is missing or damaged in `place` or the usual folder, and return the folder.

    A file has its name only when it is whole and on disk; what came before an interruption stays
    beside it under `.part` and is gone on with by the next call. Of several callers at once one
    downloads and the others wait. A file of that name with another content is kept as `.old`.

    Args:
        place: The folder; it is made if need be.
        progress: Called a few times a second; what it raises stops the download.
        sources: Folders on the web; for each file they are tried in this order.
        files: The files to get.
        patience: How long to wait for a mirror.

    Raises:
        TutorError: if no mirror gives a file, with the reason of each; or if the folder cannot be
            written.
    """
    place = place or folder()
    wanted = [
        file.remote
        for file, state in zip(files, verify(place, files=files), strict=True)
        if state.problem
    ]
    all_size = sum(remote.size for remote in wanted)
    before = 0

    def report(one: Progress) -> None:
        progress(replace(one, all_received=before + one.received, all_size=all_size))

    for remote in wanted:
        download.fetch(remote, place, sources, report, patience)
        before += remote.size
    return place


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        detail = one_line(error.strerror or error)
        raise TutorError("error.data.unreadable", file=one_line(path), detail=detail) from error


def _state(place: Path, file: MnistFile) -> FileState:
    path = find(place, file.name)
    if path is None:
        problem = TutorError("error.data.no_file", file=one_line(place / file.name))
        return FileState(file.name, None, problem)
    values = {"file": one_line(path)}
    try:
        with path.open("rb") as raw:
            gzipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            same = _is(gzip.GzipFile(fileobj=raw) if gzipped else raw, file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        values["detail"] = one_line(error)
        return FileState(file.name, path, TutorError("error.data.gzip", **values))
    except OSError as error:
        values["detail"] = one_line(error.strerror or error)
        return FileState(file.name, path, TutorError("error.data.unreadable", **values))
    problem = TutorError("error.data.not_mnist", folder=one_line(place), **values)
    return FileState(file.name, path, None if same else problem)


def _is(content: gzip.GzipFile | BinaryIO, file: MnistFile) -> bool:
    """Tell whether a content is that of `file`, reading one byte more than it at most."""
    digest = hashlib.sha256()
    left = file.size + 1
    while chunk := content.read(min(CHUNK, left)):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest() == file.sha256
