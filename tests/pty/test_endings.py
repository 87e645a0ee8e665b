"""However the tutor ends: the terminal is as it was, no process is left, what was answered is kept."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.pty.program import Tutor, answers, bayes, child, cpu_seconds, eventually_gone, wrong
from tests.pty.terminal import TUTOR, Terminal
from tutor.activities import Choice

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., Tutor]

FAILING = (sys.executable, str(Path(__file__).with_name("failing.py")))

GONE_WITHIN = 3.0
"""How many seconds everything has to end, whatever happens."""

LITTLE_CPU = 2.0
"""How many seconds of computing an end may take; a process that spins takes as many as it lives."""

BREAKING = {"f8": "\x1b[19~", "f9": "\x1b[20~"}
"""What a terminal sends for the keys on which `failing.py` fails."""


def answered(tutor: Tutor) -> str:
    """Answer the question of the second step wrongly; return its id."""
    tutor.go_to(1)
    question = tutor.lesson.steps[1].activities[0]
    assert isinstance(question, Choice)
    index, option = wrong(question)
    tutor.press(str(index + 1))
    tutor.wait_for(option.why)
    return question.id


def check_all_is_as_it_was(tutor: Tutor, question: str) -> None:
    """Check the terminal, the processes and the progress after an end."""
    tutor.wait_until_empty(GONE_WITHIN)
    tutor.settle(0.1)
    assert tutor.modes.ever >= {"1049", "25", "1003", "2004"}
    assert tutor.modes.left == set()
    assert tutor.attributes() == tutor.before
    assert question in answers(tutor.home)


def last_line(tutor: Tutor) -> str:
    """Return the last line on the main screen, joined if it is a long one."""
    return " ".join(line for line in tutor.lines() if line)


@pytest.mark.parametrize("ready", [False, True], ids=["torch loading", "torch ready"])
def test_quit(start: Start, *, ready: bool) -> None:
    tutor = start("open", "bayes")
    question = answered(tutor)
    if ready:
        tutor.wait_until_ready()
        assert len(tutor.processes()) == 4
    tutor.press("ctrl+q")
    assert tutor.wait(GONE_WITHIN) == 0
    check_all_is_as_it_was(tutor, question)
    assert last_line(tutor) == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_tutor(start: Start, number: signal.Signals) -> None:
    tutor = start("open", "bayes")
    question = answered(tutor)
    tutor.guard.send_signal(number)
    assert tutor.wait(GONE_WITHIN + 1) == 128 + number
    check_all_is_as_it_was(tutor, question)


@pytest.mark.parametrize(
    ("number", "message"),
    [(signal.SIGKILL, "guard.killed"), (signal.SIGSEGV, "guard.crashed")],
)
def test_the_death_of_what_draws(start: Start, number: signal.Signals, message: str) -> None:
    tutor = start("open", "bayes")
    question = answered(tutor)
    tutor.wait_until_ready()
    tutor.ui.send_signal(number)
    assert tutor.wait(GONE_WITHIN) == 128 + number
    check_all_is_as_it_was(tutor, question)
    log = tutor.home / "log" / "tutor.log"
    assert tutor.shows(tutor.said(message, signal=number.name, log=log))


def test_the_death_of_the_guard(start: Start) -> None:
    tutor = start("open", "bayes")
    question = answered(tutor)
    tutor.guard.kill()
    check_all_is_as_it_was(tutor, question)


@pytest.mark.parametrize("key", BREAKING)
def test_an_exception_in_the_program(tmp_path: Path, key: str) -> None:
    with Tutor(
        home=tmp_path / "home", command=FAILING, environ={"PYTHONPATH": str(Path.cwd())}
    ) as tutor:
        question = answered(tutor)
        tutor.send(BREAKING[key])
        assert tutor.wait(GONE_WITHIN + 1) == 1
        check_all_is_as_it_was(tutor, question)
        log = tutor.home / "log" / "tutor.log"
        assert tutor.shows(tutor.said("guard.failed", log=log))
        assert "fault" in log.read_text()
        assert b"\x1b]52" not in tutor.raw
        assert "Traceback" not in last_line(tutor)


@pytest.mark.parametrize("trapped", [False, True], ids=["as usual", "SIGHUP ignored"])
def test_the_terminal_is_closed(tmp_path: Path, *, trapped: bool) -> None:
    words = (*TUTOR, "open", "bayes")
    command = ("sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *words) if trapped else words
    with Tutor(home=tmp_path / "home", command=command) as tutor:
        question = answered(tutor)
        tutor.wait_until_ready()
        processes = tutor.processes()
        before = spent = cpu_seconds(processes)
        tutor.hang_up()
        end = time.monotonic() + GONE_WITHIN
        while tutor.processes():
            assert time.monotonic() < end, tutor.processes()
            spent = max(spent, cpu_seconds(processes))
            time.sleep(0.02)
        assert spent - before < LITTLE_CPU
        assert question in answers(tutor.home)


def test_a_terminal_that_has_stopped_reading_does_not_keep_the_tutor_alive(start: Start) -> None:
    tutor = start("open", "bayes")
    question = answered(tutor)
    tutor.reading.clear()
    for _ in range(40):
        tutor.press("n", "p")
    tutor.guard.terminate()
    tutor.wait_until_empty(GONE_WITHIN + 1)
    tutor.reading.set()
    check_all_is_as_it_was(tutor, question)


def test_ctrl_c_tells_how_to_quit(start: Start) -> None:
    tutor = start(language="ko")
    tutor.wait_for(tutor.said("home.filter"))
    tutor.press("down", "ctrl+c", "ctrl+c")
    tutor.wait_for(tutor.said("keys.quit_hint"))
    tutor.press("ctrl+q")
    assert tutor.wait(GONE_WITHIN) == 0
    assert tutor.modes.left == set()
    assert tutor.attributes() == tutor.before


@pytest.mark.parametrize("stop", [os.kill, os.killpg], ids=["kill -TSTP pid", "kill -TSTP %1"])
def test_stopped_and_continued_by_a_shell(
    tmp_path: Path, stop: Callable[[int, signal.Signals], None]
) -> None:
    shell = ("bash", "--norc", "--noprofile", "--noediting", "-i")
    with Terminal(shell, home=tmp_path / "home", environ={"PS1": "prompt> "}) as terminal:
        steps = bayes("en").steps
        terminal.wait_for("prompt>")
        plain = terminal.attributes()
        terminal.send(f"{' '.join(TUTOR)} open bayes\r")
        terminal.wait_for(steps[0].title)
        terminal.settle()
        guard = child(psutil.Process(terminal.pid))
        for turn in range(3):
            if turn == 0:
                terminal.press("ctrl+z")
            else:
                stop(guard.pid, signal.SIGTSTP)
            terminal.wait_for("Stopped")
            terminal.wait_for(lambda: terminal.modes.left == set())
            terminal.send("echo $((6 * 7)) alive\r")
            terminal.wait_for("42 alive")
            assert terminal.attributes() == plain
            terminal.send("fg\r")
            terminal.wait_for(steps[0].title)
            terminal.wait_for(re.compile(r"\^Q"))
            assert not terminal.shows("42 alive")
        terminal.press("n")
        terminal.wait_for(steps[1].title)
        terminal.press("ctrl+q")
        eventually_gone(guard)
        terminal.wait_for(re.compile(r"prompt>\s*\Z"))
        assert terminal.modes.left == set()
        terminal.send("exit\r")
        terminal.wait_until_empty(GONE_WITHIN)
