"""What stands on a terminal that is too small, until it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.i18n import t

if TYPE_CHECKING:
    from textual.app import ComposeResult

LEAST = (60, 18)
"""The least columns and rows."""


class TooSmallScreen(ModalScreen[None]):
    """Says how large the terminal must be."""

    DEFAULT_CSS = """
    TooSmallScreen { align: center middle; background: $background; }
    TooSmallScreen > Static { width: auto; max-width: 100%; height: auto; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        """Lay out the sentence."""
        yield Static(self._told(), markup=False)

    def on_resize(self) -> None:
        """Tell the size as it is now."""
        self.query_one(Static).update(self._told())

    def _told(self) -> str:
        size = self.app.size
        columns, rows = LEAST
        return t("too_small.told", columns=columns, rows=rows, width=size.width, height=size.height)
