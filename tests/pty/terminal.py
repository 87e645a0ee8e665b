"""A program in a pseudo-terminal, as its reader sees it: pexpect runs it, pyte draws what it says.

A thread reads all the time, as a terminal does, unless `reading` is cleared. Everything the program
ever wrote is in `raw`, and what it turned on in the terminal is in `modes`.
"""

from __future__ import annotations

import copy
import os
import re
import select
import signal
import sys
import termios
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby, pairwise, takewhile
from typing import TYPE_CHECKING, Any, Self

import pexpect
import psutil
import pyte

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

TUTOR = (sys.executable, "-m", "tutor")
"""The command that the tests drive."""

MARK = "TUTOR_TEST_MARK"
"""The environment variable by which a terminal knows its processes, orphans included."""

KEYS = {
    "enter": "\r", "tab": "\t", "escape": "\x1b", "space": " ", "backspace": "\x7f",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
    "shift+left": "\x1b[1;2D", "shift+right": "\x1b[1;2C", "shift+tab": "\x1b[Z",
    "pageup": "\x1b[5~", "pagedown": "\x1b[6~", "home": "\x1b[H", "end": "\x1b[F",
    "delete": "\x1b[3~", "f1": "\x1bOP",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}  # fmt: skip
"""What a terminal sends for the keys that are no characters."""

PASTE = ("\x1b[200~", "\x1b[201~")
"""What a terminal sends around pasted text."""

SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[ -/]*[0-Z\\^-~])"
)
"""One whole escape sequence."""

UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<=>][0-?]*[ -/]*[@-~]|\x1b\[[0-?]*[ -/]+[@-~]")
"""Sequences that pyte would draw the last letters of; terminals obey or ignore them."""

PRIVATE_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
KITTY_KEYS = re.compile(rb"\x1b\[([<>])[\d;]*u")

COLOUR = re.compile(rb"\x1b\[([\d;:]*)m")
"""A sequence that sets colours or text styles."""

FRESH = frozenset({"7", "25"})
"""The private modes that are on in a fresh terminal: long lines wrap, the cursor is seen."""

ALTERNATE = 1049
"""The private mode that is on while a full-screen program has the screen."""

LAST_WORDS = 0.5
"""How many seconds after a program's end what it wrote last may take to be seen."""

CORNERS = (("╭", "┌"), ("╮", "┐"), ("╰", "└"))
"""The corners of a frame: upper left, upper right, lower left."""

DIVIDERS = "│|"
"""The signs that a line between two panes is drawn with."""

LINES_AND_BLOCKS = re.compile("[\u2500-\u259f\\s]+")
"""What is no text: boxes, scroll bars, the bars beside cards, and blanks."""


def squeezed(text: str) -> str:
    """Return a text without blanks and frames: wrapped, it is still the same."""
    return LINES_AND_BLOCKS.sub("", text)


@dataclass
class Modes:
    """The private modes that a program has turned on and not off."""

    on: set[str] = field(default_factory=lambda: set(FRESH))
    """The numbers of those that are on."""
    ever: set[str] = field(default_factory=set)
    """The numbers of those that were ever changed."""
    kitty: int = 0
    """How deep the stack of kitty's keyboard modes is."""

    def take(self, written: bytes) -> None:
        """Follow what was written: whole sequences only."""
        for numbers, switch in PRIVATE_MODE.findall(written):
            for number in numbers.decode().split(";"):
                self.ever.add(number)
                (self.on.add if switch == b"h" else self.on.discard)(number)
        for direction in KITTY_KEYS.findall(written):
            self.kitty = max(0, self.kitty + (1 if direction == b">" else -1))

    @property
    def left(self) -> set[str]:
        """What is not as in a fresh terminal."""
        return (self.on ^ FRESH) | ({"kitty"} if self.kitty else set())


class Screen(pyte.Screen):
    """pyte's screen with a second one beside it, as full-screen programs use it."""

    _main: tuple[Any, Any] | None = None

    def set_mode(self, *modes: int, **told: bool) -> None:
        """Go to the alternate screen, where that is asked for."""
        super().set_mode(*modes, **told)
        if told.get("private") and ALTERNATE in modes and self._main is None:
            self._main = copy.deepcopy((self.buffer, self.cursor))
            self.erase_in_display(2)

    def reset_mode(self, *modes: int, **told: bool) -> None:
        """Go back to the main screen, which is as it was."""
        super().reset_mode(*modes, **told)
        if told.get("private") and ALTERNATE in modes and self._main is not None:
            (self.buffer, self.cursor), self._main = self._main, None

    def text(self) -> list[str]:
        """Return the lines; a wide character is one, as it is typed."""
        return ["".join(self._shown(y)).rstrip() for y in range(self.lines)]

    def _shown(self, y: int) -> list[str]:
        line = self.buffer[y]
        return [line[x].data for x in range(self.columns)]


class Terminal:
    """A program on a terminal; use it as a context, which leaves no process behind."""

    def __init__(
        self,
        command: Sequence[str] = TUTOR,
        *,
        home: Path,
        size: tuple[int, int] = (120, 36),
        environ: Mapping[str, str | None] = {},
    ) -> None:
        """Start `command` with `TUTOR_HOME` at `home` on columns × rows; None drops a variable."""
        self.mark = uuid.uuid4().hex
        self.raw = bytearray()
        self.modes = Modes()
        self.fault: Exception | None = None
        self.reading = threading.Event()
        self.reading.set()
        self._screen = Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._tail = b""
        self._drawn = 0
        self._last_seen: tuple[int, tuple[str, list[str], list[str]]] | None = None
        self._closed = threading.Event()
        told = {**os.environ, **_plain(home), **environ, MARK: self.mark}
        self._child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env={name: value for name, value in told.items() if value is not None},
            dimensions=(size[1], size[0]),
            timeout=None,
        )
        self.before = termios.tcgetattr(self._child.child_fd)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process that was started."""
        return int(self._child.pid)

    @property
    def size(self) -> tuple[int, int]:
        """The columns and rows."""
        return self._screen.columns, self._screen.lines

    def lines(self) -> list[str]:
        """Return the lines on the screen."""
        with self._lock:
            return self._screen.text()

    def text(self) -> str:
        """Return what is on the screen."""
        return "\n".join(self.lines())

    def cells(self) -> list[pyte.screens.Char]:
        """Return every cell with its colours."""
        return [cell for row in self._rows() for cell in row]

    def bold(self) -> list[tuple[int, str]]:
        """Return each stretch of bold text, with the number of its line."""
        found = []
        for y, row in enumerate(self._rows()):
            for is_bold, cells in groupby(row, key=lambda cell: cell.bold):
                if is_bold:
                    found.append((y, "".join(cell.data for cell in cells).strip()))
        return found

    def panes(self) -> list[str]:
        """Return the text of each part of the screen, line after line.

        Parts are what stands in frames, then what a line from top to bottom divides.
        """
        grid = [[cell.data for cell in row] for row in self._rows()]
        return [*_framed(grid), *_divided(grid)]

    def painted(self, since: int) -> str:
        """Return the characters written after the first `since` bytes, wherever they stand."""
        return SEQUENCE.sub(b"", bytes(self.raw[since:])).decode(errors="replace")

    def shows(self, wanted: str | re.Pattern[str]) -> bool:
        """Return whether the screen, or a part of it with its lines joined, shows a text."""
        whole, parts, joined = self._seen()
        if isinstance(wanted, re.Pattern):
            return any(wanted.search(text) for text in (whole, *parts))
        bare = squeezed(wanted)
        return wanted in whole or (bool(bare) and any(bare in text for text in joined))

    def _seen(self) -> tuple[str, list[str], list[str]]:
        """Return the screen's text, its parts', and all of them with their lines joined."""
        drawn = self._drawn
        if self._last_seen is None or self._last_seen[0] != drawn:
            whole, parts = self.text(), self.panes()
            joined = [squeezed(text) for text in (whole, *parts)]
            self._last_seen = drawn, (whole, parts, joined)
        return self._last_seen[1]

    def wait_for(
        self, wanted: str | re.Pattern[str] | Callable[[], object], timeout: float = 10.0
    ) -> None:
        """Wait until the screen shows a text, or until a function says so.

        Raises:
            AssertionError: if it does not in time, or ends before; with the screen.
        """
        seen = wanted if callable(wanted) else lambda: self.shows(wanted)
        end = time.monotonic() + timeout
        ended = False
        while not seen():
            if self.fault is not None:
                raise AssertionError("pyte cannot draw this") from self.fault
            if time.monotonic() > end:
                raise AssertionError(f"no {wanted!r} within {timeout} s on:\n{self.text()}")
            if not ended and not self._child.closed and not self._child.isalive():
                ended, end = True, min(end, time.monotonic() + LAST_WORDS)
            time.sleep(0.02)

    def settle(self, quiet: float = 0.25, timeout: float = 5.0) -> None:
        """Wait until nothing has been written for `quiet` seconds."""
        end, length, since = time.monotonic() + timeout, len(self.raw), time.monotonic()
        while time.monotonic() < min(end, since + quiet):
            if len(self.raw) != length:
                length, since = len(self.raw), time.monotonic()
            time.sleep(0.01)

    def press(self, *keys: str) -> None:
        """Press keys by their names, or characters, as fast as fingers are."""
        for key in keys:
            self.send(KEYS.get(key, key))
            # An escape that something follows at once is the beginning of a sequence.
            time.sleep(0.15 if key == "escape" else 0.05)

    def send(self, text: str | bytes) -> None:
        """Send bytes as a terminal does; all of them, however long it takes."""
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self._child.child_fd, data[:1024]) :]

    def paste(self, text: str) -> None:
        """Paste a text, in the brackets that the program asked for."""
        before, after = PASTE if "2004" in self.modes.on else ("", "")
        self.send(f"{before}{text}{after}")

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal; what is on it stays, as far as there is room."""
        with self._lock:
            self._screen.resize(rows, columns)
            self._drawn += 1
        self._child.setwinsize(rows, columns)

    def attributes(self) -> list[Any]:
        """Return the terminal's attributes as they are now."""
        return termios.tcgetattr(self._child.child_fd)

    def processes(self) -> list[psutil.Process]:
        """Return every living process that was started here, wherever it went since."""
        return [one for one in psutil.process_iter() if _belongs(one, self.mark)]

    def hang_up(self) -> None:
        """Close the terminal, as a window that is closed or a line that is dropped."""
        self._stop_reading()
        os.close(self._child.child_fd)
        self._child.closed = True

    def wait(self, timeout: float = 10.0) -> int:
        """Wait until the started process has ended and return its exit status, −n for signal n."""
        end = time.monotonic() + timeout
        while self._child.isalive():
            if time.monotonic() > end:
                raise AssertionError(f"still running after {timeout} s:\n{self.text()}")
            time.sleep(0.02)
        self.settle(0.1, 1.0)
        if self._child.signalstatus is not None:
            return -int(self._child.signalstatus)
        return int(self._child.exitstatus or 0)

    def wait_until_empty(self, timeout: float = 3.0) -> float:
        """Wait until no process is left; return how long it took."""
        begun = time.monotonic()
        while left := self.processes():
            if time.monotonic() - begun > timeout:
                raise AssertionError(f"left after {timeout} s: {[_told(one) for one in left]}")
            time.sleep(0.05)
        return time.monotonic() - begun

    def close(self) -> None:
        """End whatever still runs."""
        self._stop_reading()
        for process in self.processes():
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        with suppress(OSError):
            self._child.close(force=True)

    def _rows(self) -> list[list[pyte.screens.Char]]:
        with self._lock:
            buffer, (columns, rows) = self._screen.buffer, self.size
            return [[buffer[y][x] for x in range(columns)] for y in range(rows)]

    def _stop_reading(self) -> None:
        self._closed.set()
        self._reader.join()

    def _read(self) -> None:
        while not self._closed.is_set():
            if not self.reading.wait(0.05):
                continue
            try:
                if not select.select([self._child.child_fd], [], [], 0.05)[0]:
                    continue
                written = os.read(self._child.child_fd, 65536)
            except OSError:
                return
            if not written:
                return
            self._take(written)

    def _take(self, written: bytes) -> None:
        """Draw what was written, up to an escape sequence that is still to be completed."""
        self.raw += written
        data = self._tail + written
        begun = data.rfind(b"\x1b")
        whole = begun < 0 or SEQUENCE.match(data, begun) is not None
        data, self._tail = (data, b"") if whole else (data[:begun], data[begun:])
        self.modes.take(data)
        with self._lock:
            try:
                self._stream.feed(UNKNOWN_TO_PYTE.sub(b"", data))
            except Exception as fault:  # noqa: BLE001 - the program must not wait for its reader
                self.fault = fault
            self._drawn += 1


def _framed(grid: list[list[str]]) -> Iterator[str]:
    """Yield the text inside each frame."""
    for top, row in enumerate(grid):
        for left in (x for x, sign in enumerate(row) if sign in CORNERS[0]):
            end = len(row)
            right = next((x for x in range(left, end) if row[x] in CORNERS[1]), end)
            inside = []
            for line in grid[top + 1 :]:
                if line[left] in CORNERS[2]:
                    break
                inside.append("".join(line[left + 1 : right]).rstrip())
            yield "\n".join(inside)


def _divided(grid: list[list[str]]) -> Iterator[str]:
    """Yield the text between the lines that go down from the first line of the body."""
    first, *_ = body = grid[1:-1] or [[""]]
    dividers = [x for x, sign in enumerate(first) if sign and sign in DIVIDERS]
    divided = list(takewhile(lambda row: all(row[x] in DIVIDERS for x in dividers), body))
    for left, right in pairwise([-1, *dividers, len(first)]):
        yield "\n".join("".join(row[left + 1 : right]).rstrip() for row in divided)


def _plain(home: Path) -> dict[str, str | None]:
    """Return the environment of a plain terminal, whatever the tests run in."""
    dropped = ("NO_COLOR", "TUTOR_ASCII", "LC_ALL", "LC_MESSAGES", "TMUX", "PYTEST_CURRENT_TEST")
    return {
        **dict.fromkeys(dropped),
        "TUTOR_HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }


def _belongs(process: psutil.Process, mark: str) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark
    except psutil.Error:
        return False


def _told(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {process.status()} {' '.join(process.cmdline())}"
    except psutil.Error:
        return str(process)
