"""Makes pictures of a run from its journal, while the run goes on or after it. Needs no torch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tutor.run_view import ENDED
from tutor.training import framing
from tutor.training.run_directory import Status
from tutor.training.watched import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from tutor.run_view import RunFrame, Watch
    from tutor.training.watched import Watched

NAP = 0.02
"""How long to sleep while nothing happens, in seconds; then others get their turn."""

LOOK_EVERY = 0.1
"""How often to look how the run stands, in seconds."""

FRAME_EVERY = 0.08
"""How often to make a new frame at most, in seconds."""


def watch(params: Watch, device: torch.device | None = None) -> Iterator[RunFrame]:  # noqa: ARG001
    """Yield a run's frames until it has ended and all was read; the last one is how it ended.

    A long journal is caught up with a piece at a time, and the frames show how far. While nothing
    is new the same object is yielded again, some 50 times a second, so that who steps through this
    generator never waits long. Without a run there is one frame, with the other runs in it.

    Args:
        params: Which run, which part of it, and which others beside it.
        device: Nothing is computed on it; every task is given one.

    Raises:
        TutorError: if there is no such run, or its config cannot be read.
    """
    main = find(params.run) if params.run else None
    others = [find(run) for run in dict.fromkeys(params.other_runs) if run != params.run]
    view = _View(params, main, others)
    followed = [main, *others] if main else others
    while True:
        ended = view.look()
        news = any(one.read() for one in followed)
        if not news:
            followed = [one for one in followed if one is main or one.status().state not in ENDED]
        over = ended and not news
        yield view.frame(at_once=over)
        if over:
            return
        if not news:
            time.sleep(NAP)


class _View:
    """What is seen of some runs through one window."""

    def __init__(self, params: Watch, main: Watched | None, others: list[Watched]) -> None:
        self._params = params
        self._main = main
        self._others = others
        self._status = Status(state="")
        self._checkpoints: tuple[int, ...] = ()
        self._looked_at = self._made_at = -1.0
        self._seen: object = None
        self._frame: RunFrame | None = None

    def look(self) -> bool:
        """Look how the run stands, now and then, and tell whether it has ended."""
        now = time.monotonic()
        if self._main is not None and now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._status = self._main.status()
            self._checkpoints = self._main.checkpoints()
        return self._main is None or self._status.state in ENDED

    def frame(self, *, at_once: bool) -> RunFrame:
        """Return the last frame, or a new one if there is something new and it is time."""
        now = time.monotonic()
        runs = [self._main, *self._others]
        seen = (repr(self._status), self._checkpoints, [one.version for one in runs if one])
        due = at_once or now - self._made_at >= FRAME_EVERY
        if self._frame is None or (due and seen != self._seen):
            self._seen, self._made_at = seen, now
            self._frame = framing.frame(
                self._params, self._status, self._checkpoints, self._main, self._others
            )
        return self._frame
