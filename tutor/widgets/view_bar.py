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

    def __init__(self, names: dict[str, str], current: str, *, ascii_only: bool) -> None:
        """Show `names` by view."""
        super().__init__()
        self._names = names
        self._more = ("<", ">") if ascii_only else ("‹", "›")
        self.set_reactive(ViewBar.current, current)

    def render(self) -> Content:
        """Draw the names, the current one reversed, and a sign where some are left out."""
        parts: list[tuple[str, str]] = []
        in_sight = self._in_sight()
        for view, name in in_sight:
            parts.append((f" {name} ", "bold reverse" if view == self.current else "$muted"))
        names = list(self._names)
        if in_sight[0][0] != names[0]:
            parts.insert(0, (self._more[0], "$accent"))
        if in_sight[-1][0] != names[-1]:
            parts.append((self._more[1], "$accent"))
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Find the name under the mouse."""
        in_sight = self._in_sight()
        at = self.styles.padding.left + (in_sight[0][0] != next(iter(self._names)))
        for view, name in in_sight:
            at += width(name) + 2
            if event.x < at:
                self.post_message(self.Chosen(view))
                return

    def _in_sight(self) -> list[tuple[str, str]]:
        """Return as many names as there is room for, the current one and its next among them."""
        views = list(self._names.items())
        room = self.content_size.width
        here = list(self._names).index(self.current)
        first, last = 0, len(views)

        def cells() -> int:
            shown = sum(width(name) + 2 for _, name in views[first:last])
            return shown + (first > 0) + (last < len(views))

        while cells() > room and last > here + 2:
            last -= 1
        while cells() > room and first < here:
            first += 1
        while cells() > room and last > here + 1:
            last -= 1
        return views[first:last]
