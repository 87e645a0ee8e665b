"""The code behind a picture, with the values that are set in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.highlight import highlight
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor import catalog
from tutor.code import listing
from tutor.i18n import t

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tutor.api import Lesson, Params


class CodeScreen(ModalScreen[None]):
    """A listing that runs as it is, over the lesson."""

    DEFAULT_CSS = """
    CodeScreen { align: center middle; }
    CodeScreen > VerticalScroll {
        width: 110; max-width: 96%; height: 94%;
        border: round $primary; padding: 0 1; background: $surface;
    }
    CodeScreen Static { height: auto; width: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c,q", "dismiss", "keys.close"),
    ]

    def __init__(self, lesson: Lesson, task: str, params: Params) -> None:
        """Show what computes `task` for the current `params`."""
        super().__init__()
        found = catalog.tasks(lesson)[task]
        narrow = params.narrowed(found.params)
        self._title = f"{lesson.id}.{task}"
        self._code = listing(lesson, task, narrow, streams=found.streams)

    def compose(self) -> ComposeResult:
        """Lay out the listing."""
        with VerticalScroll() as box:
            box.border_title = t("code.title", task=self._title)
            box.border_subtitle = f"Esc {t('keys.close')}"
            yield Static(highlight(self._code, language="python"))
