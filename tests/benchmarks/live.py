"""Live: a training run on the screen, against the same run headless; keys, bytes and memory.

The watched run and the headless one take turns. Both are told the same and compute the same, so
that their speeds are taken over the same steps, by the clock that stamps their journals.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.figures import (
    TUTOR,
    WORDS,
    Figure,
    Listener,
    listening,
    shown,
    spread,
)
from tutor import lesson_text
from tutor.run_view import ENDED
from tutor.training.run_directory import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.training.run_directory import Run

SIZE = (100, 30)

MNIST = bool(os.environ.get("TUTOR_DATA"))
"""Whether all of MNIST is at hand; the embedded digits are soon learnt, so it takes a network for
which training lasts."""

TOLD = {"data": "mnist"} if MNIST else {"data": "digits", "hidden": "512,256"}
"""What both runs are told."""

EPOCHS = 50
"""More than there is time for."""

TURNS = 3
HEAT_UP, WINDOW = 1.0, 4.0
"""How many seconds a run goes on before its speed is taken, and over how many it is."""

PRESSES = 40
"""How many keys of a kind are pressed."""

TO_BEGIN_WITH = 5
"""How far from the newest step the cursor goes before it is moved there and back."""

AWAY = (0.05, 0.25)
"""How many seconds lie between two keys: anywhere in what a frame lasts."""

SLIDERS = ("lr", "dropout")
"""The sliders that are moved, from the top down: one that the run heeds, and one for the next."""

LEAST_SHARE, MOST_MS, MOST_KB_S, MOST_MB, MOST_LAUNCH = 0.9, 60, 20, 100, 1.0

OPEN = "mlp?" + "&".join(
    f"{name}={one}" for name, one in {"view": "train", **TOLD, "epochs": EPOCHS}.items()
)
TRAIN = (
    "train",
    *(word for name, one in TOLD.items() for word in (f"--{name}", one)),
    "--epochs",
    str(EPOCHS),
)

COMMANDS = (
    f"python -m tutor open '{OPEN}'   on {SIZE[0]}×{SIZE[1]}, r",
    f"python -m tutor {' '.join(TRAIN)}   on no terminal",
)

LABELS = lesson_text.load("lessons.mlp", "en").words

DOTS = re.compile("[\u2801-\u28ff]")
"""A piece of a curve."""

READ = re.compile(rf"{WORDS['live.step']} ([\d,]+) +{WORDS['live.train']}")
"""The step that is read off at the cursor, as the line of numbers tells it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A watched run and the same run headless."""

    launch: float
    """How many seconds lay between `r` and the first piece of the curve."""
    kilobytes: float
    """How much was written to the terminal a second while no key was pressed."""
    watched: float
    """How many images a second the watched run trained on."""
    headless: float
    """How many images a second the headless run trained on."""


def measure() -> list[Figure]:
    """Let runs take turns, then press keys while one goes on."""
    with listening("open", OPEN, size=SIZE) as listener, ended(listener) as runs:
        in_training(listener, runs)
        turns = [turn(listener, runs) for _ in range(TURNS)]
        threads = {told.threads for run in runs.all() if (told := run.history().began)}
        run, _ = launched(listener, runs)
        listener.press("o")
        numbers, lines = zip(*cursor_moved(listener), strict=True)
        sliders = {name: slid(listener, name) for name in SLIDERS}
        panes = list(there_and_back(listener))
        if run.status().state != "running":
            raise AssertionError("the run was over before the keys were pressed")
        memory = listener.ui.memory_info().rss / 1e6
    cores = "/".join(map(str, sorted(threads)))
    share = median(one.watched / one.headless for one in turns)
    launches = [one.launch for one in turns]
    kilobytes = [one.kilobytes for one in turns]
    return [
        Figure(f"headless, {cores} thread(s)", median(one.headless for one in turns), "images/s"),
        Figure(f"watched, {cores} thread(s)", median(one.watched for one in turns), "images/s"),
        Figure(f"watched / headless, median of {TURNS} turns", share, "", least=LEAST_SHARE),
        Figure(
            "r to the first of the curve, warm host, median", median(launches), "s", MOST_LAUNCH
        ),
        Figure("r to the first of the curve, the slowest", max(launches), "s"),
        Figure(
            f"written in {WINDOW:g} s, no key pressed, median", median(kilobytes), "KB/s", MOST_KB_S
        ),
        Figure("written, the most", max(kilobytes), "KB/s"),
        *(
            one
            for name, took in sliders.items()
            for one in spread(f"arrow on the slider {LABELS[name]}", took, "ms", MOST_MS)
        ),
        *spread("Tab to the other pane", panes, "ms", MOST_MS),
        *spread("cursor in the plot, its numbers", numbers, "ms", MOST_MS),
        *spread("cursor in the plot, its line", lines, "ms", MOST_MS),
        Figure("memory of the UI afterwards (RSS)", memory, "MB", MOST_MB),
    ]


@contextmanager
def ended(listener: Listener) -> Iterator[Runs]:
    """Give the folder of the runs; afterwards end those that are in it: they are detached."""
    runs = Runs(listener.home / "data" / "runs")
    try:
        yield runs
    finally:
        for run in runs.all():
            if run.is_executed():
                stop(listener, run)


def in_training(listener: Listener, runs: Runs) -> None:
    """Go to the plot, warm everything up, and have runs drawn without those before them.

    Then each piece of a curve is of the new run.
    """
    listener.until_written(f"CPU · {WORDS['state.ready']}")
    listener.until_written(WORDS["lab.press_run"])
    listener.press("tab")
    listener.until_written(WORDS["keys.run"])
    for _ in range(2):
        run, _ = launched(listener, runs)
        stop(listener, run)
    listener.press("o")
    listener.quiet(0.5)


def turn(listener: Listener, runs: Runs) -> Turn:
    """Watch a run, and then let the same one go headless."""
    run, launch = launched(listener, runs)
    listener.listen_for(HEAT_UP)
    begun, before, first = time.perf_counter(), len(listener.written), last_step(run)
    listener.listen_for(WINDOW)
    kilobytes = (len(listener.written) - before) / (time.perf_counter() - begun) / 1000
    last = last_step(run)
    stop(listener, run)
    other = headless(listener, runs, last)
    return Turn(launch, kilobytes, *(speed(one, first, last) for one in (run, other)))


def launched(listener: Listener, runs: Runs) -> tuple[Run, float]:
    """Press `r`; return the new run, and the seconds until something of its curve was drawn."""
    known = {run.id for run in runs.all()}
    begun = time.perf_counter()
    since = listener.press("r")
    drawn = listener.until(lambda: DOTS.search(shown(bytes(listener.written[since:]))))
    return new(runs, known), drawn - begun


def headless(listener: Listener, runs: Runs, last: int) -> Run:
    """Let a run go past a step with nobody watching."""
    known = {run.id for run in runs.all()}
    environ = {**os.environ, "TUTOR_HOME": str(listener.home)}
    with subprocess.Popen(
        [*TUTOR, *TRAIN],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environ,
    ) as process:
        listener.until(lambda: {run.id for run in runs.all()} - known or process.poll() is not None)
        run = new(runs, known)
        while last_step(run) <= last and process.poll() is None:
            listener.listen_for(0.5)
        stop(listener, run)
    return run


def new(runs: Runs, known: set[str]) -> Run:
    """Return the run that was not known."""
    (found,) = (run for run in runs.all() if run.id not in known)
    return found


def stop(listener: Listener, run: Run) -> None:
    """Stop a run, and take what the UI writes of that."""
    run.tell("stop")
    listener.until(lambda: run.status().state in ENDED and not run.is_executed())
    listener.quiet(0.6)


def last_step(run: Run) -> int:
    """Return the last step that a run has reported."""
    steps = run.history().reports["step"]
    return int(steps[-1]) if len(steps) else 0


def speed(run: Run, first: int, last: int) -> float:
    """Return how many images a second a run trained on between two steps, all told."""
    reports = run.history().reports
    begun, over = np.interp([first, last], reports["step"], reports["at"])
    return (last - first) * run.config().batch_size / float(over - begun)


def cursor_moved(listener: Listener) -> Iterator[tuple[float, float]]:
    """Move the cursor; yield the milliseconds until its numbers, and until its line were drawn."""
    before = ""
    listener.listen_for(HEAT_UP)
    for count in range(-TO_BEGIN_WITH, PRESSES):
        listener.listen_for(random.uniform(*AWAY))
        begun = time.perf_counter()
        since = listener.press("left" if count < 0 else ("right", "left")[count % 2])

        def read(since: int = since, before: str = before) -> list[str]:
            return [
                one for one in READ.findall(shown(bytes(listener.written[since:]))) if one != before
            ]

        told = listener.until(read)
        before = read()[0]
        line = re.compile(rf"(?<![\d,]){before}(?![\d,/])")

        def drawn(since: int = since, line: re.Pattern[str] = line) -> object:
            return line.search(READ.sub("", shown(bytes(listener.written[since:]))))

        seen = listener.until(drawn)
        if count >= 0:
            yield 1000 * (told - begun), 1000 * (seen - begun)


def slid(listener: Listener, name: str) -> list[float]:
    """Go down to a slider and move it; return the milliseconds until its new value was drawn."""
    line = re.compile(rf"{re.escape(LABELS[name])} +[━●─]+ +([\d.,e-]+) ")
    since = listener.press("down")
    while not line.search(shown(bytes(listener.written[since:]))):
        listener.listen_for(0.3)
        if not line.search(shown(bytes(listener.written[since:]))):
            listener.press("down")
    listener.listen_for(0.3)
    took, before = [], ""
    for count in range(PRESSES + 1):
        listener.listen_for(random.uniform(*AWAY))
        begun = time.perf_counter()
        since = listener.press(("right", "left")[count % 2])

        def drawn(since: int = since, before: str = before) -> list[str]:
            return [
                one for one in line.findall(shown(bytes(listener.written[since:]))) if one != before
            ]

        took.append(1000 * (listener.until(drawn) - begun))
        before = drawn()[0]
    return took[1:]


def there_and_back(listener: Listener) -> Iterator[float]:
    """Go to the text and back; yield the milliseconds of going there."""
    for _ in range(PRESSES):
        listener.listen_for(random.uniform(*AWAY))
        begun = time.perf_counter()
        there = listener.until_written(WORDS["keys.answer_digits"], listener.press("tab"))
        yield 1000 * (there - begun)
        listener.listen_for(random.uniform(*AWAY))
        listener.until_written(WORDS["keys.read_off"], listener.press("tab"))
