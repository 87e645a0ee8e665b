"""Small images side by side, as large as all of them fit, each with a caption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from tutor.cells import width
from tutor.widgets.drawn import Drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

Verdict = Literal["", "right", "wrong"]
"""Whether a caption tells of something right or wrong, or of neither."""

COLOURS: dict[Verdict, str] = {"": "muted", "right": "success", "wrong": "error"}
"""The theme's colour of a caption."""

GAP = 1
"""How many blank columns lie between two images."""


@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """An image and what is said of it."""

    image: NDArray[Any]
    """uint8 (h, w) with 255 for full ink, or numbers of any other type."""
    caption: str = ""
    """What stands below; longer than the image is wide, it makes the tile wider."""
    verdict: Verdict = ""
    """What the caption's colour says."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How images are laid out."""

    columns: int
    """How many of them stand side by side."""
    cells: int
    """How many columns of the terminal each takes."""
    shown: int
    """How many there is room for."""

    @property
    def area(self) -> int:
        """How much of the screen is filled, in pixels."""
        return self.shown * self.cells**2


class Images(Drawn):
    """A grid of images; those that do not fit are left out.

    All have one size: the largest at which all fit, or as many as at the least size. An image is
    as many columns wide as pixels are shown in a row, and half as many lines high.
    """

    DEFAULT_CSS = """
    Images { height: 1fr; }
    """

    tiles: reactive[tuple[Tile, ...]] = reactive((), repaint=False, always_update=True)
    """What is shown, in the order of reading."""
    signed: reactive[bool] = reactive(default=False, repaint=False)
    """Whether numbers lie around zero and are drawn in two colours, one for each sign."""
    limit: reactive[float | None] = reactive(None, repaint=False)
    """The magnitude that is drawn strongest; None leaves it to each image."""

    def __init__(
        self,
        *,
        ascii_only: bool,
        least: int = 14,
        most: int = 28,
        together: int = 1,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        """Show nothing yet.

        Args:
            ascii_only: Whether to draw in ASCII.
            least: How many columns an image has at least.
            most: How many it has at most.
            together: How many images belong together: so many are shown, or twice as many and so
                on, in the size that fills the room best.
            id: The widget's id.
        """
        super().__init__(ascii_only=ascii_only, id=id)
        self._least, self._most, self._together = least, most, together

    def watch_tiles(self) -> None:
        """Draw the new images."""
        self.redraw()

    def watch_signed(self) -> None:
        """Draw in other colours."""
        self.redraw()

    def watch_limit(self) -> None:
        """Draw stronger or weaker."""
        self.redraw()

    @property
    def shown(self) -> int:
        """How many images there is room for."""
        return self._grid(*self.content_size).shown

    def drawing(self, width: int, height: int) -> list[Strip]:
        """Draw as many images as fit."""
        if not self.tiles:
            return []
        grid = self._grid(width, height)
        caption = self._widest_caption()
        room = max(grid.cells, caption)
        drawn: list[Strip] = []
        shown = self.tiles[: grid.shown]
        for first in range(0, len(shown), grid.columns):
            row = [
                self._drawn(tile, grid.cells, room, captioned=bool(caption))
                for tile in shown[first:][: grid.columns]
            ]
            drawn += [
                Strip([one for cut in line for one in (*cut, Segment(" " * GAP))])
                .crop(0, width)
                .simplify()
                for line in zip(*row, strict=True)
            ]
        return drawn[:height]

    def _grid(self, room: int, height: int) -> Grid:
        """Return how the images are laid out."""
        caption = self._widest_caption()
        sizes = range(self._most, self._least - 1, -1)
        grids = [self._grid_of(cells, caption, room, height) for cells in sizes]
        if self._together > 1:
            return max(grids, key=lambda one: (one.shown >= self._together, one.area))
        return next(one for one in grids if one.shown >= grids[-1].shown)

    def _grid_of(self, cells: int, caption: int, room: int, height: int) -> Grid:
        """Return how images of a width are laid out; rows break where groups do."""
        columns = max((room + GAP) // (max(cells, caption) + GAP), 1)
        lines = height // (self._lines_of(cells) + bool(caption))
        together = self._together
        even = max(one for one in range(1, columns + 1) if together % one == 0)
        if 1 < together <= even * lines:
            shown = min(even * lines, len(self.tiles))
            return Grid(even, cells, shown - shown % together)
        shown = min(columns * (lines or int(cells == self._least)), len(self.tiles))
        return Grid(columns, cells, shown if together == 1 else min(shown, together - 1))

    def _widest_caption(self) -> int:
        return max((width(tile.caption) for tile in self.tiles), default=0)

    def _lines_of(self, cells: int) -> int:
        """Return how many lines the highest image takes at so many columns."""
        ratio = max((tile.image.shape[0] / tile.image.shape[1] for tile in self.tiles), default=1)
        return max(-(-round(cells * ratio) // 2), 1)

    def _drawn(self, tile: Tile, cells: int, room: int, *, captioned: bool) -> list[list[Segment]]:
        """Return a tile's lines, each `room` cells wide."""
        before = (room - cells) // 2
        after = room - cells - before
        lines = [
            [Segment(" " * before), *line, Segment(" " * after)]
            for line in self._cells(tile.image, cells)
        ]
        if captioned:
            before = max(room - width(tile.caption), 0) // 2
            told = set_cell_size(" " * before + tile.caption, room)
            colour = self.colour(COLOURS[tile.verdict]).rich_color
            lines.append([Segment(told, Style(color=colour, bold=tile.verdict == "wrong"))])
        return lines

    def _cells(self, image: NDArray[Any], cells: int) -> list[list[Segment]]:
        from tutor.widgets import pixels  # noqa: PLC0415 - numpy is loaded with the first image

        shares = pixels.shares(image, self.limit, signed=self.signed)
        shares = pixels.resized(shares, 2 * self._lines_of(cells), cells)
        paper, ink = self.colour("panel"), self.colour("foreground")
        if self.signed and not (self.plain or self.ascii_only):
            poles = self.colour("primary"), paper, self.colour("error")
            return pixels.half_blocks(shares, pixels.ramp(*poles))
        if self.signed:
            return [[Segment(line)] for line in pixels.signs(shares, pixels.SIGNED_SIGNS)]
        if self.ascii_only:
            return [[Segment(line)] for line in pixels.signs(shares, pixels.GREY_SIGNS)]
        if self.plain:
            return [[Segment(line)] for line in pixels.blocks(shares)]
        return pixels.half_blocks(shares, pixels.ramp(paper, ink))
