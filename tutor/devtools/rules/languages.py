"""Rules that hold the languages of a lesson together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tutor.activities import Choice, Guided, Number, Predict
from tutor.devtools.rules.subject import Finding, mark_of, text_name
from tutor.i18n import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.activities import Activity
    from tutor.devtools.rules.subject import LessonUnderCheck
    from tutor.lesson_text import LessonText, Step


def readable_texts(subject: LessonUnderCheck) -> Iterator[Finding]:
    """There is a text in every language, and it can be read."""
    for language, spoken in LANGUAGES.items():
        name = text_name(language)
        if language not in subject.sources:
            fix = f"write {name}: the same steps and activities in {spoken}"
            yield Finding("", 0, name, "the file is not there", fix)
        elif reason := subject.unreadable.get(language):
            place = re.match(rf"{re.escape(name)}:(\d+): (.*)", reason, re.DOTALL)
            line, told = (int(place[1]), place[2]) if place else (0, reason)
            yield Finding(name, line, "text", told, "write it as tutor.lesson_text describes")


def same_tables(subject: LessonUnderCheck) -> Iterator[Finding]:
    """The tables at the start of a text have the same names in every language."""
    for table in ("words", "sentences", "errors"):
        every = set().union(*(getattr(text, table) for text in subject.texts.values()))
        for language, text in subject.texts.items():
            for name in sorted(every - getattr(text, table).keys()):
                wrong = f"it is not in [{table}], but in another language it is"
                yield subject.in_text(language, f"[{table}]", name, wrong, "add or remove it")


def same_steps(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every language has the same steps, which find the lab in the same states."""
    for language, text in _others(subject):
        theirs, ours = [step.id for step in subject.steps], [step.id for step in text.steps]
        if ours != theirs:
            wrong = f"the steps are {', '.join(ours)}"
            fix = f"make them, in this order: {', '.join(theirs)}"
            yield Finding(text_name(language), 0, "steps", wrong, fix)
            continue
        for reference, step in _paired(subject, text):
            if step.lab != reference.lab:
                wrong = f"the lab is {step.lab or 'not set'}"
                fix = f"as in the other language: {reference.lab or 'no lab block'}"
                yield subject.in_text(language, mark_of(step), step.id, wrong, fix)


def same_activities(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every language asks the same, in the same order, with the same answers."""
    for language, text in _others(subject):
        for reference, step in _paired(subject, text):
            theirs = [_name(activity) for activity in reference.activities]
            ours = [_name(activity) for activity in step.activities]
            if ours != theirs:
                wrong = f"the activities are {', '.join(ours) or 'none'}"
                fix = f"make them, in this order: {', '.join(theirs) or 'none'}"
                yield subject.in_text(language, mark_of(step), step.id, wrong, fix)
                continue
            for their, our in zip(reference.activities, step.activities, strict=True):
                facts = _facts(our)
                for name, value in _facts(their).items():
                    if facts[name] != value:
                        wrong, fix = f"{name} is {_shown(facts[name])}", f"make it {_shown(value)}"
                        yield subject.in_activity(our, wrong, fix, language)


def _others(subject: LessonUnderCheck) -> Iterator[tuple[str, LessonText]]:
    yield from list(subject.texts.items())[1:]


def _paired(subject: LessonUnderCheck, text: LessonText) -> Iterator[tuple[Step, Step]]:
    """Yield each step of the reference with the one of a text, if the steps are the same."""
    if [step.id for step in subject.steps] == [step.id for step in text.steps]:
        yield from zip(subject.steps, text.steps, strict=True)


def _name(activity: Activity) -> str:
    return f"{type(activity).__name__.lower()} {activity.id}"


def _facts(activity: Activity) -> dict[str, Any]:
    """Return what is no language of an activity."""
    facts: dict[str, Any] = {"goal": activity.goal}
    if isinstance(activity, Predict | Number):
        facts |= {
            "run": activity.run.query,
            "measure": activity.run.measure,
            "unit": activity.unit,
        }
    match activity:
        case Choice(options=options):
            facts["the right option"] = [option.right for option in options]
            facts["the options' values"] = [option.value for option in options]
            facts["the options' mistakes"] = [option.mistake for option in options]
        case Number():
            facts |= {"answer": activity.answer, "tolerance": activity.tolerance}
            facts["the mistakes"] = [(one.name, one.value) for one in activity.mistakes]
        case Guided():
            facts |= {"check": activity.check, "solution": activity.solution}
    return facts


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
