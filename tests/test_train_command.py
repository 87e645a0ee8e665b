"""`tutor train`: real processes that train on the embedded digits."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pexpect
import psutil
import pytest
from support import PATIENCE, Said, tutor, until

from tutor.training import lock
from tutor.training.run_directory import Run, Runs

NETWORK = ("--hidden", "16", "--batch-size", "500", "--device", "cpu", "--dropout", "0.1")
CONFIG = ("train", *NETWORK, "--epochs", "12", "--seed", "3", "--lr", "0.002")
STEPS = 240

COMMANDS: dict[str, tuple[str, ...]] = {
    "whole": (*CONFIG, "--json"),
    "diverged": ("train", *NETWORK, "--optimizer", "sgd", "--lr", "1e9", "--json"),
    "detached": ("train", *NETWORK, "--epochs", "1", "--detach"),
    "no mnist": ("--lang", "ko", "train", "--data", "mnist"),
    "no torch": ("train", *NETWORK),
    "no torch, detached": ("train", *NETWORK, "--detach"),
}
"""The commands that load torch: seconds each, so two at a time."""

KEYS = {"run", "epochs", "train_loss", "test_accuracy", "samples_per_second", "weights_sha256"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Share the files of the commands that the tests share."""
    monkeypatch.setenv("TUTOR_HOME", str(home))
    monkeypatch.delenv("TUTOR_DATA", raising=False)


@pytest.fixture(scope="module")
def said(home: Path) -> dict[str, Said]:
    """Return what each of `COMMANDS` gave."""
    fake = home / "fake" / "torch"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise ImportError('libcudart.so.12: \\x1b[31m')\n")

    def run(name: str) -> Said:
        env = {"TUTOR_HOME": str(home), "TUTOR_DATA": str(home / "nothing")}
        if name.startswith("no torch"):
            env["PYTHONPATH"] = str(fake.parent)
        return tutor(*COMMANDS[name], **env)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(COMMANDS, pool.map(run, COMMANDS), strict=True))


@pytest.fixture
def runs(home: Path) -> Runs:
    return Runs(home / "data" / "runs")


def found(told: Said) -> Any:
    """Return the one object on stdout."""
    assert told.out.count("\n") == 1
    return json.loads(told.out, parse_constant=pytest.fail)


def refused(told: Said, code: int = 2) -> str:
    assert told.code == code, told
    assert told.out == ""
    assert "Traceback" not in told.err
    assert "\x1b" not in told.err
    return told.err


def test_it_trains_and_prints_one_object(said: dict[str, Said], runs: Runs) -> None:
    told = said["whole"]
    assert told.code == 0, told
    result = found(told)
    assert result.keys() == KEYS | {"state", "test_loss"}
    run = runs.find(result["run"])
    status = run.status()
    assert status.state == result["state"] == "done"
    assert status.weights_sha256 == result["weights_sha256"]
    assert (result["epochs"], status.step) == (12, STEPS)
    assert result["test_accuracy"] > 0.8
    assert result["samples_per_second"] > 1000
    config = run.config()
    assert (config.hidden, config.seed, config.lr, config.dropout) == ("16", 3, 0.002, 0.1)


def test_progress_goes_to_stderr_a_line_an_epoch(said: dict[str, Said]) -> None:
    err = said["whole"].err
    assert "\x1b" not in err
    assert "\r" not in err
    lines = err.splitlines()
    assert lines[0].startswith("before training: ")
    assert [line.split(":")[0] for line in lines[1:13]] == [f"epoch {n}/12" for n in range(1, 13)]


def test_a_run_that_fails_ends_with_1_and_says_why(said: dict[str, Said], runs: Runs) -> None:
    told = said["diverged"]
    assert told.code == 1
    result = found(told)
    assert result["state"] == "failed"
    assert "1e+09" in result["message"]
    assert result["message"] in told.err
    assert result["weights_sha256"] == ""
    assert runs.find(result["run"]).status().key == "error.training.diverged"


def test_it_trains_in_the_background(said: dict[str, Said], runs: Runs) -> None:
    told = said["detached"]
    assert told.code == 0
    run = runs.find(told.out.strip())
    assert f"tutor runs follow {run.id}" in told.err
    until(lambda: not run.is_executed())
    assert run.status().state == "done"


def test_missing_data_is_told_with_what_to_do(said: dict[str, Said]) -> None:
    err = refused(said["no mnist"], 1)
    assert "tutor data fetch mnist" in err
    assert "TUTOR_DATA" in err
    assert "없습니다" in err


@pytest.mark.parametrize("name", ["no torch", "no torch, detached"])
def test_missing_torch_is_told_with_what_to_do(said: dict[str, Said], name: str) -> None:
    err = refused(said[name], 1)
    assert "libcudart.so.12" in err
    assert "pip install" in err


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tutor", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


def test_interrupted_it_stops_with_a_checkpoint_and_is_resumed_to_the_same_bits(
    said: dict[str, Said], runs: Runs
) -> None:
    with started(*CONFIG) as process:
        while not process.stderr.readline().startswith("epoch 2/"):
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    run = runs.all()[-1]
    assert run.status().state == "stopped"
    assert 0 < run.status().step < STEPS
    assert f"tutor train --resume {run.id}" in err
    resumed = tutor("train", "--resume", run.id, "--json")
    assert resumed.code == 0
    assert f"goes on from step {run.history().others[-1].step}" not in resumed.out
    result = found(resumed)
    assert result["run"] == run.id
    assert result["weights_sha256"] == found(said["whole"])["weights_sha256"]
    assert run.history().steps["step"].tolist() == list(range(1, STEPS + 1))
    check_is_refused_while_executed(run)


def check_is_refused_while_executed(run: Run) -> None:
    """A second process does not execute a run, and leaves it as it is."""
    before = run.status()
    with lock.alone(run.lock):
        err = refused(tutor("train", "--resume", run.id), 1)
    assert run.id in err
    assert run.status() == before


def test_in_a_terminal_there_is_a_bar_and_without_it_the_run_goes_on(runs: Runs) -> None:
    before = runs.all()
    child = pexpect.spawn(
        sys.executable,
        ["-m", "tutor", *CONFIG],
        env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        dimensions=(24, 80),
        timeout=PATIENCE,
    )
    child.expect_exact("loading PyTorch")
    child.expect_exact("epoch 1/12: train loss")
    child.expect("%.* loss [0-9.]+ ")
    process = psutil.Process(child.pid)
    (run,) = set(runs.all()) - set(before)
    run.tell("pause")
    until(lambda: run.status().state == "paused")
    os.close(child.child_fd)
    child.closed = True
    time.sleep(0.2)
    assert run.is_executed()
    run.tell("resume")
    until(lambda: not run.is_executed())
    assert run.status().state == "done"
    child.closed = False
    assert process.wait(PATIENCE) is not None or not process.is_running()


BAD: list[tuple[tuple[str, ...], str]] = [
    (("--epoch", "3"), "--epochs"),
    (("--epochs", "0"), "epochs"),
    (("--epochs", "many"), "epochs"),
    (("--lr", "nan"), "lr"),
    (("--batch-size", "1.5"), "batch_size"),
    (("--hidden", "0"), "hidden"),
    (("--optimizer", "adm"), "adam"),
    (("--model", "\x1b[31m"), "mlp"),
    (("--data", "minst"), "mnist"),
    (("--data", "\x1b]0;x\x07"), "data"),
    (("--device", "gpu"), "cuda"),
    (("--resume", "nothing"), "run"),
    (("--resume", ""), "run"),
    (("surplus",), "surplus"),
]


@pytest.mark.parametrize(("words", "named"), BAD)
def test_a_bad_option_is_refused_with_what_there_is(
    words: tuple[str, ...], named: str, runs: Runs
) -> None:
    before = runs.all()
    assert named in refused(tutor("train", *words))
    assert runs.all() == before


def test_a_run_is_resumed_as_it_was_told(said: dict[str, Said]) -> None:
    id_ = found(said["whole"])["run"]
    err = refused(tutor("train", "--resume", id_, "--epochs", "9", "--batch-size", "3"))
    assert "--epochs, --batch-size" in err
