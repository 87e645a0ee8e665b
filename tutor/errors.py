"""Errors that a person reads: one plain message, in the reader's language.

An error carries the key of its message and the values in it, so that it can cross a process
boundary and be shown in another language than the one it was raised in.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tutor.i18n import t

if TYPE_CHECKING:
    from collections.abc import Iterable


LONGEST_TOLD = 40
"""How many characters of a refused value its message repeats."""


def clipped(value: object) -> str:
    """Return a value as a message repeats it, shortened."""
    try:
        told = str(value)
    except ValueError:  # a number of more digits than Python writes out
        return "…"
    return told if len(told) <= LONGEST_TOLD else f"{told[:LONGEST_TOLD]}…"


def brief(error: BaseException) -> str:
    """Return an error's class and the first line of what it says, if it says anything."""
    try:
        told = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 - an error of somebody's may fail to describe itself
        told = []
    return f"{type(error).__name__}: {told[0][:300]}" if told else type(error).__name__


class TutorError(Exception):
    """Something a person can act on: what happened, to what, and what to do next."""

    def __init__(self, key: str, /, **values: Any) -> None:
        """Describe the error by a message of `tutor.i18n` and the values in that message."""
        super().__init__(key)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        """Return the message in the language in use, or the key of one that is not there."""
        try:
            return t(self.key, **self.values)
        except (KeyError, IndexError, ValueError):
            return f"{self.key} {self.values}"


class UnknownNameError(TutorError):
    """A name that is not there, with the nearest ones that are."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        """Describe a missing `kind` ("lesson", "task", "parameter") called `name`."""
        known = sorted(known)
        name = clipped(name)
        near = get_close_matches(name, known, n=3, cutoff=0.4) or known[:8]
        super().__init__(f"error.unknown.{kind}", name=name, nearest=", ".join(near))


class ParameterError(TutorError):
    """A parameter whose value cannot be used; `values["name"]` is the parameter's name."""


class ImpossibleError(TutorError):
    """Valid parameters that together have no answer; the lesson's own words say why.

    `key` is a name in the `[errors]` table of the lesson's text, not a key of `tutor.i18n`.
    """

    def __str__(self) -> str:
        """Return the reason's name and values; the lesson's text has the sentence."""
        told = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.key} ({told})"
