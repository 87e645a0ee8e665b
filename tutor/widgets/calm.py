"""A widget that looks the same with and without the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from textual import events
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.message import Message


class Calm(Widget):
    """A widget full of others that is neither repainted nor restyled when the focus comes or goes.

    Where the focus is, a pane's heading shows.
    """

    def focus(self, scroll_visible: bool = True) -> Self:  # noqa: FBT001, FBT002 - Textual's
        """Take the focus, without Textual's repainting before it."""
        self.screen.set_focus(self, scroll_visible=scroll_visible)
        return self

    def watch_has_focus(self, _has_focus: bool) -> None:  # noqa: FBT001 - Textual's
        """Leave the styles of everything in here as they are."""

    def on_focus(self, event: events.Focus) -> None:
        """Have the focus, and say so."""
        event.prevent_default()
        self.has_focus = True
        self._tell_parent(events.DescendantFocus(self))

    def on_blur(self, event: events.Blur) -> None:
        """Have lost the focus, and say so."""
        event.prevent_default()
        self.has_focus = False
        self._tell_parent(events.DescendantBlur(self))

    def _tell_parent(self, message: Message) -> None:
        if isinstance(self.parent, Widget):
            self.parent.post_message(message)
