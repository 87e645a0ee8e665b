"""What every test gets: files of its own, English messages, and a place for made-up lessons."""

import gc
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import Lessons, installed

from tutor import i18n

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep progress, settings and log of a test in its own folder."""
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "tutor-home"))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Begin and end each test in English."""
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lessons]:
    """Give a place for lessons that this process and those it starts find."""
    with installed(tmp_path / "lessons", monkeypatch) as made:
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Collect no garbage while a report parses sources: CPython 3.11's parser is not re-entrant.

    What is collected may write a traceback to a log, which parses sources, too.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
