"""The training loop: a generator of events that can be paused, stepped, steered and gone on with.

It knows no files: what saves a checkpoint is given to it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tutor.training import models, state
from tutor.training.controls import Controls
from tutor.training.errors import SaveError
from tutor.training.events import (
    Began,
    Ended,
    Paused,
    Progressed,
    RateChanged,
    Resumed,
    Saved,
)
from tutor.training.learner import ROOM, Learner
from tutor.training.memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    from tutor.training.batches import Placed
    from tutor.training.checkpoint import Checkpoint
    from tutor.training.config import Config
    from tutor.training.controls import Command
    from tutor.training.events import Event, Tested


@dataclass(frozen=True, slots=True)
class Pace:
    """How often something besides training is done."""

    report: float = 0.2
    """After how many seconds the steps are reported."""
    save: float = 10.0
    """After how many seconds a checkpoint is saved."""


class Trainer:
    """Trains one network; `events` does the work as it is iterated.

    The same config, images and thread count give the same weights on a CPU, bit by bit, whoever
    else draws random numbers and however often training is paused or gone on with from a
    checkpoint.
    """

    def __init__(  # noqa: PLR0913 - two say what to train, the others each have a default
        self,
        config: Config,
        images: Placed,
        *,
        model: nn.Module | None = None,
        controls: Controls | None = None,
        save: Callable[[Checkpoint], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Prepare training; no step is taken yet.

        Args:
            config: What to train and how.
            images: The images, on the device to compute on.
            model: A network to train instead of the one that `config` names; it takes float32
                (batch, 28, 28) and gives scores (batch, 10).
            controls: Where commands come from.
            save: Puts a checkpoint on disk, or raises SaveError. Then training pauses, and tries
                again when told to resume; without `controls` the error is passed on.
            pace: How often to report and to save. It is also saved before the first step, after
                the last one, at a pause, at a stop and when the learning rate is changed.
        """
        self.config = config
        self.controls = controls or Controls()
        self.learner = Learner(config, images, model)
        self._save = save
        self._may_wait = controls is not None
        self._pace = pace or Pace()
        self._saved_at = time.monotonic()
        self._last_saved = 0
        self._allowed: int | None = None
        self._end: Ended | None = None

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint; to be called before `events`.

        Raises:
            TutorError: if it does not fit.
        """
        state.restore(self.learner, checkpoint)
        self._last_saved = self.step

    @property
    def model(self) -> nn.Module:
        """The network that is trained."""
        return self.learner.model

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return self.learner.step

    def checkpoint(self) -> Checkpoint:
        """Return the present state; training can go on from it as if it had never stopped."""
        return state.capture(self.learner, self.controls.position)

    def events(self) -> Iterator[Event]:
        """Train, and yield what happens as it happens; the last event is `Ended`.

        Training goes on only while the next event is awaited. The time that the taker of the
        events needs does not count as training.

        Raises:
            SaveError: if a checkpoint cannot be saved and there are no controls.
        """
        yield self._began()
        if self.step == 0:
            yield from self._saved()
            if self._end is None:
                yield from self._tested(self.learner.test)
        while self._end is None and self.learner.epoch < self.config.epochs:
            yield from self._obeyed()
            if self._end is None and self._allowed != 0:
                yield from self._trained()
                if self._end is None and time.monotonic() - self._saved_at >= self._pace.save:
                    yield from self._saved()
        if self._end is None:
            yield from self._saved()
        yield self._end or Ended(self.step, "done")

    def _began(self) -> Began:
        images, batches = self.learner.images, len(self.learner.batches)
        return Began(
            step=self.step,
            steps=self.config.epochs * batches,
            batches=batches,
            samples=len(images.train),
            tests=len(images.test),
            parameters=models.parameters(self.model),
            device=images.train.labels.device.type,
            threads=torch.get_num_threads(),
            torch=torch.__version__,
        )

    def _trained(self) -> Iterator[Event]:
        """Take steps until it is time to report, and report."""
        learner = self.learner
        most = ROOM if self._allowed is None else self._allowed
        begun = time.perf_counter()
        try:
            learner.train(most, self._pace.report, self.controls.waiting)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            self._fail_for_memory()
        if learner.pending:
            yield self._progressed(begun)
        if self._end is None and learner.epoch_over:
            yield from self._tested(learner.next_epoch)

    def _tested(self, test: Callable[[], Tested]) -> Iterator[Event]:
        """Test the network, and report it."""
        try:
            tested = test()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            self._fail_for_memory()
        else:
            yield tested

    def _progressed(self, begun: float) -> Progressed:
        """Return what came of the steps since `begun`, and look whether it is finite."""
        learner = self.learner
        gathered = learner.gather()
        seconds = time.perf_counter() - begun
        learner.seconds += seconds
        taken = len(gathered.losses)
        if self._allowed is not None:
            self._allowed -= taken
        losses, step = gathered.losses, learner.step
        infinite = np.flatnonzero(~np.isfinite(losses))
        if infinite.size:
            losses = losses[: infinite[0] + 1]
            step += len(losses) - taken
            self._fail_for_infinity(step)
        return Progressed(
            step=step,
            epoch=learner.epoch + 1,
            lr=learner.lr,
            losses=losses,
            samples_per_second=gathered.samples / seconds,
            seconds=learner.seconds,
            gradients=gathered.gradients,
            weights=gathered.weights,
        )

    def _obeyed(self) -> Iterator[Event]:
        """Obey the commands that came; while training is paused, wait for some."""
        commands = self.controls.wait() if self._allowed == 0 else self.controls.take()
        keep = False
        for command in commands:
            if self._end is None:
                keep |= command.do in ("lr", "pause", "checkpoint")
                yield from self._did(command)
        if self._end is None and keep:
            yield from self._saved()

    def _did(self, command: Command) -> Iterator[Event]:
        match command.do:
            case "pause":
                if self._allowed is None:
                    yield Paused(self.step)
                self._allowed = 0
            case "resume" if self._allowed is not None:
                self._allowed = None
                yield Resumed(self.step)
            case "step":
                if self._allowed is None:
                    yield Paused(self.step)
                self._allowed = (self._allowed or 0) + int(command.value)
            case "lr":
                self.learner.set_rate(command.value)
                yield RateChanged(self.step, command.value)
            case "stop":
                yield from self._stopped()
            case _:
                pass

    def _stopped(self) -> Iterator[Event]:
        """Save and end; if it cannot be saved, end all the same and say why."""
        problem = self._try_to_save()
        if self._end is None:
            key, values = (problem.key, problem.values) if problem else ("", {})
            if problem is None and self._save is not None:
                yield Saved(self.step)
            self._end = Ended(self.step, "stopped", key, values)

    def _saved(self) -> Iterator[Event]:
        """Save; if that fails, pause until it succeeds when told to resume."""
        while problem := self._try_to_save():
            if not self._may_wait:
                raise problem
            yield Paused(self.step, problem.key, problem.values)
            yield from self._waited()
            if self._end is not None:
                return
        if self._end is None and self._save is not None:
            yield Saved(self.step)

    def _waited(self) -> Iterator[Event]:
        """Wait until told to resume or to stop; other commands but the learning rate are void."""
        while self._end is None:
            for command in self.controls.wait():
                if command.do == "resume":
                    self._allowed = None
                    yield Resumed(self.step)
                    return
                if command.do in ("stop", "lr"):
                    yield from self._did(command)

    def _try_to_save(self) -> SaveError | None:
        """Save if everything is finite; return why it could not be saved."""
        self._saved_at = time.monotonic()
        if not self.learner.is_finite():
            self._fail_for_infinity(self.step)
        elif self._save is not None:
            try:
                self._save(self.checkpoint())
            except SaveError as error:
                return error
            self._last_saved = self.step
            self._saved_at = time.monotonic()
        return None

    def _fail_for_infinity(self, step: int) -> None:
        kind = "diverged" if self._save else "diverged_unsaved"
        self._fail(kind, step, lr=self.learner.lr)

    def _fail_for_memory(self) -> None:
        self.learner.optimizer.zero_grad()
        size = self.config.batch_size
        kind = "memory" if size > 1 else "memory_one"
        self._fail(kind, self.step, batch_size=size, smaller=max(1, size // 2))

    def _fail(self, reason: str, step: int, **values: Any) -> None:
        """End training with the message `error.training.` and `reason`."""
        values |= {"step": step, "saved": self._last_saved}
        self._end = Ended(step, "failed", f"error.training.{reason}", values)
