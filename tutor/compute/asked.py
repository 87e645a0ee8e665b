"""Requests that have one answer each, on the side that asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from tutor.compute.protocol import Failed, Launched, Steered
    from tutor.errors import TutorError

    OneAnswer: TypeAlias = Launched | Steered | Failed


class Asked:
    """The requests whose answers are awaited."""

    def __init__(self) -> None:
        self._awaited: dict[int, asyncio.Future[OneAnswer]] = {}

    async def answer(self, id_: int) -> OneAnswer:
        """Wait for the answer to the request with this number.

        Raises:
            TutorError: if there will be none.
        """
        awaited: asyncio.Future[OneAnswer] = asyncio.get_running_loop().create_future()
        self._awaited[id_] = awaited
        try:
            return await awaited
        finally:
            del self._awaited[id_]

    def tell(self, answer: OneAnswer) -> bool:
        """Hand an answer over; return whether anybody awaits it."""
        awaited = self._awaited.get(answer.id)
        if awaited is None:
            return False
        if not awaited.done():
            awaited.set_result(answer)
        return True

    def fail(self, problem: TutorError) -> None:
        """Tell all who wait that there will be no answer."""
        for awaited in self._awaited.values():
            if not awaited.done():
                awaited.set_exception(problem)
