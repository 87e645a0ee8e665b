"""A run's history in forms that other programs read; needs no torch."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.training.records import to_table
from tutor.training.tensorboard import event_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tutor.training.follower import History
    from tutor.training.run_directory import Run
    from tutor.training.table import Table

FORMATS = ("csv", "json", "tensorboard")
"""What a run can be exported as."""


def exported(run: Run, form: str) -> Iterator[bytes]:
    """Yield a run's history, piece by piece, in one of `FORMATS`.

    Raises:
        TutorError: if the run's config cannot be read.
    """
    writers = {"csv": _csv, "json": _json, "tensorboard": _tensorboard}
    return writers[form](run, run.history())


def _csv(_: Run, history: History) -> Iterator[bytes]:
    """Yield a row for each step; the results of a test stand in the row of its last step."""
    names = ("train_loss", "test_loss", "test_accuracy")
    tested = dict(zip(history.tests["step"].tolist(), _rows(history.tests, names), strict=True))
    batches = history.began.batches if history.began else 1
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("step", "epoch", "lr", "loss", *names))
    if 0 in tested:
        writer.writerow((0, 0, "", "", *tested[0]))
    for step, lr, loss in _rows(history.steps, ("step", "lr", "loss")):
        epoch = (step - 1) // batches + 1
        writer.writerow((step, epoch, lr, loss, *tested.get(step, ("", "", ""))))
        if text.tell() > io.DEFAULT_BUFFER_SIZE:
            yield _drained(text)
    yield _drained(text)


def _json(run: Run, history: History) -> Iterator[bytes]:
    """Yield one object: the config, the state, and each table as columns."""
    tables = {
        name: {column: _listed(table[column]) for column in table}
        for name, table in (
            ("steps", history.steps),
            ("reports", history.reports),
            ("tests", history.tests),
        )
    }
    whole = {"run": run.id, "config": run.config().values(), "state": to_table(run.status())}
    yield json.dumps({**whole, **tables}, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _tensorboard(run: Run, history: History) -> Iterator[bytes]:
    """Yield a TensorBoard event file; a step's time is between those of two reports."""
    start = run.status().started
    steps, reports, tests = history.steps, history.reports, history.tests
    known = [0, *reports["step"].tolist()]
    at = np.interp(steps["step"], known, [start, *reports["at"].tolist()])
    scalars = [
        ("loss/train", steps["step"], at, steps["loss"]),
        ("speed/samples_per_second", reports["step"], reports["at"], reports["samples_per_second"]),
        ("lr", reports["step"], reports["at"], reports["lr"]),
        ("loss/test", tests["step"], tests["at"], tests["test_loss"]),
        ("accuracy/test", tests["step"], tests["at"], tests["test_accuracy"]),
    ]
    return event_file(
        start,
        (
            (tag, *row)
            for tag, *columns in scalars
            for row in zip(*(column.tolist() for column in columns), strict=True)
        ),
    )


def _rows(table: Table, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    return zip(*(map(_cell, table[name].tolist()) for name in names), strict=True)


def _cell(value: float) -> float | str:
    return value if math.isfinite(value) else ""


def _listed(column: NDArray[Any]) -> list[float | None]:
    return [one if math.isfinite(one) else None for one in column.tolist()]


def _drained(text: io.StringIO) -> bytes:
    told = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return told
