"""The messages between a UI and its compute host: typed JSON lines, with numpy arrays in them.

Both sides import this module, so it needs only the standard library, and numpy once an array is
met. Nothing here is ever unpickled.

A call is answered by any number of `Progressed` and then by one of `Finished`, `Failed` or
`Cancelled`. Of a stream's frames at most one is unacknowledged at any time; the worker drops
those that are made meanwhile, so a slow reader never holds up a computation.

`Launch`, `Relaunch` and `Steer` concern training runs, which are processes of their own. The first
two are answered by `Launched`, the last by `Steered`, and any by `Failed`.
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 2
"""The version of the messages; both sides must have the same."""

LONGEST_LINE = 4 * 2**20
"""The greatest length of a message in bytes, its newline included."""

DTYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float32", "float64"}
)
"""The dtypes that an array may have on its way."""


class ProtocolError(ValueError):
    """A line that is no message: too long, not JSON, unknown, or not as its type says."""


@dataclass(frozen=True, slots=True)
class Call:
    """Run a task."""

    id: int
    """The number under which the answers come."""
    task: str
    """The task's full name, `lesson.task`."""
    params: dict[str, Any]
    """The values of the task's parameters by name."""
    frames_per_second: float = 10.0
    """How many frames of a stream are wanted at most."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a call; the answer is `Cancelled`, unless the call was done already."""

    id: int
    """The call's number."""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The last frame of a stream has been taken; the next may be sent."""

    id: int
    """The call's number."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold a stream after the frame it is at, or let it go on."""

    id: int
    """The call's number."""
    paused: bool
    """Whether to hold it."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Let a held stream make one frame."""

    id: int
    """The call's number."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Replace the worker, whatever it is doing."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Load what training needs, so that the next run begins at once; there is no answer."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Begin a training run."""

    id: int
    """The number under which the answer comes."""
    config: dict[str, Any]
    """The values of `tutor.training.config.Config` by name; others are the defaults."""


@dataclass(frozen=True, slots=True)
class Relaunch:
    """Go on with a training run that no process executes, from one of its checkpoints."""

    id: int
    """The number under which the answer comes."""
    run: str
    """The run's id."""
    step: int = -1
    """The step whose checkpoint to go on from; -1 for the newest.

    What the run did after it is given up, unless it is gone on with as a new run.
    """
    fork: bool = False
    """Whether to go on as a new run; then the old one stays as it is, and may be executed."""
    changes: dict[str, Any] = field(default_factory=dict)
    """The values of the config that are other in the new run."""


@dataclass(frozen=True, slots=True)
class Steer:
    """Send a command to a training run."""

    id: int
    """The number under which the answer comes."""
    run: str
    """The run's id."""
    do: str
    """The command: one of `tutor.training.controls.Action`."""
    value: float = 1.0
    """The learning rate for "lr", the number of steps for "step"."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The host has started and is importing torch."""

    version: int
    """The host's `VERSION`."""
    pid: int
    """The host's process id."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker is ready for calls."""

    pid: int
    """The worker's process id."""
    device: str
    """The device's type: "cpu", "cuda" or "mps"."""
    name: str
    """The device's name as its driver tells it."""
    torch: str
    """The version of torch."""
    threads: int
    """How many threads torch computes with."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The host cannot compute at all: torch is missing, broken, or refuses the device."""

    key: str
    """The message's key in `tutor.i18n`."""
    detail: str
    """What the import or the driver said."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The worker has died; the host starts another."""

    pid: int
    """The process id that it had."""
    signal: int
    """The signal that ended it; 0 if it ended by itself."""
    code: int
    """Its exit code if it ended by itself."""
    asked: bool
    """Whether it was ended on request."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """A stream has come to a new frame."""

    id: int
    """The call's number."""
    frame: dict[str, Any]
    """The frame's fields by name."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A call is done; of a stream, this is the last frame."""

    id: int
    """The call's number."""
    frame: dict[str, Any]
    """The frame's fields by name."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A call was stopped before it was done."""

    id: int
    """The call's number."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A training run has begun: the first line of its journal is written."""

    id: int
    """The request's number."""
    run: str
    """The run's id."""


@dataclass(frozen=True, slots=True)
class Steered:
    """A command to a training run is written down; the run will obey it."""

    id: int
    """The request's number."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A call or another request raised an error."""

    id: int
    """The number of the call or request."""
    kind: str
    """The error's class: "parameter", "impossible", "unknown", "memory" or "bug"."""
    key: str
    """The message's key."""
    values: dict[str, Any]
    """The values in the message."""


Request: TypeAlias = (
    Call | Cancel | Acknowledge | Pause | Advance | Restart | Prepare | Launch | Relaunch | Steer
)
Answer: TypeAlias = Progressed | Finished | Cancelled | Failed
Message: TypeAlias = Request | Answer | Launched | Steered | Hello | Ready | Unavailable | Lost

TYPES: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        Call, Cancel, Acknowledge, Pause, Advance, Restart, Prepare, Launch, Relaunch, Steer,
        Hello, Ready, Unavailable, Lost, Progressed, Finished, Cancelled, Launched, Steered, Failed,
    )
}  # fmt: skip
"""The messages by the word under which they travel."""

CHECKED: dict[str, Any] = {
    "int": int,
    "float": (int, float),
    "str": str,
    "bool": bool,
    "dict[str, Any]": dict,
}
"""What a field's annotation asks of its value."""


def encode(message: Message) -> bytes:
    """Return a message as a line.

    Raises:
        ProtocolError: if the line would be longer than `LONGEST_LINE`.
    """
    table = {one.name: getattr(message, one.name) for one in fields(message)}
    table["type"] = type(message).__name__.lower()
    line = json.dumps(table, default=_pack, separators=(",", ":")).encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise ProtocolError(f"a message of {len(line)} bytes is over {LONGEST_LINE}")
    return line


def decode(line: bytes) -> Message:
    """Read a message from a line.

    Raises:
        ProtocolError: if it is none.
    """
    if len(line) > LONGEST_LINE:
        raise ProtocolError(f"a line of {len(line)} bytes is over {LONGEST_LINE}")
    try:
        table = json.loads(line, object_hook=_unpack)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not a JSON line: {error}") from error
    name = table.pop("type", None) if isinstance(table, dict) else None
    if not isinstance(name, str) or name not in TYPES:
        raise ProtocolError("not a message")
    kind = TYPES[name]
    try:
        message = kind(**table)
    except TypeError as error:
        raise ProtocolError(str(error)) from error
    for one in fields(kind):
        value, wanted = getattr(message, one.name), CHECKED[str(one.type)]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise ProtocolError(f"{kind.__name__}.{one.name} is a {type(value).__name__}")
    return message  # type: ignore[no-any-return]


def _pack(value: Any) -> Any:
    """Return what JSON lacks: a numpy array or scalar."""
    if hasattr(value, "dtype") and value.dtype.name in DTYPES:
        if not value.shape:
            return value.item()
        native = value.astype(value.dtype.newbyteorder("="), copy=False)
        data = base64.b64encode(native.tobytes()).decode("ascii")
        return {"array": data, "dtype": value.dtype.name, "shape": list(value.shape)}
    raise TypeError(f"a {type(value).__name__} cannot be sent")


def _unpack(table: dict[str, Any]) -> Any:
    """Return the array that a JSON object stands for, or the object."""
    if table.keys() != {"array", "dtype", "shape"}:
        return table
    return _array(table["array"], table["dtype"], table["shape"])


def _array(data: Any, dtype: Any, shape: Any) -> NDArray[np.generic]:
    import numpy as np  # noqa: PLC0415 - the UI starts before it needs numpy

    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ProtocolError(f"an array of {dtype!r}")
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise ProtocolError("an array without a shape")
    try:
        content = base64.b64decode(data, validate=True)
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"an array without data: {error}") from error
    if len(content) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise ProtocolError("an array whose shape is not that of its data")
    return np.frombuffer(content, dtype=dtype).reshape(shape)
