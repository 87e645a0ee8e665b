"""One call under way, as the UI's side sees it: its frames, and the means to steer them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tutor.compute.protocol import (
    Acknowledge,
    Advance,
    Cancelled,
    Failed,
    Finished,
    Pause,
    Progressed,
)
from tutor.errors import ImpossibleError, ParameterError, TutorError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tutor.api import Frame
    from tutor.compute.client import ComputeClient
    from tutor.compute.protocol import Answer


@dataclass(eq=False)
class Stream:
    """One call under way: its frames as they come, and the means to hold and advance it."""

    id: int
    """The number under which the answers come."""
    client: ComputeClient
    """What the requests go through."""
    answers: asyncio.Queue[Answer | TutorError] = field(default_factory=asyncio.Queue)
    """What has been answered and not yet been taken."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once nothing more will be answered."""

    async def frames(self, kind: type[Frame]) -> AsyncGenerator[Frame]:
        """Yield the frames as objects of `kind`; the last one is the result.

        Leaving the iteration early cancels the call.

        Raises:
            TutorError: what the call failed with.
        """
        try:
            while True:
                answer = await self.answers.get()
                match answer:
                    case Progressed():
                        self.client.send(Acknowledge(self.id))
                        yield _frame(kind, answer.frame)
                    case Finished():
                        yield _frame(kind, answer.frame)
                        return
                    case Failed():
                        raise raised(answer)
                    case Cancelled():
                        return
                    case TutorError():
                        raise answer
        finally:
            self.client.forget(self)

    def pause(self, *, paused: bool) -> None:
        """Hold the stream, or let it go on."""
        self.client.send(Pause(self.id, paused))

    def advance(self) -> None:
        """Let the held stream make one frame."""
        self.client.send(Advance(self.id))


def _frame(kind: type[Frame], table: dict[str, Any]) -> Frame:
    """Return a frame's object; JSON's lists are the tuples that they were."""
    return kind(**{name: _tupled(value) for name, value in table.items()})


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list) else value


def raised(failed: Failed) -> TutorError:
    """Return the error that a request failed with."""
    kinds = {"parameter": ParameterError, "impossible": ImpossibleError}
    return kinds.get(failed.kind, TutorError)(failed.key, **failed.values)
