"""The plot of a run: what a frame costs at 10³ and at 10⁶ steps, from the journal to the terminal."""

from __future__ import annotations

import os
import time
from dataclasses import fields
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import psutil

from tests.benchmarks.figures import PYTHON, ROOT, Figure, Listener
from tutor.compute import protocol
from tutor.run_view import RunFrame, Watch
from tutor.training import framing
from tutor.training.config import Config
from tutor.training.events import Began, Progressed, Tested
from tutor.training.journal import Journal
from tutor.training.run_directory import Runs, Status
from tutor.training.watched import Watched
from tutor.widgets.drawing import draw
from tutor.widgets.runs.look import Look
from tutor.widgets.runs.run_chart import run_chart

if TYPE_CHECKING:
    from tutor.training.run_directory import Run

FEW, MANY = 10**3, 10**6
SIZE = (100, 30)
PLOT = (72, 29)
"""The chart's size on such a terminal."""

REDRAWS = 40
PLAYED, RATE = 40, 5.0
"""How many frames are shown, and how many a second: as often as a run reports."""

REPORT = 200
"""How many steps a report tells of."""

EPOCH = 938
"""How many steps an epoch has: MNIST in batches of 64."""

PALETTE = {"text": "#d8dee9", "muted": "#7d8899", "faint": "#465062", "accent": "#ffc26b"}

MOST_RATIO, MOST_KB_S = 1.2, 20.0

COMMANDS = (
    f"Watched.read, framing.frame, protocol, run_chart, draw   on {PLOT[0]}×{PLOT[1]}",
    f"python tests/benchmarks/played.py FRAMES {RATE:g}   on {SIZE[0]}×{SIZE[1]}",
)


def measure() -> list[Figure]:
    """Redraw both runs in turn, then show each growing on a terminal of its own."""
    with TemporaryDirectory() as folder:
        runs = Runs(Path(folder))
        few, many = Watched(journalled(runs, FEW)), Watched(journalled(runs, MANY))
        while few.read():
            pass
        begun = time.perf_counter()
        while many.read():
            pass
        caught_up = time.perf_counter() - begun
        begun = time.perf_counter()
        many.curves.smooth(0.99)
        smoothed = time.perf_counter() - begun
        made, drawn = compared(few, many)
        size = len(sent(many))
        held = many.curves.nbytes / 1e6
        (few_mb, few_kb, few_all), (many_mb, many_kb, many_all) = played(few), played(many)
    return [
        Figure("reading a journal of 10⁶ steps", caught_up, "s"),
        Figure("its curves in the worker's memory", held, "MB"),
        Figure("smoothing 10⁶ steps anew", 1000 * smoothed, "ms"),
        Figure("a frame on the wire", size / 1000, "KB"),
        Figure("a frame of 10³ steps made, sent and read", 1000 * made[0], "ms"),
        Figure("a frame of 10⁶ steps made, sent and read", 1000 * made[1], "ms"),
        Figure("a redraw of 10³ steps, from the curves on", 1000 * drawn[0], "ms"),
        Figure("a redraw of 10⁶ steps, from the curves on", 1000 * drawn[1], "ms"),
        Figure("ratio of the redraws", drawn[1] / drawn[0], "", MOST_RATIO),
        Figure("UI showing 10³ steps (RSS)", few_mb, "MB"),
        Figure("UI showing 10⁶ steps (RSS)", many_mb, "MB"),
        Figure("ratio of the UIs' memory", many_mb / few_mb, "", MOST_RATIO),
        Figure("written per frame at 10³ steps, growing, median", few_kb, "KB"),
        Figure("written per frame at 10⁶ steps, growing, median", many_kb, "KB"),
        Figure("written at 10³ steps, growing tenfold, axes too", few_all, "KB/s", MOST_KB_S),
        Figure("written at 10⁶ steps, growing, axes too", many_all, "KB/s", MOST_KB_S),
    ]


def journalled(runs: Runs, count: int) -> Run:
    """Return a run whose journal tells of so many noisy steps."""
    steps = max(2 * count, 10 * EPOCH)
    made = runs.create(Config(epochs=steps // EPOCH))
    journal = Journal(made.journal)
    journal.append(Began(0, steps, EPOCH, 60_000, 10_000, 203_530, "cpu", 1, "2.13"))
    for first in range(1, count + 1, REPORT):
        report(journal, first, count)
    journal.close()
    return made


def report(journal: Journal, first: int, count: int) -> None:
    """Write down some steps of a run of about `count`."""
    steps = np.arange(first, first + REPORT)
    smooth = 0.1 + 2.2 * np.exp(-6 * steps / count)
    losses = smooth * np.exp(np.random.default_rng(first).normal(scale=0.3, size=REPORT))
    last, norms = int(steps[-1]), {"1.weight": 1.0, "1.bias": 1.0, "3.weight": 1.0, "3.bias": 1.0}
    told = losses.astype(np.float32)
    journal.append(
        Progressed(last, last // EPOCH + 1, 0.001, told, 6e4, last / EPOCH, norms, norms)
    )
    if first // EPOCH != last // EPOCH:
        epoch = last // EPOCH
        journal.append(Tested(epoch * EPOCH, epoch, 0.5, float(smooth[0]) * 1.1, 0.95, 1.0))


def frame(run: Watched) -> RunFrame:
    """Return the frame of a run as it would be while it goes on."""
    params = Watch(run="", smoothing=0.99)
    return framing.frame(params, Status(state="running"), (0,), run, [])


def sent(run: Watched) -> bytes:
    """Return the line in which a frame of the run travels."""
    made = frame(run)
    table = {one.name: getattr(made, one.name) for one in fields(made)}
    return protocol.encode(protocol.Progressed(1, {**table, "run": run.run.id}))


def arrived(line: bytes) -> RunFrame:
    """Return the frame in a line."""
    message = protocol.decode(line)
    if not isinstance(message, protocol.Progressed):
        raise TypeError(message)
    return RunFrame(**message.frame)


def compared(few: Watched, many: Watched) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the median seconds of making frames, and of making and drawing them, in turn."""
    made: tuple[list[float], list[float]] = ([], [])
    drawn: tuple[list[float], list[float]] = ([], [])
    for _ in range(REDRAWS):
        for at, run in enumerate((few, many)):
            begun = time.perf_counter()
            told = arrived(sent(run))
            made[at].append(time.perf_counter() - begun)
            chart = run_chart(told, Look(), None)
            if chart is not None:
                draw(chart, *PLOT, PALETTE)
            drawn[at].append(time.perf_counter() - begun)
    return (median(made[0]), median(made[1])), (median(drawn[0]), median(drawn[1]))


def played(run: Watched) -> tuple[float, float, float]:
    """Let a run grow on a terminal.

    Returns:
        The megabytes that the UI holds in the end, the kilobytes that are written for a frame, by
        the median, and the kilobytes a second in all.
    """
    lines, journal = [sent(run)], Journal(run.run.journal)
    for _ in range(PLAYED):
        report(journal, len(run.curves) + 1, max(len(run.curves), FEW))
        while run.read():
            pass
        lines.append(sent(run))
    journal.close()
    with TemporaryDirectory() as home:
        path = Path(home, "frames")
        path.write_bytes(b"".join(lines))
        script = str(ROOT / "tests" / "benchmarks" / "played.py")
        os.environ["PYTHONPATH"] = str(ROOT)
        listener = Listener((PYTHON, script, str(path), f"{RATE:g}"), Path(home), SIZE)
        try:
            listener.until_written("images/s")
            listener.listen_for(0.5)
            amounts, begun = [], time.perf_counter()
            while time.perf_counter() < begun + PLAYED / RATE - 1:
                before = len(listener.written)
                listener.listen_for(1 / RATE)
                amounts.append((len(listener.written) - before) / 1000)
            took = time.perf_counter() - begun
            memory = psutil.Process(listener._child.pid).memory_info().rss / 1e6
        finally:
            listener.close()
    return memory, median(amounts), sum(amounts) / took
