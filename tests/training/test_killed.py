"""A run whose process is killed at any moment ends with the same bits as one that is not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from imagined import CPU, made_up

from tutor.training.batches import place
from tutor.training.checkpoint import Checkpoints
from tutor.training.config import Config
from tutor.training.follower import History
from tutor.training.run_directory import Run, Runs
from tutor.training.state import weights_sha256
from tutor.training.trainer import Trainer

KILLS = 25
"""How many random moments each of the two kinds of run is killed at: fifty in all."""

CONFIG = Config(
    hidden="16", batch_size=32, epochs=6, lr=0.01, dropout=0.2, optimizer="momentum", device="cpu"
)
BATCHES = 11


class Forker:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, run: Run, **how: Any) -> int:
        """Execute a run, and return the id of the process that does."""
        told = {"run": str(run.path), "report": 0.0, "save": 0.0, **how}
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        return self._read()

    def ended(self) -> int:
        """Wait for the process to end, and return the signal that ended it."""
        return self._read() & 0x7F

    def _read(self) -> int:
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    made = Forker()
    yield made
    made.process.stdin.close()
    assert made.process.wait(30) == 0


@cache
def undisturbed(config: Config) -> str:
    trainer = Trainer(config, place(made_up(), CPU))
    list(trainer.events())
    return weights_sha256(trainer.model)


def check_is_sound(run: Run) -> None:
    """After a kill: every checkpoint is whole, and a reader sees each step once."""
    checkpoints = Checkpoints(run.path)
    for step in checkpoints.steps():
        checkpoints.load(step)
    steps = run.history().steps["step"]
    assert steps.tolist() == list(range(1, len(steps) + 1))
    last, problems = checkpoints.last()
    assert not problems
    assert last is None or last.place.step <= len(steps)


def check_ended_well(run: Run, watched: History) -> None:
    status, config = run.status(), run.config()
    assert (status.state, status.weights_sha256) == ("done", undisturbed(config))
    steps = config.epochs * BATCHES
    history = run.history()
    assert history.passed_over == watched.passed_over == 0
    for seen in (history, watched):
        assert seen.steps["step"].tolist() == list(range(1, steps + 1))
        assert seen.tests["step"].tolist() == list(range(0, steps + 1, BATCHES))
    assert watched.steps["loss"].tolist() == history.steps["loss"].tolist()
    assert not [path for path in run.path.iterdir() if path.name.endswith(".tmp")]
    assert len(list(run.path.glob("checkpoint-*"))) == 4


@pytest.mark.parametrize(("save", "epochs"), [(0.0, 6), (0.02, 60)])
def test_killed_at_random_moments(runs: Runs, forker: Forker, save: float, epochs: int) -> None:
    """Saving at every step it is mostly killed while it writes a checkpoint."""
    moments = random.Random(round(1000 * save))
    killed = 0
    while killed < KILLS:
        run = runs.create(CONFIG.changed(epochs=epochs))
        follower, watched = run.follower(), History()
        while run.status().state != "done":
            process = forker.start(run, save=save)
            if killed < KILLS:
                time.sleep(moments.uniform(0.0, 0.2))
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            killed += forker.ended() == signal.SIGKILL
            check_is_sound(run)
            watched.add(follower.catch_up())
        check_ended_well(run, watched)


def test_killed_at_each_change_of_a_file(runs: Runs, forker: Forker) -> None:
    run = runs.create(CONFIG)
    follower, watched = run.follower(), History()
    at = 0
    while run.status().state != "done":
        at += 1
        forker.start(run, die_at=at)
        assert forker.ended() in (0, signal.SIGKILL)
        if run.status().state == "created":
            assert run.history().began is None
        check_is_sound(run)
        watched.add(follower.catch_up())
    assert at > 30
    check_ended_well(run, watched)
