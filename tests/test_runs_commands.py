"""`tutor runs`: what it says of real runs, and how it follows one as it goes."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support import PATIENCE, tutor, until

from tutor import runs_report
from tutor.cells import width
from tutor.cli import main
from tutor.data.images import load
from tutor.training import train
from tutor.training.config import Config
from tutor.training.run_directory import Run, Runs

SMALL = Config(hidden="", batch_size=2000, epochs=2, device="cpu")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def runs(home: Path) -> Runs:
    return Runs(home / "data" / "runs")


@pytest.fixture(autouse=True)
def own_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", str(home))


@pytest.fixture(scope="module")
def done(runs: Runs) -> Run:
    """Return a run that is done."""
    run = runs.create(SMALL)
    train.run(run, load("digits"))
    return run


@pytest.fixture
def odd(runs: Runs, done: Run) -> Iterator[Run]:
    """Return a run whose files hold what a terminal would obey."""
    run = runs.create(SMALL)
    (run.path / "config.json").write_text(SMALL.changed(data="/tmp/[red]가나\u202e").to_json())
    state = {"state": "\x1b[31mred", "key": "\x1b]0;title\x07{x.y}", "values": {"x": 1}}
    (run.path / "state.json").write_text(json.dumps(state))
    yield run
    runs.delete(run)


@pytest.fixture
def going(runs: Runs, done: Run) -> Iterator[Run]:
    """Return a run that this process executes in a thread, and that is paused."""
    run = runs.create(SMALL.changed(epochs=4))
    run.tell("pause")
    thread = threading.Thread(target=train.run, args=(run, load("digits")))
    thread.start()
    until(lambda: run.status().state == "paused")
    yield run
    run.tell("stop")
    thread.join(PATIENCE)
    runs.delete(run)


def command(*words: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, ["--lang", "en", "runs", *words])


def given(*words: str) -> Any:
    told = command(*words)
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout, parse_constant=pytest.fail)


def refused(*words: str) -> str:
    told = command(*words)
    assert told.exit_code == 2, told.output
    assert told.stdout == ""
    assert told.stderr.startswith("tutor: ")
    assert told.stderr.count("\n") == 1
    assert "\x1b" not in told.stderr
    return told.stderr


def test_no_runs_are_told_as_such(tmp_path: Path) -> None:
    env = {"TUTOR_HOME": str(tmp_path)}
    told = tutor("runs", "list", **env)
    assert (told.code, told.err) == (0, "")
    assert "tutor train" in told.out
    assert tutor("runs", "list", "--json", **env).out == "[]\n"
    assert tutor("runs", "show", "last", **env).code == 2
    assert not (tmp_path / "data").exists()


def test_the_list_is_a_table(done: Run, odd: Run) -> None:
    lines = command("list").stdout.splitlines()
    assert len(lines) == 3
    assert lines[1].split()[:4] == [
        done.id, "done", "2/2", f"{done.status().test_accuracy:.2%}",
    ]  # fmt: skip
    assert odd.id in lines[2]
    assert r"\x1b[31mred" in lines[2]
    assert r"[red]가나\u202e" in lines[2]


def test_columns_are_aligned_in_korean(done: Run, odd: Run) -> None:
    told = CliRunner().invoke(main, ["--lang", "ko", "runs", "list"]).stdout
    lines = told.splitlines()
    assert re.search("[가-힣]", lines[0])
    starts = {
        width(line[: line.index(word)])
        for line, word in zip(lines, ("설정", "data=", "data="), strict=True)
    }
    assert len(starts) == 1


def test_the_list_as_json(done: Run, odd: Run) -> None:
    first, second = given("list", "--json")
    assert first["run"] == done.id
    assert first["weights_sha256"] == done.status().weights_sha256
    assert first["config"] == SMALL.values()
    assert first["executed"] is False
    assert second["train_loss"] is None


def test_show_tells_everything(done: Run) -> None:
    told = command("show", done.id)
    assert told.exit_code == 0
    shown = dict(re.split(r" {2,}", line, maxsplit=1) for line in told.stdout.splitlines())
    assert shown["state"] == "done"
    assert shown["folder"] == str(done.path)
    assert shown["checkpoints at steps"] == "0, 10"
    assert shown["SHA-256 of the weights"] == done.status().weights_sha256
    assert (shown["--batch-size"], shown["--hidden"]) == ("2000", '""')
    found = given("show", done.id, "--json")
    assert found["checkpoints"] == [0, 10]
    assert found["test_accuracy"] == done.status().test_accuracy


def test_what_a_file_says_is_shown_and_not_obeyed(odd: Run) -> None:
    for language in ("en", "ko"):
        told = CliRunner().invoke(main, ["--lang", language, "runs", "show", odd.id])
        assert told.exit_code == 0
        assert not [
            one for one in told.output if (ord(one) < 32 and one != "\n") or one == "\u202e"
        ]
    assert command("follow", odd.id).exit_code == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\x00", b'{"state": 3}', b"[" * 9999])
@pytest.mark.parametrize("file", ["config.json", "state.json", "metrics.jsonl"])
def test_a_run_that_cannot_be_read_harms_nothing(
    runs: Runs, done: Run, file: str, content: bytes
) -> None:
    broken = runs.create(SMALL)
    try:
        (broken.path / file).write_bytes(content)
        assert [one["run"] for one in given("list", "--json")] == [done.id, broken.id]
        assert given("show", broken.id, "--json")["checkpoints"] == []
        for words in (["list"], ["show", broken.id], ["follow", broken.id], ["export", broken.id]):
            assert command(*words).exit_code in (0, 1, 2)
            assert not isinstance(command(*words).exception, ValueError | TypeError | KeyError)
    finally:
        runs.delete(broken)


def test_a_run_is_named_by_a_beginning_or_as_the_last(runs: Runs, done: Run) -> None:
    assert given("show", done.id[:-1], "--json")["run"] == done.id
    newer = runs.create(SMALL)
    try:
        assert given("show", "last", "--json")["run"] == newer.id
        assert runs_report.find("last") == newer
        assert done.id in refused("show", done.id[:4])
    finally:
        runs.delete(newer)


BAD = ["", "nothing", "mlp", "..", "/", "../runs", "\x1b[31m", "가", "*", "x" * 50_000, "{x}"]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("verb", ["show", "follow", "export", "rm"])
def test_what_names_no_run_is_refused(done: Run, verb: str, name: str) -> None:
    assert done.id in refused(verb, name)
    assert done.path.is_dir()


def test_a_run_is_removed_but_not_while_it_is_executed(runs: Runs, done: Run, going: Run) -> None:
    assert going.id in refused("rm", going.id)
    assert going.is_executed()
    other = runs.create(SMALL)
    told = command("rm", other.id)
    assert (told.exit_code, told.stdout.strip()) == (0, f"Deleted: {other.id}")
    assert not other.path.exists()
    assert done.path.is_dir()


def follower(run: Run) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tutor", "--lang", "en", "runs", "follow", run.id]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_run_is_followed_in_a_pipe_as_it_goes(going: Run) -> None:
    with follower(going) as first, follower(going) as second:
        assert first.stdout.readline().startswith("before training: ")
        assert first.stdout.readline() == "paused at step 0\n"
        going.tell("step", 5)
        assert first.stdout.readline().startswith("epoch 1/4: ")
        going.tell("lr", 0.5)
        assert first.stdout.readline() == "learning rate 0.5 from step 5 on\n"
        going.tell("resume")
        rest = first.communicate(timeout=PATIENCE)[0].splitlines()
        assert rest[0] == "goes on from step 5"
        assert [line[:9] for line in rest[1:4]] == ["epoch 2/4", "epoch 3/4", "epoch 4/4"]
        assert rest[4] == f"done: test accuracy {100 * going.status().test_accuracy:.2f} %"
        assert len(rest) == 5
        out, err = second.communicate(timeout=PATIENCE)
    assert out.splitlines()[-5:] == rest
    assert err == ""
    assert first.returncode == second.returncode == 0


def test_an_interrupt_leaves_the_run_going(going: Run) -> None:
    with follower(going) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"tutor runs follow {going.id}" in err
    assert "Traceback" not in err
    assert going.is_executed()
    assert going.status().state == "paused"


def test_a_reader_that_goes_ends_the_follower_only(going: Run) -> None:
    with follower(going) as process:
        process.stdout.readline()
        process.stdout.close()
        going.tell("resume")
        assert process.wait(PATIENCE) in (0, 1)
        assert "Traceback" not in process.stderr.read()
    until(lambda: going.status().state == "done")


def test_a_failed_or_interrupted_run_is_followed_to_status_1(runs: Runs, done: Run) -> None:
    run = runs.create(SMALL.changed(hidden="16", optimizer="sgd", lr=1e9))
    train.run(run, load("digits"))
    told = command("follow", run.id)
    assert told.exit_code == 1
    assert "1e+09" in told.stdout
    state = run.path / "state.json"
    state.write_text(state.read_text().replace('"failed"', '"running"'))
    told = command("follow", run.id)
    assert told.exit_code == 1
    assert "interrupted" in told.stdout
    assert f"tutor train --resume {run.id}" in told.stdout
    runs.delete(run)


def test_a_run_is_exported(done: Run, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(command("export", done.id).stdout)))
    assert [row["step"] for row in rows] == [str(step) for step in range(11)]
    assert float(rows[10]["test_accuracy"]) == done.status().test_accuracy
    assert given("export", done.id, "--format", "json")["run"] == done.id
    for words, name in (
        (["--format", "csv"], f"{done.id}.csv"),
        (["--format", "tensorboard"], f"events.out.tfevents.{done.status().started:.0f}.{done.id}"),
    ):
        told = command("export", done.id, *words, "-o", str(tmp_path))
        assert (told.exit_code, told.stdout) == (0, "")
        assert str(tmp_path / name) in told.stderr
        assert (tmp_path / name).stat().st_size > 100
    told = command("export", done.id, "-o", str(tmp_path / "mine"))
    assert (tmp_path / "mine").read_bytes() == (tmp_path / f"{done.id}.csv").read_bytes()


def test_an_export_that_cannot_be_written_is_told(done: Run, tmp_path: Path) -> None:
    place = str(tmp_path / "no" / "such" / "folder")
    assert place in refused("export", done.id, "-o", place)
    if Path("/dev/full").exists():
        assert "/dev/full" in refused("export", done.id, "-o", "/dev/full")


def test_run_names_are_completed(done: Run) -> None:
    found = runs_report.names()
    assert done.id in found
    told = subprocess.run(
        [sys.executable, "-m", "tutor"],
        env={
            **os.environ,
            "_TUTOR_COMPLETE": "bash_complete",
            "COMP_WORDS": f"tutor runs show {done.id[:4]}",
            "COMP_CWORD": "3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"plain,{done.id}" in told.stdout.split()
