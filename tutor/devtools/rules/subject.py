"""What a rule looks at: a lesson, its texts as they are written, and what its runs gave."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor import catalog
from tutor.activities import Activity, Guided, Number, Predict
from tutor.lesson_text import NUMBER_LINK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tutor.api import Frame, Lesson, Params
    from tutor.lesson_text import LessonText, Step

LINK = re.compile(r"\[(?P<shown>[^\]]+)\]\((?P<target>[^)\s]+)\)")
"""Any link in Markdown; one to a run is also a `NUMBER_LINK`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an author has to put right."""

    file: str
    """The file's name in the lesson's folder; empty for the folder."""
    line: int
    """The line that it is about, from 1; 0 when it is about the whole file."""
    where: str
    """The id of the activity or step, or the name of what is wrong."""
    wrong: str
    """What is wrong."""
    fix: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class Use:
    """A state of the lab that a text names."""

    query: str
    """The state as `view?name=value`."""
    kind: str
    """What it is named for: "lab", "run", "solution" or "link"."""
    where: str
    """The id of the step or the activity."""
    mark: str
    """A text on the line that names it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a state: the lab that it sets, and what its run gave."""

    lab: Params | None
    """The lab; None if the state is none."""
    frame: Frame | None
    """The last frame; None if there is none."""
    problem: str
    """Why there is no frame; empty if there is one."""


@dataclass(frozen=True, slots=True)
class LessonUnderCheck:
    """A lesson and everything that the rules need to know of it."""

    lesson: Lesson
    """The metadata; the lesson's state module can be imported."""
    folder: Path
    """The folder of the lesson's package."""
    sources: Mapping[str, str]
    """The files of the texts, by language, as far as they are there."""
    texts: Mapping[str, LessonText]
    """The texts by language, as far as they can be read; the reference comes first."""
    unreadable: Mapping[str, str]
    """Why the other texts cannot be read, by language."""
    outcomes: Mapping[str, Outcome]
    """What became of every state that a text names, by its query."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the reference, for what does not depend on the language."""
        return next((text.steps for text in self.texts.values()), ())

    @property
    def activities(self) -> tuple[Activity, ...]:
        """The activities of the reference."""
        return tuple(activity for step in self.steps for activity in step.activities)

    @property
    def language(self) -> str:
        """The language of the reference."""
        return next(iter(self.texts), "en")

    def lab_of(self, step: Step) -> str:
        """Return the state in which a step finds the lab: its own, an earlier step's, or none."""
        state = default_state(self.lesson)
        for one in self.steps:
            state = one.lab or state
            if one.id == step.id:
                break
        return state

    def outcome(self, activity: Predict | Number) -> float | str | None:
        """Return what an activity's run measures; None if it cannot be measured."""
        return self.measured(activity.run.query, activity.run.measure)

    def measured(self, query: str, measure: str) -> float | str | None:
        """Return one number or word of the frame that a state gives; None if there is none."""
        value = getattr(self.outcomes[query].frame, measure, None)
        if isinstance(value, str):
            return value
        try:
            return None if value is None else float(value)
        except (TypeError, ValueError):
            return None

    def code(self, file: str) -> ast.Module | None:
        """Return a Python file of the lesson as a tree; None if it is not there or no Python."""
        try:
            return ast.parse((self.folder / file).read_text(encoding="utf-8"))
        except (OSError, ValueError, SyntaxError):
            return None

    def in_text(self, language: str, mark: str, where: str, wrong: str, fix: str) -> Finding:
        """Return a finding at the first line with `mark` in the text of a language."""
        source = self.sources.get(language, "")
        line = source[: source.find(mark)].count("\n") + 1 if mark in source else 0
        return Finding(text_name(language), line, where, wrong, fix)

    def in_activity(self, activity: Activity, wrong: str, fix: str, language: str = "") -> Finding:
        """Return a finding about an activity, in the reference or another language."""
        return self.in_text(language or self.language, mark_of(activity), activity.id, wrong, fix)


def text_name(language: str) -> str:
    """Return the name of the file with a lesson's text in a language."""
    return f"lesson.{language}.md"


def mark_of(part: Activity | Step) -> str:
    """Return the text by which an activity or a step is found in its file."""
    return f'id = "{part.id}"' if isinstance(part, Activity) else f"{{#{part.id}}}"


def default_state(lesson: Lesson) -> str:
    """Return the state of a lab in which nothing was set."""
    return str(catalog.lab_params(lesson)().values()["view"])


def uses(text: LessonText) -> Iterator[Use]:
    """Yield every state of the lab that a text names, in order."""
    for step in text.steps:
        if step.lab:
            yield Use(step.lab, "lab", step.id, mark_of(step))
        yield from _links(step.prose, step.id)
        for activity in step.activities:
            yield from _links(activity.question, activity.id)
            match activity:
                case Predict(run=run) | Number(run=run):
                    yield Use(run.query, "run", activity.id, mark_of(activity))
                case Guided(solution=solution):
                    yield Use(solution, "solution", activity.id, mark_of(activity))


def _links(markdown: str, where: str) -> Iterator[Use]:
    for link in LINK.finditer(markdown):
        target = link["target"]
        if not target.startswith(("http:", "https:")):
            number = NUMBER_LINK.fullmatch(link[0])
            query = number["query"] if number else target.partition("#")[0]
            yield Use(query, "link", where, f"]({target})")
