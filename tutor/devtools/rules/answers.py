"""Rules about what is asked and how each answer is explained, before anything is run."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tutor.activities import Choice, Guided, Number, Predict
from tutor.devtools.rules.subject import Finding, mark_of, text_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.activities import Activity
    from tutor.devtools.rules.subject import LessonUnderCheck

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What a name in a lesson's text looks like."""

LEAST = {"predict": 3, "choice or number": 5, "task": 3}
"""How many activities of each kind a lesson has, at least."""


def names_of_parts(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Ids are short words with hyphens, and name one thing each."""
    file = text_name(subject.language)
    named = {
        "step": (file, [step.id for step in subject.steps]),
        "activity": (file, [activity.id for activity in subject.activities]),
        "goal": ("__init__.py", [goal.id for goal in subject.lesson.goals]),
    }
    for kind, (place, ids) in named.items():
        for id_, times in Counter(ids).items():
            if times > 1:
                fix = "name the others differently"
                yield Finding(place, 0, id_, f"{times} of the {kind} ids are the same", fix)
    slugs = {id_: place for place, ids in named.values() for id_ in ids}
    slugs |= {mistake: file for one in subject.activities for mistake in _mistakes(one)}
    for slug, place in slugs.items():
        if not SLUG.fullmatch(slug):
            wrong, fix = "it is no name", "use small letters and digits, with hyphens between words"
            yield Finding(place, 0, slug or "''", wrong, fix)


def goals_served(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every goal has an activity, and every activity serves a goal."""
    goals = [goal.id for goal in subject.lesson.goals]
    for activity in subject.activities:
        if activity.goal not in goals:
            fix = f"make it one of {', '.join(goals)}"
            yield subject.in_activity(activity, f"there is no goal {activity.goal}", fix)
    for goal in goals:
        if all(activity.goal != goal for activity in subject.activities):
            fix = "ask something that shows it is reached, or drop the goal"
            yield Finding("__init__.py", 0, f"goal {goal}", "no activity serves it", fix)


def options_to_choose_from(subject: LessonUnderCheck) -> Iterator[Finding]:
    """There is a choice, one answer is right, and each prediction says what it predicts."""
    for activity in subject.activities:
        if not isinstance(activity, Choice):
            continue
        rights = sum(option.right for option in activity.options)
        if len(activity.options) < 2:  # noqa: PLR2004 - a choice
            yield subject.in_activity(activity, "there is nothing to choose", "add an [[option]]")
        if rights != 1:
            fix = "write right = true in exactly one [[option]]"
            yield subject.in_activity(activity, f"{rights} options are right", fix)
        values = [option.value for option in activity.options]
        if isinstance(activity, Predict) and (None in values or len(set(values)) < len(values)):
            wrong = "some options predict the same, or nothing"
            fix = "give each [[option]] its own value, as the run would measure it"
            yield subject.in_activity(activity, wrong, fix)


def everything_told(subject: LessonUnderCheck) -> Iterator[Finding]:
    """No question, answer or explanation is empty, in any language."""
    for language, text in subject.texts.items():
        for step in text.steps:
            if not step.title.strip() or not (step.prose or step.activities):
                wrong, fix = "it is empty", "write it, or remove the step"
                yield subject.in_text(language, mark_of(step), step.id, wrong, fix)
        for activity in text.activities:
            for name, told in _texts(activity):
                if not told.strip():
                    fix = "write it; every answer gets an explanation"
                    yield subject.in_activity(activity, f"{name} is empty", fix, language)


def enough_activities(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A lesson has predictions, questions and tasks enough."""
    kinds: dict[type[Activity], str] = {
        Predict: "predict",
        Choice: "choice or number",
        Number: "choice or number",
        Guided: "task",
    }
    there = Counter(kinds[type(activity)] for activity in subject.activities)
    for kind, least in LEAST.items():
        if there[kind] < least:
            wrong, fix = f"{there[kind]} of at least {least} are there", "add some"
            yield Finding(text_name(subject.language), 0, kind, wrong, fix)


def _mistakes(activity: Activity) -> list[str]:
    match activity:
        case Choice(options=options):
            return [option.mistake for option in options if option.mistake]
        case Number(mistakes=mistakes):
            return [mistake.name for mistake in mistakes]
    return []


def _texts(activity: Activity) -> Iterator[tuple[str, str]]:
    """Yield every text of an activity with its name."""
    yield "question", activity.question
    match activity:
        case Choice(options=options):
            for number, option in enumerate(options, start=1):
                yield f"text of option {number}", option.text
                yield f"why of option {number}", option.why
        case Number():
            yield "right", activity.right
            yield "wrong", activity.wrong
            for mistake in activity.mistakes:
                yield f"why of {mistake.name}", mistake.why
        case Guided():
            yield "why", activity.why
