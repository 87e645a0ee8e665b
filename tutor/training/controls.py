"""Commands that steer training while it runs, from this process or from a file.

Needs no torch.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from tutor.training.config import Config

if TYPE_CHECKING:
    from pathlib import Path

Action = Literal["pause", "resume", "step", "lr", "stop", "checkpoint"]
"""What can be commanded."""

LOOK_EVERY = 0.05
"""How often a file is looked at for commands, in seconds."""

LONGEST = 65_536
"""How many bytes of commands are read at once; a longer line is none."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Raises:
        ValueError: if there is no such action, or its value cannot be used.
    """

    do: Action
    """What to do."""
    value: float = 1
    """The learning rate for "lr", the number of steps for "step"; no matter for the others."""

    def __post_init__(self) -> None:
        """Check the action and its value."""
        if self.do not in get_args(Action):
            raise ValueError(f"no action: {self.do}")
        setting = Config.setting("lr" if self.do == "lr" else "epochs")
        if self.do in ("lr", "step") and not setting.low <= self.value <= setting.high:
            raise ValueError(f"{self.do}: {self.value}")

    def to_json(self) -> str:
        """Return the command as one line, without its end."""
        return json.dumps({"do": self.do, "value": self.value})


def parsed(line: bytes) -> Command | None:
    """Return the command in a line of JSON; None if there is none that can be obeyed."""
    try:
        table: Any = json.loads(line)
        value = float(table.get("value", 1))
        return Command(table["do"], value)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


class Controls:
    """Commands on their way to a trainer; any thread or signal handler may send one."""

    def __init__(self) -> None:
        self._sent: deque[Command] = deque()

    @property
    def position(self) -> int:
        """How much of a file of commands has been taken, in bytes; 0 without a file."""
        return 0

    def send(self, do: Action, value: float = 1) -> None:
        """Send a command.

        Raises:
            ValueError: if it is none.
        """
        self._sent.append(Command(do, value))

    def waiting(self) -> bool:
        """Tell whether there are commands to take; it costs next to nothing."""
        return bool(self._sent)

    def take(self) -> list[Command]:
        """Return the commands that came since the last call, in their order."""
        taken = []
        while self._sent:
            taken.append(self._sent.popleft())
        return taken

    def wait(self) -> list[Command]:
        """Wait until there are commands, and take them."""
        while not self.waiting():
            time.sleep(LOOK_EVERY / 2)
        return self.take()


class FileControls(Controls):
    """Commands that anybody appends to a file, one JSON object a line; others are passed over."""

    def __init__(self, path: Path, position: int = 0) -> None:
        """Read the file at `path` from a position in bytes; it need not be there yet."""
        super().__init__()
        self._path = path
        self._read_to = self._taken_to = position
        self._looked = -LOOK_EVERY

    @property
    def position(self) -> int:
        """How much of the file has been taken, in bytes."""
        return self._taken_to

    def waiting(self) -> bool:
        """Tell whether there are commands; the file is looked at every `LOOK_EVERY` seconds."""
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            while self._read():
                pass
        return bool(self._sent)

    def take(self) -> list[Command]:
        """Return the commands that came since the last call, in their order."""
        self.waiting()
        self._taken_to = self._read_to
        return super().take()

    def _read(self) -> bool:
        """Queue the commands of the lines that are complete; tell whether there may be more."""
        try:
            if self._path.stat().st_size <= self._read_to:
                return False
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                found = file.read(LONGEST)
        except OSError:
            return False
        whole = found.rfind(b"\n") + 1
        if not whole and len(found) < LONGEST:
            return False
        whole = whole or len(found)
        self._read_to += whole
        self._sent.extend(filter(None, map(parsed, found[:whole].splitlines())))
        return True
