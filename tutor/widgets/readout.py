"""Text that changes with every frame, and has the screen laid out anew only when it must."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Readout(Static):
    """Some words and numbers, as high as they need to be."""

    DEFAULT_CSS = """
    Readout { height: auto; min-height: 1; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        """Say nothing yet."""
        super().__init__(id=id, classes=classes)
        self._shown = Content("")

    def show(self, content: Content) -> None:
        """Say something else; nothing is painted if it is the same."""
        if not content.is_same(self._shown):
            before, self._shown = self._shown, content
            self.update(content, layout=self._lines(content) != self._lines(before))

    def _lines(self, content: Content) -> int:
        width = self.content_size.width
        return max(content.get_height(self.styles.get_rules(), width), 1) if width else 0
