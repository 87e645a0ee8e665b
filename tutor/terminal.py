"""What the terminal is and can do, and how it is put back as it was.

Everything here is concluded from the environment: no terminal is asked, nothing is imported.
"""

from __future__ import annotations

import os
import select
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RESET = (
    "\x1b[?2026l"  # synchronized output
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l"  # reports of the mouse's buttons, drags, every move
    "\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # the ways in which they are written
    "\x1b[?2004l"  # pasted text in brackets
    "\x1b[?1004l"  # reports of the focus
    "\x1b[?2048l"  # reports of the size
    "\x1b[<u"  # kitty's keys; the alternate screen has a stack of its own, so before leaving it
    "\x1b[?7h"  # long lines wrap
    "\x1b]22;default\x1b\\"  # the mouse pointer's shape
    "\x1b[0m"  # no colours
    "\x1b[?1049l"  # the main screen
    "\x1b[?25h"  # the cursor is seen
)
"""Undoes what Textual 8 may have turned on; terminals ignore what they do not know."""

INSIDE = {
    "ssh": ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"),
    "tmux": ("TMUX",),
    "screen": ("STY",),
    "colab": ("COLAB_RELEASE_TAG", "COLAB_GPU", "COLAB_JUPYTER_IP"),
    "vscode": ("VSCODE_IPC_HOOK_CLI", "VSCODE_GIT_IPC_HANDLE", "VSCODE_INJECTION"),
    "jupyter": ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JUPYTER_SERVER_ROOT"),
    "wsl": ("WSL_DISTRO_NAME", "WSL_INTEROP"),
}
"""The variables of which one at least is set in each surrounding."""

PATIENCE = 0.5
"""How many seconds a terminal has to make room for the last words to it."""

TRUE_COLOUR, MANY_COLOURS, FEW_COLOURS = 1 << 24, 256, 16


def unsuitable(
    environ: Mapping[str, str],
    stdin_isatty: bool,  # noqa: FBT001 - two questions in one order everywhere
    stdout_isatty: bool,  # noqa: FBT001 - as above
) -> str | None:
    """Return the key of the message that says why no full screen can be shown, None if it can.

    Textual draws on standard error: give `stdout_isatty` as true only if that is a terminal, too.
    """
    if not stdin_isatty:
        return "error.terminal.input"
    if not stdout_isatty:
        return "error.terminal.output"
    term = environ.get("TERM", "")
    if term in ("", "unknown"):
        return "error.terminal.unset"
    if term == "dumb":
        return "error.terminal.dumb"
    return None


def ascii_only(environ: Mapping[str, str], encoding: str | None) -> bool:
    """Tell whether to draw with ASCII alone.

    `TUTOR_ASCII` decides if it is set: "0" against, anything else for it. Else the locale C, the
    Linux console, whose font has no Braille, and any encoding but UTF-8 speak for it.
    """
    if wish := environ.get("TUTOR_ASCII"):
        return wish != "0"
    return (
        environ.get("LC_ALL") in ("C", "POSIX")
        or environ.get("TERM") == "linux"
        or (encoding or "").lower().replace("_", "-") not in ("utf-8", "utf8")
    )


def no_color(environ: Mapping[str, str]) -> bool:
    """Tell whether the reader wants no colour: `NO_COLOR` is set to anything."""
    return bool(environ.get("NO_COLOR"))


def colours(environ: Mapping[str, str]) -> int:
    """Return how many colours the terminal says it has: 2 ** 24, 256, 16 or, without any, 1."""
    term = environ.get("TERM", "")
    if term in ("", "dumb", "unknown") or "mono" in term:
        return 1
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return TRUE_COLOUR
    return MANY_COLOURS if "256color" in term or "kitty" in term else FEW_COLOURS


def inside(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Return what the terminal runs in, of "ssh", "tmux", "screen", "colab" and so on."""
    found = {name for name, marks in INSIDE.items() if any(environ.get(mark) for mark in marks)}
    if environ.get("TERM_PROGRAM") == "vscode":
        found.add("vscode")
    return frozenset(found)


def restore(descriptor: int) -> None:
    """Undo every private mode of the terminal at `descriptor`; one that is gone is left alone."""
    write(descriptor, RESET.encode())


def write(descriptor: int, data: bytes) -> None:
    """Write to a terminal that may be gone or have stopped reading, within twice `PATIENCE`.

    Where nothing is read, what was written earlier is dropped to make room.
    """
    with suppress(OSError, termios.error):
        rest = _written(descriptor, data)
        if rest:
            termios.tcflush(descriptor, termios.TCOFLUSH)
            _written(descriptor, rest)


def _written(descriptor: int, data: bytes) -> bytes:
    """Write as long as there is room, and return what there was no room for.

    The terminal is opened anew, so that writing does not wait and nobody else's does so either.
    Where that cannot be, it goes byte by byte: with room for one there may be none for two.
    """
    own, most = descriptor, 1
    with suppress(OSError):
        name = os.ttyname(descriptor)
        own, most = os.open(name, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK), len(data)
    try:
        poll = select.poll()
        poll.register(own, select.POLLOUT)
        while data and poll.poll(PATIENCE * 1000):
            with suppress(BlockingIOError):
                data = data[os.write(own, data[:most]) :]
    finally:
        if own != descriptor:
            os.close(own)
    return data
