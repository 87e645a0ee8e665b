"""The lab of a lesson: views to choose from, a picture of what was computed, and controls.

The lab owns what is set in it. Whenever that changes it asks for the frame of the view's task and
draws it; a change while a computation runs replaces the computation. A view that trains follows a
run, which goes on by itself.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widgets import ContentSwitcher

from tutor import catalog, headless, lab_state
from tutor.api import parse_query
from tutor.compute.client import WorkerLostError
from tutor.compute.status import State, Status
from tutor.errors import ImpossibleError, TutorError
from tutor.i18n import t
from tutor.safe import safe
from tutor.widgets.calm import Calm
from tutor.widgets.computation import Computation
from tutor.widgets.controls import Controls
from tutor.widgets.readout import Readout
from tutor.widgets.view_bar import ViewBar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from textual.app import ComposeResult
    from textual.widget import Widget

    from tutor.api import Frame, Lesson, Params, Task
    from tutor.session import Session
    from tutor.widgets.picture import Picture
    from tutor.widgets.running import Running
    from tutor.widgets.slider import Slider

FOCUSABLE = attrgetter("focusable")
"""Tells whether a widget takes keys."""


class Lab(Calm, Vertical, can_focus=True):
    """A lesson's lab; `pictures` says what each view draws."""

    DEFAULT_CSS = """
    Lab { height: 1fr; }
    Lab > ContentSwitcher { height: 1fr; }
    Lab > #told { max-height: 3; }
    Lab > #told.problem { color: $error; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "control(-1)", "keys.up", show=False),
        Binding("down", "control(1)", "keys.down", show=False),
        Binding("v", "view(1)", "keys.view"),
        Binding("V", "view(-1)", "keys.view_back", show=False),
        Binding("r", "run", "keys.run"),
        Binding("space", "hold", "keys.hold"),
        Binding("full_stop", "advance", "keys.advance"),
        Binding("x", "stop", "keys.stop"),
        Binding("b", "rewind", "keys.rewind"),
        Binding("f", "fork", "keys.fork"),
        Binding("D", "mend", "keys.download"),
    ]

    params: var[Params | None] = var(None)
    """Everything that is set."""
    locked: var[bool] = var(default=False)
    """Whether the controls wait until a prediction has been made."""

    @dataclass
    class Drawn(Message):
        """A frame has been drawn."""

        params: Params
        """What was set."""
        frame: Frame
        """What came of it."""
        last: bool
        """Whether the computation is done."""

    @dataclass
    class Failed(Message):
        """There is no frame for what is set."""

        params: Params
        """What was set."""
        problem: TutorError
        """Why there is none."""

    def __init__(
        self,
        lesson: Lesson,
        pictures: dict[str, type[Picture[Any, Any]]],
        words: dict[str, str],
        session: Session,
        params: Params,
    ) -> None:
        """Show the lab of `lesson` with `params` set."""
        super().__init__(id="lab")
        self._lesson = lesson
        self._computation = Computation(lesson, session)
        self._words = words
        self._session = session
        self._pictures = {
            view: kind(words, ascii_only=session.ascii_only) for view, kind in pictures.items()
        }
        for view, picture in self._pictures.items():
            picture.id = f"view-{view}"
        self._told = ""
        self._remedy = ""
        self._lost = False
        self.set_reactive(Lab.params, params)

    @property
    def view(self) -> str:
        """The task whose frame is drawn."""
        return _view(self.params)

    @property
    def running(self) -> Running | None:
        """What can be held or stopped: the view's stream, or its training run until it ends."""
        return self._computation.running(self.view)

    @property
    def _is_leaving(self) -> bool:
        """Whether it is being removed: its parts are gone before it is."""
        return not (self.is_attached and self.display)

    @property
    def _shown(self) -> Task:
        return self._computation.task(self.view)

    def compose(self) -> ComposeResult:
        """Lay out the views' names, the picture, the line below it and the controls."""
        views = {view: self._words.get(f"view.{view}", view) for view in self._pictures}
        yield ViewBar(views, self.view, ascii_only=self._session.ascii_only)
        with ContentSwitcher(initial=f"view-{self.view}"):
            yield from self._pictures.values()
        yield Readout(id="told")
        yield Controls(self._words, ascii_only=self._session.ascii_only)

    def on_mount(self) -> None:
        """Draw what is set, and follow the compute side."""
        self._session.changed.subscribe(self, self._status_changed)
        self._show_view()

    def set_state(self, query: str, *, run: bool = False) -> None:
        """Set the lab to `view?name=value&…`; what is not named takes its default.

        With `run` a streaming view starts at once instead of waiting for the learner. The training
        run that was followed last is kept where none is named.
        """
        params = lab_state.at(catalog.lab_params(self._lesson), query)
        if self._computation.run and "run" not in parse_query(query.partition("?")[2]):
            params = params.changed(run=self._computation.run)
        self._set(params, run=run)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer the keys of a stream only where something streams, and only those that help."""
        running = self.running
        offered = {
            "run": self._shown.streams and not self.locked,
            "hold": running is not None or self._computation.resumable(self.view) is not None,
            "stop": running is not None,
            "advance": running is not None and running.held,
            "view": not self.locked,
            "rewind": self._computation.can_branch(self.view) and not self.locked,
            "fork": self._computation.can_branch(self.view) and not self.locked,
            "mend": bool(self._remedy),
        }
        return offered.get(action, True)

    def action_view(self, step: int) -> None:
        """Go to the next or the previous view."""
        views = list(self._pictures)
        if self.params is not None and not self.locked:
            view = views[(views.index(self.view) + step) % len(views)]
            self._set(self.params.changed(view=view))

    def action_control(self, step: int) -> None:
        """Go to the next or the previous thing that takes keys: in the picture, then a control."""
        stops = self._stops()
        at = next((index for index, one in enumerate(stops) if one.has_focus), None)
        if stops:
            stops[0 if at is None else (at + step) % len(stops)].focus()

    def take_focus(self) -> None:
        """Give the focus to the first thing that takes keys, or to the lab if nothing does."""
        if self._stops():
            self.action_control(1)
        else:
            self.focus()

    def _stops(self) -> list[Widget]:
        if self.locked:
            return []
        picture = self._pictures[self.view]
        return [*filter(FOCUSABLE, picture.query("*").results()), *self.query_one(Controls)]

    def action_run(self) -> None:
        """Compute again what is set."""
        if not self.locked:
            self._compute(run=True)

    def action_hold(self) -> None:
        """Hold what runs, or let it go on."""
        if self.running is not None:
            self._steer(self.running.hold())
        elif (run := self._computation.resumable(self.view)) is not None:
            self._steer(run.hold(), follow=True)

    def action_advance(self) -> None:
        """Let what is held make one step."""
        if self.running is not None and self.running.held:
            self._steer(self.running.advance())

    def action_stop(self) -> None:
        """Stop what runs."""
        if self.running is not None:
            self._steer(self.running.stop())

    def action_rewind(self) -> None:
        """Have the run go on from the checkpoint at or before the cursor."""
        cursor = self._pictures[self.view].cursor
        self._steer(self._computation.rewind(cursor), follow=True)

    @work(group="steer")
    async def action_fork(self) -> None:
        """Go on from the checkpoint at or before the cursor as another run, with what is set."""
        if self.params is None:
            return
        view, cursor = self.view, self._pictures[self.view].cursor
        try:
            run = await self._computation.fork(self.params, view, cursor)
        except TutorError as problem:
            self._tell(str(problem), problem=True)
            return
        if self.view == view:
            self._set(self.params.changed(**run))

    def action_mend(self) -> None:
        """Have what is missing fetched."""
        if self._remedy:
            self._mend(self._remedy)

    def on_view_bar_chosen(self, event: ViewBar.Chosen) -> None:
        """Go to the view that was clicked."""
        event.stop()
        if self.params is not None and not self.locked:
            self._set(self.params.changed(view=event.view))

    def on_controls_changed(self, event: Controls.Changed) -> None:
        """Take a parameter that was set."""
        event.stop()
        self._set_some({event.name: event.value})

    def on_controls_laid(self, event: Controls.Laid) -> None:
        """Give the focus to the new view if the old one had it."""
        event.stop()
        if self.has_focus:
            self.take_focus()

    def on_picture_asked(self, event: Picture.Asked) -> None:
        """Take parameters that were set in the picture."""
        event.stop()
        self._set_some(event.values)

    def on_slider_refused(self, event: Slider.Refused) -> None:
        """Say what numbers can be set."""
        event.stop()
        self._tell(t("lab.refused", told=event.told, low=event.low, high=event.high), problem=True)

    def watch_locked(self) -> None:
        """Let the controls be used, or not."""
        if self.is_mounted:
            self.query_one(Controls).disabled = self.locked
            self._tell(t("lab.locked") if self.locked else "")

    def _set_some(self, values: Mapping[str, object]) -> None:
        if self.params is None or self.locked:
            return
        self._set(self.params.changed(**values))
        if "lr" in values and (run := self._computation.steerable(self.view)) is not None:
            self._steer(run.set_rate(float(str(values["lr"]))))

    def _set(self, params: Params, *, run: bool = False) -> None:
        before, self.params = self.params, params
        if before is None or _view(before) != self.view:
            self._show_view(run=run)
            return
        self.query_one(Controls).show(params)
        looked_at = self._computation.looked_at
        if (
            run
            or not self._following()
            or looked_at(before, self.view) != looked_at(params, self.view)
        ):
            self._compute(run=run)

    def _show_view(self, *, run: bool = False) -> None:
        """Switch to the picture of the view and lay out its controls."""
        if self.params is None:
            return
        if self.has_focus_within:
            self.focus()  # what goes loses the focus, and Textual would give it to the text
        self.query_one(ContentSwitcher).current = f"view-{self.view}"
        offered = self._pictures[self.view].controls
        self.query_one(Controls).lay(offered, self.params)
        if self._shown.trains:
            self._session.client.prepare_to_train()
        self.refresh_bindings()
        self.query_one(ViewBar).current = self.view
        self._compute(run=run)

    def _following(self) -> bool:
        """Tell whether a run is followed, which heeds nothing that the next one will be told."""
        return self._shown.trains is not None and any(
            worker.group == "compute" and worker.is_running for worker in self.workers
        )

    def _compute(self, *, run: bool = False) -> None:
        """Ask for the frame of what is set; a stream waits until it is asked for."""
        self.workers.cancel_group(self, "compute")
        params, self._remedy = self.params, ""
        if params is None:
            return
        followed = bool(self._shown.trains and getattr(params, "run", ""))
        if self._shown.streams and not (run or followed):
            self._tell(t("lab.press_run"))
            return
        self._tell("")
        self._follow(params, self.view, launch=run and self._shown.trains is not None)

    @work(exclusive=True, group="compute")
    async def _follow(self, params: Params, view: str, *, launch: bool) -> None:
        """Draw the frames of a task as they come, those of a new run if one is to be launched."""
        if self._session.status.state is State.STARTING:
            self._tell(t("lab.starting"))
        try:
            if launch:
                params = await self._launched(params, view)
            await self._draw_frames(params, view)
        except ImpossibleError as problem:
            told = headless.sentence_of(self._lesson, problem)
            self._refuse(params, TutorError("error.plain", told=told))
        except TutorError as problem:
            self._refuse(params, problem)
        finally:
            if self.is_attached:
                self.refresh_bindings()

    async def _launched(self, params: Params, view: str) -> Params:
        """Launch a run, and look at it."""
        self._tell(t("lab.launching"))
        run = await self._computation.launch(params, view)
        self.params = (self.params or params).changed(**run)
        return params.changed(**run)

    async def _draw_frames(self, params: Params, view: str) -> None:
        frame = None
        frames = self._computation.frames(params, view, self._cancel)
        async with aclosing(frames):
            async for frame in frames:
                if self._is_leaving:
                    return
                self._show_frame(params, view, frame)
                self.post_message(self.Drawn(params, frame, last=False))
        if frame is not None:
            if self._shown.streams and not self._shown.trains:
                self._tell(t("lab.done"))
            self.post_message(self.Drawn(params, frame, last=True))

    def _show_frame(self, params: Params, view: str, frame: Frame) -> None:
        picture = self._pictures[view]
        picture.remove_class("stale")
        try:
            picture.show(params, frame)
        except Exception as error:
            self.log(f"{error!r}")
            told = f"{type(error).__name__}: {error}"
            raise TutorError("error.picture", told=told) from error
        self._tell(self._computation.told(view))

    def _cancel(self) -> None:
        self.workers.cancel_group(self, "compute")
        self._tell(t("lab.stopped"))

    @work(group="steer")
    async def _steer(self, doing: Coroutine[Any, Any, None], *, follow: bool = False) -> None:
        """Carry out what a key asked for, and say what came of it; `follow` what goes on again."""
        try:
            await doing
        except TutorError as problem:
            self._tell(str(problem), problem=True)
            return
        if follow:
            self._compute()
        elif self.running is not None:
            self._tell(self._computation.told(self.view))
        self.refresh_bindings()

    def _refuse(self, params: Params, problem: TutorError) -> None:
        waits = self._shown.streams and not self._shown.trains
        self._lost = isinstance(problem, WorkerLostError) and not waits
        if self._is_leaving:
            return
        self._pictures[self.view].add_class("stale")
        self._remedy = self._computation.remedy(problem)
        told = self._words.get(f"remedy.{self._remedy}", str(problem))
        self._tell(told, problem=True)
        self.post_message(self.Failed(params, problem))

    @work(exclusive=True, group="compute")
    async def _mend(self, remedy: str) -> None:
        """Run the task that mends what is amiss, then compute what is set."""
        self._remedy = ""
        params = self._computation.task(remedy).params()
        try:
            async with aclosing(self._computation.frames(params, remedy, self._cancel)) as frames:
                async for frame in frames:
                    self._tell(headless.told(self._lesson, remedy, params, frame))
        except TutorError as problem:
            self._remedy = remedy
            self._tell(str(problem), problem=True)
        else:
            self._compute()

    def _status_changed(self, status: Status) -> None:
        """Compute again once a lost worker has been replaced; a stream waits for the learner."""
        if status.state is State.READY and self._lost:
            self._lost = False
            self._compute()

    def _tell(self, told: str, *, problem: bool = False) -> None:
        """Say something in the line below the picture; other keys help then, too."""
        if self._is_leaving:
            return
        if not told and self.locked:
            told = t("lab.locked")
        if told != self._told:
            self._told = told
            self.query_one("#told", Readout).show(Content(safe(told)))
            self.refresh_bindings()
        self.query_one("#told").set_class(problem, "problem")


def _view(params: Params | None) -> str:
    """Return the view that is set."""
    return str(getattr(params, "view"))  # noqa: B009 - a lesson's own field
