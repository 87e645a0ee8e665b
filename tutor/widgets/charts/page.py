"""A page of terminal cells that text is put on, and then read off line by line."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BOLD = "!"
"""What stands before a role whose text is bold."""
BRAILLE = 0x2800
"""The first character of Braille, the one without a dot; each dot is a bit above it."""
DOTS = 0x100
"""How many characters of Braille there are."""
FEW = 4
"""A thin line has at most this many dots in a cell."""
EMPTY = f" {chr(BRAILLE)}"
"""The characters of cells with nothing in them."""


class Page:
    """Cells, each with a character and the role that colours it.

    A character that takes two cells stands in the left one; the right one holds nothing. If
    something is put over one half of it, a blank takes the place of the other.
    """

    def __init__(self, width: int, height: int) -> None:
        """Begin with blanks."""
        self.width = width
        self.height = height
        self._signs = [[" "] * width for _ in range(height)]
        self._roles = [[""] * width for _ in range(height)]

    def put(self, row: int, column: int, text: str, role: str) -> None:
        """Put a text on the page; what lies outside is left out."""
        if not 0 <= row < self.height:
            return
        for sign, wide in _units(text):
            if wide and column >= 0 and column + wide <= self.width:
                self._set(row, column, sign, wide, role)
            column += wide

    def overlay(self, row: int, column: int, signs: str, role: str) -> list[int]:
        """Put characters of one cell each on the page, without the blanks among them.

        Where a few dots of Braille are already, they stay, so that a thin line goes on under
        another; of many, as noise has, nothing remains, so that a line on top can be seen.

        Returns:
            The places in `signs` of those that were put.
        """
        row_signs, row_roles = self._signs[row], self._roles[row]
        put = [at for at, sign in enumerate(signs) if sign not in EMPTY]
        for at in put:
            dots = ord(row_signs[column + at]) - BRAILLE
            few = 0 < dots < DOTS and dots.bit_count() <= FEW
            row_signs[column + at] = chr(ord(signs[at]) | dots) if few else signs[at]
            row_roles[column + at] = role
        return put

    def lines(self, palette: Mapping[str, str]) -> list[Strip]:
        """Return the lines, each exactly as many cells wide as the page, coloured by roles."""
        styles: dict[str, Style | None] = {"": None}
        strips = []
        for signs, roles in zip(self._signs, self._roles, strict=True):
            segments = []
            at = 0
            for role, run in groupby(roles):
                end = at + len(list(run))
                if role not in styles:
                    styles[role] = _style(role, palette)
                segments.append(Segment("".join(signs[at:end]), styles[role]))
                at = end
            strips.append(Strip(segments).adjust_cell_length(self.width))
        return strips

    def _set(self, row: int, column: int, sign: str, wide: int, role: str) -> None:
        signs = self._signs[row]
        if signs[column] == "":
            signs[column - 1] = " "
        end = column + wide
        if end < self.width and signs[end] == "":
            signs[end] = " "
        signs[column:end] = [sign] + [""] * (wide - 1)
        self._roles[row][column:end] = [role] * wide


def message(text: str, width: int, height: int, palette: Mapping[str, str]) -> list[Strip]:
    """Return lines with a text in the middle, broken between words."""
    page = Page(width, height)
    rows = wrapped(text, max(width - 4, 1))[:height]
    for at, row in enumerate(rows):
        page.put((height - len(rows)) // 2 + at, (width - cell_len(row)) // 2, row, "muted")
    return page.lines(palette)


def wrapped(text: str, width: int) -> list[str]:
    """Break a text between words, and longer words anywhere, into lines of at most `width`."""
    rows = [""]
    for word in text.split():
        joined = f"{rows[-1]} {word}" if rows[-1] else word
        if cell_len(joined) <= width:
            rows[-1] = joined
            continue
        rows.append("")
        for sign, wide in _units(word):
            if cell_len(rows[-1]) + wide > width:
                rows.append("")
            rows[-1] += sign
    return [row for row in rows if row]


def shortened(text: str, width: int, ellipsis: str) -> str:
    """Return a text that takes at most `width` cells, cut off by an ellipsis if need be."""
    if cell_len(text) <= width:
        return text
    room, kept = width - cell_len(ellipsis), ""
    for sign, wide in _units(text):
        room -= wide
        if room < 0:
            return kept + ellipsis if cell_len(kept + ellipsis) <= width else ""
        kept += sign
    return kept


def _units(text: str) -> Iterator[tuple[str, int]]:
    """Split a text into characters with the marks that belong to them, and their cells."""
    if text.isascii():
        yield from ((sign, 1) for sign in text)
        return
    unit = ""
    for sign in text:
        longer = unit + sign
        if unit and (cell_len(longer) == cell_len(unit) or sign == "\ufe0f"):
            unit = longer
            continue
        if unit:
            yield unit, cell_len(unit)
        unit = sign
    if unit:
        yield unit, cell_len(unit)


def _style(role: str, palette: Mapping[str, str]) -> Style:
    colour = palette.get(role.removeprefix(BOLD), palette.get("text"))
    return Style(color=colour, bold=role.startswith(BOLD) or None)
