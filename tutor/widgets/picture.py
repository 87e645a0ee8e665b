"""What a lesson draws: a widget that shows the frame of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Vertical

if TYPE_CHECKING:
    from tutor.api import Frame, Params


class Picture(Vertical):
    """The picture of one task's frame; a lesson makes one subclass for each view of its lab."""

    DEFAULT_CSS = """
    Picture { height: 1fr; }
    """

    controls: tuple[str, ...] = ()
    """The parameters that can be set in this view, in their order."""

    def __init__(self, words: dict[str, str], *, ascii_only: bool) -> None:
        """Draw with the lesson's `words` for labels."""
        super().__init__()
        self.words = words
        self.ascii_only = ascii_only

    def show(self, params: Params, frame: Frame) -> Any:
        """Draw a frame that came from these parameters."""
        raise NotImplementedError
