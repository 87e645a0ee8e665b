"""The lesson screen: a step's text and activities beside the lab, or one at a time when narrow.

The screen owns the position in the lesson. It takes answers from the text, runs what a prediction
is about in the lab, and gives the verdict back.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.reactive import var
from textual.screen import Screen

from tutor import catalog, i18n, lesson_text
from tutor.activities import Choice, Guided, Number, Predict, Verdict
from tutor.api import parse_query
from tutor.errors import TutorError
from tutor.i18n import t
from tutor.numbers import formatted
from tutor.safe import safe
from tutor.standing import Standing
from tutor.widgets.dots import dots
from tutor.widgets.key_bar import KeyBar
from tutor.widgets.lab import Lab
from tutor.widgets.notice import Notice
from tutor.widgets.pane import Pane
from tutor.widgets.step_view import StepView
from tutor.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget
    from textual.widgets import Markdown

    from tutor.activities import Activity
    from tutor.api import Frame, Lesson, Params
    from tutor.lesson_text import Step
    from tutor.session import Session
    from tutor.widgets.card import Card

WIDE = 100
"""From how many columns on the text and the lab stand side by side."""


class LessonScreen(Screen[None]):
    """One lesson, from the step where the learner left it."""

    CSS_PATH = "lesson.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other_pane", "keys.other_pane", priority=True),
        Binding("n", "step(1)", "keys.next"),
        Binding("p", "step(-1)", "keys.previous"),
        Binding("enter", "go_on", "keys.go_on", show=False),
        Binding("c", "code", "keys.code"),
        Binding("s", "solve", "keys.solve", show=False),
        Binding("question_mark", "app.keys", "keys.keys"),
        Binding("escape", "back", "keys.home"),
    ]

    focused: var[Widget | None] = var(None)
    """The widget that the keys go to; unlike Textual's own, it does not repaint the screen."""
    index: var[int] = var(0, init=False)
    """The step on the screen."""
    in_lab: var[bool] = var(default=False, init=False)
    """Whether the keys go to the lab; when narrow, it is the one that is shown."""

    def __init__(self, lesson: Lesson, session: Session, state: str = "") -> None:
        """Open `lesson`, with the lab in `state` (`name=value&…`) if one is given."""
        super().__init__()
        self._lesson = lesson
        self._session = session
        self._text = lesson_text.load(lesson.package, i18n.language())
        self._standing = Standing(lesson.id, self._text, session.progress)
        index, left = self._standing.start
        first = self._first_params(state, left, index)
        self._may_lock = not state
        self._asked: tuple[Predict | Number, float] | None = None
        ascii_only = session.ascii_only
        self._step_view = StepView(self._text.words, self._standing, ascii_only=ascii_only)
        pictures = importlib.import_module(f"{lesson.package}.screen").PICTURES
        self._lab = Lab(lesson, pictures, self._text.words, session, first)
        self._text_pane = Pane(self._step_view, id="text-pane", ascii_only=ascii_only)
        self._lab_pane = Pane(self._lab, t("lesson.lab"), id="lab-pane", ascii_only=ascii_only)
        self._lab_pane.display = False  # until it is known that there is room
        self.set_reactive(LessonScreen.index, index)

    def _first_params(self, state: str, left: str, index: int) -> Params:
        """Return what is set at first: what was asked for, what was left, or the step's own."""
        kind = catalog.lab_params(self._lesson)
        if state:
            return kind.from_strings(parse_query(state))
        try:
            return kind.from_strings(parse_query(left or self._lab_of(index)))
        except TutorError:  # saved by a version of the lesson with other parameters
            return kind.from_strings(parse_query(self._lab_of(index)))

    @property
    def lesson_id(self) -> str:
        """The id of the lesson."""
        return self._lesson.id

    @property
    def step(self) -> Step:
        """The step on the screen."""
        return self._text.steps[self.index]

    def compose(self) -> ComposeResult:
        """Lay out the top line, the two panes, the line for notices and the keys."""
        names = (self._lesson.module, self._lesson.title)
        path = (t("home.name"), *map(i18n.localized, names))
        yield TopBar(self._session, path)
        with Horizontal(id="panes"):
            yield self._text_pane
            yield self._lab_pane
        yield Notice()
        yield KeyBar(ascii_only=self._session.ascii_only)

    async def on_mount(self) -> None:
        """Show the step where the learner is."""
        load = asyncio.to_thread(importlib.import_module, "tutor.widgets.drawing")
        self.run_worker(load, exit_on_error=False)  # before the first picture needs it
        await self._show_step()
        self._step_view.focus()

    def on_screen_resume(self) -> None:
        """Show what has happened since."""
        self.query_one(TopBar).follow()

    def on_resize(self) -> None:
        """Stand the panes side by side when there is room."""
        self.set_class(self.size.width >= WIDE, "wide")
        self._arrange()

    def watch_in_lab(self) -> None:
        """Show the pane that the keys go to."""
        self._arrange()

    def _arrange(self) -> None:
        wide = self.size.width >= WIDE
        self._text_pane.display = wide or not self.in_lab
        self._lab_pane.display = wide or self.in_lab

    def on_descendant_focus(self) -> None:
        """Follow the focus, which a click may move."""
        if self.focused is not None:
            self.in_lab = self._lab_pane in self.focused.ancestors

    async def action_step(self, by: int) -> None:
        """Go some steps on or back."""
        index = min(max(self.index + by, 0), len(self._text.steps) - 1)
        if index == self.index:
            if by > 0:
                self.action_home()
            return
        self.index = index
        self._asked = None
        self._may_lock = True
        self._enter_lab()
        await self._show_step()
        self.action_focus_text()

    async def action_go_on(self) -> None:
        """Do the next thing: type a number, or go to the next step when all is answered."""
        card = self._step_view.current
        if card is not None and not card.done:
            if isinstance(card.activity, Number):
                card.type_number("")
            else:
                self._step_view.reveal(card)
        else:
            await self.action_step(1)

    def action_other_pane(self) -> None:
        """Go to the lab, or back to the text."""
        if self.in_lab:
            self.action_focus_text()
        else:
            self.in_lab = True
            self._lab.take_focus()

    def action_focus_text(self) -> None:
        """Go to the text."""
        self.in_lab = False
        self._step_view.focus()

    def action_code(self) -> None:
        """Show the code behind what is on the screen, with the values that are set."""
        from tutor.screens.code import CodeScreen  # noqa: PLC0415 - highlighting loads slowly

        if self._lab.params is not None:
            self.app.push_screen(CodeScreen(self._lesson, self._lab.view, self._lab.params))

    def action_solve(self) -> None:
        """Show how the current guided task is solved."""
        card = self._step_view.current
        if card is not None and isinstance(card.activity, Guided):
            self._lab.set_state(card.activity.solution)

    def action_back(self) -> None:
        """Go from the lab to the text, and from the text to the lessons."""
        if self.in_lab:
            self.action_focus_text()
        else:
            self.action_home()

    def action_home(self) -> None:
        """Leave the lesson; it goes on here another time."""
        self._remember()
        self.dismiss()

    def on_unmount(self) -> None:
        """Record where the learner is."""
        self._remember()

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        """Set the lab to the run that a number in the text comes from."""
        event.stop()
        if self._lab.locked or event.href.startswith(("http:", "https:")):
            return
        try:
            self._lab.set_state(event.href.partition("#")[0])
        except TutorError as problem:
            self.notify(safe(str(problem)), severity="warning", markup=False)

    def on_card_answered(self, event: Card.Answered) -> None:
        """Judge an answer; a prediction waits for its run."""
        event.stop()
        activity = event.activity
        if activity not in self.step.activities:
            return  # the learner has turned the page meanwhile
        match activity:
            case Predict() | Number():
                self._asked = (activity, event.answer)
                self._step_view.card(activity).tell(t("card.running"))
                self._lab.locked = False
                self._lab.set_state(activity.run.query, run=True)
            case Choice():
                self._judged(activity, event.answer, activity.judge(int(event.answer)))

    def on_lab_drawn(self, event: Lab.Drawn) -> None:
        """Give the verdict that waited for this frame, and tick guided tasks."""
        event.stop()
        run = getattr(event.params, "run", "")
        if run and run not in self._standing.start[1]:
            self._remember()  # it outlives this program, however that ends
        if not event.last:
            return
        if self._asked is not None and self._lab.view == self._asked[0].run.task:
            self._judge_run(event.frame)
        for activity in self.step.activities:
            if isinstance(activity, Guided) and not self._standing.is_right(activity):
                check = catalog.checks(self._lesson)[activity.check]
                if check(event.params, event.frame):
                    verdict = Verdict(right=True, why=activity.why)
                    self._judged(activity, event.params.query(), verdict)

    def on_lab_failed(self, event: Lab.Failed) -> None:
        """Give the author's verdict where the run cannot be had."""
        event.stop()
        if self._asked is not None:
            activity, answer = self._asked
            self._asked = None
            self._judged(activity, answer, activity.judge_unrun(answer), t("card.not_run"))

    def _judge_run(self, frame: Frame) -> None:
        if self._asked is None:
            return
        (activity, answer), self._asked = self._asked, None
        measured = getattr(frame, activity.run.measure)
        shown = measured if isinstance(measured, str) else formatted(measured, activity.unit)
        verdict = activity.judge_run(answer, measured)
        tell = isinstance(activity, Predict) or verdict.right  # a wrong number is tried again
        self._judged(activity, answer, verdict, t("card.measured", value=shown) if tell else "")

    def _judged(
        self, activity: Activity, answer: object, verdict: Verdict, measured: str = ""
    ) -> None:
        self._standing.answer(self.step, activity, answer, verdict)
        card = self._step_view.card(activity)
        chosen = answer if isinstance(answer, int) and isinstance(activity, Choice) else None
        card.show_verdict(chosen, verdict, measured)
        self._step_view.mark_current()
        self._step_view.reveal(card)
        if isinstance(activity, Number) and verdict.right:
            self.action_focus_text()
        self._show_position()

    async def _show_step(self) -> None:
        self._asked = None
        self._standing.visit(self.step, self._lab_state())
        await self._step_view.show(self.step)
        self._text_pane.title = self.step.title
        self._lab.locked = self._may_lock and self._waits_for_prediction()
        self._show_position()

    def _show_position(self) -> None:
        bar = self.query_one(TopBar)
        ascii_only = self._session.ascii_only
        bar.dots = dots(self._standing.steps(), self.index, ascii_only=ascii_only)
        bar.count = f"{self.index + 1}/{len(self._text.steps)}"
        self.query_one(Notice).show(self._session.progress)

    def _waits_for_prediction(self) -> bool:
        return any(
            isinstance(one, Predict) and self._standing.given(one) is None
            for one in self.step.activities
        )

    def _enter_lab(self) -> None:
        """Set the lab to the state in which the step finds it."""
        self._lab.locked = False
        if self.step.lab:
            self._lab.set_state(self.step.lab)

    def _lab_of(self, index: int) -> str:
        """Return the state in which a step finds the lab: its own, or an earlier step's."""
        for step in reversed(self._text.steps[: index + 1]):
            if step.lab:
                view, _, rest = step.lab.partition("?")
                return f"view={view}&{rest}"
        return ""

    def _lab_state(self) -> str:
        if self._lab.params is None:
            return ""
        query = self._lab.params.query()
        return query if "view=" in query else f"view={self._lab.view}&{query}"

    def _remember(self) -> None:
        if self._lab_state() != self._standing.start[1] or self._standing.start[0] != self.index:
            self._standing.visit(self.step, self._lab_state())
