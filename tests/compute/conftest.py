"""The faulty lesson, and the hosts that the tests of a module share."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from support import Lessons, computing, installed

from tutor.compute.client import ComputeClient


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lessons]:
    """Install the lesson `faulty` for the tests of a module, here and in new processes."""
    with (
        pytest.MonkeyPatch.context() as patch,
        installed(tmp_path_factory.mktemp("faulty") / "lessons", patch) as lessons,
    ):
        shutil.copytree(
            Path(__file__).with_name("faulty"),
            lessons.folder / "faulty",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        lessons.enter("faulty", "faulty:LESSON")
        yield lessons


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(faulty: Lessons) -> AsyncIterator[ComputeClient]:
    """Give a client whose host, which forks its workers, is shared by the tests of a module."""
    async with computing() as shared:
        yield shared


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["fork", "spawn"])
async def either(
    request: pytest.FixtureRequest, client: ComputeClient, faulty: Lessons
) -> AsyncIterator[ComputeClient]:
    """Give that client, and one whose host starts its workers anew."""
    if request.param == "fork":
        yield client
    else:
        async with computing(spawn=True) as spawning:
            yield spawning
