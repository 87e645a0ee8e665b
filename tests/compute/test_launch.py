"""Training runs that a host launches: real hosts, real processes, real training."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
import torch
from support import PATIENCE, below, computing, running, until_async

from lessons.bayes import state as bayes
from tutor.compute.client import ComputeClient, WorkerLostError
from tutor.errors import ParameterError, TutorError, UnknownNameError
from tutor.training.run_directory import Run, Runs

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHORT: dict[str, Any] = {"hidden": "16", "batch_size": 500, "epochs": 2, "device": "cpu"}
"""Forty steps."""

LONG = {**SHORT, "epochs": 10_000}
"""More than will be waited for."""

STEPS = 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Share the files of the host that the tests share."""
    monkeypatch.setenv("TUTOR_HOME", str(home))
    monkeypatch.delenv("TUTOR_DATA", raising=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(home: Path) -> AsyncIterator[ComputeClient]:
    """Give a client whose host forks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUTOR_HOME", str(home))
        async with computing() as shared:
            await shared.settled()
            shared.prepare_to_train()
            yield shared


@pytest.fixture
def runs(home: Path) -> Runs:
    return Runs(home / "data" / "runs")


async def ended(run: Run) -> str:
    """Wait until nobody executes a run, and return its state."""
    await until_async(lambda: not run.is_executed())
    return run.status().state


async def in_state(run: Run, state: str) -> None:
    await until_async(lambda: run.status().state == state)


async def stopped(client: ComputeClient, run: Run) -> None:
    await client.steer(run.id, "stop")
    assert await ended(run) == "stopped"


async def going(client: ComputeClient, runs: Runs) -> Run:
    """Launch a run that goes on until it is stopped, and wait for its first steps."""
    run = runs.find(await client.launch(LONG))
    await until_async(lambda: len(run.history().steps) > 0)
    return run


def check_is_whole(run: Run, steps: int) -> None:
    """Check that a run is done and that its journal tells each step once."""
    assert run.status().state == "done"
    assert run.history().steps["step"].tolist() == list(range(1, steps + 1))


def open_files(pid: int) -> dict[str, str]:
    """Return what a process has open by descriptor, where there is a /proc to tell."""
    folder = Path(f"/proc/{pid}/fd")
    return {file.name: str(file.readlink()) for file in folder.iterdir()} if folder.exists() else {}


def zombies(pid: int) -> list[psutil.Process]:
    children = psutil.Process(pid).children(recursive=True)
    return [one for one in children if one.status() == psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, str]:
    """Return where the hash of a run that nothing happened to is kept."""
    return {}


async def test_a_launched_run_trains_to_its_end(
    client: ComputeClient, runs: Runs, undisturbed: dict[str, str]
) -> None:
    run = runs.find(await client.launch(SHORT))
    assert run.history().began.steps == STEPS
    assert await ended(run) == "done"
    check_is_whole(run, STEPS)
    status = run.status()
    assert status.test_accuracy > 0.5
    undisturbed["short"] = status.weights_sha256
    assert run.config().values().items() >= SHORT.items()


async def test_its_process_is_nobody_s_and_keeps_nothing_open(
    client: ComputeClient, runs: Runs
) -> None:
    host = client.status.host
    run = await going(client, runs)
    process = psutil.Process(run.status().pid)
    assert process.pid not in below(host)
    assert process.ppid() != host
    assert os.getsid(process.pid) == process.pid
    assert process.terminal() is None
    files = open_files(process.pid)
    if files:
        assert files.pop("0") == os.devnull
        assert files.pop("1") == files.pop("2") == str(run.path / "log.txt")
        assert set(files.values()) == {str(run.lock), str(run.journal)}
    await stopped(client, run)
    await until_async(lambda: not psutil.pid_exists(process.pid))
    assert (run.path / "log.txt").read_text() == ""


async def test_it_is_steered(client: ComputeClient, runs: Runs) -> None:
    run = await going(client, runs)
    await client.steer(run.id, "pause")
    await in_state(run, "paused")
    step = run.history().steps["step"][-1]
    await client.steer(run.id, "step", 3)
    await until_async(lambda: run.history().steps["step"][-1] == step + 3)
    await client.steer(run.id, "lr", 0.0625)
    await client.steer(run.id, "step")
    await until_async(lambda: run.history().steps["step"][-1] == step + 4)
    assert run.history().steps["lr"][-2:].tolist() == [0.001, 0.0625]
    assert run.status().state == "paused"
    await client.steer(run.id, "resume")
    await in_state(run, "running")
    await until_async(lambda: run.history().steps["step"][-1] > step + 4)
    await stopped(client, run)


@pytest.mark.parametrize(
    ("do", "value"),
    [("explode", 1.0), ("lr", -1.0), ("lr", float("nan")), ("step", 0.0), ("", 1.0)],
)
async def test_what_is_no_command_is_refused(
    client: ComputeClient, runs: Runs, do: str, value: float
) -> None:
    run = runs.all()[0]
    before = run.control.read_bytes() if run.control.exists() else b""
    with pytest.raises(TutorError) as caught:
        await client.steer(run.id, do, value)
    assert caught.value.key == "error.training.command"
    assert (run.control.read_bytes() if run.control.exists() else b"") == before


@pytest.mark.parametrize("id_", ["", "last", "20", "../../etc", "\x1b[31m", "가", "x" * 10_000])
async def test_what_is_no_run_is_refused(client: ComputeClient, runs: Runs, id_: str) -> None:
    before = runs.all()
    for asked in (client.steer(id_, "stop"), client.launch_again(id_)):
        with pytest.raises(TutorError) as caught:
            await asked
        assert caught.value.key == "error.unknown.run"
        assert "\x1b" not in str(caught.value)
    assert runs.all() == before


async def test_a_command_that_cannot_be_written_is_told(client: ComputeClient, runs: Runs) -> None:
    run = runs.find(await client.launch(SHORT))
    await ended(run)
    run.control.mkdir()
    with pytest.raises(TutorError) as caught:
        await client.steer(run.id, "stop")
    assert caught.value.key == "error.training.unwritable"
    assert "control.jsonl" in str(caught.value)


BAD_CONFIGS: list[tuple[dict[str, Any], str]] = [
    ({"data": "mnist"}, "error.data.no_mnist"),
    ({"data": "/no/such/folder"}, "error.data.unknown"),
    ({"data": "digits\n"}, "error.parameter.pattern"),
    ({"lr": "fast"}, "error.parameter.number"),
    ({"epochs": 0}, "error.parameter.range"),
    ({"model": "\x1b[31m"}, "error.parameter.option"),
    ({"nonsense": 1}, "error.training.config"),
    ({"lr": object()}, "error.training.config"),
    (5, "error.training.config"),  # type: ignore[list-item]
    ({"data": "x" * 5_000_000}, "error.training.config"),
    ({"data": "x" * 100_000}, "error.training.process"),
]


@pytest.mark.parametrize(("config", "key"), BAD_CONFIGS, ids=[str(n) for n in range(11)])
async def test_what_cannot_be_launched_is_told_and_makes_no_run(
    client: ComputeClient, runs: Runs, config: dict[str, Any], key: str
) -> None:
    before = runs.all()
    with pytest.raises(TutorError) as caught:
        await client.launch(config)
    assert caught.value.key == key
    assert isinstance(caught.value, ParameterError) == key.startswith("error.parameter")
    assert runs.all() == before


async def test_a_device_that_is_not_there_is_told_and_noted(
    client: ComputeClient, runs: Runs
) -> None:
    if torch.cuda.is_available():
        pytest.skip("needs a machine without CUDA")
    before = runs.all()
    with pytest.raises(TutorError) as caught:
        await client.launch({**SHORT, "device": "cuda"})
    assert caught.value.key == "error.device"
    (made,) = set(runs.all()) - set(before)
    assert made.status().state == "failed"


async def test_a_folder_that_cannot_be_written_is_told(client: ComputeClient, runs: Runs) -> None:
    aside = runs.folder.rename(runs.folder.with_name("aside"))
    runs.folder.write_text("no folder")
    try:
        with pytest.raises(TutorError) as caught:
            await client.launch(SHORT)
    finally:
        runs.folder.unlink()
        aside.rename(runs.folder)
    assert caught.value.key == "error.training.unwritable"


async def test_a_stopped_run_is_resumed_to_the_same_bits(
    client: ComputeClient, runs: Runs, undisturbed: dict[str, str]
) -> None:
    config = {**SHORT, "epochs": 8}
    whole = runs.find(await client.launch(config))
    run = runs.find(await client.launch(config))
    await until_async(lambda: len(run.history().steps) > 0)
    await client.steer(run.id, "stop")
    assert await ended(run) == "stopped"
    assert 0 < run.status().step < 160
    assert await client.launch_again(run.id) == run.id
    assert await ended(run) == await ended(whole) == "done"
    check_is_whole(run, 160)
    assert run.status().weights_sha256 == whole.status().weights_sha256


async def test_a_run_is_put_back_and_branched_off(
    client: ComputeClient, runs: Runs, undisturbed: dict[str, str]
) -> None:
    run = runs.find(await client.launch(SHORT))
    await ended(run)
    assert await client.launch_again(run.id, 0) == run.id
    assert await ended(run) == "done"
    check_is_whole(run, STEPS)
    assert run.status().weights_sha256 == undisturbed["short"]

    same = runs.find(await client.launch_again(run.id, 0, fork=True))
    longer = runs.find(await client.launch_again(run.id, changes={"epochs": 3, "lr": 0.01}))
    assert len({run.id, same.id, longer.id}) == 3
    assert await ended(same) == await ended(longer) == "done"
    assert same.status().weights_sha256 == undisturbed["short"]
    check_is_whole(longer, 60)
    assert longer.history().steps["lr"][[0, 39, 40, 59]].tolist() == [0.001, 0.001, 0.01, 0.01]
    assert run.status().weights_sha256 == undisturbed["short"]

    for again, key in (
        (client.launch_again(run.id, 17), "error.training.checkpoint.missing"),
        (client.launch_again(run.id, 17, fork=True), "error.training.checkpoint.missing"),
        (client.launch_again(run.id, changes={"hidden": "8"}), "error.training.fork"),
        (client.launch_again(run.id, changes={"epochs": 0}), "error.parameter.range"),
    ):
        before = runs.all()
        with pytest.raises(TutorError) as caught:
            await again
        assert caught.value.key == key
        assert runs.all() == before


async def test_a_run_that_is_executed_is_not_executed_twice(
    client: ComputeClient, runs: Runs
) -> None:
    run = await going(client, runs)
    for step in (None, 0):
        with pytest.raises(TutorError) as caught:
            await client.launch_again(run.id, step)
        assert caught.value.key == "error.training.executed"
    assert run.status().state == "running"
    branch = runs.find(await client.launch_again(run.id, 0, {"epochs": 1}, fork=True))
    assert await ended(branch) == "done"
    assert run.is_executed()
    await stopped(client, run)


async def test_several_are_launched_at_once(client: ComputeClient, runs: Runs) -> None:
    ids = await asyncio.gather(*(client.launch({**SHORT, "seed": seed}) for seed in range(4)))
    assert len(set(ids)) == 4
    for id_, seed in zip(ids, range(4), strict=True):
        run = runs.find(id_)
        assert await ended(run) == "done"
        assert run.config().seed == seed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_with_a_checkpoint(
    client: ComputeClient, runs: Runs, number: signal.Signals
) -> None:
    run = await going(client, runs)
    pid = run.status().pid
    os.kill(pid, signal.SIGHUP)
    step = run.history().steps["step"][-1]
    await until_async(lambda: run.history().steps["step"][-1] > step)
    os.kill(pid, number)
    assert await ended(run) == "stopped"
    status = run.status()
    assert (run.path / f"checkpoint-{status.step:09}.json").exists()
    assert status.step == run.history().steps["step"][-1]


async def test_neither_processes_nor_files_are_left(client: ComputeClient, runs: Runs) -> None:
    host = psutil.Process(client.status.host)
    run = runs.find(await client.launch(SHORT))
    await ended(run)
    files, children = host.num_fds(), below(host.pid)
    assert len(children) == 2
    for _ in range(3):
        done = runs.find(await client.launch(SHORT))
        with pytest.raises(TutorError):
            await client.launch({"data": "mnist"})
        client.prepare_to_train()
        await ended(done)
    assert host.num_fds() == files
    assert below(host.pid) == children
    assert zombies(host.pid) == []
    assert all(psutil.Process(child).num_fds() < 12 for child in children)
    assert host.num_threads() == 1


async def test_a_process_that_dies_before_its_run_begins_is_told(
    client: ComputeClient, runs: Runs
) -> None:
    """Here what forks the runs is killed when it has been asked to; then another does."""
    host = client.status.host
    (nursery,) = below(host) - {client.status.worker}
    before = runs.all()
    os.kill(nursery, signal.SIGSTOP)
    launch = asyncio.create_task(client.launch(SHORT))
    await asyncio.sleep(0)
    await client.call("bayes.posterior", bayes.Test())  # then the host knows of the launch, too
    os.kill(nursery, signal.SIGKILL)
    with pytest.raises(TutorError) as caught:
        await launch
    assert caught.value.key == "error.training.died"
    assert runs.all() == before
    assert await ended(runs.find(await client.launch(SHORT))) == "done"
    assert zombies(host) == []
    assert len(below(host)) == 2
    assert client.status.host == host


async def test_killed_at_random_moments_it_is_resumed_to_the_same_bits(
    client: ComputeClient, runs: Runs
) -> None:
    config = {**SHORT, "epochs": 10, "dropout": 0.2}
    whole = runs.find(await client.launch(config))
    assert await ended(whole) == "done"
    moments = random.Random(4)
    run = runs.find(await client.launch(config))
    for _ in range(4):
        await asyncio.sleep(moments.uniform(0, 0.1))
        await client.steer(run.id, "checkpoint")
        await asyncio.sleep(moments.uniform(0, 0.1))
        with suppress(ProcessLookupError):
            os.kill(run.status().pid, signal.SIGKILL)
        assert await ended(run) in ("interrupted", "done")
        assert await client.launch_again(run.id) == run.id
    assert await ended(run) == "done"
    check_is_whole(run, 200)
    assert run.status().weights_sha256 == whole.status().weights_sha256


async def outliving(client: ComputeClient, runs: Runs) -> Run:
    """Return a paused run whose host has been killed."""
    run = runs.find(await client.launch({**SHORT, "epochs": 10}))
    host = client.status.host
    assert zombies(host) == []
    await client.steer(run.id, "pause")
    await in_state(run, "paused")
    os.kill(host, signal.SIGKILL)
    with pytest.raises(WorkerLostError):
        await client.launch(SHORT)
    await until_async(lambda: not psutil.pid_exists(host))
    assert run.status().state == "paused"
    return run


async def test_the_host_may_be_killed_and_the_next_one_steers(
    client: ComputeClient, runs: Runs
) -> None:
    run = await outliving(client, runs)
    pid = run.status().pid
    await client.steer(run.id, "resume")
    assert await ended(run) == "done"
    check_is_whole(run, 200)
    await until_async(lambda: not psutil.pid_exists(pid))


async def test_a_host_that_spawns_may_be_killed(runs: Runs) -> None:
    async with computing(spawn=True) as own:
        run = await outliving(own, runs)
    run.tell("resume")
    assert await ended(run) == "done"
    check_is_whole(run, 200)


UI = """
import asyncio
from tutor.compute.client import ComputeClient

async def main():
    client = ComputeClient("cpu")
    await client.start()
    config = {"hidden": "16", "batch_size": 500, "epochs": 10, "device": "cpu"}
    run = await client.launch(config)
    await client.steer(run, "pause")
    print(run, flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


@contextmanager
def shown() -> Iterator[subprocess.Popen[str]]:
    """Start what stands for a UI, in a session of its own as in a terminal."""
    with subprocess.Popen(
        [sys.executable, "-c", UI], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as ui:
        try:
            yield ui
        finally:
            ui.kill()


async def test_the_ui_may_go(runs: Runs) -> None:
    """Two at a time, as each loads torch."""
    with shown() as hung_up, shown() as killed:
        for ui, number in ((hung_up, signal.SIGHUP), (killed, signal.SIGKILL)):
            run = runs.find(ui.stdout.readline().strip())
            await in_state(run, "paused")
            started = below(ui.pid)
            os.killpg(ui.pid, number)
            assert ui.wait(PATIENCE) == -number
            await until_async(lambda pids=started: not running(pids))
            assert run.is_executed()
            run.tell("resume")
            assert await ended(run) == "done"
            check_is_whole(run, 200)


async def test_after_the_end_nothing_is_launched() -> None:
    async with computing() as own:
        pass
    for asked in (own.launch(SHORT), own.launch_again("x"), own.steer("x", "stop")):
        with pytest.raises(TutorError) as caught:
            await asked
        assert not isinstance(caught.value, UnknownNameError)
        assert caught.value.key == "lost.closed"
