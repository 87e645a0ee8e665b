"""What a training run is told: one object that the command line, a lesson and a run share.

It needs neither torch nor numpy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

from tutor.api import Params, Setting, choice, integer, number, text
from tutor.errors import TutorError

MODELS = ("mlp",)
"""The networks by name; `models.create` makes them."""

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")
"""The optimizers by name; `optimizers.create` makes them."""

DEVICES = ("auto", "cpu", "cuda", "mps")
"""Where to compute; "auto" is the best that works."""


@dataclass(frozen=True, kw_only=True)
class Config(Params):
    """What to train, on what and how; `changed` gives a copy with other values.

    Raises:
        ParameterError: if a value has the wrong type or lies outside its range.
    """

    data: str = text("digits", pattern=r"[^\x00-\x1f\x7f]{1,4096}")
    """The images by name, or the path of a folder with them, as `tutor.data.images.load` takes."""
    model: str = choice("mlp", *MODELS)
    """The network's name."""
    hidden: str = text("256", pattern=r"([1-9]\d{0,3}(,[1-9]\d{0,3}){0,7})?")
    """The widths of the hidden layers, "256" or "256,128"; with none the network is linear."""
    dropout: float = number(0.0, low=0.0, high=0.95, step=0.05)
    """The share of hidden units that is left out at each training step."""
    epochs: int = integer(5, low=1, high=10_000)
    """How often every training image is seen."""
    batch_size: int = integer(64, low=1, high=65_536, log=True)
    """How many images a step takes; the last step of an epoch takes what is left."""
    lr: float = field(default=0.001, metadata={"setting": Setting(1e-9, 1e9, log=True)})
    """The learning rate at the start."""
    optimizer: str = choice("adam", *OPTIMIZERS)
    """The rule by which gradients change weights."""
    momentum: float = number(0.9, low=0.0, high=0.9999, step=0.05)
    """The share of the last change that is made again, in "momentum" and "nesterov" only."""
    weight_decay: float = number(0.0, low=0.0, high=10.0, step=0.001)
    """How strongly weights are drawn to zero: an L2 penalty, in "adamw" a decay of its own."""
    seed: int = integer(0, low=0, high=2**31 - 1)
    """What the weights, the order of the images and the dropout start from."""
    device: str = choice("auto", *DEVICES)
    """Where to compute."""

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of the hidden layers as numbers."""
        return tuple(map(int, self.hidden.split(","))) if self.hidden else ()

    def to_json(self) -> str:
        """Return the values as one JSON object."""
        return json.dumps(self.values(), ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, told: str | bytes) -> Self:
        """Return the config that `to_json` wrote.

        Raises:
            TutorError: if it is no such text, or a value cannot be used.
        """
        try:
            values = json.loads(told)
        except (ValueError, RecursionError):
            values = None
        return cls.from_values(values)

    @classmethod
    def from_values(cls, values: Any) -> Self:
        """Return the config with these values by name, as `values` gives them.

        Raises:
            TutorError: if `values` is no table of values that can be used.
        """
        if not isinstance(values, dict) or not values.keys() <= set(cls.names()):
            raise TutorError("error.training.config")
        return cls(**values)
