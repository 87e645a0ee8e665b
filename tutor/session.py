"""What lives as long as the program runs and screens need: handed down, never looked up.

The compute side and the progress are there when they are first asked for, which is after the
first screen has been painted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tutor.compute.status import Status

if TYPE_CHECKING:
    from textual.signal import Signal

    from tutor.compute.client import ComputeClient
    from tutor.progress import Progress


@dataclass
class Session:
    """The compute side, the learner's progress and how text may be drawn."""

    device: str
    """Where to compute, as the user said."""
    ascii_only: bool
    """Whether the terminal can show ASCII only."""
    changed: Signal[Status]
    """Tells each change of the compute side's status."""

    @cached_property
    def client(self) -> ComputeClient:
        """Where tasks are run."""
        from tutor.compute.client import ComputeClient  # noqa: PLC0415 - see above

        return ComputeClient.logged(self.device, self.changed.publish)

    @cached_property
    def progress(self) -> Progress:
        """What has been answered, and where the learner is."""
        from tutor.progress import Progress  # noqa: PLC0415 - see above

        return Progress.open()

    @property
    def status(self) -> Status:
        """What is known of the compute side now."""
        return self.client.status if "client" in self.__dict__ else Status()

    async def close(self) -> None:
        """End the compute side and close the progress."""
        if "client" in self.__dict__:
            await self.client.close()
        if "progress" in self.__dict__:
            self.progress.close()
