"""The list of lessons, and which of them the learner opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor import catalog, lesson_text
from tutor.api import Lesson
from tutor.i18n import language, t
from tutor.standing import Standing

if TYPE_CHECKING:
    from tutor.plain.voice import Voice
    from tutor.progress import Progress


def choose(voice: Voice, progress: Progress) -> str:
    """List the lessons and return the id of the one that the learner chooses.

    Raises:
        EOFError: if the learner quits.
    """
    there = catalog.lessons().values()
    lessons = [one for one in there if isinstance(one, Lesson)]
    voice.gap()
    voice.say(t("home.lessons"))
    for number, lesson in enumerate(lessons, start=1):
        minutes = t("list.minutes", minutes=lesson.minutes)
        voice.say(f"{lesson.title[language()]} ({minutes})", f"  {number}. ", "     ")
        voice.say(lesson.summary[language()], "     ", "     ")
        if standing := _standing(lesson, progress):
            voice.say(standing, "     ", "     ")
    for one in there:
        if not isinstance(one, Lesson):
            voice.say(f"{one.id} {t('list.broken', reason=one.reason)}", "  - ", "    ")
    voice.say(t("plain.choose"))
    while True:
        typed = voice.hear()
        if typed.lower() in ("q", "ㅂ"):
            raise EOFError
        if typed.isdecimal() and 1 <= int(typed) <= len(lessons):
            return lessons[int(typed) - 1].id
        if typed in {lesson.id for lesson in lessons}:
            return typed
        voice.say(t("plain.no_lesson", typed=typed[:40], most=len(lessons)))


def _standing(lesson: Lesson, progress: Progress) -> str:
    """Return how far the learner is in a lesson; empty if it was not begun."""
    if progress.position(lesson.id) is None:
        return ""
    try:
        text = lesson_text.load(lesson.package, language())
    except lesson_text.LessonTextError:
        return ""
    standing = Standing(lesson.id, text, progress)
    return t(
        "home.standing",
        step=standing.start[0] + 1,
        steps=len(text.steps),
        right=sum(map(standing.is_right, text.activities)),
        activities=len(text.activities),
    )
