"""Which part of an axis is shown, and the round numbers written along it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tutor.widgets.chart import Range, Unit

LARGEST = 1e300
"""The greatest number at the end of an axis, so that differences stay finite."""
NARROWEST = 1e-9
"""The least width of a range, relative to its greatest number."""
SMALLEST = 1e-280
"""The least width of a range."""
PLAIN_BELOW = 1e6
"""From here on numbers without a unit are written with an exponent."""
PLAIN_DECIMALS = 5
"""With more decimals than these, too."""
COUNTED_BELOW = 10_000
"""From here on counts are written with a letter for thousands or millions."""
LETTERS = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
"""The letters for large counts."""
SUITS_LETTERS = 1e18
"""From here on counts are written with an exponent."""
SLACK = 1e-6
"""How far, in steps, a tick may lie outside the range and still be on its edge."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and the number written there."""

    value: float
    """The number, in the units of the data."""
    text: str
    """How it is written."""


def shown_range(values: Iterable[float], *, log: bool, unit: Unit) -> Range:
    """Return the range that holds all finite `values`, widened if it has no width.

    On a logarithmic axis only values above zero count. Without any, it is 0 to 1, or 1 to 10.
    """
    far = LARGEST / 10
    kept = [min(max(v, -far), far) for v in values if math.isfinite(v)]
    if log:
        kept = [max(v, SMALLEST) for v in kept if v > 0]
    if not kept:
        return (1.0, 10.0) if log and unit != "percent" else (0.1, 1.0) if log else (0.0, 1.0)
    low, high = min(kept), max(kept)
    if is_range((low, high), log=log):
        return low, high
    if log:
        return low / 3, high * 3
    size = max(-low, high)
    room = size / 10 if size > 100 * SMALLEST else 1.0
    if unit == "percent" and low >= 0 and high <= 1:
        return max(low - 0.1, 0.0), min(high + 0.1, 1.0)
    return low - room, high + room


def is_range(ends: Range, *, log: bool) -> bool:
    """Return whether an axis can show the range between two numbers."""
    low, high = ends
    if not (math.isfinite(low) and math.isfinite(high)) or max(-low, high) > LARGEST:
        return False
    if log and low <= 0:
        return False
    return high - low > max(NARROWEST * max(abs(low), abs(high)), SMALLEST)


def rounded_range(low: float, high: float, *, log: bool) -> Range:
    """Return the range moved outward to round numbers, or by a little if it is logarithmic."""
    if log:
        first, last = math.log10(low), math.log10(high)
        room = (last - first) / 50
        return 10 ** max(first - room, -306.0), 10 ** min(last + room, math.log10(LARGEST))
    step = round_step(high - low, 10)
    first, last = math.floor(low / step + SLACK), math.ceil(high / step - SLACK)
    return min(first * step, low), max(last * step, high)


def round_step(span: float, parts: int) -> float:
    """Return the least of 1, 2 and 5 times a power of ten that divides `span` into `parts`."""
    rough = span / parts
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10, 20) if m * power >= rough * (1 - SLACK))


def ticks(low: float, high: float, *, log: bool, unit: Unit, most: int) -> tuple[Tick, ...]:
    """Return at most `most` round numbers between two, rising, evenly spaced on the axis.

    On a linear axis they are multiples of 1, 2 or 5 times a power of ten, and whole if they are
    counts. On a logarithmic one they are powers of ten, or 1, 2 and 5 times these where the range
    holds few powers.
    """
    if most < 1:
        return ()
    values, step = _log_values(low, high, most) if log else _linear_values(low, high, unit, most)
    texts = _texts(values, step, unit)
    return tuple(
        Tick(value, text)
        for at, (value, text) in enumerate(zip(values, texts, strict=True))
        if text not in texts[:at]
    )


def _linear_values(low: float, high: float, unit: Unit, most: int) -> tuple[list[float], float]:
    step = round_step(high - low, 2 * most)
    step = max(step, 1.0) if unit == "count" else step
    values = _multiples(step, low, high)
    while len(values) > most:
        finer, step = values, round_step(step * 1.5, 1)
        values = _multiples(step, low, high)
        if len(values) < 2 <= most:  # noqa: PLR2004 - one number gives no scale
            return [finer[0], finer[-1]], step
    return values, step


def _multiples(step: float, low: float, high: float) -> list[float]:
    slack = SLACK * min((high - low) / step, 1.0)
    first, last = math.ceil(low / step - slack), math.floor(high / step + slack)
    return [n * step for n in range(first, last + 1)]


def _log_values(low: float, high: float, most: int) -> tuple[list[float], float]:
    first = math.ceil(math.log10(low) - SLACK)
    last = math.floor(math.log10(high) + SLACK)
    if last - first >= 1:
        steps = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
        for step in steps:
            powers = [n for n in range(first, last + 1) if n % step == 0]
            if len(powers) <= most:
                break
        return [10.0**n for n in powers], 0.0
    between = [m * 10.0**n for n in (first - 1, first, last) for m in (1, 2, 5)]
    between = sorted({v for v in between if low * (1 - SLACK) <= v <= high * (1 + SLACK)})
    if 2 <= len(between) <= most:  # noqa: PLR2004 - one number gives no scale
        return between, 0.0
    return _linear_values(low, high, "", most)


def _texts(values: Sequence[float], step: float, unit: Unit) -> list[str]:
    """Write the numbers; `step` is their distance, or 0 if they need no common decimals."""
    largest = max((abs(v) for v in values), default=0.0)
    if unit == "percent":
        return [f"{_plain(100 * v, 100 * step, 100 * largest)} %" for v in values]
    if unit == "count" and largest < SUITS_LETTERS:
        return [_counted(v, step, largest) for v in values]
    if step == 0 and not all(1e-3 <= v <= 1e4 for v in values):  # noqa: PLR2004 - read at a glance
        return [_with_exponent(v, 0) for v in values]
    return [_plain(v, step, largest) for v in values]


def _plain(value: float, step: float, largest: float) -> str:
    if step == 0:
        return _with_exponent(value, 0) if value < 10**-PLAIN_DECIMALS else f"{value:.12g}"
    decimals = max(0, -math.floor(math.log10(step) + SLACK))
    if largest < PLAIN_BELOW and decimals <= PLAIN_DECIMALS:
        text = f"{value:.{decimals}f}"
        return text if float(text) else text.lstrip("-")
    digits = math.floor(math.log10(max(largest, step))) - math.floor(math.log10(step) + SLACK)
    return _with_exponent(value, max(digits, 0))


def _with_exponent(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def _counted(value: float, step: float, largest: float) -> str:
    if largest < COUNTED_BELOW:
        return f"{value:,.12g}"
    for scale, letter in LETTERS:
        if abs(value) >= scale * (1 - SLACK):
            decimals = max(0, math.ceil(math.log10(scale / step) - SLACK)) if step else 0
            text = f"{value / scale:,.{decimals}f}"
            return (text.rstrip("0").rstrip(".") if decimals else text) + letter
    return f"{value:.12g}"
