"""The names of a lab's views, the one on the screen marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.cells import width

if TYPE_CHECKING:
    from textual import events


class ViewBar(Widget):
    """One line of names; a click chooses."""

    DEFAULT_CSS = """
    ViewBar { height: 1; padding: 0 1; }
    """

    current: reactive[str] = reactive("")
    """The view on the screen."""

    @dataclass
    class Chosen(Message):
        """A name was clicked."""

        view: str
        """Its view."""

    def __init__(self, names: dict[str, str], current: str) -> None:
        """Show `names` by view."""
        super().__init__()
        self._names = names
        self.set_reactive(ViewBar.current, current)

    def render(self) -> Content:
        """Draw the names, the current one reversed."""
        parts: list[tuple[str, str]] = []
        for view, name in self._names.items():
            parts.append((f" {name} ", "bold reverse" if view == self.current else "$muted"))
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Find the name under the mouse."""
        at = self.styles.padding.left
        for view, name in self._names.items():
            at += width(name) + 2
            if event.x < at:
                self.post_message(self.Chosen(view))
                return
