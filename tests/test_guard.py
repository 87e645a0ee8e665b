import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from pexpect import fdpexpect

from tutor import terminal

ROOT = Path(__file__).parent.parent
RESET = terminal.RESET.encode()
PATIENCE = 20

PROGRAM = r"""
import os, signal, sys, termios, time, tty
from tutor import guard

guard.GRACE = 0.3
how, *settings = sys.argv[1:]
continued = interrupted = 0


def say(text):
    os.write(1, f"{text}\r\n".encode())


def full_screen():
    tty.setraw(0)
    os.write(1, b"\x1b[?1049h\x1b[?1003h\x1b[?1006h\x1b[?2004h\x1b[>25u\x1b[?25l")


def shell_screen(before):
    os.write(1, b"\x1b[<u\x1b[?2004l\x1b[?1006l\x1b[?1003l\x1b[?1049l\x1b[?25h")
    termios.tcsetattr(0, termios.TCSANOW, before)


def stopped(*_):
    shell_screen(before)
    os.kill(os.getpid(), signal.SIGSTOP)


def went_on(*_):
    global continued
    continued += 1
    full_screen()
    say(f"CONTINUED {continued}.")


def interrupt(*_):
    global interrupted
    interrupted += 1


def pressed():
    try:
        return os.read(0, 1) or time.sleep(60)
    except OSError:
        time.sleep(60)


def hang_up(*_):
    say("TIDY.")
    shell_screen(before)
    os._exit(0)


def main():
    global before
    before = termios.tcgetattr(0)
    if "ignore" in settings:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if "tidy" in settings:
        signal.signal(signal.SIGTERM, hang_up)
        signal.signal(signal.SIGHUP, hang_up)
    if "cooked" in settings:
        signal.signal(signal.SIGINT, interrupt)
    else:
        full_screen()
    signal.signal(signal.SIGTSTP, stopped)
    signal.signal(signal.SIGCONT, went_on)
    say(f"READY {os.getpid()} {os.getppid()}.")
    if how == "raise":
        raise RuntimeError("on purpose")
    if how == "leave":
        return 3
    if how == "exit":
        shell_screen(before)
        sys.exit(4)
    while key := pressed():
        if key == b"z":
            os.kill(os.getpid(), signal.SIGTSTP)
        if key == b"q":
            say(f"CONTINUED {continued} INTERRUPTED {interrupted} BYE.")
            if "cooked" not in settings:
                shell_screen(before)
            return 0


sys.exit(guard.run_guarded(main))
"""


class Screen:
    """A program in a terminal of its own, and the terminal's other side."""

    def __init__(
        self, home: Path, *given: str, ignored: str = "", wrapper: tuple[str, ...] = ()
    ) -> None:
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.home = home

        def be_leader() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if ignored:
                signal.signal(getattr(signal, ignored), signal.SIG_IGN)

        self.process = subprocess.Popen(
            [*wrapper, sys.executable, "-c", PROGRAM, *given],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            preexec_fn=be_leader,  # noqa: PLW1509 - no thread is running
            cwd=ROOT,
            env={**os.environ, "TUTOR_HOME": str(home), "LC_ALL": "C.UTF-8"},
        )
        self.expecting = fdpexpect.fdspawn(self.master, timeout=PATIENCE)

    def expect(self, pattern: str) -> re.Match[bytes]:
        self.expecting.expect(pattern)
        self.seen += self.expecting.before + self.expecting.after
        match: re.Match[bytes] = self.expecting.match
        return match

    def ready(self) -> int:
        child, parent = self.expect(r"READY (\d+) (\d+)\.").groups()
        self.parent = int(parent)
        return int(child)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> tuple[int, bytes]:
        """Return the exit code and everything written, when the program has ended."""
        code = self.process.wait(PATIENCE)
        self.expecting.timeout = 0.2
        self.expecting.expect([pexpect.TIMEOUT, pexpect.EOF])
        return code, self.seen + self.expecting.before

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.slave)

    def log(self) -> str:
        return (self.home / "log" / "tutor.log").read_text()


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    made: list[Screen] = []

    def start(*given: str, **options: Any) -> Screen:
        made.append(Screen(tmp_path, *given, **options))
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        for descriptor in (one.master, one.slave):
            try:
                os.close(descriptor)
            except OSError:
                continue


def gone(pid: int) -> bool:
    """Wait until a process that is not our child has ended."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGHUP", "SIGABRT", "SIGQUIT"])
def test_a_child_that_a_signal_ends_leaves_the_terminal_as_it_was(
    screen: Callable[..., Screen], name: str
) -> None:
    program = screen("wait")
    child = program.ready()
    assert program.attributes() != program.before
    number = getattr(signal, name)
    os.kill(child, number)
    code, written = program.end()
    assert code == 128 + number
    assert program.attributes() == program.before
    after = written.partition(b"READY")[2]
    assert after.count(RESET) == 1
    line = after.partition(RESET)[2].decode()
    assert name in line
    assert str(program.home / "log" / "tutor.log") in line
    assert line.endswith("\r\n")
    assert line.count("\n") == 1
    assert "\x1b" not in line


def test_a_crash_leaves_a_trace_in_the_log(screen: Callable[..., Screen]) -> None:
    program = screen("wait")
    os.kill(program.ready(), signal.SIGSEGV)
    program.end()
    assert "Segmentation fault" in program.log()


def test_an_exception_is_told_and_logged(screen: Callable[..., Screen]) -> None:
    program = screen("raise")
    code, written = program.end()
    assert code == 1
    assert program.attributes() == program.before
    line = written.partition(RESET)[2].decode()
    assert "tutor.log" in line
    assert "Traceback" not in line
    assert "RuntimeError: on purpose" in program.log()


def test_an_end_without_tidying_is_tidied(screen: Callable[..., Screen]) -> None:
    program = screen("leave")
    code, written = program.end()
    assert code == 3
    assert program.attributes() == program.before
    assert written.endswith(RESET)


def test_after_a_good_end_nothing_is_written(screen: Callable[..., Screen]) -> None:
    program = screen("exit")
    code, written = program.end()
    assert code == 4
    assert program.attributes() == program.before
    assert RESET not in written


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_parent_reaches_the_child(
    screen: Callable[..., Screen], number: signal.Signals
) -> None:
    program = screen("wait", "tidy")
    program.ready()
    program.process.send_signal(number)
    code, written = program.end()
    assert code == 0
    assert written.count(b"TIDY.") == 1
    assert RESET not in written


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_a_signal_that_no_key_sent_reaches_the_child(
    screen: Callable[..., Screen], number: signal.Signals
) -> None:
    program = screen("wait")
    program.ready()
    program.process.send_signal(number)
    assert program.end()[0] == 128 + number
    assert program.attributes() == program.before


def test_a_child_that_does_not_end_is_killed(screen: Callable[..., Screen]) -> None:
    program = screen("wait", "ignore")
    program.ready()
    program.process.send_signal(signal.SIGTERM)
    assert program.end()[0] == 128 + signal.SIGKILL
    assert program.attributes() == program.before


def test_a_key_that_makes_a_signal_makes_one(screen: Callable[..., Screen]) -> None:
    program = screen("wait", "cooked")
    program.ready()
    program.press("\x03")
    time.sleep(0.5)
    program.press("q\n")
    program.expect(r"INTERRUPTED 1 BYE\.")
    assert program.end()[0] == 0


@pytest.mark.parametrize("setting", ["plain", "tidy", "ignore"])
def test_a_child_whose_parent_is_killed_ends_too(
    screen: Callable[..., Screen], setting: str
) -> None:
    program = screen(
        "wait", setting, wrapper=("sh", "-c", '"$0" "$@"; code=$?; read key; exit $code')
    )
    child = program.ready()
    os.kill(program.parent, signal.SIGKILL)
    assert gone(child)
    program.press("\n")
    code, written = program.end()
    assert code == 128 + signal.SIGKILL
    assert program.attributes() == program.before
    assert (b"TIDY." in written) == (setting == "tidy")
    assert (RESET in written) == (setting != "tidy")


@pytest.mark.parametrize("ignored", ["", "SIGHUP"])
@pytest.mark.parametrize("setting", ["plain", "ignore"])
def test_a_terminal_that_is_closed_ends_both(
    screen: Callable[..., Screen], setting: str, ignored: str
) -> None:
    program = screen("wait", setting, ignored=ignored)
    child = program.ready()
    os.close(program.slave)
    os.close(program.master)
    assert program.process.wait(PATIENCE) == 128 + (
        signal.SIGKILL if setting == "ignore" else signal.SIGHUP
    )
    assert gone(child)


def test_where_no_shell_could_continue_it_it_goes_on(screen: Callable[..., Screen]) -> None:
    program = screen("wait")
    program.ready()
    program.press("z")
    program.expect(r"CONTINUED 1\.")
    program.press("q")
    program.expect(r"CONTINUED 1 INTERRUPTED 0 BYE\.")
    assert program.end()[0] == 0


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[pexpect.spawn]:
    environ = {**os.environ, "TUTOR_HOME": str(tmp_path), "TERM": "xterm", "PS1": "$ "}
    bash = pexpect.spawn("bash", ["--norc", "-i"], env=environ, cwd=str(ROOT), timeout=PATIENCE)
    bash.sendline("PS1=PRO'MPT '")
    bash.expect_exact("PROMPT ")
    (tmp_path / "program.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{PROGRAM}"
    )
    yield bash
    bash.close(force=True)


def test_the_shell_stops_and_continues_it_once(shell: pexpect.spawn, tmp_path: Path) -> None:
    shell.sendline(f"{sys.executable} {tmp_path / 'program.py'} wait")
    shell.expect("READY")
    for times in range(1, 4):
        shell.send("z")
        shell.expect_exact("Stopped")
        shell.expect_exact("PROMPT ")
        shell.sendline("echo usa''ble")
        shell.expect_exact("usable\r\n")
        shell.expect_exact("PROMPT ")
        shell.sendline("fg")
        shell.expect(rf"CONTINUED {times}\.")
        time.sleep(0.5)
    shell.send("q")
    shell.expect(r"CONTINUED 3 INTERRUPTED 0 BYE\.")
    shell.expect_exact("PROMPT ")


def test_a_stopped_one_can_be_killed(shell: pexpect.spawn, tmp_path: Path) -> None:
    shell.sendline(f"{sys.executable} {tmp_path / 'program.py'} wait")
    shell.expect(r"READY (\d+)")
    child = int(shell.match[1])
    shell.send("z")
    shell.expect_exact("PROMPT ")
    shell.sendline("kill %1")
    assert gone(child)
    shell.sendline("wait; echo do''ne")
    shell.expect_exact("done\r\n")


def test_without_a_terminal_there_is_nothing_to_guard() -> None:
    code = (
        "import os, sys; from tutor.guard import run_guarded; parent = os.getpid();"
        "sys.exit(run_guarded(lambda: 5 if os.getpid() == parent else 6))"
    )
    command = [sys.executable, "-c", code]
    program = subprocess.run(command, stdin=subprocess.DEVNULL, cwd=ROOT, check=False)
    assert program.returncode == 5
