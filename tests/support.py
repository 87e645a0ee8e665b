"""What tests share: lessons made for the occasion, the command, processes and patience."""

import asyncio
import importlib
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tutor import catalog
from tutor.compute.client import ComputeClient
from tutor.compute.status import Status

ROOT = Path(__file__).parents[1]
"""The project's folder."""

PATIENCE = 30.0
"""After how many seconds something that should have happened has failed to."""

METADATA = """\
from tutor.api import Lesson

LESSON = Lesson(
    id={id!r},
    order=900,
    module={{"en": "Tests", "ko": "시험"}},
    title={{"en": "Lesson {id}", "ko": "{id} 수업"}},
    summary={{"en": "Made by a test.", "ko": "시험용입니다."}},
    minutes=1,
    goals=(),
    out_of_scope={{"en": "Everything.", "ko": "모두."}},
    sources=(),
    package={package!r},
)
"""

STATE = """\
from dataclasses import dataclass

from tutor.api import Frame, Params, Task, probability


@dataclass(frozen=True, kw_only=True)
class Lab(Params):
    share: float = probability(0.5)


@dataclass(frozen=True)
class Half(Frame):
    half: float


TASKS = {"half": Task(Lab, Half)}
CHECKS = {}
"""


@dataclass(frozen=True)
class Lessons:
    """A folder of distributions, each with one lesson, as `pip install` leaves them."""

    folder: Path
    """What belongs on the module search path."""

    def add(self, name: str, *, init: str = "", state: str = STATE, compute: str = "") -> None:
        """Install the package `made_<name>` with a lesson; what is not given makes a sound one."""
        home = self.folder / f"made_{name}"
        home.mkdir()
        (home / "__init__.py").write_text(init or metadata(name), encoding="utf-8")
        (home / "state.py").write_text(textwrap.dedent(state), encoding="utf-8")
        (home / "compute.py").write_text(textwrap.dedent(compute), encoding="utf-8")
        self.enter(name, f"made_{name}:LESSON")

    def enter(self, name: str, value: str, distribution: str = "") -> None:
        """Install a distribution whose entry point `name` says where a lesson is."""
        info = self.folder / f"{distribution or name}-1.0.dist-info"
        info.mkdir()
        told = f"Metadata-Version: 2.1\nName: {distribution or name}\nVersion: 1.0\n"
        (info / "METADATA").write_text(told, encoding="utf-8")
        points = f"[{catalog.GROUP}]\n{name} = {value}\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        importlib.invalidate_caches()


def metadata(name: str, id: str = "") -> str:  # noqa: A002 - as the field is called
    """Return the source of the package `made_<name>` of a lesson whose id is the name too."""
    return METADATA.format(id=id or name, package=f"made_{name}")


@contextmanager
def installed(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Lessons]:
    """Search `folder` for lessons, here and in new processes; afterwards forget them."""
    folder.mkdir()
    before = set(sys.modules)
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    with patch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join(paths))
        patched.syspath_prepend(str(folder))
        catalog.lessons.cache_clear()
        yield Lessons(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
    importlib.invalidate_caches()
    catalog.lessons.cache_clear()


def until(true: Callable[[], object], patience: float = PATIENCE) -> float:
    """Wait until a condition holds, and return how many seconds that took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < patience, f"not within {patience} s"
        time.sleep(0.005)
    return time.monotonic() - begun


async def until_async(true: Callable[[], object], patience: float = PATIENCE) -> float:
    """Do as `until`, and let the event loop go on meanwhile."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < patience, f"not within {patience} s"
        await asyncio.sleep(0.002)
    return time.monotonic() - begun


def below(pid: int | None = None) -> set[int]:
    """Return the ids of all processes that a process has started, and of those that they have."""
    return {child.pid for child in psutil.Process(pid).children(recursive=True)}


def running(pids: Iterable[int]) -> set[int]:
    """Return those processes that are there, be it as zombies."""
    return {pid for pid in pids if psutil.pid_exists(pid)}


@asynccontextmanager
async def computing(
    device: str = "cpu",
    *,
    spawn: bool = False,
    statuses: list[Status] | None = None,
    log: int | None = None,
) -> AsyncIterator[ComputeClient]:
    """Start a client and its host, and close both; no process may be left of them."""
    heard: list[Status] = [] if statuses is None else statuses
    client = ComputeClient(device, log, heard.append, spawn=spawn)
    await client.start()
    try:
        yield client
    finally:
        pids = {client.status.host, client.status.worker} - {0}
        pids |= {pid for host in running({client.status.host}) for pid in below(host)}
        async with asyncio.timeout(PATIENCE):
            await client.close()
        await until_async(lambda: not running(pids), 5)


@dataclass(frozen=True)
class Said:
    """What a command gave."""

    code: int
    out: str
    err: str


def tutor(*words: str, **env: str) -> Said:
    """Run the `tutor` command with no terminal, in English unless told otherwise."""
    done = subprocess.run(
        [sys.executable, "-m", "tutor", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=2 * PATIENCE,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", **env},
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())
