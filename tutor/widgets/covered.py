"""Tells whether a widget lies under another screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.widget import Widget


def is_covered(widget: Widget) -> bool:
    """Return whether a screen that hides everything is above the widget's own."""
    for screen in reversed(widget.app.screen_stack):
        if screen is widget.screen:
            break
        if screen.styles.background.a == 1:
            return True
    return False
