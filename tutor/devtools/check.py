"""The lesson linter: loads lessons, runs whatever their texts name, and asks every rule.

It imports no torch: like the screens it runs tasks in the compute side, one for all lessons.
"""

from __future__ import annotations

import asyncio
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import catalog, lab_state
from tutor.catalog import Broken
from tutor.compute.client import ComputeClient
from tutor.compute.status import State
from tutor.devtools.rules import RULES
from tutor.devtools.rules.mistypes import mistyped
from tutor.devtools.rules.subject import (
    Finding,
    LessonUnderCheck,
    Outcome,
    default_state,
    text_name,
    uses,
)
from tutor.errors import TutorError, UnknownNameError
from tutor.i18n import LANGUAGES, t
from tutor.lesson_text import LessonTextError, parse
from tutor.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tutor.api import Frame, Lesson, Params
    from tutor.lesson_text import LessonText

LONGEST = 1000
"""How many characters of a finding are shown."""

PATIENCE = 60.0
"""How many seconds a run may take."""


def check_lessons(names: Sequence[str], device: str, echo: Callable[[str], None]) -> int:
    """Check the lessons called `names`, or all, and echo what is wrong; return 1 if anything is.

    Raises:
        UnknownNameError: if there is no lesson of a name.
        TutorError: if nothing can be computed.
    """
    there = catalog.lessons()
    for name in names:
        if name not in there:
            raise UnknownNameError("lesson", name, there)
    return asyncio.run(_check([there[name] for name in names or there], device, echo))


async def _check(
    lessons: Iterable[Lesson | Broken], device: str, echo: Callable[[str], None]
) -> int:
    client = ComputeClient.logged(device)
    await client.start()
    found = 0
    try:
        for lesson in lessons:
            findings = await _findings(lesson, client)
            for line in findings:
                echo(one_line(line, LONGEST))
            if not findings:
                echo(t("check.sound", lesson=lesson.id))
            found += len(findings)
    finally:
        await client.close()
    if found:
        echo(t("check.found", count=found))
    return int(found > 0)


async def _findings(lesson: Lesson | Broken, client: ComputeClient) -> list[str]:
    """Return what is to be put right in a lesson, a line each."""
    if isinstance(lesson, Broken):
        return [f"{lesson.id}: it cannot be loaded: {lesson.reason} [broken]"]
    try:
        _import_state(lesson)
    except Exception as error:  # noqa: BLE001 - a lesson may raise anything when imported
        told = f"{type(error).__name__}: {error}"
        return [f"{lesson.id}: its state.py cannot be used: {told}; correct it [broken]"]
    subject = await _under_check(lesson, client)
    return [
        _line(subject.folder, finding, rule.__name__) for rule in RULES for finding in rule(subject)
    ]


def _import_state(lesson: Lesson) -> None:
    """Load what the rules take for granted: tasks, checks, and a lab with a view."""
    catalog.tasks(lesson)
    catalog.checks(lesson)
    catalog.lab_params(lesson).setting("view")


async def _under_check(lesson: Lesson, client: ComputeClient) -> LessonUnderCheck:
    folder = Path(str(files(lesson.package)))
    paths = {language: folder / text_name(language) for language in LANGUAGES}
    sources = {
        language: path.read_text(encoding="utf-8", errors="replace")
        for language, path in paths.items()
        if path.is_file()
    }
    texts: dict[str, LessonText] = {}
    unreadable: dict[str, str] = {}
    for language, source in sources.items():
        try:
            text = parse(source, language, text_name(language))
        except LessonTextError as error:
            unreadable[language] = str(error)
            continue
        if reason := mistyped(text):
            unreadable[language] = reason
        else:
            texts[language] = text
    queries = {default_state(lesson), *catalog.tasks(lesson)}
    queries |= {use.query for text in texts.values() for use in uses(text)}
    outcomes = await _outcomes(lesson, sorted(queries), client)
    return LessonUnderCheck(lesson, folder, sources, texts, unreadable, outcomes)


async def _outcomes(
    lesson: Lesson, queries: Iterable[str], client: ComputeClient
) -> dict[str, Outcome]:
    """Run every state, equal ones once."""
    tasks = catalog.tasks(lesson)
    outcomes: dict[str, Outcome] = {}
    known: dict[tuple[str, Params], Frame | str] = {}
    for query in queries:
        try:
            lab = lab_state.at(catalog.lab_params(lesson), query)
        except TutorError as error:
            outcomes[query] = Outcome(None, None, str(error))
            continue
        task = query.partition("?")[0]
        if task not in tasks:
            outcomes[query] = Outcome(lab, None, f"there is no task {task}")
            continue
        key = (task, lab.narrowed(tasks[task].params))
        if key not in known:
            known[key] = await _ran(f"{lesson.id}.{task}", lab, client)
        result = known[key]
        if isinstance(result, str):
            outcomes[query] = Outcome(lab, None, result)
        else:
            outcomes[query] = Outcome(lab, result, "")
    return outcomes


async def _ran(task: str, lab: Params, client: ComputeClient) -> Frame | str:
    """Return the last frame of a task, or why there is none.

    Raises:
        TutorError: if nothing can be computed at all.
    """
    try:
        return await asyncio.wait_for(client.call(task, lab), PATIENCE)
    except TimeoutError:
        return f"it takes longer than {PATIENCE:g} s"
    except TutorError as error:
        if client.status.state is State.UNAVAILABLE:
            raise
        return str(error)


def _line(folder: Path, finding: Finding, rule: str) -> str:
    path = os.path.relpath(folder / finding.file)
    place = f"{path}:{finding.line}" if finding.line else path
    return f"{place}: {finding.where}: {finding.wrong}; {finding.fix} [{rule}]"
