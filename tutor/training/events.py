"""What happens during training, as facts made of numbers; each can be written as JSON.

A step is one change of the weights. Steps are counted from 1 over all epochs; "step n" also says
that n steps have been taken. An epoch is one pass over the training images, counted from 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from tutor.training.records import from_table, to_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Began:
    """Training begins, or goes on from a checkpoint; what was told of later steps is void.

    At step 0 everything told before is void.
    """

    step: int
    """How many steps are already taken."""
    steps: int
    """How many steps there will be in all."""
    batches: int
    """How many steps an epoch has."""
    samples: int
    """How many training images there are."""
    tests: int
    """How many test images there are."""
    parameters: int
    """How many numbers training changes."""
    device: str
    """The device's type: "cpu", "cuda" or "mps"."""
    threads: int
    """How many threads the CPU computes with."""
    torch: str
    """The version of torch."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """Some steps were taken, all in one epoch and with one learning rate."""

    step: int
    """The last of the steps."""
    epoch: int
    """The epoch that they belong to."""
    lr: float
    """The learning rate."""
    losses: NDArray[np.float32]
    """The loss of each step's batch before the step changed the weights, in nats: (n,)."""
    samples_per_second: float
    """How many images a second these steps took; only training counts."""
    seconds: float
    """How long training has taken so far, in seconds; only training counts."""
    gradients: dict[str, float]
    """The Euclidean norm of each parameter's last gradient, by the parameter's name."""
    weights: dict[str, float]
    """The Euclidean norm of each parameter, by its name."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The network was tested: before the first step, and after each epoch."""

    step: int
    """How many steps have been taken."""
    epoch: int
    """How many epochs are complete."""
    train_loss: float
    """The mean of the epoch's losses, over its images, in nats; NaN before the first epoch."""
    test_loss: float
    """The mean loss on the test images, in nats."""
    test_accuracy: float
    """The share of test images classified rightly, from 0 to 1."""
    seconds: float
    """How long training has taken so far, in seconds."""
    train_accuracy: float = math.nan
    """The share of as many training images, always the same, classified rightly, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class RateChanged:
    """The learning rate was changed, for the steps that follow."""

    step: int
    """How many steps have been taken."""
    lr: float
    """The new learning rate."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint is on disk."""

    step: int
    """How many steps have been taken."""


@dataclass(frozen=True, slots=True)
class Paused:
    """Training waits for a command."""

    step: int
    """How many steps have been taken."""
    key: str = ""
    """The message that says why; empty if it was asked for."""
    values: dict[str, Any] = field(default_factory=dict)
    """The values in the message."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Training goes on after a pause."""

    step: int
    """How many steps have been taken."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something worth knowing; training goes on."""

    step: int
    """How many steps have been taken."""
    key: str
    """The message."""
    values: dict[str, Any]
    """The values in the message."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Training is over; nothing follows."""

    step: int
    """How many steps have been taken; after a failure, the step at which it showed."""
    outcome: str
    """"done", "stopped" or "failed"."""
    key: str = ""
    """The message that says why; empty if nothing went wrong."""
    values: dict[str, Any] = field(default_factory=dict)
    """The values in the message."""


Event: TypeAlias = (
    Began | Progressed | Tested | RateChanged | Saved | Paused | Resumed | Noticed | Ended
)

KINDS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        Began, Progressed, Tested, RateChanged, Saved, Paused, Resumed, Noticed, Ended,
    )
}  # fmt: skip
"""The events by the word under which they are written."""


def to_record(event: Event) -> dict[str, Any]:
    """Return an event as what JSON can write: its kind and its fields."""
    return {"kind": type(event).__name__.lower(), **to_table(event)}


def from_record(record: Any) -> Event:
    """Return the event that `to_record` made a record of; names it does not know are left out.

    Raises:
        ValueError: if it is no such record.
    """
    kind = KINDS.get(str(record.get("kind"))) if isinstance(record, dict) else None
    if kind is None:
        raise ValueError("no event")
    event: Event = from_table(kind, record)
    return event
