"""The first line of every screen: where the learner is, how far, and what computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tutor.cells import width
from tutor.compute.status import State, Status
from tutor.i18n import t
from tutor.safe import safe
from tutor.widgets.covered import is_covered

if TYPE_CHECKING:
    from tutor.session import Session

STYLES = {
    State.STARTING: "$muted",
    State.READY: "$success",
    State.BUSY: "$accent",
    State.LOST: "$error",
    State.UNAVAILABLE: "$error",
}
"""The colour of each state; its word says the same."""


class TopBar(Widget):
    """The path to this screen, the dots of the lesson's steps, and the compute side's state."""

    DEFAULT_CSS = """
    TopBar { height: 1; padding: 0 1; background: $panel; dock: top; }
    """

    path: reactive[tuple[str, ...]] = reactive(())
    """The names from the home screen to here."""
    dots: reactive[str] = reactive("")
    """The steps of the lesson, as drawn."""
    count: reactive[str] = reactive("")
    """The position in the lesson, such as 4/11."""
    status: reactive[Status] = reactive(Status())
    """What the compute side is doing."""

    def __init__(self, session: Session, path: tuple[str, ...]) -> None:
        """Show `path` and follow the compute side of `session`."""
        super().__init__()
        self._session = session
        self.set_reactive(TopBar.path, path)
        self.set_reactive(TopBar.status, session.status)

    def on_mount(self) -> None:
        """Follow the compute side."""
        self._session.changed.subscribe(self, lambda _: self.follow())

    def follow(self) -> None:
        """Show what the compute side is doing, unless another screen is in the way.

        Textual repaints the whole screen in front when one behind it changes.
        """
        if not is_covered(self):
            self.status = self._session.status

    def render(self) -> Content:
        """Draw as much of the line as there is room for: the state always, the path shortened."""
        room = self.content_size.width
        state = self._state()
        position = f"{self.dots}  {self.count}" if self.dots else self.count
        arrow = " > " if self._session.ascii_only else " › "
        path = arrow.join(self.path)
        names = list(self.path)
        while len(names) > 1 and width(path) + width(position) + width(state.plain) + 4 > room:
            names.pop(1 if len(names) > 2 else 0)  # noqa: PLR2004 - home and the last name stay longest
            path = arrow.join(names)
        if width(path) + width(position) + width(state.plain) + 4 > room:
            position = self.count
        gap = room - width(path) - width(position) - width(state.plain)
        left = max(2, gap // 2)
        return Content.assemble(
            (path, "bold"),
            " " * left,
            (position, "$accent"),
            " " * max(2, gap - left),
            state,
        )

    def _state(self) -> Content:
        status = self.status
        device = status.name if status.device == "cuda" else status.device.upper()
        word = t(f"state.{status.state.value}")
        dot = "*" if self._session.ascii_only else "●"
        told = f"{safe(device)} · {word}" if device else word
        if self._session.ascii_only:
            told = told.replace("·", "-")
        return Content.assemble((f"{dot} ", STYLES[status.state]), told)
