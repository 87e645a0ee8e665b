"""Keys one after another: each acts in the state that the keys before it led to.

Textual hands a key to the widget that has the focus when the key arrives, and moves the focus
later, by a message. Keys that arrive together, from a fast typist or in one packet of a slow line,
would all go to the widget that had the focus before the first of them. So a key waits here until
the one before it has had its effect: no widget has a message left to handle, none is being mounted,
and no worker lays anything out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import App
    from textual.events import Event

LAYOUT = "layout"
"""The group of the workers that keys wait for: those that replace what the keys go to."""

LOOK_AGAIN = 0.001
"""After how many seconds to look again whether a key has had its effect."""

PATIENCE = 250
"""After how many looks the keys are passed on, whatever still goes on."""


class Keyboard:
    """The keys that wait for earlier ones, in the order in which they came."""

    def __init__(self, app: App[None], act: Callable[[Event], Awaitable[None]]) -> None:
        """Pass the keys of `app` on to `act`, in the app's own turn."""
        self._app = app
        self._act = act
        self._waiting: deque[Event] = deque()
        self._looks = 0

    async def take(self, event: Event) -> None:
        """Pass a key or a paste on, at once if nothing comes of an earlier one any more."""
        if self._waiting:
            self._waiting.append(event)
        elif self._settled():
            await self._act(event)
        else:
            self._waiting.append(event)
            self._look_later()

    async def _look(self) -> None:
        """Pass on the next key if it is its turn, and all of them once patience is lost."""
        self._looks += 1
        late = self._looks > PATIENCE
        while self._waiting and (late or self._settled()):
            self._looks = 0
            await self._act(self._waiting.popleft())
        if self._waiting:
            self._look_later()

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(LOOK_AGAIN, self._app.call_later, self._look)

    def _settled(self) -> bool:
        """Tell whether everything has come of the keys so far, except what is computed."""
        app = self._app
        if app.message_queue_size or any(
            worker.group == LAYOUT and not worker.is_finished for worker in app.workers
        ):
            return False
        return all(
            node.is_mounted and not node.message_queue_size
            for screen in app.screen_stack[-1:]
            for node in screen.walk_children(Widget, with_self=True)
        )
