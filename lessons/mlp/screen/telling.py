"""What several pictures of the MNIST lab say in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DIGITS = tuple("0123456789")
"""The classes."""


def arrow(*, ascii_only: bool) -> str:
    """Return an arrow to the right."""
    return "->" if ascii_only else "→"


def trained(words: dict[str, str], step: int, run: str) -> str:
    """Return how long a network was trained, and whether in the learner's own `run`."""
    told = f"{step:,} {words['steps_trained']}" if step else words["not_trained"]
    return f"{told} ({words['your_run']})" if run else told


def counts(of_classes: Iterable[int]) -> str:
    """Return how many there are of each class, in order."""
    return "  ".join(f"{digit}:{count:,}" for digit, count in enumerate(of_classes))
