"""A lesson from the step where the learner left it to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor import i18n, lesson_text
from tutor.errors import TutorError
from tutor.i18n import t
from tutor.plain.asking import Asking
from tutor.plain.console import Console, Move
from tutor.plain.lab import Lab
from tutor.standing import Standing

if TYPE_CHECKING:
    from tutor.api import Lesson, Params
    from tutor.lesson_text import Step
    from tutor.plain.computer import Computer
    from tutor.plain.voice import Voice
    from tutor.progress import Progress


class Walk:
    """One learner's way through one lesson."""

    def __init__(
        self,
        lesson: Lesson,
        lab: Params | None,
        voice: Voice,
        computer: Computer,
        progress: Progress,
    ) -> None:
        """Go through `lesson`, with the lab as in `lab` at first if that is given.

        Raises:
            LessonTextError: if the lesson's text cannot be read.
        """
        self._lesson = lesson
        self._first = lab
        self._voice = voice
        self._progress = progress
        self._text = lesson_text.load(lesson.package, i18n.language())
        self._standing = Standing(lesson.id, self._text, progress)
        self._lab = Lab(lesson, self._text, computer, voice)
        self._console = Console(voice, self._lab)
        self._asking = Asking(lesson, self._text, self._standing, self._console)
        self._warned: set[str] = set()

    def go(self) -> None:
        """Go on from where the learner is until the end of the lesson.

        Raises:
            EOFError: if the learner quits.
        """
        self._voice.gap()
        self._voice.say(i18n.localized(self._lesson.title))
        index, left = self._standing.start
        self._enter(index, left)
        while index < len(self._text.steps):
            step = self._text.steps[index]
            try:
                self._show(index)
                by = 1
            except Move as move:
                by = move.by
            finally:
                self._remember(step)
            index += by
            if index < len(self._text.steps):
                self._set(self._text.steps[index].lab)
        self._end()

    def _enter(self, index: int, left: str) -> None:
        """Set the lab as it was asked for, as it was left, or as the step finds it."""
        untouched = self._lab.view
        for step in self._text.steps[: index + 1]:
            self._set(step.lab)
        if self._first is not None:
            self._lab.params = self._first
        elif left:
            self._set(f"{untouched}?{left}")

    def _set(self, query: str) -> None:
        """Set the lab if there is a state to set; one of another version of the lesson is none."""
        try:
            if query:
                self._lab.set(query)
        except TutorError as problem:
            self._voice.say(str(problem))

    def _show(self, index: int) -> None:
        """Tell a step, ask what it asks, and wait until the learner goes on."""
        step, steps = self._text.steps[index], len(self._text.steps)
        self._console.at_first_step = index == 0
        self._standing.visit(step, self._lab.params.query())
        self._warn()
        self._voice.gap()
        self._voice.say(t("plain.position", step=index + 1, steps=steps, title=step.title))
        self._voice.gap()
        self._voice.say_markdown(step.prose)
        self._voice.gap()
        self._lab.tell()
        for activity in step.activities:
            self._asking.ask(step, activity)
            self._warn()
        self._voice.gap()
        last = index == steps - 1
        while True:
            self._voice.say(t("plain.at_end") if last else t("plain.go_on"))
            typed = self._console.typed()
            if not typed:
                return
            self._voice.say(t("plain.no_command", typed=typed[:40]))

    def _remember(self, step: Step) -> None:
        """Record the state in which the lab is left."""
        position = self._progress.position(self._lesson.id)
        if position is None or position.lab != self._lab.params.query():
            self._standing.visit(step, self._lab.params.query())

    def _warn(self) -> None:
        """Say what became of the file with the progress, each thing once."""
        for problem in (self._progress.notice, self._progress.unsaved):
            if problem is not None and str(problem) not in self._warned:
                self._warned.add(str(problem))
                self._voice.say(str(problem))

    def _end(self) -> None:
        activities = self._text.activities
        right = sum(map(self._standing.is_right, activities))
        self._voice.gap()
        self._voice.say(t("plain.end", right=right, activities=len(activities)))
