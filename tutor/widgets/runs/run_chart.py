"""The chart of a training run: a function of a frame and of how it is looked at.

numpy is loaded with this module, so import it late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tutor.i18n import t
from tutor.widgets.chart import Chart, Mark, Series
from tutor.widgets.runs.numbers import Reading, loss, readings, share
from tutor.widgets.runs.window import growing, steady

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tutor.run_view import RunFrame
    from tutor.widgets.chart import Range, Unit
    from tutor.widgets.runs.look import Look

    Arrays = Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]]

MAIN = 2
"""The layer of the run's own curves, which the vertical axis holds."""

SPIKE = 2.0
"""How many times as high as these the axis may be to hold single steps and other runs."""

SHOOT = 20.0
"""How many times as high as usual the axis may be; a loss that diverges leaves the picture."""

DIP = 10.0
"""How many times as low a logarithmic axis may begin."""

COLOURS = 4
"""How many colours other runs have."""

MOST_RATES = 4
"""How many changes of the learning rate are marked; the last ones of the window are."""


def newest(frame: RunFrame, *, overlays: bool) -> int:
    """Return the last step that there is anything of in the window or after it."""
    found = [frame.step]
    if overlays and not frame.last:
        ends = [steps[-1:] for one in frame.overlays for steps in (one.steps, one.test_steps)]
        found += np.concatenate([*ends, [0]]).astype(int).tolist()
    return max(found)


def x_range(frame: RunFrame, look: Look) -> tuple[int, int]:
    """Return the first and the last step that the horizontal axis shows.

    While a run goes on and the window reaches its end there is room to grow into.
    """
    end = newest(frame, overlays=look.overlays)
    first, last = look.window.ends(end)
    if look.window.last:
        return first, last
    if frame.is_over:
        return first, max(last, first + 1)
    return first, first + growing(last - first, max(frame.steps_in_all, end) - first)


def run_chart(frame: RunFrame, look: Look, before: Chart | None) -> Chart | None:
    """Return the chart of a frame; None if there is nothing in it yet.

    Args:
        frame: What is drawn.
        look: How.
        before: The chart before if it was of the same look, whose vertical axis then stays as it
            is as long as it suits; None if there was none.
    """
    series = _accuracies(frame, look) if look.accuracy else _losses(frame, look)
    if not any(len(one.x) for one in series):
        return None
    ends = x_range(frame, look)
    log = look.log and not look.accuracy
    unit: Unit = "percent" if look.accuracy else ""
    return Chart(
        series=tuple(series),
        marks=(*_rates(frame, ends), *_cursor(frame, look)),
        x_label=t("live.step"),
        y_label=t("live.accuracy") if look.accuracy else t("live.loss"),
        x_range=(float(ends[0]), float(ends[1])),
        y_range=_y_range(
            series, ends, before.y_range if before else None, log=log, accuracy=look.accuracy
        ),
        y_log=log,
        x_unit="count",
        y_unit=unit,
    )


def _losses(frame: RunFrame, look: Look) -> list[Series]:
    series = []
    if look.smooth:
        series.append(Series(frame.steps, frame.smoothed, _train(frame), "primary", layer=MAIN))
    series.append(Series(frame.test_steps, frame.test_losses, t("live.test"), "accent", layer=MAIN))
    if look.raw:
        steps, values = np.repeat(frame.steps, 2), np.empty(2 * len(frame.steps), np.float32)
        # Up in one bucket and down in the next, so that no line crosses the band.
        values[0::4], values[1::4] = frame.low[0::2], frame.high[0::2]
        values[2::4], values[3::4] = frame.high[1::2], frame.low[1::2]
        role = "faint" if look.smooth else "primary"
        series.append(Series(steps, values, t("live.raw"), role, "band"))
    if look.overlays:
        for at, one in enumerate(frame.overlays):
            series.append(Series(one.steps, one.smoothed, one.name, _beside(at), layer=1))
    return series


def _train(frame: RunFrame) -> str:
    """Return what the legend calls the smoothed loss."""
    if not frame.smoothing:
        return t("live.train")
    return t("live.smoothed", smoothing=f"{frame.smoothing:g}")


def _accuracies(frame: RunFrame, look: Look) -> list[Series]:
    steps, series = frame.test_steps, []
    if np.isfinite(frame.train_accuracies).any():
        series.append(Series(steps, frame.train_accuracies, t("live.train"), "primary", layer=MAIN))
    series.append(Series(steps, frame.test_accuracies, t("live.test"), "accent", layer=MAIN))
    if look.overlays:
        for at, one in enumerate(frame.overlays):
            beside = Series(one.test_steps, one.test_accuracies, one.name, _beside(at), layer=1)
            series.append(beside)
    return series


def _beside(number: int) -> str:
    return f"beside {number % COLOURS}"


def _rates(frame: RunFrame, ends: tuple[int, int]) -> list[Mark]:
    told = [
        Mark(f"{t('live.lr')} {rate:g}", x=float(step), role="muted")
        for step, rate in zip(frame.rate_steps.tolist(), frame.rates.tolist(), strict=True)
        if ends[0] < step < ends[1]
    ]
    return told[-MOST_RATES:]


def _cursor(frame: RunFrame, look: Look) -> list[Mark]:
    if look.cursor is None:
        return []
    marks = [Mark(f"{look.cursor:,}", x=float(look.cursor), role="text")]
    at = bucket(frame.steps, look.cursor)
    if look.smooth and not look.accuracy and at is not None:
        marks.append(Mark("", x=float(look.cursor), y=float(frame.smoothed[at]), role="text"))
    return marks


def readings_at(frame: RunFrame, look: Look) -> tuple[Reading, ...]:
    """Return what the curves say at the cursor; nothing without one."""
    if look.cursor is None:
        return ()
    at = bucket(frame.steps, look.cursor)
    test = int(np.searchsorted(frame.test_steps, look.cursor, "right")) - 1
    values = [
        np.nan if at is None else float(frame.smoothed[at]),
        np.nan if test < 0 else float(frame.test_losses[test]),
        np.nan if test < 0 else float(frame.test_accuracies[test]),
    ]
    place = Reading(t("live.step"), f"{look.cursor:,}")
    train, *tests = readings(*values)
    told = [place, train]
    if at is not None and frame.low[at] < frame.high[at]:
        span = f"{loss(float(frame.low[at]))}–{loss(float(frame.high[at]))}"
        told.append(Reading("", span, "muted", needed=6))
    return tuple(told + tests + _others_at(frame, look))


def _others_at(frame: RunFrame, look: Look) -> list[Reading]:
    told = []
    for number, one in enumerate(frame.overlays if look.overlays else ()):
        if look.accuracy:
            at = int(np.searchsorted(one.test_steps, look.cursor or 0, "right")) - 1
            value = share(float(one.test_accuracies[at])) if at >= 0 else "–"
        else:
            found = bucket(one.steps, look.cursor or 0)
            value = "–" if found is None else loss(float(one.smoothed[found]))
        told.append(Reading(one.name, value, _beside(number), needed=7))
    return told


def bucket(steps: NDArray[np.int64], step: int) -> int | None:
    """Return the index of the bucket nearest to a step; None if there is none within reach."""
    if not len(steps) or step > steps[-1] + _reach(steps) or step < steps[0] - _reach(steps):
        return None
    return int(np.abs(steps - step).argmin())


def _reach(steps: NDArray[np.int64]) -> int:
    return int(np.diff(steps).max()) if len(steps) > 1 else 1


def _y_range(
    series: Sequence[Series],
    ends: tuple[int, int],
    before: Range | None,
    *,
    log: bool,
    accuracy: bool,
) -> Range | None:
    """Return what the vertical axis shows; None if there is nothing to go by."""
    values = [(one.layer == MAIN, _seen(one, ends, log=log)) for one in series]
    shown = np.concatenate([seen for _, seen in values])
    if not len(shown):
        return None
    firm = np.concatenate([seen for main, seen in values if main] or [shown])
    firm = firm if len(firm) else shown
    if accuracy:
        return steady(before, float(shown.min()), 1.0, log=False, top=1.0)
    usual = max(SHOOT * float(np.median(firm)), float(firm[0]))
    high = min(float(shown.max()), SPIKE * float(firm.max()), SPIKE * usual)
    low = min(max(float(shown.min()), float(firm.min()) / DIP), high)
    return steady(before, low, high, log=log, top=np.inf)


def _seen(one: Series, ends: tuple[int, int], *, log: bool) -> NDArray[np.float64]:
    values = one.y[(ends[0] <= one.x) & (one.x <= ends[1])].astype(np.float64)
    return values[np.isfinite(values) & ((values > 0) | (not log))]
