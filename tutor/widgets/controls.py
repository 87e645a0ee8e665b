"""The controls of a lab's view, one line for each parameter that can be set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from textual import work
from textual.containers import Vertical
from textual.message import Message

from tutor.keyboard import LAYOUT
from tutor.widgets.options import Options
from tutor.widgets.signs import Signs
from tutor.widgets.slider import Slider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.api import Params, Setting

Control: TypeAlias = Slider | Signs | Options


class Controls(Vertical):
    """The controls, the labels as wide as the widest."""

    DEFAULT_CSS = """
    Controls { height: auto; }
    """

    @dataclass
    class Changed(Message):
        """The learner has set a parameter."""

        name: str
        """The parameter."""
        value: float | str
        """Its new value."""

    @dataclass
    class Laid(Message):
        """Other controls are there."""

    def __init__(self, words: dict[str, str], *, ascii_only: bool) -> None:
        """Label controls with the lesson's `words`."""
        super().__init__(id="controls")
        self._words = words
        self._ascii_only = ascii_only

    def __iter__(self) -> Iterator[Control]:
        """Return the controls from the top down."""
        for control in self.children:
            if isinstance(control, Control):
                yield control

    @work(exclusive=True, group=LAYOUT)
    async def lay(self, names: tuple[str, ...], params: Params) -> None:
        """Replace the controls by those of some parameters."""
        made = [self._made(name, params) for name in names]
        widest = max((control.label_cells for control in made), default=0)
        for control in made:
            control.label_cells = widest
        async with self.batch():
            await self.remove_children()
            await self.mount_all(made)
        self.post_message(self.Laid())

    def show(self, params: Params) -> None:
        """Show what is set."""
        for control in self:
            control.value = getattr(params, control.name or "")

    def on_slider_changed(self, event: Slider.Changed) -> None:
        """Take a number that was set."""
        event.stop()
        self.post_message(self.Changed(event.name, event.value))

    def on_signs_changed(self, event: Signs.Changed) -> None:
        """Take a text that was set."""
        event.stop()
        self.post_message(self.Changed(event.name, event.value))

    def on_options_changed(self, event: Options.Changed) -> None:
        """Take a word that was chosen."""
        event.stop()
        self.post_message(self.Changed(event.name, event.value))

    def _made(self, name: str, params: Params) -> Control:
        setting: Setting = params.setting(name)
        value, label = getattr(params, name), self._words.get(name, name)
        if setting.options:
            options = {one: self._words.get(f"{name}.{one}", one) for one in setting.options}
            return Options(name, label, options, value)
        if setting.pattern:
            return Signs(name, label, setting, value)
        return Slider(name, label, setting, value, ascii_only=self._ascii_only)
