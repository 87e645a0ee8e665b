"""What a lesson is made of: its metadata, its parameters, its frames and its tasks.

Every lesson builds on this module, on both sides of the process boundary. It therefore knows
neither Textual nor torch, and loads numpy only for type checkers.
"""

from __future__ import annotations

import math
import re
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_type_hints
from urllib.parse import quote, unquote

from tutor.errors import ParameterError, UnknownNameError, clipped

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Frame",
    "Goal",
    "Lesson",
    "Localized",
    "Params",
    "Task",
    "choice",
    "integer",
    "number",
    "parse_query",
    "probability",
    "text",
]

Localized = dict[str, str]
"""A short text by language code."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a learner can do after the lesson; at least one activity serves each goal."""

    id: str
    """The name by which activities refer to the goal."""
    text: Localized
    """The goal as a sentence that continues "You will be able to"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A lesson's metadata; importing it loads neither Textual nor torch."""

    id: str
    """The name used in commands, task names and saved progress."""
    order: int
    """The position among all lessons; gaps are welcome."""
    module: Localized
    """The name of the group that the lesson belongs to."""
    title: Localized
    """The lesson's name."""
    summary: Localized
    """What the lesson is about, in one or two sentences."""
    minutes: int
    """About how long the lesson takes."""
    goals: tuple[Goal, ...]
    """What a learner can do afterwards."""
    out_of_scope: Localized
    """What a reader might expect here and will not find."""
    sources: tuple[str, ...]
    """The works that the lesson's content rests on."""
    requires: tuple[str, ...] = ()
    """The ids of the lessons to take before."""
    package: str
    """The dotted name of the package that holds `state`, `compute`, `screen` and the texts."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What values a parameter takes and how a control moves through them."""

    low: float = -math.inf
    """The least value of a number."""
    high: float = math.inf
    """The greatest value of a number."""
    step: float = 1.0
    """How far one key press moves a number."""
    unit: str = ""
    """How a number is shown: "percent", "count" or plain."""
    log: bool = False
    """Whether a control moves through 1, 2, 5, 10, 20 … instead of by steps."""
    options: tuple[str, ...] = ()
    """The words that a text may be, if only some; with a pattern, those that are offered."""
    pattern: str = ""
    """The regular expression that a text matches whole, if any."""

    def share(self, value: float) -> float:
        """Return where in the range a value lies, from 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def at(self, share: float) -> float:
        """Return the value at a share of the range, on a step."""
        if self.log:
            return self._nearest_round(self.low * (self.high / self.low) ** share)
        steps = round((self.high - self.low) * share / self.step)
        return self._within(round(steps * self.step + self.low, 10))

    def moved(self, value: float, steps: int) -> float:
        """Return the value some steps up or down, within the range and on a multiple of a step."""
        if self.log:
            rounds = self._rounds()
            index = rounds.index(self._nearest_round(value)) + steps
            return rounds[min(max(index, 0), len(rounds) - 1)]
        multiples = value / self.step
        nearest = math.floor(multiples + 1e-9) if steps > 0 else math.ceil(multiples - 1e-9)
        return self._within(round((nearest + steps) * self.step, 10))

    def _within(self, value: float) -> float:
        return min(max(value, self.low), self.high)

    def _rounds(self) -> list[float]:
        """Return the range's 1, 2, 5, 10 … ."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        rounds = (digit * 10.0**decade for decade in decades for digit in (1, 2, 5))
        return [value for value in rounds if self.low <= value <= self.high]

    def _nearest_round(self, value: float) -> float:
        return min(self._rounds(), key=lambda one: abs(math.log(one / value)))


def number(default: float, *, low: float, high: float, step: float, unit: str = "") -> Any:
    """Declare a real parameter in [low, high]."""
    return field(default=default, metadata={"setting": Setting(low, high, step, unit)})


def probability(default: float, *, step: float = 0.01) -> Any:
    """Declare a probability: a real parameter in [0, 1], shown as a percentage."""
    return number(default, low=0.0, high=1.0, step=step, unit="percent")


def integer(default: int, *, low: int, high: int, step: int = 1, log: bool = False) -> Any:
    """Declare a whole-number parameter in [low, high]."""
    return field(default=default, metadata={"setting": Setting(low, high, step, "count", log)})


def choice(default: str, *options: str) -> Any:
    """Declare a parameter that is one of `options`."""
    return field(default=default, metadata={"setting": Setting(options=options)})


def text(default: str, *, pattern: str, offered: tuple[str, ...] = ()) -> Any:
    """Declare a text parameter that matches the regular expression `pattern` whole."""
    return field(default=default, metadata={"setting": Setting(pattern=pattern, options=offered)})


@dataclass(frozen=True, kw_only=True)
class Params:
    """What the learner sets: a frozen dataclass whose fields say which values they take.

    A subclass declares its fields with `probability`, `number`, `integer`, `choice` or `text`.
    Every value is checked when an object is made.

    Raises:
        ParameterError: if a value has the wrong type or lies outside its range.
    """

    def __post_init__(self) -> None:
        """Check every value."""
        kinds = get_type_hints(type(self))
        for one in fields(self):
            value = _checked(
                one.name, getattr(self, one.name), kinds[one.name], self.setting(one.name)
            )
            object.__setattr__(self, one.name, value)

    @classmethod
    def setting(cls, name: str) -> Setting:
        """Return what values the parameter `name` takes."""
        for one in fields(cls):
            if one.name == name:
                setting: Setting = one.metadata["setting"]
                return setting
        raise UnknownNameError("parameter", name, cls.names())

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the parameters in their order."""
        return tuple(one.name for one in fields(cls))

    @classmethod
    def from_strings(cls, given: Mapping[str, str]) -> Self:
        """Make an object from texts, as they come from a command line or a share string.

        Raises:
            UnknownNameError: if a name is no parameter.
            ParameterError: if a text is no value of its parameter.
        """
        kinds = get_type_hints(cls)
        for name in given:
            if name not in kinds:
                raise UnknownNameError("parameter", name, cls.names())
        return cls(**{name: _read(name, told, kinds[name]) for name, told in given.items()})

    def changed(self, **values: Any) -> Self:
        """Return a copy with some values replaced and checked."""
        return type(self)(**{**self.values(), **values})

    def narrowed(self, kind: type[P]) -> P:
        """Return those parameters that `kind` has too, as an object of `kind`."""
        return kind(**{name: getattr(self, name) for name in kind.names() if hasattr(self, name)})

    def values(self) -> dict[str, Any]:
        """Return the values by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def query(self) -> str:
        """Return the values that are not the defaults as `name=value&…`, ready to be shared."""
        return "&".join(
            f"{one.name}={quote(str(getattr(self, one.name)), safe='+')}"
            for one in fields(self)
            if one.default is MISSING or getattr(self, one.name) != one.default
        )


P = TypeVar("P", bound=Params)


class Frame:
    """The whole picture at one moment, never a change to an earlier one.

    A subclass is a frozen dataclass whose fields are numbers, strings, tuples of these, or numpy
    arrays. Derived quantities are properties. So a frame can cross the process boundary, and any
    frame but the last may be dropped.
    """


@dataclass(frozen=True, slots=True)
class Task:
    """A computation that can be called by name: its parameters and what it gives."""

    params: type[Params]
    """What the task is told."""
    frame: type[Frame]
    """What the task gives, once or as a stream."""
    streams: bool = False
    """Whether the task yields frames until it is done."""
    trains: type[Params] | None = None
    """What a training run is started with, if the task follows one: the names and values of
    `tutor.training.config.Config`. The task's parameter `run` names the run, its frame's `state`
    says how that stands; it is started, held and stopped from the lab, and goes on without it."""


def parse_query(query: str) -> dict[str, str]:
    """Split `name=value&…` into texts by name; `+` is a plus, not a blank.

    Raises:
        ParameterError: if a part has no `=`.
    """
    given: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, equals, value = part.partition("=")
        if not equals:
            raise ParameterError("error.parameter.pair", name=clipped(part))
        given[unquote(name)] = unquote(value)
    return given


def _read(name: str, told: str, kind: type) -> Any:
    if kind is str:
        return told
    try:
        number = float(told[:-1]) / 100 if told.endswith("%") else float(told)
    except ValueError:
        raise ParameterError("error.parameter.number", name=name, value=clipped(told)) from None
    return int(number) if kind is int and number.is_integer() else number


def _checked(name: str, value: Any, kind: type, setting: Setting) -> Any:
    if kind is str:
        return _checked_text(name, value, setting)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ParameterError("error.parameter.number", name=name, value=clipped(value))
    if not setting.low <= value <= setting.high:
        told = clipped(value)
        limits = {"low": setting.low, "high": setting.high}
        raise ParameterError("error.parameter.range", name=name, value=told, **limits)
    if kind is int and value != int(value):
        raise ParameterError("error.parameter.whole", name=name, value=clipped(value))
    return kind(value)


def _checked_text(name: str, value: Any, setting: Setting) -> str:
    if not isinstance(value, str):
        raise ParameterError("error.parameter.text", name=name, value=clipped(value))
    if setting.options and not setting.pattern and value not in setting.options:
        options = ", ".join(setting.options)
        raise ParameterError(
            "error.parameter.option", name=name, value=clipped(value), options=options
        )
    if setting.pattern and not re.fullmatch(setting.pattern, value):
        raise ParameterError(
            "error.parameter.pattern", name=name, value=clipped(value), pattern=setting.pattern
        )
    return value
