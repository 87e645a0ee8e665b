"""The keys of the screen below, each with what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.cells import padded, width
from tutor.i18n import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class KeysScreen(ModalScreen[None]):
    """A list of keys over the screen they belong to."""

    DEFAULT_CSS = """
    KeysScreen { align: center middle; }
    KeysScreen > VerticalScroll {
        width: 64; max-width: 90%; height: auto; max-height: 90%;
        border: round $primary; padding: 1 2; background: $surface;
    }
    KeysScreen Static { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "keys.close"),
    ]

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        """Show (key, what it does) pairs."""
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Lay out one line a key."""
        widest = max((width(key) for key, _ in self._keys), default=0)
        lines = [
            Content.assemble((padded(key, widest), "$accent bold"), "   ", told)
            for key, told in self._keys
        ]
        with VerticalScroll() as box:
            box.border_title = t("keys.title")
            box.border_subtitle = f"Esc {t('keys.close')}"
            yield Static(Content("\n").join(lines))
