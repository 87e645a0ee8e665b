"""Breaks lines at blanks, measured in terminal cells: a Korean letter is two wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.cells import width

if TYPE_CHECKING:
    from collections.abc import Iterator

CELLS = 78
"""How wide a line is, at most."""


def wrapped(text: str, cells: int = CELLS, first: str = "", further: str = "") -> Iterator[str]:
    """Yield a text's words in lines of at most `cells`, with `first` and `further` before them.

    A word that is wider than a line is broken.
    """
    line, begun = first, False
    for word in text.split():
        if begun and width(line) + 1 + width(word) > cells:
            yield line
            line, begun = further, False
        line += f" {word}" if begun else word
        begun = True
        while width(line) > cells:
            head = _head(line, cells)
            yield head
            line = further + line[len(head) :]
    yield line


def _head(text: str, cells: int) -> str:
    """Return as many characters of a text as fit, at least one."""
    taken = 0
    for index, character in enumerate(text):
        taken += width(character)
        if taken > cells:
            return text[: max(index, 1)]
    return text
