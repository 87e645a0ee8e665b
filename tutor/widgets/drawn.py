"""What a widget of coloured cells has in common with others: it is drawn whole, painted by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.color import Color
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from tutor.widgets.changes import changed

if TYPE_CHECKING:
    from textual.geometry import Region
    from textual.theme import Theme


class Drawn(Widget):
    """A widget that draws all of its lines at once and has only those painted that changed."""

    DEFAULT_CSS = """
    Drawn { width: 1fr; }
    """

    ALLOW_SELECT = False

    def __init__(self, *, ascii_only: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        """Draw in ASCII only if told to."""
        super().__init__(id=id)
        self.ascii_only = ascii_only
        self._lines: list[Strip] = []
        self._drawn_at = Size(0, 0)

    @property
    def plain(self) -> bool:
        """Whether there are no colours, so that signs must say everything."""
        return self.app.no_color or self.colour("foreground").ansi is not None

    def colour(self, name: str) -> Color:
        """Return a theme's colour by its name, such as "error"; that of letters if it has none."""
        variables = self.app.theme_variables
        return Color.parse(variables.get(name) or variables.get("foreground") or "ansi_default")

    def drawing(self, width: int, height: int) -> list[Strip]:
        """Return the lines of a picture that is to be this wide and at most this high."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw, and have the lines painted that are not what they were."""
        if not self.is_mounted:
            return
        width, height = self._drawn_at = self.content_size
        before, self._lines = self._lines, self.drawing(width, height) if width and height else []
        if len(before) != len(self._lines):
            self.refresh()
            return
        if regions := changed(before, self._lines):
            self.refresh(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return lines; drawn anew first where Textual has changed the size without a Resize.

        A scroll makes its compositor build the map early; the next layout then finds no change.
        """
        if self.is_mounted and self._drawn_at != self.content_size:
            width, height = self._drawn_at = self.content_size
            self._lines = self.drawing(width, height) if width and height else []
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return a line as it was last drawn."""
        line = self._lines[y] if y < len(self._lines) else Strip.blank(self.content_size.width)
        return line.apply_style(self.rich_style)

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def on_resize(self) -> None:
        """Draw at the new size."""
        self.redraw()

    def _recolour(self, _theme: Theme) -> None:
        self.redraw()
