"""A text parameter set by keyboard: a row of signs such as + and -, added and taken back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.cells import padded, width

if TYPE_CHECKING:
    from textual import events

    from tutor.api import Setting


class Signs(Widget, can_focus=True):
    """One text parameter: its label, and what has been typed, as long as it has its form."""

    DEFAULT_CSS = """
    Signs {
        height: 1;
        padding: 0 1;
        &:focus { background: $panel; }
        &:disabled { color: $muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus", "add('+')", "keys.add", key_display="+ -"),
        Binding("minus", "add('-')", "keys.negative", show=False),
        Binding("backspace", "erase", "keys.erase"),
    ]

    value: reactive[str] = reactive("")
    """The text that is set."""

    @dataclass
    class Changed(Message):
        """The learner has set the parameter."""

        name: str
        """The parameter."""
        value: str
        """Its new value, which has the parameter's form."""

    def __init__(self, name: str, label: str, setting: Setting, value: str) -> None:
        """Show the parameter `name` under `label`, at first at `value`."""
        super().__init__(name=name, id=f"set-{name}")
        self._label = label
        self._setting = setting
        self.set_reactive(Signs.value, value)
        self.label_cells = width(label)

    def render(self) -> Content:
        """Draw the label and the text in one line."""
        return Content.assemble(
            (padded(self._label, self.label_cells), "bold" if self.has_focus else ""),
            "  ",
            (" ".join(self.value), "bold"),
            ("_" if self.has_focus else "", "$accent"),
        )

    def on_key(self, event: events.Key) -> None:
        """Take any other character that the form allows."""
        if event.character and self._fits(self.value + event.character):
            event.stop()
            self._set(self.value + event.character)

    def action_add(self, sign: str) -> None:
        """Add a sign if there is room for it."""
        if self._fits(self.value + sign):
            self._set(self.value + sign)

    def action_erase(self) -> None:
        """Take the last sign back."""
        self._set(self.value[:-1])

    def _fits(self, value: str) -> bool:
        return re.fullmatch(self._setting.pattern, value) is not None

    def _set(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self.name or "", value))
