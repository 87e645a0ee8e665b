"""Finds a training run by its id and sends it commands, for a UI that may be elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tutor.errors import TutorError, UnknownNameError
from tutor.safe import one_line
from tutor.training.run_directory import ID, Run, Runs, home

if TYPE_CHECKING:
    from tutor.training.controls import Action


def known(id_: str) -> Run:
    """Return the run with exactly this id.

    Raises:
        UnknownNameError: if there is none.
    """
    runs = Runs(home())
    if not ID.fullmatch(id_):
        raise UnknownNameError("run", one_line(id_), [run.id for run in runs.all()])
    return runs.find(id_)


def steer(id_: str, do: str, value: float) -> None:
    """Send a command to a run.

    Raises:
        TutorError: if there is no such run or command, or it cannot be written down.
    """
    run = known(id_)
    try:
        run.tell(cast("Action", do), value)
    except ValueError:
        raise TutorError("error.training.command", do=one_line(do), value=value) from None
