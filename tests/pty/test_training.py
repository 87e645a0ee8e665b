"""A learner trains a network, key by key, on a real terminal; the run outlives what shows it."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
from support import PATIENCE, until

from tests.pty.program import TORCH
from tests.pty.terminal import KEYS
from tutor import lesson_text
from tutor.numbers import percent
from tutor.training.events import Paused
from tutor.training.run_directory import Run, Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.pty.program import Tutor

    Open = Callable[..., Tutor]

STEPS = 157
"""How many steps an epoch of the embedded digits takes, 64 images each; the last one fewer."""

SLOWLY = 60.0
"""Within how many seconds a run gets somewhere, on a machine that has much else to do."""

STANDING = re.compile(r"● (?P<state>\w+)\s+step (?P<step>[\d,]+)/(?P<in_all>[\d,]+)")
"""How the screen tells how a run stands."""

RATE = re.compile(r"● \w+ .* lr (?P<number>[\d.]+)")
LOSS = re.compile(r"train (?P<number>\d+\.\d{4})\b")
ACCURACY = re.compile(r"accuracy (?P<number>[\d.]+ %)")
"""How it tells the learning rate, the smoothed training loss and the accuracy of the last test."""

READS = re.compile(r"The network reads +(?P<digit>\d) +(?P<share>[\d.]+) %")
"""How it tells what a drawing is taken for."""

UNTRAINED = 1.0
"""The loss is greater than this only at the very beginning, in nats."""

PAPER = 14
"""How many lines the paper has that digits are drawn on; each shows two pixels."""


@pytest.fixture
def runs(home: Path) -> Iterator[Runs]:
    """Return the runs of the tutor's folder; at the end none is executed."""
    there = Runs(home / "data" / "runs")
    yield there
    for run in there.all():
        if run.is_executed():
            process = psutil.Process(run.status().pid)
            process.kill()
            process.wait(SLOWLY)


@pytest.fixture
def lesson(start: Open) -> Open:
    """Open the lesson on MNIST, in a state if one is given."""

    def run(state: str = "") -> Tutor:
        tutor = start("open", f"mlp{state}")
        tutor.lesson = lesson_text.load("lessons.mlp", tutor.language)
        tutor.wait_for(tutor.lesson.steps[0].title)
        tutor.wait_for(lambda: tutor.said("state.starting") not in tutor.lines()[0], TORCH)
        return tutor

    return run


def number(tutor: Tutor, told: re.Pattern[str]) -> float:
    """Return the number that the screen tells; NaN if it tells none."""
    found = told.search(tutor.text())
    return float(found["number"]) if found else float("nan")


def step(tutor: Tutor) -> int:
    """Return the step that the screen tells; -1 if it tells none."""
    found = STANDING.search(tutor.text())
    return int(found["step"].replace(",", "")) if found else -1


def stands(tutor: Tutor, state: str) -> bool:
    """Tell whether the screen says that the run is in this state, in a word and in a sentence."""
    found = STANDING.search(tutor.text())
    word = tutor.said(f"live.state.{state}")
    return (
        found is not None and found["state"] == word and tutor.shows(tutor.said(f"lab.run.{state}"))
    )


def launch(tutor: Tutor) -> None:
    """Go to the lab and start a run, and wait until it has got somewhere."""
    tutor.enter_lab("keys.run")
    tutor.press("r")
    tutor.wait_for(lambda: step(tutor) > 0 and stands(tutor, "running"), SLOWLY)


def every_point(run: Run) -> int:
    """Return how many steps a run's journal tells of, after checking that none is missing."""
    steps = run.history().steps["step"]
    assert np.array_equal(steps, np.arange(1, len(steps) + 1))
    return len(steps)


def beginning(tutor: Tutor) -> float:
    """Move the cursor from the end of the curve to its beginning, and return the loss there."""
    tutor.wait_for(lambda: tutor.said("keys.read_off") in tutor.lines()[-1])
    tutor.send(KEYS["left"] * tutor.size[0])
    tutor.wait_for(re.compile(r"step 0   train"), SLOWLY)
    return number(tutor, LOSS)


def test_a_run_is_watched_paused_steered_stopped_and_resumed(lesson: Open, runs: Runs) -> None:
    tutor = lesson("?view=train&hidden=64&epochs=50")
    launch(tutor)
    early = number(tutor, LOSS)
    tutor.wait_for(lambda: number(tutor, LOSS) < early / 2, SLOWLY)
    assert tutor.shows(tutor.said("live.raw"))

    tutor.press("space")
    tutor.wait_for(lambda: stands(tutor, "paused"))
    (run,) = runs.all()
    at = next(one.step for one in run.history().others if isinstance(one, Paused))
    tutor.wait_for(lambda: step(tutor) == at)
    tutor.press(".")
    tutor.wait_for(lambda: step(tutor) > at)
    assert step(tutor) == at + 1
    tutor.press(".")
    tutor.wait_for(lambda: step(tutor) > at + 1)
    assert step(tutor) == every_point(run) == at + 2

    tutor.set("lr", "0.003")
    tutor.press("space")
    tutor.wait_for(lambda: step(tutor) > at + 2 and stands(tutor, "running"))
    tutor.wait_for(lambda: number(tutor, RATE) == 0.003)
    rates = run.history().steps["lr"]
    assert set(rates[: at + 2]) == {0.001}
    assert set(rates[at + 2 :]) == {0.003}

    tutor.press("x")
    tutor.wait_for(lambda: stands(tutor, "stopped"))
    at = every_point(run)
    tutor.wait_for(lambda: step(tutor) == at)
    assert not run.is_executed()
    tutor.press("space")
    tutor.wait_for(lambda: step(tutor) > at and stands(tutor, "running"), SLOWLY)
    assert number(tutor, RATE) == 0.003
    tutor.press("x")
    tutor.wait_for(lambda: stands(tutor, "stopped"))
    assert runs.all() == [run]
    began = run.history().began
    assert began is not None
    assert began.step == at
    assert every_point(run) > at


def test_a_digit_is_drawn_by_keys_and_another_with_the_mouse(lesson: Open) -> None:
    tutor = lesson("?view=draw&trained=1")
    tutor.wait_for(tutor.lesson.words["nothing_drawn"], SLOWLY)
    tutor.enter_lab("keys.pen")
    tutor.press("d", *["down"] * 15, "d")
    tutor.wait_for(lambda: reads(tutor) == "1")
    tutor.press("w")
    tutor.wait_for(tutor.lesson.words["nothing_drawn"])

    assert {"1000", "1006"} <= tutor.modes.on
    told = tutor.said("canvas.empty")
    row, line = next((y, line) for y, line in enumerate(tutor.lines()) if told in line)
    left, top = line.index(told), row - PAPER
    across = [(column, 3) for column in range(9, 19)]
    down = [(round(18 - 7 * share / 9), 3 + share) for share in range(1, 10)]
    begin, *way = across + down
    for button, (x, y), end in ((0, begin, "M"), *((32, at, "M") for at in way), (0, way[-1], "m")):
        tutor.send(f"\x1b[<{button};{left + x + 1};{top + y + 1}{end}")
    tutor.wait_for(lambda: reads(tutor) == "7")


def reads(tutor: Tutor) -> str:
    """Return the digit that the network takes the drawing for; empty if it says none."""
    found = READS.search(tutor.text())
    return found["digit"] if found else ""


def test_quitting_while_a_run_goes_on_and_coming_back_to_it(lesson: Open, runs: Runs) -> None:
    tutor = lesson("?view=train&hidden=512&epochs=50")
    launch(tutor)
    tutor.press("ctrl+q")
    assert tutor.wait() == 0
    left = step(tutor)
    (run,) = runs.all()
    pid = run.status().pid
    until(lambda: [one.pid for one in tutor.processes()] == [pid])
    before = every_point(run)
    again = lesson()
    again.wait_for(lambda: step(again) > max(before, left) and stands(again, "running"), SLOWLY)
    assert run.is_executed()
    assert run.status().pid == pid

    again.enter_lab("keys.run")
    again.press("space")
    again.wait_for(lambda: stands(again, "paused"))
    again.wait_for(lambda: step(again) == every_point(run))
    assert beginning(again) > UNTRAINED
    again.press("x")
    again.wait_for(lambda: stands(again, "stopped"))
    assert not run.is_executed()
    assert runs.all() == [run]


@pytest.mark.parametrize("ended", ["killed", "hung up"])
def test_a_run_ends_as_it_should_whatever_becomes_of_who_watches(
    lesson: Open, runs: Runs, ended: str
) -> None:
    tutor = lesson("?view=train&hidden=64&epochs=8")
    launch(tutor)
    (run,) = runs.all()
    if ended == "killed":
        tutor.ui.kill()
        assert tutor.wait() == 128 + signal.SIGKILL
    else:
        tutor.hang_up()
    assert run.is_executed()
    assert every_point(run) < 8 * STEPS
    until(lambda: not run.is_executed(), SLOWLY)
    until(lambda: not tutor.processes())
    assert run.status().state == "done"
    assert every_point(run) == 8 * STEPS

    again = lesson()
    again.wait_for(lambda: stands(again, "done"), PATIENCE)
    assert step(again) == every_point(run)
    found = ACCURACY.search(again.text())
    assert found is not None
    assert found["number"] == percent(run.status().test_accuracy)
    again.enter_lab("keys.run")
    assert beginning(again) > UNTRAINED
