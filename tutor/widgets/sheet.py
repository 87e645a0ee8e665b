"""A small table: names to the left, numbers to the right, every column as wide as it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from tutor.cells import width
from tutor.safe import one_line
from tutor.widgets.drawn import Drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2
"""How many blank columns lie between two columns."""

Row = tuple[str, ...]
"""The cells of a row; as many as there are columns."""


class Sheet(Drawn):
    """Rows of cells under a header; the columns for which there is no room are left out.

    The first column is bold, and the last row, too, if it is the `total` of those above.
    """

    DEFAULT_CSS = """
    Sheet { height: auto; }
    """

    rows: reactive[tuple[Row, ...]] = reactive((), repaint=False)
    """What is shown."""

    def __init__(
        self,
        header: Row,
        *,
        numbers: Sequence[int] = (),
        total: bool = False,
        ascii_only: bool,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        """Prepare a table without rows.

        Args:
            header: What each column is called; the header is left out if all are empty.
            numbers: The columns that are aligned to the right, from 0.
            total: Whether the last row sums up the others.
            ascii_only: Whether to draw in ASCII.
            id: The widget's id.
        """
        super().__init__(ascii_only=ascii_only, id=id)
        self._header = header
        self._numbers = frozenset(numbers)
        self._total = total

    def watch_rows(self, before: tuple[Row, ...], after: tuple[Row, ...]) -> None:
        """Draw the new rows."""
        if len(before) != len(after):
            self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, *_: object) -> int:
        """Return how many lines the table takes."""
        return len(self.rows) + any(self._header)

    def drawing(self, width: int, height: int) -> list[Strip]:  # noqa: ARG002 - it may be yet to grow
        """Draw the whole table."""
        rows = [tuple(one_line(cell) for cell in row) for row in self.rows]
        widths = self._widths(rows, width)
        muted = Style(color=self.colour("muted").rich_color)
        lines = [self._line(self._header, widths, [muted])] if any(self._header) else []
        bold = Style(bold=True)
        for index, row in enumerate(rows):
            is_total = self._total and index == len(rows) - 1
            lines.append(self._line(row, widths, [bold] if is_total else [bold, Style.null()]))
        return [line.crop(0, width) for line in lines]

    def _widths(self, rows: list[Row], room: int) -> list[int]:
        """Return the widths of the columns that fit."""
        columns = zip(self._header, *rows, strict=True)
        widths = [max(map(width, column)) for column in columns]
        while len(widths) > 1 and sum(widths) + GAP * (len(widths) - 1) > room:
            widths.pop()
        return widths

    def _line(self, row: Row, widths: list[int], styles: list[Style]) -> Strip:
        """Return a row as a line; the last style goes on."""
        segments = []
        for index, (cell, cells) in enumerate(zip(row, widths, strict=False)):
            indent = " " * (cells - width(cell)) if index in self._numbers else ""
            told = set_cell_size(indent + cell, cells)
            segments += [Segment(told, styles[min(index, len(styles) - 1)]), Segment(" " * GAP)]
        return Strip(segments)
