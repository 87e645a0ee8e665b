"""The part of a run that is looked at, and ranges that hold still while the run goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.widgets.chart import Range

LEAST_STEPS = 8
"""The least number of steps that a window shows."""

ROUND = (1.0, 2.0, 3.0, 5.0, 10.0)
"""What times a power of ten the horizontal axis may be long while it grows."""

ROOMY = 0.35
"""The least share of the vertical axis that the data must take for it to stay as it is."""

FLAT = 0.6
"""With a least value from this share of the greatest on, the axis need not begin at zero."""

SLACK = 1e-9
"""What a rounding error may be, relatively."""


@dataclass(frozen=True, slots=True)
class Window:
    """Steps from `first` to `last`; 0 is the run's beginning, and its end wherever that is."""

    first: int = 0
    """The first step; 0 for the beginning."""
    last: int = 0
    """The last step; 0 for the newest."""

    @property
    def is_whole(self) -> bool:
        """Whether it shows everything."""
        return not (self.first or self.last)

    def ends(self, newest: int) -> tuple[int, int]:
        """Return the first and the last step, of a run whose newest is given."""
        last = self.last or max(newest, self.first + LEAST_STEPS)
        return self.first, last

    def zoomed(self, factor: float, at: float, newest: int) -> Window:
        """Return the window made longer by a factor, in which a step stays in its place."""
        first, last = self.ends(newest)
        share = min(max((at - first) / (last - first), 0.0), 1.0)
        long = max(round((last - first) * factor), LEAST_STEPS)
        begin = round(at - share * long) if factor < 1 or self.last else last - long
        return _fitted(begin, long, newest)

    def panned(self, share: float, newest: int) -> Window:
        """Return the window moved by a share of its length."""
        first, last = self.ends(newest)
        long = last - first
        return _fitted(first + round(share * long), long, newest)


def _fitted(first: int, long: int, newest: int) -> Window:
    """Return a window within the run; one that reaches its end stays there while it grows."""
    newest = max(newest, LEAST_STEPS)
    if long >= newest:
        return Window()
    first = min(max(first, 0), newest - long)
    return Window(first, 0 if first + long >= newest else first + long)


def growing(long: int, most: int) -> int:
    """Return a round length that holds `long` steps, and `most` once that is near; 0 is no limit.

    So an axis that follows a run seldom changes.
    """
    long = max(long, LEAST_STEPS)
    power = 10 ** math.floor(math.log10(long))
    found = next(math.ceil(one * power) for one in ROUND if one * power >= long)
    return max(long, most) if 0 < most <= found else found


def steady(before: Range | None, low: float, high: float, *, log: bool, top: float) -> Range:
    """Return a round range that holds two numbers: the one before, as long as it suits.

    Args:
        before: The range so far, None if there is none.
        low: The least number; above zero if `log`.
        high: The greatest, not less.
        log: Whether the axis is logarithmic.
        top: No range ends above this.
    """
    if not log and low < FLAT * high:
        low = 0.0
    if before and _suits(before, low, high, log=log) and before[1] <= top:
        return before
    return _log_range(low, high) if log else _linear_range(low, high, top)


def _suits(ends: Range, low: float, high: float, *, log: bool) -> bool:
    """Return whether a range holds two numbers, and not much else."""
    begin, end = ends
    if low < begin * (1 - SLACK) or high > end * (1 + SLACK):
        return False
    if log:
        return begin > 0 and math.log(high / low) >= ROOMY * math.log(end / begin)
    return high - low >= ROOMY * (end - begin)


def _linear_range(low: float, high: float, top: float) -> Range:
    span = high - low or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span / 4))
    step *= next(one for one in (1, 2, 5, 10) if one * step >= span / 10)
    begin = math.floor(low / step + SLACK) * step
    end = min(math.ceil(high / step - SLACK) * step, top)
    return (begin, end) if end > begin else (begin, begin + step)


def _log_range(low: float, high: float) -> Range:
    def rounded(value: float, digits: tuple[int, ...], *, up: bool) -> float:
        power = 10.0 ** math.floor(math.log10(value))
        fits = [one * power for one in digits if (one * power >= value * (1 - SLACK)) == up]
        return min(fits) if up else max(one for one in [*fits, power] if one <= value * (1 + SLACK))

    begin, end = rounded(low, (1, 2, 5), up=False), rounded(high, (1, 2, 5, 10), up=True)
    return (begin, end) if end > begin * 1.5 else (begin / 2, end * 2)
