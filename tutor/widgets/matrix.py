"""Counts in a square, such as a confusion matrix: numbers on the heat of their share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from tutor.cells import width
from tutor.numbers import percent
from tutor.widgets.drawn import Drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual.color import Color
    from textual.geometry import Size

SHARE_CELLS = 9
"""The room for the share of the diagonal in its row."""

WEAKEST, STRONGEST = 0.12, 0.75
"""How much of its colour the least and the greatest count have."""

NOTABLE = 0.5
"""From which share of the greatest error on an error is set in bold."""


class Matrix(Drawn):
    """A labelled square of counts: rows are what is true, columns what was said.

    The diagonal, where both agree, has one colour and brackets or bold numbers; what is off it has
    another, and its heat is relative to the greatest count there. Zeros are dots.
    """

    DEFAULT_CSS = """
    Matrix { width: auto; height: auto; }
    """

    counts: reactive[NDArray[Any] | None] = reactive(None, repaint=False, always_update=True)
    """Whole numbers (n, n) that are not negative: [true, said]."""

    def __init__(  # noqa: PLR0913 - each is told by name
        self,
        labels: tuple[str, ...],
        *,
        rows: str,
        columns: str,
        share: str = "",
        ascii_only: bool,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        """Prepare a matrix without counts.

        Args:
            labels: What each row and each column is called; one or two cells wide.
            rows: What the rows are: "true".
            columns: What the columns are: "said".
            share: What the diagonal's share of its row is called; the shares are shown where there
                is room, if this is not empty.
            ascii_only: Whether to draw in ASCII.
            id: The widget's id.
        """
        super().__init__(ascii_only=ascii_only, id=id)
        self._labels = labels
        self._rows, self._columns, self._share = rows, columns, share

    def watch_counts(self, before: NDArray[Any] | None, after: NDArray[Any] | None) -> None:
        """Draw the new counts, in wider columns if they need them."""
        if _digits(before) != _digits(after):
            self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, *_: object) -> int:
        """Return how many lines the matrix takes: a title, the labels and the rows."""
        return len(self._labels) + 2

    def get_content_width(self, container: Size, _viewport: Size) -> int:
        """Return how many columns the matrix takes of those that there are."""
        cell, shares = self._layout_for(container.width)
        return self._head_cells() + cell * len(self._labels) + SHARE_CELLS * shares

    def drawing(self, width: int, height: int) -> list[Strip]:
        """Draw the matrix, with shares beside it where there is room."""
        if self.counts is None:
            return []
        counts: list[list[int]] = self.counts.tolist()
        cell, shares = self._layout_for(width)
        errors = max(
            (count for y, row in enumerate(counts) for x, count in enumerate(row) if x != y),
            default=0,
        )
        lines = [self._title(), self._header(cell, shares=shares)]
        for index, row in enumerate(counts):
            lines.append(self._row(index, row, cell, errors, shares=shares))
        return [line.crop(0, width) for line in lines[:height]]

    def _layout_for(self, room: int) -> tuple[int, bool]:
        """Return how wide a cell is, and whether there is room for the shares."""
        digits = _digits(self.counts)
        left = (room - self._head_cells()) // len(self._labels)
        cell = min(max(digits + 2, 4), max(left, digits))
        rest = room - self._head_cells() - cell * len(self._labels)
        return cell, bool(self._share) and rest >= SHARE_CELLS

    def _head_cells(self) -> int:
        """Return how wide the column of labels is: the rows' name goes above it."""
        return max(width(self._rows), *map(width, self._labels)) + 1

    def _title(self) -> Strip:
        arrow = "->" if self.ascii_only else "→"
        indent = " " * self._head_cells()
        told = f"{indent}{self._columns} {arrow}"
        return Strip([Segment(told, self._muted())])

    def _header(self, cell: int, *, shares: bool) -> Strip:
        labels = "".join(f"{label:>{cell - 1}} " for label in self._labels)
        parts = [
            Segment(set_cell_size(self._rows, self._head_cells()), self._muted()),
            Segment(labels, Style(bold=True)),
        ]
        if shares:
            told = " " * max(SHARE_CELLS - width(self._share), 1) + self._share
            parts.append(Segment(told, self._muted()))
        return Strip(parts)

    def _row(self, index: int, row: list[int], cell: int, errors: int, *, shares: bool) -> Strip:
        label = self._labels[index]
        indent = self._head_cells() - 1 - width(label)
        parts = [Segment(f"{' ' * indent}{label} ", Style(bold=True))]
        total = sum(row)
        for column, count in enumerate(row):
            if column == index:
                parts.append(self._agreed(count, total, cell))
            else:
                parts.append(self._confused(count, errors, cell))
        if shares:
            told = percent(row[index] / total) if total else "-"
            parts.append(Segment(f"{told:>{SHARE_CELLS}}", self._muted()))
        return Strip(parts)

    def _agreed(self, count: int, total: int, cell: int) -> Segment:
        """Return a cell of the diagonal."""
        told = str(count)
        if self.plain or self.ascii_only:
            if len(told) + 2 <= cell:
                return Segment(f"{f'[{told}]':>{cell}}", Style(bold=True))
            return Segment(f"{told:>{cell - 1}} ", Style(bold=True, reverse=True))
        style = self._heat(self.colour("success"), count / total if total else 0.0)
        told = f"{told:>{cell - 1}} " if len(told) < cell else told
        return Segment(told, style + Style(bold=True))

    def _confused(self, count: int, errors: int, cell: int) -> Segment:
        """Return a cell off the diagonal."""
        dot = "." if self.ascii_only else "·"
        told = str(count) if count else dot
        told = f"{told:>{cell - 1}} " if len(told) < cell else told
        if not count:
            return Segment(told, Style(color=self.colour("faint").rich_color))
        share = count / errors
        bold = Style(bold=share >= NOTABLE)
        if self.plain or self.ascii_only:
            return Segment(told, bold)
        return Segment(told, self._heat(self.colour("error"), share) + bold)

    def _heat(self, colour: Color, share: float) -> Style:
        """Return letters that can be read on a colour that is stronger the greater the share."""
        background = self.colour("background")
        strength = WEAKEST + (STRONGEST - WEAKEST) * share
        behind = background.blend(colour, strength)
        letters = max(
            (self.colour("foreground"), background), key=lambda one: _contrast(one, behind)
        )
        return Style(color=letters.rich_color, bgcolor=behind.rich_color)

    def _muted(self) -> Style:
        return Style(color=self.colour("muted").rich_color)


def _digits(counts: NDArray[Any] | None) -> int:
    """Return how many digits the largest count has."""
    return 1 if counts is None else len(str(int(counts.max())))


def _contrast(one: Color, other: Color) -> float:
    return abs(one.brightness - other.brightness)
