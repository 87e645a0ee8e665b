"""A lab that trains: real runs of the real host, launched, held, steered, gone back in, branched."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tutor.app import TutorApp
from tutor.settings import Settings
from tutor.training.events import RateChanged
from tutor.training.run_directory import Runs, home
from tutor.widgets.lab import Lab
from tutor.widgets.live_plot import LivePlot
from tutor.widgets.running import RunningTraining

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import Any

    from textual.pilot import Pilot

    from tutor.run_view import RunFrame

PATIENCE = 30.0

LONG = "hidden=256&batch_size=4&epochs=50"
"""The settings of a run that does not end by itself while it is looked at."""


class Led:
    """The lab of the MLP lesson, in its view that trains."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot

    @property
    def lab(self) -> Lab:
        return self.pilot.app.screen.query_one(Lab)

    @property
    def frame(self) -> RunFrame | None:
        return self.lab.query_one(LivePlot).frame

    @property
    def state(self) -> str:
        return self.frame.state if self.frame else ""

    @property
    def run(self) -> str:
        return str(getattr(self.lab.params, "run", ""))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, true: Callable[[], object]) -> None:
        for _ in range(int(PATIENCE / 0.05)):
            if true():
                return
            await self.pilot.pause(0.05)
        frame = self.frame
        seen = frame and (frame.run, frame.state, frame.step, frame.checkpoints, frame.lr)
        raise AssertionError(self.lab.params, seen, self.pilot.app.focused)


@asynccontextmanager
async def led(state: str) -> AsyncIterator[Led]:
    """Open the lab, with the focus in it; whatever still trains at the end is stopped."""
    app = TutorApp(f"mlp?view=train&{state}", "cpu", Settings(language="en"))
    async with app.run_test(size=(120, 36)) as pilot:
        led = Led(pilot)
        await led.until(lambda: pilot.app.screen.query(Lab))
        await app.session.client.settled()
        await led.press("tab")
        try:
            yield led
        finally:
            for run in Runs(home()).all():
                run.tell("stop")
    for run in Runs(home()).all():
        await led.until(lambda run=run: not run.is_executed())


async def test_a_run_is_launched_held_steered_gone_back_in_and_branched() -> None:
    async with led(f"{LONG}&lr=0.001") as lab:
        await lab.press("r")
        await lab.until(lambda: lab.state == "running" and lab.frame and lab.frame.step > 100)
        first = lab.run

        await lab.press("space")
        await lab.until(lambda: lab.state == "paused" and lab.frame and lab.frame.checkpoints[-1])
        assert lab.frame is not None
        step, checkpoint = lab.frame.step, lab.frame.checkpoints[-1]
        await lab.press("full_stop")
        await lab.until(lambda: lab.frame and lab.frame.step == step + 1)

        lab.lab.query_one("#set-lr").focus()
        await lab.press("right")
        await lab.until(lambda: getattr(lab.lab.params, "lr", 0) == pytest.approx(0.002))
        await lab.press("space")
        await lab.until(lambda: lab.state == "running" and lab.frame and lab.frame.step > step + 50)
        assert lab.frame.lr == pytest.approx(0.002)
        others = Runs(home()).find(first).history().others
        assert [one.lr for one in others if isinstance(one, RateChanged)] == [0.002]

        await lab.press("b")
        await lab.until(lambda: lab.frame and checkpoint <= lab.frame.step < step + 50)
        assert lab.run == first

        await lab.press("f")
        await lab.until(lambda: lab.run != first and lab.state == "running")
        assert getattr(lab.lab.params, "others", "") == first
        assert Runs(home()).find(lab.run).config().lr == pytest.approx(0.002)

        await lab.press("x")
        await lab.until(lambda: lab.state == "stopped")
        await lab.press("space")
        await lab.until(lambda: lab.state == "running")


async def test_another_run_takes_the_place_of_the_one_that_goes_on() -> None:
    async with led(LONG) as lab:
        await lab.press("r")
        await lab.until(lambda: lab.state == "running")
        first = lab.run
        await lab.press("r")
        await lab.until(lambda: lab.run != first and lab.state == "running")
        await lab.until(lambda: Runs(home()).find(first).status().state == "stopped")


async def test_what_the_next_run_is_told_does_not_disturb_this_one() -> None:
    async with led(LONG) as lab:
        await lab.press("r")
        await lab.until(lambda: lab.state == "running")
        followed = {worker for worker in lab.lab.workers if worker.group == "compute"}
        lab.lab.query_one("#set-epochs").focus()
        await lab.press("left")
        await lab.until(lambda: getattr(lab.lab.params, "epochs", 0) != 50)
        assert followed <= set(lab.lab.workers)
        await lab.press("x")
        await lab.until(lambda: lab.state == "stopped")
        assert Runs(home()).find(lab.run).config().epochs == 50


@pytest.mark.parametrize(
    ("cursor", "step"), [(None, 40), (100, 40), (40, 40), (39, 20), (20, 20), (3, 20)]
)
def test_the_checkpoint_of_a_cursor(cursor: int | None, step: int) -> None:
    run = RunningTraining.__new__(RunningTraining)
    run.checkpoints = (20, 40)
    assert run.checkpoint(cursor) == step
    run.checkpoints = ()
    assert run.checkpoint(cursor) is None


def test_what_can_be_changed_in_a_branch_is_what_a_branch_takes() -> None:
    from tutor.training.branches import FREE  # noqa: PLC0415 - imports torch
    from tutor.widgets.computation import CHANGEABLE  # noqa: PLC0415 - beside it

    assert CHANGEABLE == FREE
