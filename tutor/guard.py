"""Your shell survives: the program runs in a child, and its parent puts the terminal back.

No handler in a process can answer its own `kill -9` or segmentation fault. So the process that the
shell started imports next to nothing, waits for its child, and afterwards restores the terminal's
attributes and modes if the child did not. Both are in one process group, as the shell's job control
and the terminal expect:

- A signal to the parent goes on to the child, which has `GRACE` seconds to end. What the keyboard
  sends, where the terminal makes signals of keys, reaches the child by itself.
- A child that stops takes its group with it, so that the shell has its prompt. `fg` continues the
  group; the parent sends SIGCONT only if nobody else has, since Textual resumes at each one. For
  the same reason a SIGTSTP goes on to the child only if it has not stopped of itself: what the
  shell stops is the group.
- A terminal that is closed ends both, with a signal or without.
- A child whose parent dies, which closes a pipe between them, puts the terminal back and ends.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from tutor import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 2.5
"""How many seconds a child has to end after it was told to."""

CONTINUED = 0.3
"""How many seconds after a stop the child is given to be continued with its group."""

STOPPED = 1.0
"""How many seconds after a SIGTSTP the child is given to be stopped with its group."""

CRASHED = 70
"""The code with which a child ends whose `main` raised an exception; EX_SOFTWARE of sysexits."""

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
FROM_KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
HANDLED = (*ENDING, signal.SIGTSTP, signal.SIGCHLD)

LOCAL_FLAGS = 3
"""The place of the local flags in what `termios.tcgetattr` returns."""


def run_guarded(main: Callable[[], int]) -> int:
    """Run `main` in a child process and return its exit code, 128 + n if signal n ended it.

    Call this before anything heavy is imported and before any thread is started, and let nothing
    but the end of the process come after it. `main` tidies up itself: its process ends without
    the interpreter's exit handlers. An exception that it raises goes to the log and gives 1.
    Without a terminal on standard input there is nothing to guard and `main` is simply called.
    """
    if not os.isatty(0):
        return main()
    saved = termios.tcgetattr(0)
    sys.stdout.flush()
    sys.stderr.flush()
    watched, held = os.pipe()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    child = os.fork()
    if not child:
        os.close(held)
        _be_child(main, watched, saved, mask)
    os.close(watched)
    parent = _Parent(child, saved)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    code = os.waitstatus_to_exitcode(parent.wait())
    _put_back(saved, surely=code < 0 and _ours())
    if code < 0:
        _tell_signal(signal.Signals(-code))
        return 128 - code
    if code == CRASHED:
        _tell("guard.failed")
        return 1
    return code


class _Parent:
    """The side that waits: what became of the child, and what it is still given time for."""

    def __init__(self, child: int, saved: list[Any]) -> None:
        """Take over the signals, which are blocked meanwhile."""
        self._child = child
        self._saved = saved
        self._kill_at = self._continue_at = self._stop_at = float("inf")
        self._signals, wake = os.pipe()
        os.set_blocking(self._signals, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        for number in HANDLED:
            signal.signal(number, _note)
        self._poll = select.poll()
        self._poll.register(self._signals, select.POLLIN)
        self._poll.register(0, 0)

    def wait(self) -> int:
        """Return the child's status when it has ended."""
        while True:
            changed, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            if changed and os.WIFSTOPPED(status):
                self._stop_too()
            elif changed and os.WIFCONTINUED(status):
                self._continue_at = float("inf")
            elif changed:
                return status
            else:
                self._listen()

    def _listen(self) -> None:
        """Wait until a signal comes, the terminal goes or the child's time is up."""
        now = time.monotonic()
        if now >= self._kill_at:
            self._kill_at = float("inf")
            self._send(signal.SIGKILL)
        if now >= self._continue_at:
            self._continue_at = float("inf")
            self._send(signal.SIGCONT)
        if now >= self._stop_at:
            self._stop_at = float("inf")
            self._send(signal.SIGTSTP)
        until = min(self._kill_at, self._continue_at, self._stop_at)
        pause = None if until == float("inf") else max(0.0, until - now) * 1000
        for descriptor, event in self._poll.poll(pause):
            if descriptor == self._signals:
                for number in self._noted():
                    self._pass_on(number)
            else:
                self._poll.unregister(0)
                if not event & select.POLLNVAL:
                    self._pass_on(signal.SIGHUP)

    def _pass_on(self, number: int) -> None:
        if number == signal.SIGCHLD or (number in FROM_KEYS and _keys_make_signals()):
            return
        if number == signal.SIGTSTP:
            self._stop_at = time.monotonic() + STOPPED
            return
        self._send(number)
        if number in ENDING:
            self._kill_at = min(self._kill_at, time.monotonic() + GRACE)

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._child, number)

    def _stop_too(self) -> None:
        """Stop the whole group; where no shell could continue it, the system lets it go on."""
        _put_back(self._saved)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, _note)
        self._continue_at = time.monotonic() + CONTINUED
        for number in self._noted():
            if number != signal.SIGTSTP:  # that one has been obeyed
                self._pass_on(number)
        self._stop_at = float("inf")

    def _noted(self) -> bytes:
        """Return the numbers of the signals that have come since this was last asked."""
        with suppress(BlockingIOError):
            return os.read(self._signals, 4096)
        return b""


def _note(_number: int, _frame: object) -> None:
    """Handle a signal: its number is already in the pipe that `wait` reads."""


def _keys_make_signals() -> bool:
    """Tell whether the terminal sends signals for keys, and so sends them to the child as well."""
    try:
        return bool(termios.tcgetattr(0)[LOCAL_FLAGS] & termios.ISIG)
    except termios.error:
        return False


def _ours() -> bool:
    """Tell whether the terminal is ours and not, by now, another job's or the shell's."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _put_back(saved: list[Any], *, surely: bool = False) -> None:
    """Restore the modes of the terminal if its attributes are not `saved`, or `surely`."""
    with suppress(termios.error, OSError):
        if surely or (_ours() and termios.tcgetattr(0) != saved):
            terminal.restore(_screen())
            if _ours():
                termios.tcsetattr(0, termios.TCSANOW, saved)
                termios.tcflush(0, termios.TCIFLUSH)


def _screen() -> int:
    """Return the descriptor of the terminal; Textual draws on standard error."""
    return next((descriptor for descriptor in (2, 1) if os.isatty(descriptor)), 0)


def _be_child(
    main: Callable[[], int], watched: int, saved: list[Any], mask: set[int | signal.Signals]
) -> NoReturn:
    code = CRASHED
    log = 2
    try:
        log = _watch(watched, saved)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        code = _exit_code(main())
    except SystemExit as end:
        code = _exit_code(end.code)
    except KeyboardInterrupt:  # whatever it was about to write to the terminal is lost: tell so
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        _note_exception(log)
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _exit_code(told: object) -> int:
    """Do with the argument of `sys.exit` what the interpreter does."""
    if told is None or isinstance(told, int):
        return told or 0
    print(told, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1


def _watch(watched: int, saved: list[Any]) -> int:
    """Look out for the parent's end and for crashes; return the log's descriptor.

    The thread that looks out keeps the signals blocked: one that came to it would not wake the
    program from what it waits for.
    """
    import faulthandler  # noqa: PLC0415 - the parent has no use for these
    from threading import Thread  # noqa: PLC0415

    from tutor import locations  # noqa: PLC0415

    Thread(target=_end_with_parent, args=(watched, saved), daemon=True).start()
    try:
        log = locations.open_log()
    except OSError:
        return 2
    faulthandler.enable(log)
    return log


def _end_with_parent(watched: int, saved: list[Any]) -> None:
    """Wait for the parent's end, then let the program end itself if it knows how, or end it.

    The shell may have the terminal by now; the signals that would stop us for writing are blocked.
    """
    os.read(watched, 1)
    if callable(signal.getsignal(signal.SIGHUP)):
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(GRACE)
    _put_back(saved, surely=True)
    os._exit(128 + signal.SIGHUP)


def _note_exception(log: int) -> None:
    import traceback  # noqa: PLC0415 - needed only when something went wrong

    text = f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{traceback.format_exc()}\n"
    with suppress(OSError):
        os.write(log, text.encode("utf-8", "backslashreplace"))


def _tell_signal(number: signal.Signals) -> None:
    if number in ENDING:
        _tell("guard.ended", signal=number.name)
    elif number == signal.SIGKILL:
        _tell("guard.killed", signal=number.name)
    else:
        _tell("guard.crashed", signal=number.name)


def _tell(key: str, **values: str) -> None:
    """Write one line in the learner's language."""
    from tutor import i18n, locations, settings  # noqa: PLC0415 - only when something went wrong
    from tutor.safe import one_line  # noqa: PLC0415

    i18n.use(settings.load()[0].spoken())
    line = i18n.t(key, log=one_line(locations.log_file()), **values) + "\n"
    terminal.write(2, line.encode(sys.stderr.encoding or "utf-8", "replace"))
