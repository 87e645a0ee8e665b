"""What the end-to-end tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.pty.program import Tutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for everything that the tutor keeps; it does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., Tutor]]:
    """Start a tutor with the words of a command line; at the end none is left."""
    started: list[Tutor] = []

    def run(*words: str, **told: Any) -> Tutor:
        started.append(Tutor(*words, **{"home": home, **told}))
        return started[-1]

    yield run
    for one in started:
        one.close()
