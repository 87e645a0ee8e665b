"""The subcommands that print: what is there, what has been learnt, and what a task gives."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from tutor import catalog, i18n, locations
from tutor.api import Lesson, parse_query
from tutor.cells import table
from tutor.compute.client import ComputeClient
from tutor.compute.status import State
from tutor.errors import ImpossibleError, TutorError
from tutor.i18n import t
from tutor.lesson_text import load
from tutor.progress import Progress
from tutor.sentence import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutor.api import Frame, Params

LONGEST_SHOWN = 8
"""How many elements of an array a table of results shows."""


def list_lessons() -> list[dict[str, Any]]:
    """Return every installed lesson as plain data, broken ones with the reason."""
    found: list[dict[str, Any]] = []
    for lesson in catalog.lessons().values():
        if isinstance(lesson, Lesson):
            names = catalog.task_names()
            found.append(
                {
                    "id": lesson.id,
                    "module": i18n.localized(lesson.module),
                    "title": i18n.localized(lesson.title),
                    "summary": i18n.localized(lesson.summary),
                    "minutes": lesson.minutes,
                    "requires": list(lesson.requires),
                    "tasks": [name for name in names if name.startswith(f"{lesson.id}.")],
                    "broken": None,
                }
            )
        else:
            found.append({"id": lesson.id, "broken": lesson.reason})
    return found


def lesson_table(lessons: list[dict[str, Any]]) -> str:
    """Return the lessons as aligned lines."""
    return table(
        (
            one["id"],
            t("list.broken", reason=one["broken"]) if one["broken"] else one["title"],
            "" if one["broken"] else t("list.minutes", minutes=one["minutes"]),
        )
        for one in lessons
    )


def run_task(name: str, values: Sequence[str], device: str) -> dict[str, Any]:
    """Run a task with parameters given as `name=value` and return its last frame's fields.

    Raises:
        TutorError: if a name or value is wrong, or the task fails.
    """
    lesson, task = catalog.find_task(name)
    given: dict[str, str] = {}
    for value in values:
        given |= parse_query(value.replace("%", "%25"))
    params = task.params.from_strings(given)
    try:
        frame = asyncio.run(_run(name, params, device))
    except ImpossibleError as error:
        raise TutorError("error.plain", told=sentence_of(lesson, error)) from None
    return {one.name: getattr(frame, one.name) for one in fields(frame)}  # type: ignore[arg-type]


def sentence_of(lesson: Lesson, error: ImpossibleError) -> str:
    """Return why parameters have no answer, in the lesson's own words."""
    errors = load(lesson.package, i18n.language()).errors
    return errors[error.key].format(**error.values) if error.key in errors else str(error)


def told(lesson: Lesson, task: str, params: Params, frame: Frame) -> str:
    """Return a task's frame as the lesson's sentence."""
    return sentence(load(lesson.package, i18n.language()).sentences[task], params, frame)


def result_table(result: dict[str, Any]) -> str:
    """Return a task's result as aligned lines, long arrays shortened."""
    return table((name, _brief(value)) for name, value in result.items())


def progress() -> dict[str, Any]:
    """Return what has been answered in every lesson that was begun, as plain data."""
    store = Progress.open(locations.progress_file())
    try:
        return {
            "saved": store.unsaved is None,
            "lessons": {
                id_: _learnt(id_, store)
                for id_ in store.lessons()
                if isinstance(catalog.lessons().get(id_), Lesson)
            },
        }
    finally:
        store.close()


def progress_table(found: dict[str, Any]) -> str:
    """Return the progress as aligned lines."""
    if not found["lessons"]:
        return t("progress.none")
    return table(
        (
            one["title"],
            t("progress.step", step=one["step"], steps=one["steps"]),
            t("progress.right", right=one["right"], activities=one["activities"]),
        )
        for one in found["lessons"].values()
    )


def compute_facts(device: str) -> dict[str, Any]:
    """Start the compute side and return what it says of itself: device, torch, threads."""

    async def ask() -> dict[str, Any]:
        client = ComputeClient.logged(device)
        await client.start()
        try:
            status = await client.settled()
        finally:
            await client.close()
        if status.state is State.UNAVAILABLE:
            return {"available": False, "reason": str(status.problem)}
        return {
            "available": True,
            "device": status.device,
            "name": status.name,
            "torch": status.torch,
            "threads": status.threads,
        }

    return asyncio.run(ask())


async def _run(name: str, params: Params, device: str) -> Frame:
    client = ComputeClient.logged(device)
    await client.start()
    try:
        return await client.call(name, params)
    finally:
        await client.close()


def _learnt(id_: str, store: Progress) -> dict[str, Any]:
    lesson = catalog.lesson(id_)
    text = load(lesson.package, i18n.language())
    position = store.position(id_)
    order = [step.id for step in text.steps]
    answers = store.answers(id_)
    return {
        "title": i18n.localized(lesson.title),
        "step": order.index(position.step) + 1 if position and position.step in order else 1,
        "steps": len(order),
        "answered": len(answers),
        "right": sum(answer.right for answer in answers.values()),
        "activities": len(text.activities),
        "lab": position.lab if position else "",
    }


def _brief(value: Any) -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        shown = " ".join(_brief(one) for one in value[:LONGEST_SHOWN])
        return shown if len(value) <= LONGEST_SHOWN else f"{shown} … ({len(value)})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
