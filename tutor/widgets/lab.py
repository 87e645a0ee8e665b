"""The lab of a lesson: views to choose from, a picture of what was computed, and controls.

The lab owns what is set in it. Whenever that changes it asks for the frame of the view's task and
draws it; a change while a computation runs replaces the computation.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widgets import ContentSwitcher

from tutor import catalog, headless, lab_state
from tutor.compute.client import WorkerLostError
from tutor.compute.status import State, Status
from tutor.errors import ImpossibleError, TutorError
from tutor.i18n import t
from tutor.safe import safe
from tutor.widgets.readout import Readout
from tutor.widgets.signs import Signs
from tutor.widgets.slider import Slider
from tutor.widgets.view_bar import ViewBar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult
    from textual.widget import Widget

    from tutor.api import Frame, Lesson, Params
    from tutor.compute.client import Stream
    from tutor.session import Session
    from tutor.widgets.picture import Picture


class Lab(Vertical, can_focus=True):
    """A lesson's lab; `pictures` says what each view draws."""

    DEFAULT_CSS = """
    Lab { height: 1fr; }
    Lab > ContentSwitcher { height: 1fr; }
    Lab > #told { max-height: 3; }
    Lab > #told.problem { color: $error; }
    Lab > #controls { height: auto; }
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
        self._tasks = catalog.tasks(lesson)
        self._words = words
        self._session = session
        self._pictures = {
            view: kind(words, ascii_only=session.ascii_only) for view, kind in pictures.items()
        }
        for view, picture in self._pictures.items():
            picture.id = f"view-{view}"
        self._stream: Stream | None = None
        self._held = False
        self._lost = False
        self.set_reactive(Lab.params, params)

    @property
    def view(self) -> str:
        """The task whose frame is drawn."""
        return str(getattr(self.params, "view"))  # noqa: B009 - a lesson's own field

    @property
    def streaming(self) -> bool:
        """Whether a stream is under way."""
        return self._stream is not None

    def compose(self) -> ComposeResult:
        """Lay out the views' names, the picture, the line below it and the controls."""
        views = {view: self._words.get(f"view.{view}", view) for view in self._pictures}
        yield ViewBar(views, self.view)
        with ContentSwitcher(initial=f"view-{self.view}"):
            yield from self._pictures.values()
        yield Readout(id="told")
        yield Vertical(id="controls")

    def on_mount(self) -> None:
        """Draw what is set, and follow the compute side."""
        self._session.changed.subscribe(self, self._status_changed)
        self._show_view()

    def set_state(self, query: str, *, run: bool = False) -> None:
        """Set the lab to `view?name=value&…`; what is not named takes its default.

        With `run` a streaming view starts at once instead of waiting for the learner.
        """
        self._set(lab_state.at(catalog.lab_params(self._lesson), query), run=run)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer the keys of a stream only where something streams, and only those that help."""
        match action:
            case "run":
                return self._tasks[self.view].streams and not self.locked
            case "hold" | "stop":
                return self.streaming
            case "advance":
                return self.streaming and self._held
            case "view":
                return not self.locked
        return True

    def action_view(self, step: int) -> None:
        """Go to the next or the previous view."""
        views = list(self._pictures)
        if self.params is not None and not self.locked:
            view = views[(views.index(self.view) + step) % len(views)]
            self._set(self.params.changed(view=view))

    def action_control(self, step: int) -> None:
        """Go to the next or the previous control."""
        controls = list(self._controls())
        at = next((index for index, one in enumerate(controls) if one.has_focus), -1)
        if controls and not self.locked:
            at = (at + step) % len(controls) if at >= 0 else 0
            controls[at].focus()

    def take_focus(self) -> None:
        """Give the focus to the first control, or to the lab where none can be used."""
        if self.locked or not any(self._controls()):
            self.focus()
        else:
            self.action_control(1)

    def action_run(self) -> None:
        """Compute again what is set."""
        if not self.locked:
            self._compute(run=True)

    def action_hold(self) -> None:
        """Hold the stream, or let it go on."""
        if self._stream is not None:
            self._held = not self._held
            self._stream.pause(paused=self._held)
            self._tell(t("lab.held") if self._held else t("lab.running"))
            self.refresh_bindings()

    def action_advance(self) -> None:
        """Let the held stream make one frame."""
        if self._stream is not None and self._held:
            self._stream.advance()

    def action_stop(self) -> None:
        """Stop the stream."""
        if self._stream is not None:
            self.workers.cancel_group(self, "compute")
            self._tell(t("lab.stopped"))

    def on_view_bar_chosen(self, event: ViewBar.Chosen) -> None:
        """Go to the view that was clicked."""
        event.stop()
        if self.params is not None and not self.locked:
            self._set(self.params.changed(view=event.view))

    def on_slider_changed(self, event: Slider.Changed) -> None:
        """Take a number that was set."""
        event.stop()
        self._set_one(event.name, event.value)

    def on_signs_changed(self, event: Signs.Changed) -> None:
        """Take a text that was set."""
        event.stop()
        self._set_one(event.name, event.value)

    def on_slider_refused(self, event: Slider.Refused) -> None:
        """Say what numbers can be set."""
        event.stop()
        self._tell(t("lab.refused", told=event.told, low=event.low, high=event.high), problem=True)

    def watch_has_focus(self, _has_focus: bool) -> None:  # noqa: FBT001 - Textual's
        """Leave the styles as they are: the focus shows in the heading, and restyling is slow."""

    def watch_locked(self) -> None:
        """Let the controls be used, or not."""
        if self.is_mounted:
            self.query_one("#controls").disabled = self.locked
            self._tell(t("lab.locked") if self.locked else "")

    def _set_one(self, name: str, value: float | str) -> None:
        if self.params is not None:
            self._set(self.params.changed(**{name: value}))

    def _set(self, params: Params, *, run: bool = False) -> None:
        before, self.params = self.view, params
        if self.view != before:
            self._show_view(run=run)
        else:
            for control in self._controls():
                control.value = getattr(params, control.name or "")
            self._compute(run=run)

    def _show_view(self, *, run: bool = False) -> None:
        """Switch to the picture of the view and lay out its controls."""
        self.query_one(ContentSwitcher).current = f"view-{self.view}"
        self._lay_controls()
        self.refresh_bindings()
        self.query_one(ViewBar).current = self.view
        self._compute(run=run)

    @work(exclusive=True, group="controls")
    async def _lay_controls(self) -> None:
        box = self.query_one("#controls", Vertical)
        had_focus = box.has_focus_within
        async with self.batch():
            await box.remove_children()
            await box.mount_all(self._new_controls())
        if had_focus and box.children:
            box.children[0].focus()

    def _new_controls(self) -> list[Widget]:
        made: list[Slider | Signs] = []
        for name in self._pictures[self.view].controls:
            setting = type(self.params).setting(name) if self.params else None
            if setting is None:
                continue
            value, label = getattr(self.params, name), self._words.get(name, name)
            if setting.pattern:
                made.append(Signs(name, label, setting, value))
            else:
                ascii_only = self._session.ascii_only
                made.append(Slider(name, label, setting, value, ascii_only=ascii_only))
        widest = max((control.label_cells for control in made), default=0)
        for control in made:
            control.label_cells = widest
        return list(made)

    def _controls(self) -> Iterator[Slider | Signs]:
        for control in self.query_one("#controls").children:
            if isinstance(control, Slider | Signs):
                yield control

    def _compute(self, *, run: bool = False) -> None:
        """Ask for the frame of what is set; a stream waits until it is asked for."""
        self.workers.cancel_group(self, "compute")
        params = self.params
        if params is None:
            return
        if self._tasks[self.view].streams and not run:
            self._tell(t("lab.press_run"))
            return
        if not self._tasks[self.view].streams:
            self._tell("")
        self._follow(params, self.view)

    @work(exclusive=True, group="compute")
    async def _follow(self, params: Params, view: str) -> None:
        """Draw the frames of a task as they come."""
        streams = self._tasks[view].streams
        if self._session.status.state is State.STARTING:
            self._tell(t("lab.starting"))
        try:
            await self._draw_frames(params, view, streams=streams)
        except ImpossibleError as problem:
            told = headless.sentence_of(self._lesson, problem)
            self._refuse(params, TutorError("error.plain", told=told))
        except TutorError as problem:
            self._refuse(params, problem)
        finally:
            if streams:
                self._stream, self._held = None, False
                self.refresh_bindings()

    async def _draw_frames(self, params: Params, view: str, *, streams: bool) -> None:
        picture, frame = self._pictures[view], None
        started = self._started if streams else lambda _: None
        stream = self._session.client.stream(f"{self._lesson.id}.{view}", params, started=started)
        async with aclosing(stream):
            async for frame in stream:
                if not self._held:
                    self._tell(t("lab.running") if streams else "")
                picture.remove_class("stale")
                try:
                    picture.show(params, frame)
                except Exception as error:
                    self.log(f"{error!r}")
                    told = f"{type(error).__name__}: {error}"
                    raise TutorError("error.picture", told=told) from error
                self.post_message(self.Drawn(params, frame, last=False))
        if frame is not None:
            self._tell(t("lab.done") if streams else "")
            self.post_message(self.Drawn(params, frame, last=True))

    def _started(self, stream: Stream) -> None:
        self._stream, self._held = stream, False
        self.refresh_bindings()

    def _refuse(self, params: Params, problem: TutorError) -> None:
        self._lost = isinstance(problem, WorkerLostError) and not self._tasks[self.view].streams
        self._pictures[self.view].add_class("stale")
        self._tell(str(problem), problem=True)
        self.post_message(self.Failed(params, problem))

    def _status_changed(self, status: Status) -> None:
        """Compute again once a lost worker has been replaced; a stream waits for the learner."""
        if status.state is State.READY and self._lost:
            self._lost = False
            self._compute()

    def _tell(self, told: str, *, problem: bool = False) -> None:
        if not told and self.locked:
            told = t("lab.locked")
        line = self.query_one("#told", Readout)
        line.show(Content(safe(told)))
        line.set_class(problem, "problem")
