import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from link import Link, linked
from support import PATIENCE, Lessons, below, computing, running, until

from lessons.bayes import state as bayes
from tutor.compute.client import ComputeClient, ComputeUnavailableError
from tutor.compute.protocol import (
    VERSION,
    Call,
    Finished,
    Hello,
    Lost,
    Ready,
    Restart,
    Unavailable,
    encode,
)
from tutor.compute.status import State, Status

POSTERIOR = Call(5, "bayes.posterior", {"prior": 0.1})


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with modules that must not be imported from it."""
    folder = tmp_path_factory.mktemp("traps")
    for name in ("torch", "numpy", "json", "selectors", "tutor", "lessons"):
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} of the working folder')\n")
    return folder


@pytest.fixture(scope="module")
def host(faulty: Lessons, traps: Path, log: Path) -> Iterator[Link]:
    """Give a link to a host whose worker is ready."""
    with log.open("ab") as file, linked(log=file.fileno(), folder=traps) as link:
        assert link.receive() == Hello(VERSION, link.process.pid)
        ready = link.receive()
        assert isinstance(ready, Ready)
        assert below(link.process.pid) == {ready.pid}
        yield link


def worker_of(host: Link) -> int:
    (worker,) = below(host.process.pid)
    return worker


def test_nothing_is_imported_from_the_working_folder(host: Link, traps: Path) -> None:
    assert Path(psutil.Process(host.process.pid).cwd()) == traps
    assert host.is_sound()


def test_the_host_has_one_thread(host: Link) -> None:
    assert psutil.Process(host.process.pid).num_threads() == 1


def test_a_worker_holds_no_end_of_the_link_to_the_ui(host: Link) -> None:
    def sockets(pid: int) -> set[str]:
        folder = Path(f"/proc/{pid}/fd")
        return {str(file.readlink()) for file in folder.iterdir() if file.exists()} - {"/dev/null"}

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    ours = {name for name in sockets(worker_of(host)) if name.startswith(("socket", "pipe"))}
    assert len(ours) == 1
    assert not ours & sockets(host.process.pid)


def test_a_request_may_come_in_pieces_and_several_at_once(host: Link) -> None:
    line = encode(POSTERIOR)
    for piece in (line[:1], line[1:20], line[20:-1], line[-1:]):
        host.send(piece)
        time.sleep(0.05)
    answer = host.receive()
    assert isinstance(answer, Finished)
    assert answer.id == 5
    host.send(POSTERIOR, POSTERIOR, POSTERIOR)
    assert [host.receive() for _ in range(3)] == [answer] * 3


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"Welcome\n",
        b"\xff\xfe\x00\n",
        b'{"type":"call","id":"x"}\n',
        b'{"type":"nothing"}\n',
        b"[" * 100_000 + b"\n",
        b'{"type":"finished","id":1,"frame":{"a":{"array":"AA==","dtype":"float64","shape":[9]}}}\n',
        b"x" * (5 * 2**20) + b"\n",
    ],
    ids=lambda line: repr(line[:20]),
)
def test_a_line_that_is_no_message_is_refused_and_harms_nothing(
    host: Link, log: Path, line: bytes
) -> None:
    worker = worker_of(host)
    written = log.stat().st_size
    host.send(line)
    assert host.is_sound()
    assert worker_of(host) == worker
    assert b"refused a line of the UI" in log.read_bytes()[written:]


def test_a_restart_ends_the_worker_and_starts_another(host: Link) -> None:
    worker = worker_of(host)
    host.call("faulty.spin")
    host.send(Restart())
    assert host.receive() == Lost(worker, signal.SIGKILL, 0, asked=True)
    ready = host.receive()
    assert isinstance(ready, Ready)
    assert ready.pid != worker
    assert not running({worker})
    assert host.is_sound()


def test_restarts_in_a_row_leave_one_worker(host: Link) -> None:
    host.send(*[Restart()] * 3)
    assert isinstance(host.receive_until(Ready)[0], Lost)
    assert host.is_sound()
    host.send(Restart())
    host.receive_until(Ready)
    host.send(Restart())
    host.receive_until(Ready)
    assert host.is_sound()
    assert len(below(host.process.pid)) == 1


@pytest.mark.parametrize(
    ("fault", "number", "code"), [("sigterm", 15, 0), ("sigkill", 9, 0), ("exit_3", 0, 3)]
)
def test_a_worker_that_dies_is_told_of_and_replaced(
    host: Link, fault: str, number: int, code: int
) -> None:
    worker = worker_of(host)
    host.call("faulty.fail", fault=fault)
    assert host.receive() == Lost(worker, number, code, asked=False)
    assert isinstance(host.receive(), Ready)
    assert host.is_sound()


def test_what_a_dying_worker_had_begun_to_say_is_not_passed_on(host: Link) -> None:
    """Every line that arrives is whole, however often a worker dies while it writes."""
    for _ in range(10):
        id_ = host.call("faulty.huge", size=3_000_000)
        time.sleep(0.03)
        os.kill(worker_of(host), signal.SIGKILL)
        received = host.receive_until(Ready)
        assert {type(one) for one in received} <= {Finished, Lost, Ready}
        assert all(one.id == id_ for one in received if isinstance(one, Finished))
    assert host.is_sound()


def test_an_interrupt_ends_neither_host_nor_worker(host: Link) -> None:
    worker = worker_of(host)
    os.kill(host.process.pid, signal.SIGINT)
    os.kill(worker, signal.SIGINT)
    assert host.is_sound()
    assert worker_of(host) == worker


def test_a_host_and_its_worker_do_nothing_while_nothing_is_asked(host: Link) -> None:
    assert host.is_sound()
    processes = [psutil.Process(host.process.pid), psutil.Process(worker_of(host))]
    before = [sum(one.cpu_times()[:2]) for one in processes]
    time.sleep(1)
    after = [sum(one.cpu_times()[:2]) for one in processes]
    assert all(now - then < 0.2 for then, now in zip(before, after, strict=True))


def test_the_end_of_its_input_ends_the_host_and_a_worker_that_computes(faulty: Lessons) -> None:
    with linked() as host:
        host.receive_until(Ready)
        pids = {host.process.pid, worker_of(host)}
        host.call("faulty.count", until=10**9)
        host.call("faulty.hold_the_lock")
        time.sleep(0.3)
        host.socket.shutdown(socket.SHUT_WR)
        assert host.process.wait(10) == 0
        until(lambda: not running(pids), 10)


FAKES = {
    "missing": "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')",
    "broken": "raise ImportError('libtorch_cpu.so: cannot open shared object file')",
    "driver": "raise RuntimeError('the first line\\nthe second line')",
    "os_error": "raise OSError(28, 'No space left on device')",
    "exits": "raise SystemExit('no')",
    "escapes": "raise ImportError('\\x1b]52;c;aGk=\\x07 [/red] {braces}')",
    "silent": "raise Exception",
    "lacks_numpy": "raise ModuleNotFoundError(\"No module named 'numpy'\", name='numpy')",
    "lacks_more": "raise ModuleNotFoundError(\"No module named 'sympy'\", name='sympy')",
    "dies": "import os; os._exit(1)",
    "crashes": "import os; os.kill(os.getpid(), 11)",
    "empty": "__version__ = '0'",
}


@pytest.fixture
def fake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a torch that is none before the real one, for new processes."""
    package = tmp_path / "fake" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(FAKES[request.param] + "\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    return str(request.param)


async def told(device: str = "cpu", *, spawn: bool = False) -> list[Status]:
    """Start a client that cannot compute, and return what it said until that was known."""
    heard: list[Status] = []
    async with computing(device, statuses=heard, spawn=spawn) as client:
        begun = asyncio.create_task(client.call("bayes.posterior", bayes.Test()))
        async with asyncio.timeout(PATIENCE):
            status = await client.settled()
            with pytest.raises(ComputeUnavailableError) as caught:
                await begun
        assert caught.value is status.problem
        async with asyncio.timeout(5):
            for _ in range(100):
                with pytest.raises(ComputeUnavailableError):
                    await client.call("bayes.posterior", bayes.Test())
        assert client.status == status == heard[-1]
    return heard


@pytest.mark.parametrize(
    ("fake", "key", "detail"),
    [
        ("missing", "error.torch.missing", "ModuleNotFoundError: No module named 'torch'"),
        ("broken", "error.torch.broken", "ImportError: libtorch_cpu.so: cannot open shared"),
        ("driver", "error.torch.broken", "RuntimeError: the first line)"),
        ("os_error", "error.torch.broken", "OSError: [Errno 28] No space left on device"),
        ("exits", "error.torch.broken", "SystemExit: no"),
        ("escapes", "error.torch.broken", "[/red] {braces}"),
        ("silent", "error.torch.broken", "Exception"),
        ("dies", "error.host_start", "tutor doctor"),
        ("crashes", "error.host_start", "tutor doctor"),
        ("empty", "error.worker_start", "0/1"),
        ("lacks_numpy", "error.torch.missing", "No module named 'numpy'"),
        ("lacks_more", "error.torch.broken", "No module named 'sympy'"),
    ],
    indirect=["fake"],
)
async def test_a_torch_that_cannot_be_used_is_told_and_calls_fail_at_once(
    fake: str, key: str, detail: str
) -> None:
    heard = await told()
    assert heard[-1].state is State.UNAVAILABLE
    assert isinstance(heard[-1].problem, ComputeUnavailableError)
    assert heard[-1].problem.key == key
    assert detail in str(heard[-1].problem)
    assert not {State.READY, State.BUSY} & {status.state for status in heard}


@pytest.mark.parametrize("fake", ["empty"], indirect=True)
async def test_a_spawned_worker_that_never_gets_ready_is_given_up(fake: str) -> None:
    heard = await told(spawn=True)
    assert heard[-1].problem is not None
    assert heard[-1].problem.values == {"detail": "0/1"}


@pytest.mark.parametrize("fake", ["dies"], indirect=True)
async def test_a_host_that_dies_at_each_start_is_started_three_times(fake: str) -> None:
    hosts = {status.host for status in await told() if status.host}
    assert len(hosts) == 3


async def test_a_python_that_is_not_there_is_told() -> None:
    client = ComputeClient("cpu")
    client._command[0] = "/nowhere/python"
    await client.start()
    async with asyncio.timeout(10):
        status = await client.settled()
    await client.close()
    assert status.state is State.UNAVAILABLE
    assert status.problem is not None
    assert status.problem.key == "error.host_process"
    assert "/nowhere/python" in str(status.problem)


@pytest.mark.parametrize(
    ("says", "word"),
    [
        ("print('Welcome to Ubuntu 24.04 LTS')", "not a JSON line"),
        ('print(\'{"type":"hello","version":99,"pid":1}\')', "99"),
        ('print(\'{"type":"cancel","id":1}\')', "Cancel"),
        ("print('x' * 10_000_000)", ""),
        ("print('x' * 10_000_000, end='')", ""),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe\\n')", "not a JSON line"),
        ("print('\\x1b[31m{}')", "not a JSON line"),
    ],
)
async def test_a_host_that_speaks_otherwise_is_given_up_with_the_reason(
    says: str, word: str
) -> None:
    before = below()
    client = ComputeClient("cpu")
    client._command = [sys.executable, "-c", f"{says}\nimport time\ntime.sleep(60)"]
    await client.start()
    async with asyncio.timeout(20):
        status = await client.settled()
        await client.close()
    assert status.state is State.UNAVAILABLE
    assert status.problem is not None
    assert status.problem.key == "error.protocol"
    assert word in str(status.problem)
    assert len(str(status.problem)) < 500
    assert below() <= before


async def test_the_end_of_a_host_writes_nothing_on_the_terminal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    says = encode(Unavailable("error.torch.broken", "x")).decode().strip()
    for _ in range(40):
        client = ComputeClient("cpu")
        client._command = ["/bin/echo", says]
        await client.start()
        assert (await client.settled()).state is State.UNAVAILABLE
        await client.close()
    assert caplog.messages == []


def test_a_death_that_is_told_twice_at_a_time_is_one_death(faulty: Lessons) -> None:
    with linked(patience=15) as host:
        host.receive_until(Ready)
        for _ in range(5):
            worker = worker_of(host)
            os.kill(host.process.pid, signal.SIGSTOP)
            os.kill(worker, signal.SIGKILL)
            until(lambda worker=worker: psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)
            os.kill(host.process.pid, signal.SIGCONT)
            assert host.receive() == Lost(worker, signal.SIGKILL, 0, asked=False)
            assert isinstance(host.receive(), Ready)
            assert host.is_sound()


UI = """\
import asyncio, sys
from tutor.compute.client import ComputeClient
from tutor import catalog

async def main():
    client = ComputeClient("cpu")
    await client.start()
    while not client.status.host:
        await asyncio.sleep(0.01)
    if sys.argv[1] != "import":
        await client.settled()
        params = catalog.find_task("faulty." + sys.argv[1])[1].params()
        asyncio.create_task(client.call("faulty." + sys.argv[1], params))
        await asyncio.sleep(0.3)
    print(client.status.host, client.status.worker, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("doing", ["import", "hold_the_lock"])
def test_a_ui_that_is_killed_takes_its_host_and_worker_along(faulty: Lessons, doing: str) -> None:
    ui = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(UI), doing], stdout=subprocess.PIPE, text=True
    )
    try:
        assert ui.stdout is not None
        pids = {int(pid) for pid in ui.stdout.readline().split()} - {0}
        assert len(pids) == (1 if doing == "import" else 2)
        assert running(pids) == pids
        pids |= below(ui.pid)
        ui.kill()
        ui.wait(10)
        until(lambda: not running(pids), 15)
    finally:
        ui.kill()
        ui.communicate()


def test_a_host_that_is_killed_takes_a_worker_along_that_holds_the_lock(faulty: Lessons) -> None:
    with linked() as host:
        host.receive_until(Ready)
        worker = worker_of(host)
        host.call("faulty.hold_the_lock")
        time.sleep(0.3)
        os.kill(host.process.pid, signal.SIGKILL)
        try:
            until(lambda: not running({worker}), 3)
        finally:
            for pid in running({worker}):
                os.kill(pid, signal.SIGKILL)
