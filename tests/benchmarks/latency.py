"""Latency: from a key to its change on the terminal while a trial of ten million people streams."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.benchmarks.figures import WORDS, Figure, Listener, in_trial, listening, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

SIZE = (100, 30)
PRESSES = 200
WATCHED = 10.0
"""How many seconds streams are watched without a key."""

SHARE, PERIOD = 0.1, 0.02
"""The share of the time that the worker is let run while a long stream is watched, and in what
turns, in seconds: here a trial is over after two or three frames, on a slower machine it is not."""

ARROWS = (("right", "11.0 %"), ("left", "10.0 %"))
"""Keys that move the prevalence there and back, and what is then written."""

TEXT, LAB = WORDS["keys.answer_digits"], WORDS["keys.change"]
"""What the line of keys says in the text and in the lab."""

RUNNING = WORDS["lab.running"].split(".")[0]
DONE = WORDS["lab.done"].split(".")[0].encode()

MOST_MS, MOST_KB, MOST_MB = 60, 20, 100

COMMANDS = (f"python -m tutor open bayes   on {SIZE[0]}×{SIZE[1]}",)


def measure() -> list[Figure]:
    """Press keys while trials run, then watch trials run."""
    with listening("open", "bayes", size=SIZE) as listener:
        in_trial(listener)
        arrows = [pressed(listener, *ARROWS[turn % 2]) for turn in range(PRESSES)]
        panes = [there_and_back(listener) for _ in range(PRESSES // 2)]
        runs, written = watched(listener)
        with slowed(worker_of(listener.ui)):
            drawn, lasted = streamed(listener)
        memory = listener.ui.memory_info().rss
    return [
        *spread("arrow on a slider while a trial streams", arrows, "ms", MOST_MS),
        *spread("Tab to the other pane while a trial streams", panes, "ms", MOST_MS),
        Figure(
            f"written in a trial slowed to {lasted:.1f} s, no key pressed", drawn, "KB/s", MOST_KB
        ),
        Figure(f"written in {runs} trials one after the other", written, "KB/s", MOST_KB),
        Figure("memory of the UI afterwards (RSS)", memory / 1e6, "MB", MOST_MB),
    ]


def pressed(listener: Listener, key: str, sign: str) -> float:
    """Press a key while a trial runs; return the milliseconds until its sign is written."""
    while not running(listener):
        pass
    since = listener.press(key)
    begun = time.perf_counter()
    return 1000 * (listener.until_written(sign, since) - begun)


def there_and_back(listener: Listener) -> float:
    """Go to the text while a trial runs, and back; return the milliseconds of going there."""
    took = pressed(listener, "tab", TEXT)
    listener.until_written(LAB, listener.press("tab"))
    return took


def running(listener: Listener) -> bool:
    """Start a trial and let it run for a while; return whether it still does."""
    since = listener.press("r")
    listener.until_written(RUNNING, since)
    listener.listen_for(random.uniform(0.02, 0.2))
    return listener.written.find(DONE, since) < 0


def watched(listener: Listener) -> tuple[int, float]:
    """Let trials run one after the other; return how many ran, and the kilobytes a second."""
    begun, before, runs = time.perf_counter(), len(listener.written), 0
    while time.perf_counter() < begun + WATCHED:
        run(listener)
        runs += 1
    return runs, (len(listener.written) - before) / (time.perf_counter() - begun) / 1000


def streamed(listener: Listener) -> tuple[float, float]:
    """Let one trial run; return the kilobytes a second, and how many seconds it took."""
    begun, before = time.perf_counter(), len(listener.written)
    run(listener)
    lasted = time.perf_counter() - begun
    return (len(listener.written) - before) / lasted / 1000, lasted


def run(listener: Listener) -> None:
    """Let a trial run from its start to its end."""
    since = listener.press("r")
    listener.until_written(RUNNING, since)
    listener.until(lambda: listener.written.find(DONE, since) >= 0)


def worker_of(ui: psutil.Process) -> psutil.Process:
    """Return the worker of the host of a UI."""
    return ui.children()[0].children()[0]


@contextmanager
def slowed(process: psutil.Process) -> Iterator[None]:
    """Let a process run a share of the time only."""
    over = threading.Event()

    def take_turns() -> None:
        while not over.is_set():
            process.suspend()
            over.wait(PERIOD * (1 - SHARE))
            process.resume()
            over.wait(PERIOD * SHARE)

    turns = threading.Thread(target=take_turns)
    turns.start()
    try:
        yield
    finally:
        over.set()
        turns.join()
        process.resume()
