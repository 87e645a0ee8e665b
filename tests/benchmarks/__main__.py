"""Prints the figures: `python -m tests.benchmarks [NAME…]`; NAME is a module of this folder.

Both sides of a ratio are taken in one run, in turn. Figures count only on a machine that does
nothing else; the first line tells how busy it was.
"""

# ruff: noqa: T201 - what it is for is to print
from __future__ import annotations

import importlib
import os
import platform
import signal
import sys
import time

from tests.benchmarks.figures import ROOT

NAMES = (
    "startup",
    "latency",
    "memory",
    "compute",
    "bench_plot",
    "live",
    "training",
    "accuracy",
)
"""The modules with a function `measure` and the `COMMANDS` that it runs.

The last ones load torch here, which no program must be started from when its start is timed.
"""


def main(names: list[str]) -> int:
    """Measure what is named, or everything; return how many figures miss their targets."""
    if strange := [name for name in names if name not in NAMES]:
        print(f"no such benchmark: {', '.join(strange)}; there are {', '.join(NAMES)}")
        return 2
    load = os.getloadavg()[0]
    print(
        f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, ", end=""
    )
    print(f"load {load:.1f}{' - TOO BUSY FOR FIGURES' if load > BUSY else ''}")
    missed = 0
    for name in names or NAMES:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}")
        begun = time.perf_counter()
        for command in module.COMMANDS:
            print(f"  $ {command}")
        for figure in module.measure():
            missed += figure.missed
            print(figure.line)
        print(f"  ({time.perf_counter() - begun:.0f} s)")
    return int(missed > 0)


BUSY = 0.6
"""The load above which something else runs."""

if __name__ == "__main__":
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended on the way
    sys.exit(main(sys.argv[1:]))
