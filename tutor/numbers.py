"""Numbers as people read and type them."""

from __future__ import annotations

import math


def formatted(value: float, unit: str) -> str:
    """Return a number as it is shown: a percentage, a count with commas, or plain."""
    if math.isnan(value):
        return "–"
    if unit == "percent":
        return percent(value)
    return f"{value:,.0f}" if unit == "count" else f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share as a percentage, with the digits that matter near 0 and near 1."""
    room = min(abs(share), abs(1 - share))
    digits = 1 if room >= 0.001 or room == 0 else 2 if room >= 0.0001 else 3  # noqa: PLR2004
    return f"{100 * share:.{digits}f} %"


def counted(number: float) -> str:
    """Return an expected count: whole if it is, else with one decimal."""
    return f"{number:,.0f}" if abs(number - round(number)) < 0.005 else f"{number:,.1f}"  # noqa: PLR2004


def parsed(typed: str, unit: str) -> float | None:
    """Return the number that was typed, None if it is none; a percentage needs no sign."""
    told = typed.replace(",", "")
    try:
        value = float(told.removesuffix("%"))
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    if unit == "percent":
        return value / 100
    if unit == "count":
        return float(round(value))
    return value
