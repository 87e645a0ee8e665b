"""The home screen: painted empty at once, and then with the lessons to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from tutor.i18n import t
from tutor.widgets.key_bar import KeyBar
from tutor.widgets.notice import Notice
from tutor.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tutor.session import Session
    from tutor.widgets.chooser import Chooser


class HomeScreen(Screen[None]):
    """The first screen; what it is about is loaded once its frame is on the terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.keys", "keys.keys"),
    ]

    def __init__(self, session: Session) -> None:
        """List the installed lessons."""
        super().__init__()
        self._session = session
        self._chooser: Chooser | None = None

    def compose(self) -> ComposeResult:
        """Lay out the frame."""
        yield TopBar(self._session, (t("home.name"), t("home.lessons")))
        yield Notice()
        yield KeyBar(ascii_only=self._session.ascii_only)

    async def fill(self) -> None:
        """Add the lessons to choose from."""
        from tutor.widgets.chooser import Chooser  # noqa: PLC0415 - after the first paint

        self._chooser = Chooser(self._session)
        await self.mount(self._chooser, before=self.query_one(Notice))
        self.query_one(Notice).show(self._session.progress)

    def on_screen_resume(self) -> None:
        """Show what has happened since."""
        self.query_one(TopBar).follow()
        if self._chooser is not None:
            self._chooser.list_anew()
            self.query_one(Notice).show(self._session.progress)
