"""A pane of a screen under a heading, which shows by its line whether the pane has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tutor.cells import width
from tutor.safe import one_line

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Heading(Widget):
    """One line with a title in it; a heavy line where the keys go."""

    DEFAULT_CSS = """
    Heading { height: 1; }
    """

    title: reactive[str] = reactive("")
    """What the pane shows."""
    active: reactive[bool] = reactive(default=False)
    """Whether the pane has the focus."""

    def __init__(self, title: str = "", *, ascii_only: bool) -> None:
        """Head a pane with `title`."""
        super().__init__()
        self._lines = ("-", "=") if ascii_only else ("─", "━")
        self.set_reactive(Heading.title, title)

    def render(self) -> Content:
        """Draw the title in the line."""
        line = self._lines[self.active]
        colour, weight = ("$primary", "bold") if self.active else ("$border-blurred", "")
        title = f" {one_line(self.title)} " if self.title else ""
        rest = max(self.content_size.width - width(title) - 2, 0)
        return Content.assemble(
            (line * 2, colour),
            (title, f"{'$primary' if self.active else '$muted'} {weight}"),
            (line * rest, colour),
        )


class Pane(Vertical):
    """A widget under a heading.

    The heading alone changes with the focus: a frame around the pane, coloured by
    `:focus-within`, would have Textual restyle and repaint all that is in it.
    """

    def __init__(self, content: Widget, title: str = "", *, id: str, ascii_only: bool) -> None:  # noqa: A002 - Textual's name for it
        """Put `content` under a heading with `title`."""
        super().__init__(id=id)
        self._content = content
        self._heading = Heading(title, ascii_only=ascii_only)

    @property
    def title(self) -> str:
        """What the heading says."""
        return self._heading.title

    @title.setter
    def title(self, title: str) -> None:
        self._heading.title = title

    def compose(self) -> ComposeResult:
        """Lay out the heading and what is under it."""
        yield self._heading
        yield self._content

    def on_descendant_focus(self) -> None:
        """Show that the keys go here."""
        self._heading.active = True

    def on_descendant_blur(self) -> None:
        """Show that the keys go elsewhere, unless they go to another widget of this pane."""
        self._heading.active = self.has_focus_within
