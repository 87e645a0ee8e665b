"""Where a learner stands in one lesson: what was answered, which steps are done, where to go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutor.activities import Choice, Guided, Number, Verdict

if TYPE_CHECKING:
    from tutor.activities import Activity
    from tutor.lesson_text import LessonText, Step
    from tutor.progress import Answered, Progress


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given, and what it was worth."""

    answer: Any
    """The index of an option, a number, or for a guided task the state of the lab."""
    verdict: Verdict
    """What it was worth."""


class Standing:
    """One learner in one lesson: reads the past from the progress, and adds to it."""

    def __init__(self, lesson: str, text: LessonText, progress: Progress) -> None:
        """Stand where `progress` says in the lesson with this id and text."""
        self._lesson = lesson
        self._text = text
        self._progress = progress
        answers = progress.answers(lesson)
        self._right = {id_ for id_, answered in answers.items() if answered.right}
        self._given = {
            activity.id: given
            for activity in text.activities
            if (answered := answers.get(activity.id)) and (given := _remembered(activity, answered))
        }
        self._visited = progress.visited(lesson)

    @property
    def start(self) -> tuple[int, str]:
        """The index of the step to go on at, and the state of the lab that was left there."""
        position = self._progress.position(self._lesson)
        ids = [step.id for step in self._text.steps]
        if position is None or position.step not in ids:
            return 0, ""
        return ids.index(position.step), position.lab

    def given(self, activity: Activity) -> Given | None:
        """Return the last answer to an activity, None if there is none."""
        return self._given.get(activity.id)

    def is_done(self, step: Step) -> bool:
        """Return whether the step was seen and its activities have right answers."""
        return step.id in self._visited and all(self.is_right(one) for one in step.activities)

    def is_right(self, activity: Activity) -> bool:
        """Return whether an activity has ever been answered right."""
        return activity.id in self._right

    def steps(self) -> list[tuple[bool, bool]]:
        """Return for each step whether it is done and whether it was visited."""
        return [(self.is_done(step), step.id in self._visited) for step in self._text.steps]

    def visit(self, step: Step, lab: str) -> None:
        """Record that the learner is at a step, with the lab in a state."""
        self._visited.add(step.id)
        self._progress.record(self._lesson, "step", step=step.id, lab=lab)

    def answer(self, step: Step, activity: Activity, answer: Any, verdict: Verdict) -> None:
        """Record an answer and what it was worth."""
        self._given[activity.id] = Given(answer, verdict)
        if verdict.right:
            self._right.add(activity.id)
        self._progress.record(
            self._lesson,
            "answer",
            step=step.id,
            activity=activity.id,
            answer=answer,
            right=verdict.right,
            mistake=verdict.mistake,
        )


def _remembered(activity: Activity, answered: Answered) -> Given | None:
    """Return an answer of an earlier day as it was judged then, None if it is no answer."""
    answer, right = answered.answer, answered.latest
    match activity:
        case Choice(options=options) if isinstance(answer, int) and 0 <= answer < len(options):
            option = options[answer]
            return Given(answer, Verdict(right, option.why, option.mistake))
        case Number() if isinstance(answer, int | float):
            why = activity.right if right else activity.judge_unrun(answer).why
            return Given(answer, Verdict(right, why, answered.mistake))
        case Guided():
            return Given(answer, Verdict(right, activity.why))
    return None
