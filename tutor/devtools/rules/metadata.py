"""Rules about a lesson's metadata."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from tutor import catalog
from tutor.devtools.rules.subject import Finding
from tutor.i18n import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.devtools.rules.subject import LessonUnderCheck

FILE = "__init__.py"
"""Where a lesson's metadata stands."""


def every_language(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every word of the metadata is there in every language."""
    lesson = subject.lesson
    told = {
        "module": lesson.module,
        "title": lesson.title,
        "summary": lesson.summary,
        "out_of_scope": lesson.out_of_scope,
        **{f"goal {goal.id}": goal.text for goal in lesson.goals},
    }
    for name, words in told.items():
        for language, spoken in LANGUAGES.items():
            if not words.get(language, "").strip():
                fix = f'write its "{language}" in {spoken}'
                yield _finding(name, f'"{language}" is missing or empty', fix)


def whole_metadata(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A lesson has goals and sources, and takes some time."""
    lesson = subject.lesson
    if not lesson.goals:
        yield _finding("goals", "there are none", "say what a learner can do afterwards")
    if not lesson.sources:
        yield _finding("sources", "there are none", "name the works that the content rests on")
    if not all(source.strip() for source in lesson.sources):
        yield _finding("sources", "one is empty", "name the work, or remove the line")
    if lesson.minutes <= 0:
        yield _finding("minutes", f"it is {lesson.minutes}", "say how long the lesson takes")


def known_requirements(subject: LessonUnderCheck) -> Iterator[Finding]:
    """The lessons to take before are there, and are others."""
    others = sorted(catalog.lessons().keys() - {subject.lesson.id})
    for name in subject.lesson.requires:
        if name not in others:
            near = get_close_matches(name, others, n=3, cutoff=0.4) or others[:8]
            fix = f"name one of {', '.join(near)}" if near else "remove it"
            yield _finding("requires", f"there is no other lesson {name}", fix)


def _finding(where: str, wrong: str, fix: str) -> Finding:
    return Finding(FILE, 0, where, wrong, fix)
