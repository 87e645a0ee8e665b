"""Frames of runs, made from real journals: of runs that end, go on, go back, fail or vanish."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tutor.compute import protocol
from tutor.data.images import ImageSet
from tutor.errors import TutorError
from tutor.run_view import RUN, RunFrame, Watch
from tutor.training import framing, lock, watched
from tutor.training.config import Config
from tutor.training.events import Began, Ended, Event, Progressed, RateChanged
from tutor.training.events import Tested as WasTested
from tutor.training.journal import Journal
from tutor.training.run_directory import ID, Run, Runs, Status, home, write_status
from tutor.training.train import run as train
from tutor.training.trainer import Pace
from tutor.training.watch import watch


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path))
    monkeypatch.setattr(watched, "_kept", type(watched._kept)())


@pytest.fixture
def runs() -> Runs:
    return Runs(home())


def journalled(made: Run, *events: Event, state: str = "done") -> Run:
    journal = Journal(made.journal)
    for event in events:
        journal.append(event)
    journal.close()
    write_status(made, Status(state=state))
    return made


def began(step: int = 0, steps: int = 100) -> Began:
    return Began(step, steps, 10, 320, 100, 9, "cpu", 1, "2.13.0")


def taken(first: int, last: int, loss: float = 1.0, lr: float = 0.1) -> Progressed:
    losses = np.full(last - first + 1, loss, np.float32)
    return Progressed(last, -(-last // 10), lr, losses, 640.0, last / 20, {"w": 1.0}, {"w": 1.0})


def result(step: int, accuracy: float = 0.75) -> WasTested:
    return WasTested(step, step // 10, 0.5, 0.25, accuracy, 3.5)


def last_of(params: Watch) -> RunFrame:
    *_, frame = watch(params)
    return frame


def until(frames: Iterator[RunFrame], state: str) -> RunFrame:
    end = time.monotonic() + 30
    for frame in frames:
        if frame.state == state:
            return frame
        assert time.monotonic() < end, frame
    raise AssertionError(state)


def test_a_run_that_is_over_is_told_whole(runs: Runs, config: Config, images: ImageSet) -> None:
    made = runs.create(config)
    train(made, images)
    frame = last_of(Watch(run=made.id, smoothing=0.0))
    history = made.history()
    assert (frame.run, frame.state, frame.is_over, frame.progress) == (made.id, "done", True, 1.0)
    assert (frame.step, frame.steps_in_all, frame.steps_an_epoch) == (22, 22, 11)
    assert (frame.epoch, frame.epochs, frame.lr) == (2, 2, 0.01)
    assert frame.steps.tolist() == list(range(1, 23))
    losses = history.steps["loss"].astype(np.float32)
    for curve in (frame.low, frame.high, frame.mean, frame.smoothed):
        np.testing.assert_array_equal(curve, losses)
    assert frame.loss == losses[-1]
    assert frame.test_steps.tolist() == [0, 11, 22]
    np.testing.assert_allclose(frame.test_losses, history.tests["test_loss"], rtol=1e-6)
    np.testing.assert_allclose(frame.train_losses, history.tests["train_loss"], rtol=1e-6)
    status = made.status()
    assert (frame.test_accuracy, frame.test_loss) == (status.test_accuracy, status.test_loss)
    assert frame.train_loss == status.train_loss
    assert frame.samples_per_second > 0
    assert np.isnan(frame.seconds_left)
    assert frame.checkpoints
    assert (frame.key, frame.problem, frame.others) == ("", None, ())


def test_a_run_is_followed_until_it_ends(runs: Runs, config: Config, images: ImageSet) -> None:
    made = runs.create(config.changed(epochs=50))
    frames = watch(Watch(run=made.id))
    assert next(frames).state == "created"
    made.tell("pause")
    trainer = threading.Thread(target=train, args=(made, images), kwargs={"pace": Pace(0.0, 9.0)})
    trainer.start()
    paused = until(frames, "paused")
    assert paused.step < 550
    made.tell("resume")
    seen = [frame.step for frame in frames]
    trainer.join()
    assert seen == sorted(seen)
    assert seen[-1] == 550
    assert last_of(Watch(run=made.id)).state == "done"


def test_while_nothing_happens_the_frame_is_the_same_object(runs: Runs, config: Config) -> None:
    made = journalled(runs.create(config), began(), taken(1, 5), state="running")
    with lock.alone(made.lock):
        frames = watch(Watch(run=made.id))
        frame = until(frames, "running")
        assert all(one is frame for one in islice(frames, 8))
        assert frame.seconds_left == pytest.approx(95 / 20)
        journal = Journal(made.journal)
        journal.append(taken(6, 9))
        later = next(one for one in islice(frames, 500) if one is not frame)
        assert (later.step, len(later.steps)) == (9, 9)
        journal.append(Ended(9, "stopped"))
        journal.close()
        write_status(made, Status(state="stopped"))
    *_, end = frames
    assert end.state == "stopped"


def test_a_run_whose_process_is_gone_is_interrupted(runs: Runs, config: Config) -> None:
    made = journalled(runs.create(config), began(), taken(1, 5), state="running")
    frame = last_of(Watch(run=made.id))
    assert (frame.state, frame.is_over, frame.step) == ("interrupted", True, 5)


def test_a_run_that_is_about_to_go_on_is_not_over(runs: Runs, config: Config) -> None:
    made = journalled(runs.create(config), began(), taken(1, 5), state="stopped")
    with lock.alone(made.lock):
        frames = watch(Watch(run=made.id))
        assert [frame.state for frame in islice(frames, 5)] == ["running"] * 5
    *_, end = frames
    assert end.state == "stopped"


def test_a_run_that_failed_says_why(runs: Runs, config: Config, images: ImageSet) -> None:
    made = runs.create(config.changed(optimizer="sgd", lr=1e9))
    train(made, images)
    frame = last_of(Watch(run=made.id))
    assert (frame.state, frame.key) == ("failed", "error.training.diverged")
    assert str(frame.problem) == str(TutorError(made.status().key, **made.status().values))


def test_steps_that_are_taken_again_replace_those_before(runs: Runs, config: Config) -> None:
    made = journalled(
        runs.create(config),
        *(began(), result(0), taken(1, 10), result(10), taken(11, 20), result(20, 0.9)),
    )
    assert last_of(Watch(run=made.id)).step == 20
    journalled(made, began(10), taken(11, 14, 3.0), RateChanged(14, 0.2), taken(15, 16, 3.0, 0.2))
    frame = last_of(Watch(run=made.id, smoothing=0.0))
    assert (frame.step, frame.test_steps.tolist()) == (16, [0, 10])
    assert frame.mean.tolist() == [1.0] * 10 + [3.0] * 6
    assert (frame.rate_steps.tolist(), frame.rates.tolist(), frame.lr) == ([14], [0.2], 0.2)


def test_a_window_is_told_with_what_leads_there(runs: Runs, config: Config) -> None:
    tests = [result(step) for step in range(10, 5001, 10)]
    made = journalled(runs.create(config), began(0, 5000), taken(1, 5000), *tests)
    frame = last_of(Watch(run=made.id, first=1000, last=1100))
    assert (frame.first, frame.last) == (1000, 1100)
    assert frame.steps.tolist() == list(range(999, 1102))
    assert frame.test_steps.tolist() == list(range(990, 1111, 10))
    whole = last_of(Watch(run=made.id))
    assert 100 <= len(whole.test_steps) <= framing.MOST_TESTS + 1
    assert whole.test_steps[-1] == 5000


def test_other_runs_are_laid_over_it(runs: Runs, config: Config) -> None:
    main, slow, twin, same = (
        runs.create(config.changed(lr=lr, seed=seed))
        for lr, seed in ((0.01, 0), (0.5, 0), (0.5, 0), (0.01, 0))
    )
    for number, one in enumerate((main, slow, twin, same), 1):
        journalled(one, began(), taken(1, 8, number), result(8))
    others = ",".join(one.id for one in (slow, twin, same, main, slow))
    frame = last_of(Watch(run=main.id, others=others))
    digits = [one.id[-4:] for one in (slow, twin, same)]
    names = [f"lr=0.5 {digits[0]}", f"lr=0.5 {digits[1]}", digits[2]]
    assert [one.name for one in frame.overlays] == names
    assert [one.smoothed.tolist() for one in frame.overlays] == [[2.0] * 8, [3.0] * 8, [4.0] * 8]
    assert [one.test_steps.tolist() for one in frame.overlays] == [[8]] * 3
    alone = last_of(Watch(others=slow.id))
    assert (alone.run, alone.state, alone.is_over) == ("", "", False)
    assert [one.run for one in alone.overlays] == [slow.id]
    assert len(list(watch(Watch()))) == 1


def test_a_frame_survives_the_wire_and_is_small(runs: Runs, config: Config) -> None:
    made = [
        journalled(
            runs.create(config.changed(seed=seed)),
            *(began(0, 50_000), taken(1, 50_000), *(result(n) for n in range(0, 50_001, 50))),
        )
        for seed in range(9)
    ]
    frame = last_of(Watch(run=made[0].id, others=",".join(one.id for one in made[1:])))
    assert len(frame.overlays) == 8
    table = {one.name: getattr(frame, one.name) for one in fields(frame)}
    line = protocol.encode(protocol.Progressed(1, table))
    assert len(line) < 120_000
    alone = last_of(Watch(run=made[0].id))
    table = {one.name: getattr(alone, one.name) for one in fields(alone)}
    assert len(protocol.encode(protocol.Progressed(1, table))) < 24_000
    message = protocol.decode(line)
    assert isinstance(message, protocol.Progressed)
    told = RunFrame(**message.frame)
    np.testing.assert_array_equal(told.smoothed, frame.smoothed)
    assert told.overlays[7].name == frame.overlays[7].name
    np.testing.assert_array_equal(told.overlays[7].steps, frame.overlays[7].steps)


@pytest.mark.parametrize("which", ["run", "others"])
def test_a_run_that_is_not_there_is_a_plain_error(runs: Runs, config: Config, which: str) -> None:
    made = runs.create(config)
    with pytest.raises(TutorError, match=f"no run 20200101-000000-mlp-0000.*{made.id}"):
        next(watch(Watch(**{which: "20200101-000000-mlp-0000"})))


def test_a_run_without_a_readable_config_is_a_plain_error(runs: Runs, config: Config) -> None:
    made = runs.create(config)
    (made.path / "config.json").write_text("{]")
    with pytest.raises(TutorError) as caught:
        next(watch(Watch(run=made.id)))
    assert caught.value.key == "error.training.config"


def test_lines_that_are_no_events_do_no_harm(runs: Runs, config: Config) -> None:
    made = runs.create(config)
    odd = {"kind": "progressed", "step": -5, "epoch": 0, "lr": None, "losses": [None] * 3}
    odd |= {"samples_per_second": 0.0, "seconds": None, "gradients": {}, "weights": {}}
    lines = ["{}", "[", json.dumps(odd), json.dumps({"kind": "began", "step": 1})]
    made.journal.write_text("\n".join(lines) + "\n")
    write_status(made, Status(state="done"))
    assert np.isnan(last_of(Watch(run=made.id)).loss)


def test_only_so_many_runs_are_kept_in_memory(runs: Runs, config: Config) -> None:
    made = [runs.create(config).id for _ in range(watched.MOST_KEPT + 2)]
    found = [watched.find(run) for run in made]
    assert watched.find(made[-1]) is found[-1]
    assert watched.find(made[0]) is not found[0]
    assert len(watched._kept) == watched.MOST_KEPT


def test_the_form_of_a_run_s_id_is_known_on_both_sides() -> None:
    assert ID.pattern == RUN


def test_watching_loads_no_torch() -> None:
    code = "import sys, tutor.training.watch; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_a_lesson_s_state_imports_is_light() -> None:
    code = "import sys, tutor.run_view; sys.exit(bool({'numpy', 'torch', 'rich'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
