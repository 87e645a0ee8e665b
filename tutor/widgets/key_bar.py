"""The last line of every screen: the keys that do something here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tutor.cells import width
from tutor.i18n import t

if TYPE_CHECKING:
    from textual.binding import Binding
    from textual.dom import DOMNode

NAMES = {
    "left": "←", "right": "→", "up": "↑", "down": "↓", "enter": "Enter", "escape": "Esc",
    "tab": "Tab", "shift+tab": "⇧Tab", "space": "Space", "full_stop": ".", "plus": "+",
    "minus": "-", "question_mark": "?", "backspace": "⌫", "pagedown": "PgDn", "pageup": "PgUp",
    "left_square_bracket": "[", "right_square_bracket": "]", "shift+left": "⇧←",
    "shift+right": "⇧→", "home": "Home", "end": "End", "V": "⇧V",
}  # fmt: skip
"""The keys whose names are not what people call them."""

ASCII_NAMES = {
    "←": "<-", "→": "->", "↑": "up", "↓": "down", "⌫": "Bksp", "⇧Tab": "S-Tab", "⇧←": "S-<-",
    "⇧→": "S-->", "⇧V": "S-V", "←→": "<- ->", "1–4": "1-4", "1–9": "1-9",
}  # fmt: skip
"""What to write for a key where only ASCII can be shown."""


def key_name(binding: Binding, *, ascii_only: bool) -> str:
    """Return what people call the key of a binding."""
    key = binding.key
    name = binding.key_display or NAMES.get(key) or key
    if name.startswith("ctrl+"):
        name = f"^{name[5:].upper()}"
    return ASCII_NAMES.get(name, name) if ascii_only else name


def keys_of(screen: DOMNode) -> list[Binding]:
    """Return the bindings in force, those nearest to the focus first, each key once.

    Only bindings whose description is a key of `tutor.i18n` are the program's own.
    """
    active = screen.screen.active_bindings.values()
    return [one.binding for one in active if one.binding.description.startswith("keys.")]


class KeyBar(Widget):
    """One line of keys and what they do; as many as fit."""

    DEFAULT_CSS = """
    KeyBar { height: 1; padding: 0 1; dock: bottom; background: $panel; }
    """

    keys: reactive[tuple[tuple[str, str], ...]] = reactive(())
    """The keys and what they do, those nearest to the focus first."""

    def __init__(self, *, ascii_only: bool) -> None:
        """Prepare the line."""
        super().__init__()
        self._ascii_only = ascii_only

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._update)

    def _update(self, _: object) -> None:
        self.keys = tuple(
            (key_name(one, ascii_only=self._ascii_only), t(one.description))
            for one in keys_of(self)
            if one.show
        )

    def render(self) -> Content:
        """Draw the keys until the line is full."""
        room = self.content_size.width
        parts: list[tuple[str, str]] = []
        for key, told in self.keys:
            cells = width(key) + width(told) + 3
            if cells > room:
                break
            room -= cells
            parts += [(key, "$accent bold"), (f" {told}  ", "")]
        return Content.assemble(*parts)
