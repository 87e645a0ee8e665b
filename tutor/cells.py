"""Lines for people measured in terminal cells: a Korean letter is two wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def width(text: str) -> int:
    """Return how many cells a text takes in a terminal."""
    from rich.cells import cell_len  # noqa: PLC0415 - start-up does without it

    return cell_len(text)


def padded(text: str, cells: int) -> str:
    """Return a text with blanks after it, `cells` wide in all if it is not wider."""
    return text + " " * (cells - width(text))


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as lines whose columns are aligned, two blanks apart."""
    safe_rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*safe_rows, strict=True)]
    return "\n".join(
        "  ".join(padded(cell, wide) for cell, wide in zip(row, widths, strict=True)).rstrip()
        for row in safe_rows
    )
