"""A small tree of counts, drawn from the top down."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tutor.cells import width

GAP = 3
"""The least blanks between two neighbours."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A count and what it splits into."""

    label: str
    """What is written."""
    branches: tuple[Branch, ...] = ()
    """Its parts from left to right."""
    colour: str = "foreground"
    """The name of the theme colour of its label."""


@dataclass(frozen=True, slots=True)
class Block:
    """Drawn lines of the same width, and the column of their stem."""

    lines: tuple[Content, ...]
    """The lines."""
    cells: int
    """How wide each is."""
    stem: int
    """The column from which a line goes up."""

    def line(self, row: int) -> Content:
        """Return a line, a blank one below the last."""
        return self.lines[row] if row < len(self.lines) else Content(" " * self.cells)


class Tree(Widget):
    """A tree that is as high as it needs to be."""

    DEFAULT_CSS = """
    Tree { height: 5; }
    """

    root: reactive[Branch | None] = reactive(None)
    """What is drawn."""

    def __init__(self, *, ascii_only: bool) -> None:
        """Prepare an empty tree."""
        super().__init__()
        self._corners = tuple("+-++" if ascii_only else "┌─┐┴")

    def render(self) -> Content:
        """Draw the tree in the middle of the widget."""
        if self.root is None:
            return Content("")
        block = self._block(self.root)
        margin = " " * max(0, min(self.content_size.width - block.cells, 50 - block.cells) // 2)
        return Content("\n").join(Content.assemble(margin, line) for line in block.lines)

    def _block(self, branch: Branch) -> Block:
        label = Content.styled(branch.label, f"${branch.colour}")
        if not branch.branches:
            cells = width(branch.label)
            return Block((label,), cells, cells // 2)
        parts = [self._block(one) for one in branch.branches]
        stems, at = [], 0
        for part in parts:
            stems.append(at + part.stem)
            at += part.cells + GAP
        cells = at - GAP
        middle = (stems[0] + stems[-1]) // 2
        left = max(0, middle - width(branch.label) // 2)
        head = Content.assemble(" " * left, label)
        head = head.pad_right(max(0, cells - head.cell_length))
        lines = [head, Content.styled(self._bar(stems, middle, cells), "$muted")]
        for row in range(max(len(part.lines) for part in parts)):
            cut = [
                part.lines[row] if row < len(part.lines) else Content(" " * part.cells)
                for part in parts
            ]
            lines.append(Content(" " * GAP).join(cut))
        return Block(tuple(lines), cells, middle)

    def _bar(self, stems: list[int], middle: int, cells: int) -> str:
        """Return the line between a label and its parts."""
        first, line, last, up = self._corners
        signs = [" "] * cells
        signs[stems[0] : stems[-1] + 1] = line * (stems[-1] - stems[0] + 1)
        signs[stems[0]], signs[stems[-1]], signs[middle] = first, last, up
        return "".join(signs)
