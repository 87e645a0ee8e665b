"""What runs behind a lab's picture and how it is steered: a stream of frames or a training run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from tutor.errors import TutorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutor.compute.client import ComputeClient, Stream

UNDER_WAY = ("", "created", "running", "paused")
"""The states of a run that is executed, or of which nothing is known yet."""


EXECUTED = "error.training.executed"
"""The error of a run that cannot be gone on with, as it has not ended."""

PATIENCE = 50
"""How often to look whether a run that was stopped has ended."""

LOOK_EVERY = 0.1
"""How many seconds lie between two looks."""


class Running(Protocol):
    """Something that can be held, advanced and stopped.

    Raises:
        TutorError: by each of its methods, if that cannot be done.
    """

    @property
    def held(self) -> bool:
        """Whether it waits."""

    async def hold(self) -> None:
        """Hold it, or let it go on."""

    async def advance(self) -> None:
        """Let it make one step while it is held."""

    async def stop(self) -> None:
        """Stop it."""


class RunningStream:
    """A stream of frames, which ends with the lab's interest in it."""

    def __init__(self, stream: Stream, cancel: Callable[[], object]) -> None:
        """Steer `stream`, which `cancel` stops."""
        self._stream = stream
        self._cancel = cancel
        self.held = False

    async def hold(self) -> None:
        """Hold it after the frame it is at, or let it go on."""
        self.held = not self.held
        self._stream.pause(paused=self.held)

    async def advance(self) -> None:
        """Let it make one frame."""
        self._stream.advance()

    async def stop(self) -> None:
        """Stop it."""
        self._cancel()


class RunningTraining:
    """A training run, which goes on whether it is watched or not."""

    def __init__(self, client: ComputeClient, run: str) -> None:
        """Steer the run with the id `run`."""
        self._client = client
        self.run = run
        self.state = ""
        self.checkpoints: tuple[int, ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether a process executes it, as far as is known."""
        return self.state in UNDER_WAY

    @property
    def is_known_to_run(self) -> bool:
        """Whether it was seen to be executed."""
        return bool(self.state) and self.under_way

    @property
    def held(self) -> bool:
        """Whether it is paused."""
        return self.state == "paused"

    async def hold(self) -> None:
        """Pause it, or let it go on; one that has ended early is resumed."""
        if self.under_way:
            await self._client.steer(self.run, "resume" if self.held else "pause")
        else:
            await self._client.launch_again(self.run)
            self.state = ""

    async def advance(self) -> None:
        """Let it make one step."""
        await self._client.steer(self.run, "step")

    async def stop(self) -> None:
        """Stop it at the next step, with a checkpoint."""
        await self._client.steer(self.run, "stop")

    async def set_rate(self, rate: float) -> None:
        """Go on with another learning rate."""
        await self._client.steer(self.run, "lr", rate)

    def checkpoint(self, cursor: int | None) -> int | None:
        """Return the step of the checkpoint at or before a cursor, or else of the first one.

        Without a cursor it is the newest one; None if there is no checkpoint.
        """
        if cursor is None:
            return max(self.checkpoints, default=None)
        before = [step for step in self.checkpoints if step <= cursor]
        return max(before, default=min(self.checkpoints, default=None))

    async def rewind(self, step: int) -> None:
        """Give up what came after the checkpoint of a step, and go on from there."""
        if self.is_known_to_run:
            await self.stop()
        for left in reversed(range(PATIENCE)):
            try:
                await self._client.launch_again(self.run, step)
            except TutorError as problem:
                if problem.key != EXECUTED or not left:
                    raise
                await asyncio.sleep(LOOK_EVERY)
            else:
                self.state = ""
                return

    async def fork(self, step: int, changes: dict[str, Any]) -> str:
        """Go on from the checkpoint of a step as another run, changed; return its id."""
        return await self._client.launch_again(self.run, step, changes, fork=True)
