"""What is under way behind a lab's picture: a call, a stream of frames, or a training run."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from tutor import catalog
from tutor.i18n import t
from tutor.widgets.running import RunningStream, RunningTraining

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tutor.api import Frame, Lesson, Params, Task
    from tutor.compute.client import Stream
    from tutor.errors import TutorError
    from tutor.session import Session
    from tutor.widgets.running import Running

RESUMABLE = ("stopped", "failed", "interrupted")
"""The states in which a run has ended and can go on."""

MOST_EARLIER = 3
"""How many earlier runs a new one is laid over."""

CHANGEABLE = ("epochs", "lr", "momentum", "weight_decay", "dropout")
"""What may be other in a run that goes on from a checkpoint of another."""


class Computation:
    """Asks the compute side for frames, one view at a time, and knows what can be steered.

    A training run goes on when another view is looked at; it is the one that is steered when the
    view that trains comes back.
    """

    def __init__(self, lesson: Lesson, session: Session) -> None:
        """Run the tasks of `lesson`."""
        self._lesson = lesson
        self._tasks = catalog.tasks(lesson)
        self._session = session
        self._stream: RunningStream | None = None
        self._training: RunningTraining | None = None

    def task(self, view: str) -> Task:
        """Return the task of a view."""
        return self._tasks[view]

    @property
    def run(self) -> str:
        """The id of the training run that was followed last; empty if there was none."""
        return self._training.run if self._training else ""

    def running(self, view: str) -> Running | None:
        """Return what can be held or stopped: the view's stream, or its run until that ends."""
        if self.task(view).trains is None:
            return self._stream
        return self._training if self._training and self._training.under_way else None

    def resumable(self, view: str) -> RunningTraining | None:
        """Return the view's run if it has ended and can go on."""
        if self.task(view).trains is None or self._training is None:
            return None
        return self._training if self._training.state in RESUMABLE else None

    def steerable(self, view: str) -> RunningTraining | None:
        """Return the view's run while it heeds a change of the learning rate."""
        return self._training if self.running(view) is self._training else None

    def can_branch(self, view: str) -> bool:
        """Tell whether the view's run has a checkpoint to go back to."""
        return bool(self.task(view).trains and self._training and self._training.checkpoints)

    def told(self, view: str) -> str:
        """Return what is to be said of what is under way; empty if there is nothing."""
        if self.task(view).trains:
            if self._training is None:
                return t("lab.press_run")
            return t(f"lab.run.{self._training.state}") if self._training.state else ""
        if self._stream is None:
            return ""
        return t("lab.held") if self._stream.held else t("lab.running")

    def looked_at(self, params: Params, view: str) -> tuple[Any, ...]:
        """Return what a view that trains is told for looking, not for training; else nothing."""
        task = self.task(view)
        if task.trains is None:
            return ()
        names = set(task.params.names()) - set(task.trains.names())
        return tuple(getattr(params, name) for name in sorted(names))

    def remedy(self, problem: TutorError) -> str:
        """Return the task that mends what a problem tells of; empty if there is none."""
        return catalog.remedies(self._lesson).get(problem.key, "")

    async def launch(self, params: Params, view: str) -> dict[str, Any]:
        """Start a training run in the place of the one that goes on.

        Returns:
            The parameters that make it the one that is looked at, over those before it.

        Raises:
            TutorError: if it cannot be started.
        """
        kind = self.task(view).trains
        if kind is None:
            raise AssertionError
        if self._training is not None and self._training.is_known_to_run:
            await self._training.stop()
        config = {**params.narrowed(kind).values(), "device": self._session.device}
        return self._new(params, await self._session.client.launch(config))

    async def fork(self, params: Params, view: str, cursor: int | None) -> dict[str, Any]:
        """Go on from the followed run's checkpoint as another run, with what is set now.

        Returns:
            As `launch`; nothing if there is no checkpoint.

        Raises:
            TutorError: if it cannot be started.
        """
        kind, run = self.task(view).trains, self._training
        step = run.checkpoint(cursor) if run else None
        if kind is None or run is None or step is None:
            return {}
        told = params.narrowed(kind).values()
        changes = {name: told[name] for name in CHANGEABLE if name in told}
        return self._new(params, await run.fork(step, changes))

    async def rewind(self, cursor: int | None) -> None:
        """Have the followed run go on from its checkpoint, and give up what came after.

        Raises:
            TutorError: if it cannot go on from there.
        """
        run = self._training
        if run is not None and (step := run.checkpoint(cursor)) is not None:
            await run.rewind(step)

    def _new(self, params: Params, run: str) -> dict[str, Any]:
        """Return the parameters with which a new run is looked at, over those before it."""
        earlier = [getattr(params, "run", ""), *getattr(params, "others", "").split(",")]
        others = ",".join(list(filter(None, earlier))[:MOST_EARLIER])
        return {"run": run, "others": others, "first": 0, "last": 0}

    async def frames(
        self, params: Params, view: str, cancel: Callable[[], object]
    ) -> AsyncGenerator[Frame]:
        """Yield the frames of a view as they come; `cancel` is what stops a stream.

        Raises:
            TutorError: what the task failed with.
        """
        task = self.task(view)
        if task.trains:
            self._training = self._training_of(str(getattr(params, "run")))  # noqa: B009 - a lesson's own field

        def started(stream: Stream) -> None:
            if task.streams and not task.trains:
                self._stream = RunningStream(stream, cancel)

        name = f"{self._lesson.id}.{view}"
        try:
            stream = self._session.client.stream(name, params, started=started)
            async with aclosing(stream):
                async for frame in stream:
                    if task.trains and self._training is not None:
                        self._training.state = str(getattr(frame, "state"))  # noqa: B009 - as above
                        self._training.checkpoints = getattr(frame, "checkpoints")  # noqa: B009
                    yield frame
        finally:
            self._stream = None

    def _training_of(self, run: str) -> RunningTraining | None:
        """Return what steers a run."""
        if self.run != run:
            return RunningTraining(self._session.client, run) if run else None
        return self._training
