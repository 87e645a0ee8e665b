"""Asks the activities of a step: the question, the learner's lines, and what they were worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor import catalog
from tutor.activities import Choice, Guided, Number, Predict, Verdict
from tutor.errors import TutorError
from tutor.i18n import t
from tutor.numbers import formatted

if TYPE_CHECKING:
    from tutor.activities import Activity
    from tutor.api import Frame, Lesson
    from tutor.lesson_text import LessonText, Step
    from tutor.plain.console import Console
    from tutor.standing import Given, Standing

SHOW = "s"
"""What the learner types to be shown how a task is solved."""


class Asking:
    """Asks one activity after the other until each is answered right or passed over."""

    def __init__(
        self, lesson: Lesson, text: LessonText, standing: Standing, console: Console
    ) -> None:
        """Ask through `console`, and keep the answers in `standing`."""
        self._lesson = lesson
        self._words = text.words
        self._standing = standing
        self._console = console
        self._lab = console.lab
        self._voice = console.voice

    def ask(self, step: Step, activity: Activity) -> None:
        """Ask an activity, or recall its right answer.

        Raises:
            Move: if the learner goes to another step.
            EOFError: if the learner quits.
        """
        kinds = {Predict: "predict", Guided: "task", Number: "number"}
        self._voice.gap()
        self._voice.say(t(f"card.{kinds.get(type(activity), 'choice')}"))
        self._voice.say_markdown(activity.question)
        given = self._standing.given(activity)
        if given is not None and given.verdict.right:
            self._recall(activity, given)
            return
        match activity:
            case Choice():
                self._ask_choice(step, activity)
            case Number():
                self._ask_number(step, activity)
            case Guided():
                self._ask_task(step, activity)

    def _ask_choice(self, step: Step, activity: Choice) -> None:
        for number, option in enumerate(activity.options, start=1):
            self._voice.say(option.text, f"  {number}. ", "     ")
        most, tried = len(activity.options), False
        self._voice.say(t("plain.ask_option", most=most))
        while typed := self._console.typed(locked=self._waits(step, activity)):
            if not (typed.isdecimal() and 1 <= int(typed) <= most):
                self._voice.say(t("plain.no_option", typed=typed[:40], most=most))
                continue
            chosen = int(typed) - 1
            verdict = self._judged(activity, chosen, tell=not tried)
            self._conclude(step, activity, chosen, verdict)
            if verdict.right:
                return
            tried = True
            self._voice.say(t("plain.ask_again"))

    def _judged(self, activity: Choice, chosen: int, *, tell: bool) -> Verdict:
        """Judge an option; a prediction is run first, and what came of it is told if wanted."""
        if not isinstance(activity, Predict):
            return activity.judge(chosen)
        frame = self._run(activity.run.query)
        if frame is None:
            return activity.judge_unrun(chosen)
        measured = getattr(frame, activity.run.measure)
        if tell:
            shown = measured if isinstance(measured, str) else formatted(measured, activity.unit)
            self._voice.gap()
            self._voice.say(t("card.measured", value=shown))
            self._lab.tell_frame(frame)
        return activity.judge_run(chosen, measured)

    def _ask_number(self, step: Step, activity: Number) -> None:
        self._voice.say(t("plain.ask_number"))
        while typed := self._console.typed(locked=self._waits(step, activity)):
            try:
                value = activity.read(typed)
            except TutorError as problem:
                self._voice.say(str(problem))
                continue
            before = self._lab.params
            frame = self._run(activity.run.query)
            if frame is None:
                verdict = activity.judge_unrun(value)
            else:
                verdict = activity.judge_run(value, getattr(frame, activity.run.measure))
            self._conclude(step, activity, value, verdict)
            if verdict.right:
                if frame is not None:
                    self._lab.tell_frame(frame)
                return
            self._lab.params = before
            self._voice.say(t("plain.ask_again"))

    def _ask_task(self, step: Step, activity: Guided) -> None:
        if self._lab.unavailable:
            self._voice.say(t("card.not_run"))
            return
        self._voice.say(t("plain.ask_task"))
        self._lab.tell_settings()
        check = catalog.checks(self._lesson)[activity.check]
        while typed := self._console.typed(changes=True):
            try:
                if typed.lower() == SHOW:
                    self._voice.say(t("plain.solution", state=activity.solution))
                    self._lab.set(activity.solution)
                else:
                    self._lab.change(typed)
            except TutorError as problem:
                self._voice.say(str(problem))
                continue
            frame = self._lab.tell()
            if frame is not None and check(self._lab.params, frame):
                verdict = Verdict(right=True, why=activity.why)
                self._conclude(step, activity, self._lab.params.query(), verdict)
                return

    def _run(self, query: str) -> Frame | None:
        """Set the lab to a run and return what comes of it; None, and say why, if nothing does."""
        try:
            self._lab.set(query)
        except TutorError as problem:
            self._voice.say(str(problem))
            return None
        return self._lab.run(self._lab.params)

    def _conclude(
        self, step: Step, activity: Activity, answer: float | str, verdict: Verdict
    ) -> None:
        """Keep an answer, and say what it was worth and why."""
        self._standing.answer(step, activity, answer, verdict)
        self._voice.gap()
        if verdict.mistake:
            mistake = self._words.get(f"mistake.{verdict.mistake}", verdict.mistake)
            self._voice.say(t("plain.mistaken", mistake=mistake))
        else:
            self._voice.say(t("plain.right") if verdict.right else t("plain.wrong"))
        self._voice.say(verdict.why)

    def _recall(self, activity: Activity, given: Given) -> None:
        answer = ""
        match activity, given.answer:
            case Choice(options=options), int(index) if index < len(options):
                answer = options[index].text
            case Number(unit=unit), int(value) | float(value):
                answer = formatted(value, unit)
        self._voice.say(t("plain.answered", answer=answer) if answer else t("plain.solved"))
        self._voice.say(given.verdict.why)

    def _waits(self, step: Step, activity: Activity) -> bool:
        """Return whether this activity or a later one of the step is a prediction yet to make."""
        later = step.activities[step.activities.index(activity) :]
        return any(isinstance(one, Predict) and not self._standing.given(one) for one in later)
