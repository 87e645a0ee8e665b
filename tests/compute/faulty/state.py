"""What the faulty tasks are told and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutor.api import Frame, Params, Task, choice, integer, number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FAULTS = (
    "none",
    "value_error",
    "many_lines",
    "escapes",
    "bad_str",
    "no_message",
    "parameter",
    "impossible",
    "unknown_key",
    "unsendable_values",
    "torch_out_of_memory",
    "cpu_out_of_memory",
    "memory",
    "recursion",
    "stop_iteration",
    "keyboard_interrupt",
    "system_exit",
    "exit_0",
    "exit_3",
    "segfault",
    "sigkill",
    "sigterm",
    "wrong_frame",
    "no_frame",
    "complex",
    "big_endian",
)
"""What can be asked to go wrong."""


@dataclass(frozen=True, kw_only=True)
class Nothing(Params):
    """No parameter."""


@dataclass(frozen=True, kw_only=True)
class Fault(Params):
    """What goes wrong."""

    fault: str = choice("none", *FAULTS)


@dataclass(frozen=True, kw_only=True)
class Size(Params):
    """How much is given."""

    size: int = integer(1, low=0, high=10**9)


@dataclass(frozen=True, kw_only=True)
class Counting(Params):
    """How far and how fast to count, and what happens there."""

    until: int = integer(10, low=0, high=10**9)
    pause: float = number(0.0, low=0.0, high=10.0, step=0.1)
    size: int = integer(0, low=0, high=10**7)
    fault: str = choice("none", *FAULTS)
    cleanup: str = choice("none", "none", "raise", "refuse", "note", "hang")


@dataclass(frozen=True, kw_only=True)
class Lab(Fault, Size, Counting):
    """Everything that can be set."""


@dataclass(frozen=True)
class Everything(Frame):
    """A field of every kind that a frame may have."""

    whole: int
    real: float
    word: str
    flag: bool
    numbers: tuple[float, ...]
    words: tuple[str, ...]
    array: NDArray[np.float64]
    empty: NDArray[np.float64]
    matrix: NDArray[np.int32]
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs(Frame):
    """Tuples in a tuple."""

    pairs: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Array(Frame):
    """An array."""

    array: NDArray[Any]


@dataclass(frozen=True)
class Number(Frame):
    """A number: of a count, how far it has come."""

    number: float
    array: NDArray[Any] | None = None


TASKS = {
    "everything": Task(Nothing, Everything),
    "pairs": Task(Nothing, Pairs),
    "fail": Task(Fault, Number),
    "huge": Task(Size, Array),
    "not_finite": Task(Nothing, Everything),
    "sleep": Task(Nothing, Number),
    "spin": Task(Nothing, Number),
    "hold_the_lock": Task(Nothing, Number),
    "chatter": Task(Nothing, Number),
    "listen": Task(Nothing, Everything),
    "fork": Task(Nothing, Number),
    "count": Task(Counting, Number, streams=True),
    "late": Task(Counting, Number, streams=True),
    "missing": Task(Nothing, Number),
}
CHECKS: dict[str, Any] = {}
