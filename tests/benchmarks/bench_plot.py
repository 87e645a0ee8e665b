"""How long a redraw takes, and that it hardly depends on how many points there are.

Run it with `python tests/benchmarks/bench_plot.py`. What counts is the ratio, both parts of which
come from the same run.
"""

# ruff: noqa: T201 - what it is for is to print
from __future__ import annotations

import time

import numpy as np

from tutor.widgets.chart import Chart, Series
from tutor.widgets.charts.reduction import reduced
from tutor.widgets.drawing import draw

SIZES = ((38, 10), (60, 18), (100, 30))
PALETTE = {"text": "#d8dee9", "muted": "#7d8899", "faint": "#465062", "accent": "#ffc26b"}


def loss_curve(count: int) -> Chart:
    """Return the noisy loss of a training run of `count` steps, and the same smoothed."""
    rng = np.random.default_rng(0)
    step = np.arange(count, dtype=float)
    smooth = 0.1 + 2.2 * np.exp(-6 * step / count)
    noisy = smooth * np.exp(rng.normal(scale=0.3, size=count))
    return Chart(
        series=(
            Series(step, noisy, "batch loss", "muted"),
            Series(step, smooth, "smoothed", "accent"),
        ),
        x_label="step",
        y_label="loss",
        x_unit="count",
    )


def measured(chart: Chart, width: int, height: int) -> float:
    """Return the least of the times that 15 redraws took, in milliseconds."""
    times = []
    for _ in range(15):
        begun = time.perf_counter()
        draw(chart, width, height, PALETTE)
        times.append(time.perf_counter() - begun)
    return 1000 * min(times)


def main() -> None:
    """Print the redraw times at a thousand and at a million points, and their ratio."""
    few, many = loss_curve(10**3), loss_curve(10**6)
    for width, height in SIZES:
        one, other = measured(few, width, height), measured(many, width, height)
        print(
            f"{width}x{height}: {one:.1f} ms at 10^3 points, {other:.1f} ms at 10^6, "
            f"ratio {other / one:.2f}"
        )
    series, edges = many.series[0], np.linspace(0, 10**6, 201)
    begun = time.perf_counter()
    reduced(series.x, series.y, edges)
    took = 1000 * (time.perf_counter() - begun)
    print(f"of this, reducing 10^6 points to 200 columns: {took:.1f} ms")


if __name__ == "__main__":
    main()
