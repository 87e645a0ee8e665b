"""One widget on a screen of its own, and what can be seen there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App, ComposeResult

from tutor.themes import MONO, THEMES

if TYPE_CHECKING:
    from rich.style import Style
    from textual.geometry import Region
    from textual.message import Message
    from textual.widget import Widget


class Stage(App[None]):
    """An app with one widget; `heard` are the messages that have reached the app."""

    def __init__(self, widget: Widget, *, theme: str = "tutor-dark") -> None:
        super().__init__()
        self.widget = widget
        self.heard: list[Message] = []
        for one in (*THEMES, MONO):
            self.register_theme(one)
        self.theme = theme

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_canvas_changed(self, event: Message) -> None:
        self.heard.append(event)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, line by line, without blanks at the end."""
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.lines)

    def hue(self, name: str) -> str:
        """Return a colour of the theme, as a cell has it."""
        return self.theme_variables[name].lower()

    def background(self, x: int, y: int) -> str:
        """Return the colour behind a cell."""
        colour = self._style(x, y).bgcolor
        return colour.name if colour else ""

    def colour(self, x: int, y: int) -> str:
        """Return the colour of the letter in a cell."""
        colour = self._style(x, y).color
        return colour.name if colour else ""

    def bold(self, x: int, y: int) -> bool:
        """Tell whether the letter in a cell is bold."""
        return bool(self._style(x, y).bold)

    def reversed(self, x: int, y: int) -> bool:
        """Tell whether the colours of a cell are swapped."""
        return bool(self._style(x, y).reverse)

    def _style(self, x: int, y: int) -> Style:
        (segment,) = self.screen._compositor.render_strips()[y].crop(x, x + 1)
        assert segment.style is not None
        return segment.style


class Watched:
    """Notes which lines a widget has painted."""

    def __init__(self, widget: Widget) -> None:
        self.regions: list[tuple[Region, ...]] = []
        refresh = widget.refresh

        def noted(*regions: Region, **how: bool) -> Widget:
            self.regions.append(regions)
            return refresh(*regions, **how)

        widget.refresh = noted  # type: ignore[method-assign,assignment]

    @property
    def rows(self) -> set[int]:
        """The lines painted, each refresh having named its lines."""
        assert all(self.regions), "the whole widget was painted"
        return {region.y for regions in self.regions for region in regions}
