"""A parameter that is one of some words, set by keyboard: the arrows go from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.cells import padded, width
from tutor.safe import one_line

if TYPE_CHECKING:
    from textual import events


class Options(Widget, can_focus=True):
    """One parameter: its label, and the words with the one that is set marked."""

    DEFAULT_CSS = """
    Options {
        height: 1;
        padding: 0 1;
        &:focus { background: $panel; }
        &:disabled { color: $muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "keys.change", key_display="←→"),
        Binding("right", "move(1)", "keys.more", show=False),
    ]

    value: reactive[str] = reactive("")
    """The word that is set."""

    @dataclass
    class Changed(Message):
        """The learner has set the parameter."""

        name: str
        """The parameter."""
        value: str
        """Its new value."""

    def __init__(self, name: str, label: str, options: dict[str, str], value: str) -> None:
        """Offer `options`, what is shown by value, for the parameter `name` under `label`."""
        super().__init__(name=name, id=f"set-{name}")
        self._label = label
        self._options = options if value in options else {**options, value: one_line(value)}
        self.set_reactive(Options.value, value)
        self.label_cells = width(label)

    def render(self) -> Content:
        """Draw the label and the words, the one that is set in sight, and a sign for others."""
        parts: list[tuple[str, str]] = [
            (padded(self._label, self.label_cells), "bold" if self.has_focus else ""),
            (" ", ""),
        ]
        in_sight, values = self._in_sight(), list(self._options)
        if in_sight[0][0] != values[0]:
            parts[-1] = (self._more[0], "$accent")
        for value, shown in in_sight:
            here = value == self.value
            accent = "$accent " if self.has_focus else ""
            parts.append((f" {shown} ", f"{accent}bold reverse" if here else "$muted"))
        if in_sight[-1][0] != values[-1]:
            parts.append((self._more[1], "$accent"))
        return Content.assemble(*parts)

    def action_move(self, by: int) -> None:
        """Go to another word; after the last one there is none."""
        values = list(self._options)
        self._set(values[min(max(values.index(self.value) + by, 0), len(values) - 1)])

    def on_click(self, event: events.Click) -> None:
        """Take the word under the mouse."""
        at = self.styles.padding.left + self.label_cells + 1
        for value, shown in self._in_sight():
            if at <= event.x < at + width(shown) + 2:
                self._set(value)
                return
            at += width(shown) + 2

    def _in_sight(self) -> list[tuple[str, str]]:
        """Return the words that there is room for, the one that is set and its next among them."""
        words = list(self._options.items())
        room = self.content_size.width - self.label_cells - 1
        here = list(self._options).index(self.value)
        first, last = 0, len(words)

        def cells() -> int:
            return sum(width(one) + 2 for _, one in words[first:last]) + (last < len(words))

        while cells() > room and last > here + 2:
            last -= 1
        while cells() > room and first < here:
            first += 1
        while cells() > room and last > here + 1:
            last -= 1
        return words[first:last]

    @property
    def _more(self) -> tuple[str, str]:
        """What shows that there are words before and after those in sight."""
        return ("<", ">") if self.app.has_class("ascii") else ("‹", "›")

    def _set(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self.name or "", value))
