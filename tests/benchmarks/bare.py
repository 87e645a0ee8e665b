"""The least Textual app: a line of text and a line at the foot. What the tutor starts against."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Footer, Static


class Bare(App[None]):
    """A Static and a Footer."""

    BINDINGS: ClassVar = [Binding("ctrl+q", "quit", "quit")]
    CSS = "Static { height: 1fr; }"

    def compose(self) -> ComposeResult:
        """Lay out the two."""
        yield Static("Ready to learn")
        yield Footer()


if __name__ == "__main__":
    Bare().run()
