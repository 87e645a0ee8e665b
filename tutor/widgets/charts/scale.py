"""From the units of an axis to shares of its length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tutor.widgets.chart import Range


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis: what it shows, and whether it is logarithmic."""

    low: float
    """The number at its beginning."""
    high: float
    """The number at its end."""
    log: bool
    """Whether equal lengths are equal ratios."""

    def share(self, value: float) -> float:
        """Return how far along the axis a number lies: 0 at the beginning, 1 at the end."""
        return float(self.shares(np.array([value]))[0])

    def shares(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far along the axis numbers lie; NaN for negative ones if logarithmic."""
        low, high = self._ends()
        with np.errstate(all="ignore"):
            told = np.log10(values) if self.log else values
            shares: NDArray[np.float64] = (told - low) / (high - low)
        return shares

    def places(self, values: NDArray[np.float64], dots: int) -> NDArray[np.float64]:
        """Return where numbers lie among `dots` along the axis: 0 at the first one's middle."""
        with np.errstate(all="ignore"):
            places: NDArray[np.float64] = self.shares(values) * (dots - 1)
        return places

    def edges(self, dots: int) -> NDArray[np.float64]:
        """Return the numbers between which `dots` equal columns of dots lie, shape (dots + 1,).

        The first and the last column are centred on the ends of the axis.
        """
        low, high = self._ends()
        shares = (np.arange(dots + 1) - 0.5) / max(dots - 1, 1)
        told = low + shares * (high - low)
        with np.errstate(all="ignore"):
            edges: NDArray[np.float64] = 10.0**told if self.log else told
        return edges

    def _ends(self) -> Range:
        if self.log:
            return math.log10(self.low), math.log10(self.high)
        return self.low, self.high
