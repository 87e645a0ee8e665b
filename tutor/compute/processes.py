"""What a process does about itself right after it was forked."""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""The option of prctl(2) that names a signal to get when the parent ends."""

MOST_FILES = 65_536
"""No process here opens a file with a descriptor as great."""


def die_with_parent() -> None:
    """Have Linux end this process with its parent, even in the middle of a computation in C."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - in the child

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def detach() -> None:
    """Go on as a process that is nobody's child, in a session of its own.

    It outlives whoever started it, and no terminal can signal it. The present process ends at
    once, so whoever waits for that is not kept.
    """
    if os.fork():
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def keep_only(file: int) -> None:
    """Close every file but the standard ones and `file`; standard input is empty from now on."""
    os.closerange(3, file)
    os.closerange(file + 1, MOST_FILES)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
