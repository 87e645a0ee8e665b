"""The download of MNIST as a generator, so that a lesson's task can show how far it is."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from tutor.data import mnist
from tutor.data.download import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tutor.data.download import Patience, Progress
    from tutor.data.mnist import MnistFile

LOOK_EVERY = 0.1
"""How long to wait for news at a time, in seconds."""


NAME = "download of MNIST"
"""The name of the thread that downloads."""


class _Left(Exception):  # noqa: N818 - ends the download from within, is no error
    """Nobody waits for the download any more."""


def fetching(
    place: Path | None = None,
    sources: Sequence[str] = mnist.SOURCES,
    *,
    files: Sequence[MnistFile] = mnist.FILES,
    patience: Patience = PATIENCE,
) -> Iterator[Progress | None]:
    """Download what is missing of MNIST, and yield how far it is; None while nothing is new.

    Closing the generator stops the download; what has come is gone on with by the next one.

    Raises:
        TutorError: as `tutor.data.mnist.fetch`.
    """
    news: queue.SimpleQueue[Progress] = queue.SimpleQueue()
    left = threading.Event()
    problems: list[BaseException] = []

    def report(progress: Progress) -> None:
        if left.is_set():
            raise _Left
        news.put(progress)

    def download() -> None:
        try:
            mnist.fetch(place, report, sources, files=files, patience=patience)
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            problems.append(error)

    thread = threading.Thread(target=download, name=NAME, daemon=True)
    thread.start()
    try:
        while thread.is_alive() or not news.empty():
            try:
                yield news.get(timeout=LOOK_EVERY)
            except queue.Empty:
                yield None
    finally:
        left.set()
    if problems:
        raise problems[0]
