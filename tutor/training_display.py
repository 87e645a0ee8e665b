"""Shows training on stderr: a bar in a terminal, else a line for each epoch."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from tutor.i18n import t
from tutor.run_lines import Lines
from tutor.training.events import Began, Progressed, Tested

if TYPE_CHECKING:
    from types import TracebackType

    from tutor.training.events import Event


class Display:
    """Shows what it is told; a terminal that goes away does not trouble it.

    It draws when there is something new, in the thread that tells it.
    """

    def __init__(self, epochs: int) -> None:
        """Show a run of so many epochs."""
        self._lines = Lines(epochs)
        self._epochs = epochs
        self._console = Console(file=sys.stderr, highlight=False, markup=False)
        drawable = self._console.is_terminal and not self._console.is_dumb_terminal
        self._bar = self._made() if drawable and os.environ.get("TERM") else None
        self._gone = False

    def __enter__(self) -> Self:
        if self._bar:
            self._task = self._bar.add_task(t("train.loading"), total=None, numbers="")
            self._try(self._bar.start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            with suppress(OSError):
                self._bar.stop()

    def take(self, event: Event) -> None:
        """Show an event."""
        line = self._lines.line(event)
        if line is not None:
            self._try(lambda: self._console.print(Text(line), soft_wrap=True))
        if self._bar:
            self._advance(self._bar, event)
            self._try(self._bar.refresh)

    def _made(self) -> Progress:
        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[numbers]}", markup=False),
            TimeRemainingColumn(),
            console=self._console,
            auto_refresh=False,
            transient=True,
        )

    def _advance(self, bar: Progress, event: Event) -> None:
        match event:
            case Began():
                bar.update(self._task, total=event.steps, completed=event.step)
            case Progressed():
                numbers = t("train.numbers", loss=event.losses[-1], speed=event.samples_per_second)
                epoch = t("train.bar", epoch=event.epoch, epochs=self._epochs)
                bar.update(self._task, completed=event.step, description=epoch, numbers=numbers)
            case Tested():
                bar.update(self._task, completed=event.step)
            case _:
                pass

    def _try(self, draw: object) -> None:
        """Draw, unless the terminal has gone."""
        if not self._gone and callable(draw):
            try:
                draw()
            except OSError:
                self._gone = True
