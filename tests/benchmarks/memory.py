"""Memory: what each process holds when the lesson is open, and after many trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.figures import WORDS, Figure, Listener, in_trial, listening
from tests.pty.program import child

if TYPE_CHECKING:
    import psutil

SIZE = (120, 36)
TRIALS = 20
MOST_MB = 100
MOST_GROWTH_MB = 5

COMMANDS = (f"python -m tutor open bayes   on {SIZE[0]}×{SIZE[1]}, {TRIALS} trials",)


def measure() -> list[Figure]:
    """Run some trials and look at the processes before and after."""
    with listening("open", "bayes", size=SIZE) as listener:
        in_trial(listener)
        run(listener, 3)
        ui = listener.ui
        before = resident(ui)
        run(listener, TRIALS)
        after = resident(ui)
        host = child(ui)
        return [
            Figure("UI", after, "MB", MOST_MB),
            Figure(f"UI, growth over {TRIALS} trials", after - before, "MB", MOST_GROWTH_MB),
            Figure("host (torch imported once, shared with the worker)", resident(host), "MB"),
            Figure("worker, its own (USS)", child(host).memory_full_info().uss / 1e6, "MB"),
        ]


def run(listener: Listener, times: int) -> None:
    """Run trials to their end."""
    for _ in range(times):
        since = listener.press("r")
        listener.until_written(WORDS["lab.done"].split(".")[0], since)


def resident(process: psutil.Process) -> float:
    """Return the resident memory of a process in megabytes."""
    return process.memory_info().rss / 1e6
