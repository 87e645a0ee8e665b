"""A frame of a run: its curves reduced to a window, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.run_view import ENDED, RunFrame
from tutor.training.config import Config
from tutor.training.curves import Curves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tutor.run_view import Watch
    from tutor.training.run_directory import Status
    from tutor.training.table import Table
    from tutor.training.watched import Watched

MOST = 400
"""How many buckets a curve has at most."""

MOST_BESIDE = 200
"""How many buckets that of another run has at most."""

MOST_TESTS = 200
"""About how many tests are told of at most."""

MOST_RATES = 16
"""How many changes of the learning rate are told of at most; the last ones are."""


def frame(
    params: Watch,
    status: Status,
    checkpoints: tuple[int, ...],
    main: Watched | None,
    others: list[Watched],
) -> RunFrame:
    """Return the picture of what was read so far.

    Args:
        params: The window and the smoothing.
        status: How the run stands.
        checkpoints: The steps that it can go back to.
        main: The run; None if there is none yet.
        others: The runs beside it.
    """
    curves = main.curves if main else Curves()
    curves.smooth(params.smoothing)
    part = curves.part(params.first, params.last, MOST)
    tests = _Tests.of(curves.tests, params)
    began = main.began if main else None
    step = main.step if main else 0
    images, steps = main.speed() if main else (np.nan, np.nan)
    left = began.steps - step if began and status.state not in ENDED else np.nan
    config = main.config if main else None
    rates = curves.rates[-MOST_RATES:]
    return RunFrame(
        run=params.run,
        state=status.state,
        key=status.key,
        values=tuple((name, _plain(value)) for name, value in status.values.items()),
        first=params.first,
        last=params.last,
        smoothing=params.smoothing,
        step=step,
        steps_in_all=began.steps if began else 0,
        steps_an_epoch=began.batches if began else 0,
        epoch=main.epoch if main else 0,
        epochs=config.epochs if config else 0,
        lr=curves.lr if len(curves) else config.lr if config else np.nan,
        samples_per_second=images,
        seconds=_last(curves.reports["seconds"]),
        seconds_left=left / steps if steps > 0 else np.nan,
        loss=curves.loss,
        train_loss=_last(curves.tests["train_loss"]),
        test_loss=_last(curves.tests["test_loss"]),
        test_accuracy=_last(curves.tests["test_accuracy"]),
        steps=part.steps,
        low=part.low,
        high=part.high,
        mean=part.mean,
        smoothed=part.smoothed,
        test_steps=tests.steps,
        train_losses=tests.column("train_loss"),
        test_losses=tests.column("test_loss"),
        train_accuracies=tests.column("train_accuracy"),
        test_accuracies=tests.column("test_accuracy"),
        rate_steps=np.array([step for step, _ in rates], np.int64),
        rates=np.array([rate for _, rate in rates], np.float64),
        checkpoints=checkpoints,
        others=tuple(
            _overlay(params, one, name)
            for one, name in zip(others, _names(others, config or Config()), strict=True)
        ),
    )


def _names(others: list[Watched], config: Config) -> list[str]:
    """Return what tells runs apart: how they differ from `config`, and of some alike their ids."""
    names = [one.difference(config) for one in others]
    digits = [one.run.id.rpartition("-")[2] for one in others]
    return [
        name if name and names.count(name) == 1 else f"{name} {end}".strip()
        for name, end in zip(names, digits, strict=True)
    ]


def _overlay(params: Watch, other: Watched, name: str) -> tuple[Any, ...]:
    """Return the fields of an `Overlay`."""
    other.curves.smooth(params.smoothing)
    part = other.curves.part(params.first, params.last, MOST_BESIDE)
    tests = _Tests.of(other.curves.tests, params)
    losses, accuracies = tests.column("test_loss"), tests.column("test_accuracy")
    return (other.run.id, name, part.steps, part.smoothed, tests.steps, losses, accuracies)


@dataclass(frozen=True, slots=True, eq=False)
class _Tests:
    """The tests in a window, one on either side of it, and not too many."""

    table: Table
    """All tests."""
    rows: NDArray[np.intp]
    """Which of them."""

    @classmethod
    def of(cls, table: Table, params: Watch) -> _Tests:
        steps = table["step"]
        start = max(int(np.searchsorted(steps, params.first, "left")) - 1, 0)
        stop = len(steps)
        if params.last:
            stop = min(int(np.searchsorted(steps, params.last, "right")) + 1, stop)
        every = -(-(stop - start) // MOST_TESTS) or 1
        rows = np.arange(start, stop)
        return cls(table, rows[(rows % every == 0) | (rows == stop - 1)])

    @property
    def steps(self) -> NDArray[np.int64]:
        return self.table["step"][self.rows].astype(np.int64)

    def column(self, name: str) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):
            return self.table[name][self.rows].astype(np.float32)


def _last(column: NDArray[np.float64]) -> float:
    return float(column[-1]) if len(column) else np.nan


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float) else str(value)
