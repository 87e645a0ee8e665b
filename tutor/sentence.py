"""A picture as one sentence: a template of the lesson, filled in with what was set and computed."""

from __future__ import annotations

import math
from string import Formatter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutor.api import Frame, Params

NOTHING = "–"
"""What stands for a number that is none, as in a picture."""


class SentenceError(ValueError):
    """A template that cannot be filled in: which name or format, and why."""


def sentence(template: str, params: Params, frame: Frame) -> str:
    """Return `template` with its names replaced by values of the frame, else of the parameters.

    A name is one of the frame's fields or properties, or a parameter; a NaN becomes a dash.

    Raises:
        SentenceError: if a name is neither, or its value does not have the format asked for.
    """
    try:
        return _Teller(params, frame).format(template)
    except (LookupError, AttributeError, TypeError, ValueError, ArithmeticError) as error:
        raise SentenceError(f"{type(error).__name__}: {error}") from error


class _Teller(Formatter):
    """Fills in a template from a frame and the parameters that gave it."""

    def __init__(self, params: Params, frame: Frame) -> None:
        self._values = params.values()
        self._frame = frame

    def get_value(self, key: int | str, args: object, kwargs: object) -> Any:  # noqa: ARG002
        """Return what a name stands for; there is nothing without a name."""
        if isinstance(key, str) and hasattr(self._frame, key):
            return getattr(self._frame, key)
        return self._values[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a value in the format asked for, a dash for a NaN."""
        if isinstance(value, float) and math.isnan(value):
            return NOTHING
        return str(super().format_field(value, format_spec))
