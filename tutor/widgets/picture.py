"""What a lesson draws: a widget that shows the frame of one task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.containers import Vertical
from textual.message import Message

from tutor.api import Frame, Params

P = TypeVar("P", bound=Params)
F = TypeVar("F", bound=Frame)


class Picture(Vertical, Generic[P, F]):
    """The picture of one task's frame; a lesson makes one subclass for each view of its lab."""

    DEFAULT_CSS = """
    Picture { height: 1fr; }
    Picture Plot { margin: 0 1; }
    """

    controls: tuple[str, ...] = ()
    """The parameters that can be set in this view, in their order."""

    @dataclass
    class Asked(Message):
        """The picture wants something set: what the learner drew, or the part that is shown."""

        values: dict[str, object]
        """The parameters' new values by name."""

    def __init__(self, words: dict[str, str], *, ascii_only: bool) -> None:
        """Draw with the lesson's `words` for labels."""
        super().__init__()
        self.words = words
        self.ascii_only = ascii_only

    @property
    def cursor(self) -> int | None:
        """The step that the learner points to in a picture of training; None if to none."""
        return None

    def show(self, params: P, frame: F) -> None:
        """Draw a frame that came from these parameters."""
        raise NotImplementedError
