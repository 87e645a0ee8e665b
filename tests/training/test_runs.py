"""Runs: their directories, and training in them."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from imagined import CPU

from tutor.data.images import ImageSet
from tutor.errors import ParameterError, TutorError, UnknownNameError
from tutor.training import controls, lock, network, run_directory, train
from tutor.training.batches import place
from tutor.training.branches import fork, rewind
from tutor.training.checkpoint import Checkpoints
from tutor.training.config import Config
from tutor.training.errors import CheckpointError, SaveError
from tutor.training.events import Began, Ended, Event, Noticed, Paused, Progressed, RateChanged
from tutor.training.events import Tested as WasTested
from tutor.training.run_directory import Run, Runs
from tutor.training.state import weights_sha256
from tutor.training.trainer import Pace, Trainer

OFTEN = Pace(report=0.0, save=0.0)


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "LOOK_EVERY", 0.0)


def at_step(step: int, act: Callable[[], None]) -> Callable[[Event], None]:
    """Return what calls `act` once a step is reported."""

    def told(event: Event) -> None:
        if isinstance(event, Progressed) and event.step == step:
            act()

    return told


def undisturbed(config: Config, images: ImageSet) -> str:
    trainer = Trainer(config, place(images, CPU))
    list(trainer.events())
    return weights_sha256(trainer.model)


def names(run: Run) -> set[str]:
    return {path.name for path in run.path.iterdir()}


def test_a_run_is_a_directory_that_tells_everything(made: Run, images: ImageSet) -> None:
    seen: list[Event] = []
    status = train.run(made, images, told=seen.append)
    assert status == made.status()
    assert (status.state, status.step, status.epochs, status.pid) == ("done", 22, 2, os.getpid())
    assert status.weights_sha256 == undisturbed(made.config(), images)
    assert status.test_accuracy > 0.9
    assert status.samples_per_second > 0
    assert status.started <= status.ended
    history = made.history()
    assert history.steps["step"].tolist() == list(range(1, 23))
    assert history.tests["epoch"].tolist() == [0, 1, 2]
    assert history.tests["test_accuracy"][-1] == status.test_accuracy
    assert history.tests["train_loss"][-1] == status.train_loss
    assert [type(one) for one in history.others] == [
        type(one) for one in seen if not isinstance(one, (Began, Progressed, WasTested))
    ]
    assert Checkpoints(made.path).steps() == [0, 22]
    assert not [name for name in names(made) if name.endswith(".tmp")]
    files = {"config.json", "state.json", "metrics.jsonl", "lock"}
    assert {name for name in names(made) if not name.startswith("checkpoint-")} == files
    assert all((made.path / name).stat().st_mode & 0o077 == 0 for name in files)


def test_ids_say_when_and_what(runs: Runs) -> None:
    made = [runs.create(Config()) for _ in range(5)]
    assert len({run.id for run in made}) == 5
    assert all(run_directory.ID.fullmatch(run.id) for run in made)
    assert made[0].id.startswith(time.strftime("%Y%m%d-"))
    assert sorted(run.id for run in made) == [run.id for run in runs.all()]


def test_runs_are_found_by_a_part_of_their_id(runs: Runs) -> None:
    assert runs.all() == []
    made = runs.create(Config())
    assert runs.find(made.id) == runs.find(made.id[-4:]) == made
    runs.create(Config())
    for name in ("mlp", "nothing", "\x1b["):
        with pytest.raises(UnknownNameError) as error:
            runs.find(name)
        assert error.value.key == "error.unknown.run"
        assert "\x1b" not in error.value.values["name"]


def test_what_is_no_run_is_none(runs: Runs) -> None:
    made = runs.create(Config())
    (runs.folder / "20260101-000000-mlp-0000").mkdir()
    (runs.folder / "notes").mkdir()
    (runs.folder / "20260101-000000-mlp-0001").symlink_to(made.path)
    assert runs.all() == [made]


def test_a_run_is_deleted_whole(runs: Runs, made: Run, images: ImageSet) -> None:
    train.run(made, images)
    runs.delete(made)
    assert list(runs.folder.iterdir()) == []
    for path in (made.path, runs.folder, runs.folder / "..", Path("/tmp")):
        with pytest.raises(UnknownNameError):
            runs.delete(Run(path))


def test_a_run_that_is_executed_is_not_deleted_or_executed_again(
    runs: Runs, made: Run, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.05)
    tried: list[str] = []

    def meanwhile(event: Event) -> None:
        if isinstance(event, WasTested):
            assert made.is_executed()
            assert made.status().state == "running"
            for act in (
                lambda: runs.delete(made),
                lambda: train.run(made, images, resume=True),
                lambda: rewind(made, 0),
            ):
                with pytest.raises(TutorError) as error:
                    act()
                tried.append(error.value.key)

    status = train.run(made, images, told=meanwhile)
    assert set(tried) == {"error.training.executed"}
    assert status.state == "done"
    assert not made.is_executed()


def test_looking_at_a_run_does_not_keep_it_from_being_executed(made: Run, images: ImageSet) -> None:
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            made.is_executed()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        assert train.run(made, images).state == "done"
    finally:
        over.set()
        looking.join()


def test_a_run_begins_once(made: Run, images: ImageSet) -> None:
    train.run(made, images)
    with pytest.raises(TutorError) as error:
        train.run(made, images)
    assert error.value.key == "error.training.begun"
    assert made.status().state == "done"


def test_a_run_that_is_done_stays_as_it_is(made: Run, images: ImageSet) -> None:
    first = train.run(made, images)
    again = train.run(made, images, resume=True)
    assert (again.state, again.weights_sha256) == ("done", first.weights_sha256)
    assert again.test_accuracy == first.test_accuracy
    assert made.history().steps["step"].tolist() == list(range(1, 23))


@pytest.mark.parametrize("step", [1, 7, 11, 12, 21])
def test_stopped_anywhere_it_goes_on_to_the_same_bits(
    runs: Runs, images: ImageSet, config: Config, step: int
) -> None:
    config = config.changed(dropout=0.3)
    made = runs.create(config)
    status = train.run(made, images, pace=OFTEN, told=at_step(step, lambda: made.tell("stop")))
    assert (status.state, status.step) == ("stopped", step)
    status = train.run(made, images, resume=True)
    assert status.weights_sha256 == undisturbed(config, images)
    history = made.history()
    assert history.steps["step"].tolist() == list(range(1, 23))
    assert history.tests["step"].tolist() == [0, 11, 22]


def test_is_steered_by_lines_in_a_file(made: Run, images: ImageSet) -> None:
    def act(event: Event) -> None:
        match event:
            case Progressed(step=3):
                made.tell("pause")
            case Paused():
                assert made.status().state == "paused"
                made.tell("step", 2)
            case Progressed(step=5):
                made.tell("lr", 0.5)
                made.tell("resume")
            case Progressed(step=9):
                with made.control.open("a") as file:
                    file.write("what?\n")
                made.tell("stop")

    status = train.run(made, images, pace=Pace(report=0.0), told=act)
    assert (status.state, status.step) == ("stopped", 9)
    assert RateChanged(5, 0.5) in made.history().others
    assert made.history().steps["lr"].tolist() == [0.01] * 5 + [0.5] * 4


def test_commands_from_before_are_not_obeyed_again_but_the_rate_holds(
    made: Run, images: ImageSet
) -> None:
    def act(event: Event) -> None:
        match event:
            case Progressed(step=3):
                made.tell("lr", 0.5)
            case Progressed(step=5):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train.run(made, images, pace=Pace(report=0.0), told=act)
    assert made.status().state == "interrupted"
    for command in ("pause", "step", "stop"):
        made.tell(command)
    made.tell("lr", 0.25)
    status = train.run(made, images, resume=True)
    assert status.state == "done"
    assert made.history().steps["lr"].tolist() == [0.01] * 3 + [0.25] * 19


def test_commands_given_before_it_begins_are_obeyed(made: Run, images: ImageSet) -> None:
    made.tell("stop")
    assert train.run(made, images).step == 0


def test_a_run_that_failed_says_why_and_can_be_read(runs: Runs, images: ImageSet) -> None:
    config = Config(hidden="16", batch_size=32, lr=1e9, optimizer="sgd", device="cpu")
    made = runs.create(config)
    status = train.run(made, images, pace=OFTEN)
    assert (status.state, status.key) == ("failed", "error.training.diverged")
    assert status.weights_sha256 == ""
    assert not np.isfinite(made.history().steps["loss"][-1])
    last, _ = Checkpoints(made.path).last()
    assert last is not None
    assert last.place.step == status.values["saved"] == status.step - 1
    assert json.loads((made.path / "state.json").read_text())["state"] == "failed"
    assert b"NaN" not in made.journal.read_bytes()


def test_an_unexpected_error_is_noted_and_passed_on(made: Run, images: ImageSet) -> None:
    def fail(_: Event) -> None:
        raise RuntimeError("a \x1b[2J bug")

    with pytest.raises(RuntimeError):
        train.run(made, images, told=fail)
    status = made.status()
    assert (status.state, status.key) == ("failed", "error.bug")
    assert status.values == {"told": "RuntimeError: a \\x1b[2J bug"}


def test_what_keeps_a_run_from_beginning_is_noted(
    runs: Runs, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    made = runs.create(Config(device="cuda"))
    with pytest.raises(TutorError):
        train.run(made, images)
    status = made.status()
    assert (status.state, status.key, status.values) == (
        "failed",
        "error.device",
        {"detail": "cuda"},
    )
    other = runs.create(Config())
    with pytest.raises(TutorError), train.recorded(other):
        raise TutorError("error.data.labels", name="x", found=11)
    assert other.status().key == "error.data.labels"


def test_a_damaged_checkpoint_gives_way_to_the_one_before(made: Run, images: ImageSet) -> None:
    train.run(made, images, pace=OFTEN, told=at_step(9, lambda: made.tell("stop")))
    newest = max(made.path.glob("*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:-9])
    status = train.run(made, images, resume=True)
    assert status.weights_sha256 == undisturbed(made.config(), images)
    (notice,) = [one for one in made.history().others if isinstance(one, Noticed)]
    assert (notice.step, notice.key) == (8, "error.training.checkpoint.hash")
    assert made.history().steps["step"].tolist() == list(range(1, 23))


def test_with_no_sound_checkpoint_nothing_is_lost_silently(made: Run, images: ImageSet) -> None:
    train.run(made, images, told=at_step(11, lambda: made.tell("stop")))
    for path in made.path.glob("*.safetensors"):
        path.write_bytes(b"")
    with pytest.raises(CheckpointError):
        train.run(made, images, resume=True)
    assert made.status().key == "error.training.checkpoint.header"
    assert len(Checkpoints(made.path).steps()) == 2


def test_a_checkpoint_of_another_run_is_refused(runs: Runs, made: Run, images: ImageSet) -> None:
    train.run(made, images)
    other = runs.create(Config(hidden="16", seed=4, device="cpu"))
    for path in made.path.glob("checkpoint-*"):
        shutil.copy(path, other.path)
    with pytest.raises(CheckpointError) as error:
        train.run(other, images, resume=True)
    assert error.value.key == "error.training.checkpoint.other"


def test_another_torch_is_worth_a_word(made: Run, images: ImageSet) -> None:
    train.run(made, images, told=at_step(11, lambda: made.tell("stop")))
    for path in made.path.glob("*.json"):
        if path.name.startswith("checkpoint-"):
            table = json.loads(path.read_text())
            path.write_text(json.dumps({**table, "torch": "2.4.0"}))
    train.run(made, images, resume=True)
    noticed = [one for one in made.history().others if isinstance(one, Noticed)]
    assert [one.key for one in noticed] == ["training.other_torch"]


def test_goes_on_with_the_threads_it_began_with(
    made: Run, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    train.run(made, images, told=at_step(11, lambda: made.tell("stop")))
    used: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    train.run(made, images, resume=True)
    assert used == [1]


def test_goes_back_to_a_checkpoint_in_place(made: Run, images: ImageSet) -> None:
    train.run(made, images, pace=OFTEN, told=at_step(15, lambda: made.tell("stop")))
    assert Checkpoints(made.path).steps() == [14, 15]
    with pytest.raises(CheckpointError):
        rewind(made, 3)
    assert Checkpoints(made.path).steps() == [14, 15]
    follower = made.follower()
    history = follower.catch_up()
    rewind(made, 14)
    train.run(made, images, resume=True)
    news = follower.catch_up()
    assert news.back_to == 14
    assert news.steps["step"].tolist() == list(range(15, 23))
    history.add(news)
    assert history.steps["step"].tolist() == list(range(1, 23))


def test_a_run_gone_back_stands_where_it_goes_on_from(made: Run, images: ImageSet) -> None:
    train.run(made, images, pace=Pace(save=3600.0))
    assert Checkpoints(made.path).steps() == [0, 22]
    rewind(made, 0)
    seen: list[float] = []

    def told(event: Event) -> None:
        if isinstance(event, Began):
            status = made.status()
            seen.extend((status.epochs, status.test_accuracy))
            assert status.weights_sha256 == ""

    assert train.run(made, images, resume=True, told=told).state == "done"
    assert seen[0] == 0
    assert np.isnan(seen[1])
    assert made.history().tests["step"].tolist() == [0, 11, 22]


def test_forks_a_run_with_something_changed(runs: Runs, made: Run, images: ImageSet) -> None:
    first = train.run(made, images, pace=OFTEN, told=at_step(15, lambda: made.tell("stop")))
    same = fork(runs, made, 14)
    train.run(made, images, resume=True)
    assert train.run(same, images, resume=True).weights_sha256 == undisturbed(made.config(), images)
    other = fork(runs, made, 14) if 14 in Checkpoints(made.path).steps() else fork(runs, made, 15)
    assert other.history().steps["step"][-1] in (14, 15)
    assert not [one for one in other.history().others if isinstance(one, Ended)]
    changed = fork(runs, same, Checkpoints(same.path).steps()[0], lr=0.5, epochs=3)
    status = train.run(changed, images, resume=True)
    assert status.step == 33
    assert changed.config() == made.config().changed(lr=0.5, epochs=3)
    history = changed.history()
    assert history.steps["step"].tolist() == list(range(1, 34))
    assert history.steps["lr"].tolist() == [0.01] * 14 + [0.5] * 19
    assert history.tests["step"].tolist() == [0, 11, 22, 33]
    assert first.state == "stopped"
    for change in ({"hidden": "8"}, {"seed": 3}, {"colour": 1}, {"lr": -1.0}):
        with pytest.raises(ParameterError):
            fork(runs, same, 14, **change)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"state": 3}', b"\xff", b"[" * 60_000, b'{"values": 3}']
)
def test_a_state_that_cannot_be_read_says_nothing(made: Run, content: bytes) -> None:
    assert made.status().state == "created"
    (made.path / "state.json").write_bytes(content)
    assert made.status().state == "created"
    made.journal.touch()
    assert made.status().state == "interrupted"


def test_a_config_that_cannot_be_read_is_a_plain_error(made: Run) -> None:
    (made.path / "config.json").write_text("{")
    with pytest.raises(TutorError) as error:
        made.config()
    assert error.value.key == "error.training.config"
    (made.path / "config.json").unlink()
    with pytest.raises(TutorError):
        made.config()


def test_a_folder_that_cannot_be_written_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError) as error:
        Runs(tmp_path / "file" / "runs").create(Config())
    assert error.value.key == "error.training.unwritable"
    assert Runs(tmp_path / "file").all() == []


def test_is_executed_where_there_are_no_locks(
    made: Run, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(lock.fcntl, "flock", none)
    assert train.run(made, images).state == "done"


def test_the_usual_folder_is_the_program_s(tmp_path: Path) -> None:
    assert run_directory.home() == Path(os.environ["TUTOR_HOME"]) / "data" / "runs"


def test_the_network_of_a_run_can_be_used(made: Run, images: ImageSet) -> None:
    with pytest.raises(CheckpointError):
        network.load(made)
    seen: list[int] = []

    def look(event: Event) -> None:
        if isinstance(event, Progressed):
            seen.append(network.load(made).step)

    status = train.run(made, images, pace=OFTEN, told=look)
    assert seen == list(range(22))
    found = network.load(made)
    assert weights_sha256(found.model) == status.weights_sha256
    chances = found.probabilities(images.test_images)
    assert chances.shape == (100, 10)
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    assert (chances.argmax(1) == images.test_labels).mean() == pytest.approx(status.test_accuracy)
    assert network.load(made, 21).step == 21
    with pytest.raises(CheckpointError):
        network.load(made, 3)


def test_a_network_that_is_another_is_refused(runs: Runs, made: Run, images: ImageSet) -> None:
    train.run(made, images)
    for path in made.path.glob("checkpoint-*.json"):
        path.write_text(path.read_text().replace('"hidden": "16"', '"hidden": "8"'))
    with pytest.raises(TutorError) as error:
        network.load(made)
    assert error.value.key == "error.training.checkpoint.tensors"
