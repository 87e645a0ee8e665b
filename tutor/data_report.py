"""What the `tutor data` commands print: what there is, what was fetched, what was verified."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tutor.cells import table
from tutor.i18n import t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tutor.data.download import Progress
    from tutor.data.mnist import FileState


def data_table(found: dict[str, dict[str, Any]]) -> str:
    """Return what `tutor.data.listing.available` found as aligned lines."""
    return table(
        (
            name,
            t("data.images", train=one["train"], test=one["test"]),
            (one["folder"] or t("data.inside"))
            if one["ready"]
            else t("data.fetch", size=one["download"] / 1e6),
        )
        for name, one in found.items()
    )


def states(found: Sequence[FileState]) -> list[dict[str, Any]]:
    """Return what became of verifying the files as plain data."""
    return [
        {
            "name": one.name,
            "path": str(one.path) if one.path else None,
            "sound": one.problem is None,
            "problem": str(one.problem) if one.problem else None,
        }
        for one in found
    ]


def state_table(found: list[dict[str, Any]]) -> str:
    """Return the states of files as aligned lines."""
    return table((one["name"], one["problem"] or t("data.sound")) for one in found)


def fetch_mnist(folder: Path | None, sources: Sequence[str]) -> Path:
    """Download what is missing of MNIST, with a bar on stderr, and return its folder.

    Raises:
        TutorError: as `tutor.data.mnist.fetch`.
    """
    import click  # noqa: PLC0415 - only the command draws bars

    from tutor.data import mnist  # noqa: PLC0415 - with what downloads

    bars: list[Any] = []
    with ExitStack() as stack:

        def show(progress: Progress) -> None:
            label = progress.file if progress.mirror else t("data.waiting")
            if not bars:
                new = click.progressbar(length=progress.all_size, label=label, file=sys.stderr)
                bars.append(stack.enter_context(new))
            bars[0].label = label
            bars[0].update(progress.all_received - bars[0].pos)

        return mnist.fetch(folder, show, sources or mnist.SOURCES)
