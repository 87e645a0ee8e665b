"""How a training run is looked at: which part of it, and what of that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tutor.widgets.runs.window import Window

WHOLE = Window()
"""The window that shows everything."""

SMOOTHINGS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
"""The weights of the past that can be chosen."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown of a run, and read off."""

    window: Window = WHOLE
    """Which steps."""
    smoothing: float = 0.9
    """The weight of the past in the smoothed loss, in [0, 1)."""
    accuracy: bool = False
    """Whether the accuracy is shown; else the loss is."""
    log: bool = False
    """Whether the loss is on a logarithmic axis."""
    raw: bool = True
    """Whether the loss of single steps is shown."""
    smooth: bool = True
    """Whether the smoothed loss is shown."""
    overlays: bool = True
    """Whether other runs are shown."""
    cursor: int | None = None
    """The step that is read, if any."""

    def with_next_part(self) -> Look:
        """Return the look with both kinds of the training loss, or one of them, in turn."""
        if self.raw and self.smooth:
            return replace(self, raw=False)
        return replace(self, raw=True, smooth=not self.smooth)

    def smoothed(self, by: int) -> Look:
        """Return the look with more smoothing, or less."""
        at = min(range(len(SMOOTHINGS)), key=lambda one: abs(SMOOTHINGS[one] - self.smoothing))
        return replace(self, smoothing=SMOOTHINGS[min(max(at + by, 0), len(SMOOTHINGS) - 1)])
