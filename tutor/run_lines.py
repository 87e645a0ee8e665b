"""What happens in a training run as lines for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tutor.errors import TutorError
from tutor.i18n import t
from tutor.safe import one_line
from tutor.training.events import (
    Began,
    Noticed,
    Paused,
    Progressed,
    RateChanged,
    Resumed,
    Tested,
)

if TYPE_CHECKING:
    from tutor.training.events import Event


def message(key: str, values: dict[str, Any]) -> str:
    """Return a message of a run in the language in use, however odd what the run's file says."""
    try:
        return one_line(TutorError(key, **values), 1000)
    except (TypeError, AttributeError):
        return one_line(key)


class Lines:
    """Puts events into lines, and remembers what a line needs of earlier events."""

    def __init__(self, epochs: int) -> None:
        """Describe a run of so many epochs."""
        self._epochs = epochs
        self._speed = math.nan

    def line(self, event: Event) -> str | None:
        """Return the line that tells of an event; None if it is not worth one."""
        match event:
            case Progressed():
                self._speed = event.samples_per_second
            case Tested():
                return self._tested(event)
            case RateChanged(step=step, lr=lr):
                return t("train.rate", step=step, lr=lr)
            case Paused(step=step, key=""):
                return t("train.paused", step=step)
            case Paused() | Noticed():
                return message(event.key, event.values)
            case Began(step=step) | Resumed(step=step) if step:
                return t("train.again", step=step)
            case _:
                pass
        return None

    def _tested(self, event: Tested) -> str:
        shown = {
            "epochs": self._epochs,
            "test_loss": event.test_loss,
            "accuracy": 100 * event.test_accuracy,
        }
        if not event.epoch:
            return t("train.untrained", **shown)
        return t(
            "train.epoch",
            epoch=event.epoch,
            train_loss=event.train_loss,
            speed=self._speed if math.isfinite(self._speed) else 0,
            **shown,
        )
