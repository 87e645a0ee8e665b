"""What lives as long as the program runs and every screen needs: handed down, never looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.signal import Signal

    from tutor.compute.client import ComputeClient, Status
    from tutor.progress import Progress


@dataclass(slots=True)
class Session:
    """The compute side, the learner's progress and how text may be drawn."""

    client: ComputeClient
    """Where tasks are run."""
    progress: Progress
    """What has been answered, and where the learner is."""
    status: Signal[Status]
    """Tells each change of the compute side's status."""
    ascii_only: bool
    """Whether the terminal can show ASCII only."""
