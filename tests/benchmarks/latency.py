"""Latency: from a key to its change on the terminal while a trial of ten million people streams."""

from __future__ import annotations

import random
import time

from tests.benchmarks.figures import WORDS, Figure, Listener, in_trial, listening, spread

SIZE = (100, 30)
PRESSES = 200
WATCHED = 10.0
"""How many seconds the stream is watched without a key."""

ARROWS = (("right", "11.0 %"), ("left", "10.0 %"))
"""Keys that move the prevalence there and back, and what is then written."""

TEXT, LAB = WORDS["keys.answer_digits"], WORDS["keys.change"]
"""What the line of keys says in the text and in the lab."""

RUNNING = WORDS["lab.running"].split(".")[0]
DONE = WORDS["lab.done"].split(".")[0].encode()

SETTLED = 0.1
"""How many seconds after a start what it changes on the screen has been written."""

MOST_MS, MOST_KB, MOST_MB = 60, 20, 100

COMMANDS = (f"python -m tutor open bayes   on {SIZE[0]}×{SIZE[1]}",)


def measure() -> list[Figure]:
    """Press keys while trials run, then watch trials run."""
    with listening("open", "bayes", size=SIZE) as listener:
        in_trial(listener)
        arrows = [pressed(listener, *ARROWS[turn % 2]) for turn in range(PRESSES)]
        panes = [there_and_back(listener) for _ in range(PRESSES // 2)]
        runs, drawn, written = watched(listener)
        memory = listener.ui.memory_info().rss
    return [
        *spread("arrow on a slider while a trial streams", arrows, "ms", MOST_MS),
        *spread("Tab to the other pane while a trial streams", panes, "ms", MOST_MS),
        Figure(f"written while {runs} trials stream, no key pressed", drawn, "KB/s", MOST_KB),
        Figure("the same with their starts and ends", written, "KB/s"),
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


def watched(listener: Listener) -> tuple[int, float, float]:
    """Let trials run one after the other.

    Returns:
        How many ran; the kilobytes written a second while they ran, without what their starts and
        ends change on the screen; and the kilobytes a second in all.
    """
    begun, before, runs = time.perf_counter(), len(listener.written), 0
    running = drawn = 0.0
    while time.perf_counter() < begun + WATCHED:
        since = listener.press("r")
        listener.until_written(RUNNING, since)
        listener.listen_for(SETTLED)
        start, length = end, last = time.perf_counter(), len(listener.written)
        while listener.written.find(DONE, since) < 0:
            listener.listen(0.05)
            if listener.written.find(DONE, since) < 0:
                end, last = time.perf_counter(), len(listener.written)
        running, drawn, runs = running + end - start, drawn + last - length, runs + 1
        listener.quiet(0.1)
    total = (len(listener.written) - before) / (time.perf_counter() - begun)
    return runs, drawn / running / 1000, total / 1000
