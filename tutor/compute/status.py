"""What a UI knows of its compute side; light, as the first screen shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.errors import TutorError


class State(Enum):
    """What the compute side is doing."""

    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    LOST = "lost"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Status:
    """What is known of the compute side."""

    state: State = State.STARTING
    """What it is doing."""
    device: str = ""
    """The device's type, once known."""
    name: str = ""
    """The device's name, once known."""
    torch: str = ""
    """The version of torch, once known."""
    threads: int = 0
    """How many threads torch computes with, once known."""
    worker: int = 0
    """The worker's process id, once known."""
    host: int = 0
    """The host's process id, once known."""
    problem: TutorError | None = None
    """Why it is lost or unavailable."""
