"""What the benchmarks share: figures with their targets, and a terminal that only listens."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

import pexpect
import psutil

from tests.pty.program import child
from tests.pty.terminal import KEYS, SEQUENCE
from tutor import lesson_text
from tutor.i18n import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[2]
"""The project's folder."""

PYTHON = sys.executable
TUTOR = (PYTHON, "-m", "tutor")
PATIENCE = 60.0

WORDS = messages("en")
"""What the tutor says; the benchmarks are taken in English."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that was measured."""

    what: str
    """What it is the number of."""
    value: float
    """The number."""
    unit: str = ""
    """What it is counted in; empty for a ratio."""
    most: float | None = None
    """What it must not exceed, if anything."""
    least: float | None = None
    """What it must reach, if anything."""

    @property
    def missed(self) -> bool:
        """Whether it exceeds what it must not, or does not reach what it must; NaN does neither."""
        return not (
            (self.most is None or self.value <= self.most)
            and (self.least is None or self.value >= self.least)
        )

    @property
    def line(self) -> str:
        """The figure as a line of a table."""
        targets = {"at least": self.least, "at most": self.most}
        told = [
            f"{word} {one:g} {self.unit}".rstrip()
            for word, one in targets.items()
            if one is not None
        ]
        verdict = ""
        if told:
            verdict = ", ".join(told).ljust(18) + (" MISSED" if self.missed else " ok")
        return f"  {self.what:<58} {self.value:>10.2f} {self.unit:<8} {verdict}".rstrip()


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said among the figures, such as why one is not there."""

    told: str
    """What it says, in one line."""
    missed: ClassVar[bool] = False
    """It is no figure, and misses no target."""

    @property
    def line(self) -> str:
        """The remark as a line of a table."""
        return f"  {self.told}"


def p95(values: Sequence[float]) -> float:
    """Return the number below which 95 of 100 values lie."""
    return quantiles(values, n=20, method="inclusive")[-1]


def spread(
    what: str, values: Sequence[float], unit: str, most: float | None = None
) -> list[Figure]:
    """Return the median and the 95th percentile of what was measured."""
    return [
        Figure(f"{what}, median of {len(values)}", median(values), unit),
        Figure(f"{what}, 95th percentile", p95(values), unit, most),
    ]


class Listener:
    """A program on a terminal of which only the time of what it writes is of interest."""

    def __init__(self, command: Sequence[str], home: Path, size: tuple[int, int]) -> None:
        """Start `command`, in English, on a plain terminal of columns × rows."""
        environ = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        told = {"TUTOR_HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.begun = time.perf_counter()
        self._child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env={**environ, **told, "LC_ALL": "C.UTF-8"},
            cwd=str(ROOT),
            dimensions=(size[1], size[0]),
            timeout=None,
        )
        self.home = home
        self.written = bytearray()

    @property
    def ui(self) -> psutil.Process:
        """The process that draws."""
        return child(psutil.Process(self._child.pid))

    def listen(self, seconds: float) -> bool:
        """Take what is written within some seconds; return whether anything was."""
        if not select.select([self._child.child_fd], [], [], max(0.0, seconds))[0]:
            return False
        try:
            self.written += os.read(self._child.child_fd, 1 << 16)
        except OSError:
            return False
        return True

    def until(self, true: Callable[[], object], patience: float = PATIENCE) -> float:
        """Take what is written until a condition holds; return when, on the clock of `begun`.

        Raises:
            TimeoutError: if it does not hold in time; with what was written last.
        """
        end = time.perf_counter() + patience
        while not true():
            if time.perf_counter() > end:
                raise TimeoutError(shown(self.written[-4000:]))
            self.listen(0.05)
        return time.perf_counter()

    def until_written(self, text: str, since: int = 0) -> float:
        """Take what is written until it holds a text after the first `since` bytes."""
        wanted = text.encode()
        return self.until(lambda: self.written.find(wanted, since) >= 0)

    def listen_for(self, seconds: float) -> None:
        """Take what is written for some seconds."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.listen(left)

    def quiet(self, seconds: float) -> None:
        """Take what is written until there has been nothing for a while."""
        end = time.perf_counter() + PATIENCE
        while self.listen(seconds) and time.perf_counter() < end:
            pass

    def press(self, key: str) -> int:
        """Press a key; return how much had been written before."""
        os.write(self._child.child_fd, KEYS.get(key, key).encode())
        return len(self.written)

    def close(self) -> None:
        """Quit and wait for the end, or end it."""
        self.press("ctrl+q")
        end = time.perf_counter() + 5
        while self._child.isalive() and time.perf_counter() < end:
            self.listen(0.05)
        self._child.close(force=True)


@contextmanager
def listening(
    *words: str, command: Sequence[str] = TUTOR, size: tuple[int, int] = (120, 36)
) -> Iterator[Listener]:
    """Run a command on a terminal, with a folder of its own for what it keeps."""
    with TemporaryDirectory() as home:
        listener = Listener((*command, *words), Path(home), size)
        try:
            yield listener
        finally:
            listener.close()


def shown(written: bytes) -> str:
    """Return the characters that were drawn, without the sequences between them."""
    return re.sub(rb"\x1b[^\x1b]{0,12}$", b"", SEQUENCE.sub(b"", written)).decode(errors="ignore")


def in_trial(listener: Listener) -> None:
    """Go to the view of the trial, to its prevalence, and wait until torch is there."""
    first, second = lesson_text.load("lessons.bayes", "en").steps[:2]
    listener.until_written(first.title)
    since = listener.press("n")
    listener.until_written(second.title, since)
    listener.until_written(f"CPU · {WORDS['state.ready']}")
    listener.quiet(0.5)
    since = listener.press("tab")
    listener.until_written(WORDS["keys.change"], since)
    for _ in range(3):
        listener.press("v")
        listener.quiet(0.5)
    listener.until_written(WORDS["lab.press_run"])
    for _ in range(2):
        listener.press("down")
        listener.quiet(0.3)
