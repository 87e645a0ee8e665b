"""A disk without room: training pauses, says so, and loses nothing."""

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from imagined import CPU, made_up

from tutor.data.images import ImageSet
from tutor.training import controls, execution, train
from tutor.training.batches import place
from tutor.training.checkpoint import Checkpoints
from tutor.training.config import Config
from tutor.training.events import Event, Paused, Progressed
from tutor.training.run_directory import Run, Runs
from tutor.training.state import weights_sha256
from tutor.training.trainer import Pace, Trainer

OFTEN = Pace(report=0.0, save=0.0)

NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def undisturbed(config: Config) -> str:
    trainer = Trainer(config, place(made_up(), CPU))
    list(trainer.events())
    return weights_sha256(trainer.model)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")
@pytest.mark.parametrize("bound", [100_000, 8_000, 2_000])
def test_a_file_that_may_not_grow_pauses_training(
    made: Run, images: ImageSet, monkeypatch: pytest.MonkeyPatch, bound: int
) -> None:
    """The bound is too low for the tensors, for the JSON beside them, and for the journal."""
    monkeypatch.setattr(controls, "LOOK_EVERY", 0.0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    paused: list[Paused] = []

    def told(event: Event) -> None:
        if isinstance(event, Progressed) and event.step == 14:
            resource.setrlimit(resource.RLIMIT_FSIZE, (bound, before[1]))
        if isinstance(event, Paused):
            paused.append(event)
            assert made.status().state == "paused"
            assert made.status().key == "error.training.full"
            last, problems = Checkpoints(made.path).last()
            assert last is not None
            assert (last.place.step, problems) == (13, [])
            if len(paused) == 2:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            made.tell("resume")

    try:
        status = train.run(made, images, pace=OFTEN, told=told)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [one.step for one in paused] == [14, 14]
    assert (status.state, status.key) == ("done", "")
    assert status.weights_sha256 == undisturbed(made.config())
    assert made.history().steps["step"].tolist() == list(range(1, 23))
    assert not [path for path in made.path.iterdir() if path.name.endswith(".tmp")]


def test_a_disk_that_is_really_full_pauses_training(tmp_path: Path) -> None:
    """In a file system of one megabyte, which only the child process sees."""
    if subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("a user may not mount anything here")
    script = f'mount -t tmpfs -o size=1m none "$1" && exec {sys.executable} {__file__} "$1"'
    done = subprocess.run(
        [*NAMESPACE, "sh", "-c", script, "sh", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "paused\ndone\n"


def fill(folder: Path) -> Path:
    """Leave no byte free in a file system."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 1024, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


def main(folder: Path) -> None:
    made = Runs(folder / "runs").create(Config(hidden="16", batch_size=32, device="cpu"))
    ballast = folder / "ballast"
    started = time.monotonic()

    def told(event: Event) -> None:
        assert time.monotonic() - started < 50
        if isinstance(event, Progressed) and event.step == 14:
            fill(folder)
        if isinstance(event, Paused):
            print("paused", flush=True)  # noqa: T201
            assert shutil.disk_usage(folder).free <= execution.RESERVE
            status = made.status()
            assert (status.state, status.key, status.step) == ("paused", event.key, event.step)
            assert event.key == "error.training.full"
            last, problems = Checkpoints(made.path).last()
            assert last is not None
            assert last.place.step <= event.step
            assert not problems
            assert not (made.path / "reserve").exists()
            ballast.unlink()
            made.tell("resume")

    status = train.run(made, made_up(), pace=Pace(report=0.0, save=0.02), told=told)
    print(status.state, flush=True)  # noqa: T201
    assert made.history().steps["step"].tolist() == list(range(1, 56))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main(Path(sys.argv[1]))
