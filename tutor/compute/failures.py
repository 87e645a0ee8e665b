"""Puts whatever was raised while something was computed into the message that tells of it."""

from __future__ import annotations

import traceback
from contextlib import suppress
from typing import Any

import torch

from tutor.compute.protocol import Failed
from tutor.errors import ImpossibleError, ParameterError, TutorError, brief
from tutor.safe import one_line

NO_MEMORY = "can't allocate memory"
"""What torch's RuntimeError says when the CPU's memory is full."""

LONGEST_VALUE = 300
"""How many characters of a message's value are sent: a path, a reason."""


def failure(id_: int, error: Exception) -> Failed:
    """Return the answer to the request `id_` that failed; of a bug, print the traceback."""
    match error:
        case ParameterError():
            return Failed(id_, "parameter", error.key, _sendable(error.values))
        case ImpossibleError():
            return Failed(id_, "impossible", error.key, _sendable(error.values))
        case TutorError():
            return Failed(id_, "unknown", error.key, _sendable(error.values))
        case torch.OutOfMemoryError() | MemoryError():
            return Failed(id_, "memory", "error.memory", {})
    told = brief(error)
    if isinstance(error, RuntimeError) and NO_MEMORY in told:
        return Failed(id_, "memory", "error.memory", {})
    with suppress(Exception):  # an error may fail to describe itself
        traceback.print_exception(error)
    return Failed(id_, "bug", "error.bug", {"told": told})


def _sendable(values: dict[str, Any]) -> dict[str, Any]:
    """Return a message's values as numbers and texts."""
    return {
        name: value if isinstance(value, float | int) else one_line(value, LONGEST_VALUE)
        for name, value in values.items()
    }
