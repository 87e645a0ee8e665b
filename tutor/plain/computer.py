"""The compute side for a dialogue that waits: the client, in a thread of its own."""

from __future__ import annotations

import asyncio
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from tutor.compute.client import ComputeClient
from tutor.compute.status import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tutor.api import Frame, Params

PATIENCE = 1.5
"""After how many seconds the learner is told that something takes its time."""


class Computer:
    """Runs tasks while its caller waits; torch loads as soon as it is entered."""

    def __init__(self, device: str) -> None:
        """Compute on `device`."""
        self._client = ComputeClient.logged(device)
        self._thread = Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._begun = Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @property
    def unavailable(self) -> bool:
        """Whether it is known that nothing can be computed."""
        return self._client.status.state is State.UNAVAILABLE

    def call(self, task: str, params: Params, waiting: Callable[[], None]) -> Frame:
        """Return the last frame of a task; call `waiting` once if that takes long.

        Raises:
            TutorError: what the call failed with.
        """
        future = asyncio.run_coroutine_threadsafe(self._client.call(task, params), self._loop)
        try:
            try:
                return future.result(PATIENCE)
            except TimeoutError:
                waiting()
                return future.result()
        finally:
            future.cancel()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        await self._client.start()
        self._begun.set()
        try:
            await self._over.wait()
        finally:
            await self._client.close()
