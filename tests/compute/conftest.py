"""The faulty lesson, and the hosts that the tests of a module share."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from support import Lessons, computing, installed

from tutor.compute.client import ComputeClient
from tutor.compute.status import Status


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lessons]:
    """Install the lesson `faulty` for the tests of a module, here and in new processes."""
    folder = tmp_path_factory.mktemp("faulty")
    with (
        pytest.MonkeyPatch.context() as patch,
        installed(folder / "lessons", patch) as lessons,
    ):
        shutil.copytree(
            Path(__file__).with_name("faulty"),
            lessons.folder / "faulty",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        lessons.enter("faulty", "faulty:LESSON")
        patch.setenv("FAULTY_NOTE", str(folder / "note"))
        yield lessons


@pytest.fixture(scope="module")
def note(faulty: Lessons) -> Path:
    """Return the file that the faulty tasks write to when they are asked to."""
    return faulty.folder.with_name("note")


@pytest.fixture(scope="module")
def log(faulty: Lessons) -> Path:
    """Return the file that the shared hosts write their standard error to."""
    return faulty.folder.with_name("log")


@pytest.fixture(scope="module")
def heard() -> list[Status]:
    """Return every status that the shared client whose host forks has told."""
    return []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(log: Path, heard: list[Status]) -> AsyncIterator[ComputeClient]:
    """Give a client whose host, which forks its workers, is shared by the tests of a module."""
    with log.open("ab") as file:
        async with computing(log=file.fileno(), statuses=heard) as shared:
            yield shared


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["fork", "spawn"])
async def either(
    request: pytest.FixtureRequest, client: ComputeClient, log: Path
) -> AsyncIterator[ComputeClient]:
    """Give that client, and one whose host starts its workers anew."""
    if request.param == "fork":
        yield client
    else:
        with log.open("ab") as file:
            async with computing(log=file.fileno(), spawn=True) as spawning:
                yield spawning
