"""The line that says that answers are not on disk, and why; absent while they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from tutor.i18n import t
from tutor.safe import one_line

if TYPE_CHECKING:
    from tutor.progress import Progress


class Notice(Static):
    """One line above the keys."""

    DEFAULT_CSS = """
    Notice { display: none; height: auto; max-height: 2; padding: 0 1; dock: bottom; }
    Notice { background: $warning; color: $background; }
    Notice.shown { display: block; }
    """

    def show(self, progress: Progress) -> None:
        """Say whether everything is saved."""
        reason = progress.unsaved
        told = t("progress.unsaved", reason=reason) if reason else ""
        self.update(Content(one_line(told)))
        self.set_class(reason is not None, "shown")
