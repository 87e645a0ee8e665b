"""Finds lessons through the entry-point group `tutor.lessons`, the built-in ones included.

A lesson that cannot be loaded is listed as broken, with the reason, and harms nothing else.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from tutor.api import Lesson
from tutor.errors import TutorError, UnknownNameError, brief

if TYPE_CHECKING:
    from types import ModuleType

    from tutor.api import Params, Task

GROUP = "tutor.lessons"
"""The entry-point group in which distributions name their lessons."""

OWN = "lessons."
"""How the built-in lessons' packages begin; no other lesson takes one's name."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A lesson that could not be loaded."""

    id: str
    """The name of its entry point."""
    reason: str
    """What loading it raised, in one line."""


@cache
def lessons() -> dict[str, Lesson | Broken]:
    """Return every installed lesson by id: first the sound ones in order, then the broken."""
    points: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda one: not one.value.startswith(OWN)):
        points.setdefault(point.name, point)
    loaded = [_load(point) for point in points.values()]
    sound = sorted((one for one in loaded if isinstance(one, Lesson)), key=lambda one: one.order)
    broken = sorted((one for one in loaded if isinstance(one, Broken)), key=lambda one: one.id)
    return {**{one.id: one for one in sound}, **{one.id: one for one in broken}}


def lesson(id: str) -> Lesson:  # noqa: A002 - as the field is called
    """Return one lesson.

    Raises:
        UnknownNameError: if no lesson has this id.
        TutorError: if the lesson is broken.
    """
    found = lessons().get(id)
    if found is None:
        raise UnknownNameError("lesson", id, lessons())
    if isinstance(found, Broken):
        raise TutorError("error.broken_lesson", name=id, reason=found.reason)
    return found


def state(lesson: Lesson) -> ModuleType:
    """Import a lesson's `state` module: its `TASKS`, `Lab` parameters and `CHECKS`.

    Raises:
        TutorError: if it cannot be imported.
    """
    try:
        return importlib.import_module(f"{lesson.package}.state")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise TutorError("error.broken_lesson", name=lesson.id, reason=brief(error)) from error


def lab_params(lesson: Lesson) -> type[Params]:
    """Return the class of everything that can be set in a lesson's lab."""
    params: type[Params] = state(lesson).Lab
    return params


def tasks(lesson: Lesson) -> dict[str, Task]:
    """Return a lesson's tasks by their names within the lesson.

    Raises:
        TutorError: if its `state` cannot be imported or names no tasks.
    """
    found = getattr(state(lesson), "TASKS", None)
    if not isinstance(found, dict):
        raise TutorError("error.broken_lesson", name=lesson.id, reason="state.TASKS is no table")
    return found


def checks(lesson: Lesson) -> dict[str, Any]:
    """Return the predicates of a lesson's guided tasks by name."""
    found: dict[str, Any] = state(lesson).CHECKS
    return found


def remedies(lesson: Lesson) -> dict[str, str]:
    """Return the tasks that mend something, by the keys of the errors that say what is amiss."""
    found: dict[str, str] = getattr(state(lesson), "REMEDIES", {})
    return found


def task_names() -> list[str]:
    """Return the full names of all tasks of all sound lessons."""
    names: list[str] = []
    for lesson in lessons().values():
        if isinstance(lesson, Lesson):
            with suppress(TutorError):
                names += [f"{lesson.id}.{name}" for name in tasks(lesson)]
    return names


def find_task(name: str) -> tuple[Lesson, Task]:
    """Return the task with the full name `lesson.task` and its lesson.

    Raises:
        UnknownNameError: if there is no such task.
    """
    lesson_id, _, short = name.partition(".")
    found = lessons().get(lesson_id)
    if not isinstance(found, Lesson) or short not in tasks(found):
        raise UnknownNameError("task", name, task_names())
    return found, tasks(found)[short]


def _load(point: EntryPoint) -> Lesson | Broken:
    try:
        found = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a lesson may raise anything when imported
        return Broken(point.name, brief(error))
    if not isinstance(found, Lesson):
        return Broken(point.name, f"{point.value} is no tutor.api.Lesson")
    if found.id != point.name:
        return Broken(point.name, f"its id is {found.id!r}, its entry point {point.name!r}")
    return found
