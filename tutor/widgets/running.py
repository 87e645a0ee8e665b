"""What runs behind a lab's picture and how it is steered: a stream of frames or a training run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutor.compute.client import ComputeClient, Stream

UNDER_WAY = ("", "created", "running", "paused")
"""The states of a run that is executed, or of which nothing is known yet."""


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
