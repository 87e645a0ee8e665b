"""A number set by keyboard: arrows move it, digits type it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.cells import padded, width
from tutor.numbers import formatted, parsed

if TYPE_CHECKING:
    from textual import events

    from tutor.api import Setting

VALUE_CELLS = 12
"""The room for the value, typed ones included."""


class Slider(Widget, can_focus=True):
    """One parameter: its label, where it lies in its range, and its value."""

    DEFAULT_CSS = """
    Slider {
        height: 1;
        padding: 0 1;
        color: $foreground;
        &:focus { background: $panel; }
        &:disabled { color: $muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "keys.change", key_display="←→"),
        Binding("right", "move(1)", "keys.more", show=False),
        Binding("shift+left", "move(-10)", "keys.much_less", show=False),
        Binding("shift+right", "move(10)", "keys.much_more", show=False),
        Binding("enter", "commit", "keys.commit", show=False),
        Binding("escape", "forget", "keys.forget", show=False),
        Binding("backspace", "erase", "keys.erase", show=False),
    ]

    value: reactive[float] = reactive(0.0)
    """The number that is set."""
    typed: reactive[str] = reactive("")
    """What has been typed of the next one."""

    @dataclass
    class Changed(Message):
        """The learner has set the parameter."""

        name: str
        """The parameter."""
        value: float
        """Its new value, within its range."""

    @dataclass
    class Refused(Message):
        """What the learner typed cannot be used."""

        told: str
        """What was typed."""
        low: str
        """The least value, as it is shown."""
        high: str
        """The greatest value, as it is shown."""

    def __init__(
        self, name: str, label: str, setting: Setting, value: float, *, ascii_only: bool
    ) -> None:
        """Show the parameter `name` under `label`, at first at `value`."""
        super().__init__(name=name, id=f"set-{name}")
        self._label = label
        self._setting = setting
        self._marks = tuple("=o-" if ascii_only else "━●─")
        self.set_reactive(Slider.value, value)
        self.label_cells = width(label)

    def render(self) -> Content:
        """Draw the label, the bar and the value in one line."""
        label = padded(self._label, self.label_cells)
        shown = f"{self.typed}_" if self.typed else formatted(self.value, self._setting.unit)
        room = self.content_size.width - width(label) - VALUE_CELLS - 2
        before, knob, after = self._bar(max(room, 3))
        style = "$primary" if self.has_focus else "$muted"
        return Content.assemble(
            (label, "bold" if self.has_focus else ""),
            "  ",
            (before, style),
            (knob, "$accent bold" if self.has_focus else style),
            (after, "$faint"),
            (shown.rjust(VALUE_CELLS), "$accent bold" if self.typed else "bold"),
        )

    def on_key(self, event: events.Key) -> None:
        """Take digits and what belongs to a number."""
        if event.character and event.character in "0123456789.%," and len(self.typed) < 10:  # noqa: PLR2004
            event.stop()
            self.typed += event.character

    def on_blur(self) -> None:
        """Set what was typed when the focus goes elsewhere."""
        self.action_commit()

    def action_move(self, steps: int) -> None:
        """Move by some steps."""
        self.typed = ""
        self._set(self._setting.moved(self.value, steps))

    def action_commit(self) -> None:
        """Set what was typed, or say that it cannot be."""
        typed, self.typed = self.typed, ""
        if not typed:
            return
        setting = self._setting
        value = parsed(typed, setting.unit)
        if value is None or not setting.low <= value <= setting.high:
            low, high = formatted(setting.low, setting.unit), formatted(setting.high, setting.unit)
            self.post_message(self.Refused(typed, low, high))
        else:
            self._set(value)

    def action_forget(self) -> None:
        """Drop what was typed."""
        self.typed = ""

    def action_erase(self) -> None:
        """Take the last typed character back."""
        self.typed = self.typed[:-1]

    def on_click(self, event: events.Click) -> None:
        """Set the value that lies under the mouse."""
        start = self.label_cells + 2
        room = self.content_size.width - self.label_cells - VALUE_CELLS - 2
        at = event.x - self.styles.padding.left - start
        if 0 <= at < room:
            self._set(self._setting.at(at / max(room - 1, 1)))

    def _set(self, value: float) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self.name or "", value))

    def _bar(self, room: int) -> tuple[str, str, str]:
        """Return the bar before the knob, the knob, and the bar after it."""
        at = round(self._setting.share(self.value) * (room - 1))
        line, knob, rest = self._marks
        return line * at, knob, rest * (room - 1 - at)
