"""Reads a lesson's text: Markdown in steps, with activities in fenced TOML blocks.

    +++
    [words]       # the lab's labels
    [sentences]   # each picture as one sentence
    [errors]      # why parameters have no answer
    +++

    ## A step's title {#its-id}

    Prose. A number that comes from running code is a link to that run:
    [52.4 %](posterior?prior=0.1&false_alarm=0.1#posterior).

    ```lab
    posterior?prior=0.1
    ```

    ```predict
    id = "two-tests"
    …
    ```

The `lab` block is the state in which the step finds the lab.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from tutor import activities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.activities import Activity

HEADING = re.compile(r"^## (?P<title>.+?) \{#(?P<id>[a-z0-9-]+)\}$")
FENCE = re.compile(r"^```(?P<kind>\w*).*$")
TOML_PLACE = re.compile(r"(?P<what>.*) \(at line (?P<line>\d+), column \d+\)$", re.DOTALL)
NUMBER_LINK = re.compile(r"\[(?P<shown>[^\]]+)\]\((?P<query>\w+\?[^)#\s]*)#(?P<measure>\w+)\)")
"""A number in the prose that is the result of a run."""


class LessonTextError(ValueError):
    """A lesson's text that cannot be read: which file, which line, and what was expected."""


@dataclass(frozen=True, slots=True)
class Step:
    """One screenful of a lesson: some prose, then the activities on it."""

    id: str
    """The name by which the position in a lesson is saved."""
    title: str
    """The heading."""
    prose: str
    """The Markdown between the heading and the end of the step, without fenced activities."""
    lab: str
    """The state of the lab at the start of the step, as `view?name=value`; empty: as it is."""
    activities: tuple[Activity, ...]
    """What the learner answers, in order."""


@dataclass(frozen=True, slots=True)
class LessonText:
    """A lesson's text in one language."""

    language: str
    """The language's code."""
    words: dict[str, str]
    """The labels of the lab."""
    sentences: dict[str, str]
    """A template for each task that tells its frame in one sentence."""
    errors: dict[str, str]
    """A template for each reason that parameters have no answer."""
    steps: tuple[Step, ...]
    """The lesson in order."""

    def step(self, id: str) -> Step:  # noqa: A002 - as the field is called
        """Return the step with the given id.

        Raises:
            KeyError: if there is none.
        """
        return {step.id: step for step in self.steps}[id]

    @property
    def activities(self) -> tuple[Activity, ...]:
        """Every activity in order."""
        return tuple(activity for step in self.steps for activity in step.activities)


def load(package: str, language: str) -> LessonText:
    """Read `lesson.<language>.md` of a lesson's package; English where the language is missing.

    Raises:
        LessonTextError: if the text cannot be read.
    """
    folder = files(package)
    file = folder / f"lesson.{language}.md"
    if not file.is_file():
        language, file = "en", folder / "lesson.en.md"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LessonTextError(f"{file.name}: {error}") from error
    return parse(text, language, file.name)


def parse(text: str, language: str, name: str = "lesson") -> LessonText:
    """Read a lesson's text; `name` is the file's name in messages.

    Raises:
        LessonTextError: if the text cannot be read.
    """
    lines = text.splitlines()
    front, start = _front(lines, name)
    steps = tuple(_steps(lines, start, name))
    _once(name, "step", [step.id for step in steps])
    _once(name, "activity", [one.id for step in steps for one in step.activities])
    if not steps:
        raise LessonTextError(f"{name}: no step; a step starts with '## Title {{#id}}'")
    return LessonText(
        language,
        front.get("words", {}),
        front.get("sentences", {}),
        front.get("errors", {}),
        steps,
    )


def _once(name: str, what: str, ids: list[str]) -> None:
    for id_ in ids:
        if ids.count(id_) > 1:
            raise LessonTextError(f"{name}: the {what} {id_} is there twice; ids are unique")


def _front(lines: list[str], name: str) -> tuple[dict[str, dict[str, str]], int]:
    if not lines or lines[0] != "+++" or "+++" not in lines[1:]:
        raise LessonTextError(f"{name}:1: a text starts with a TOML table between lines of +++")
    end = lines.index("+++", 1)
    front = _toml(lines[1:end], name, 2)
    for key, told in front.items():
        if not isinstance(told, dict) or not all(isinstance(one, str) for one in told.values()):
            raise LessonTextError(f"{name}: [{key}] is a table of texts")
    return front, end + 1


def _steps(lines: list[str], start: int, name: str) -> Iterator[Step]:
    """Yield the steps: each from its heading to the next."""
    heads = _heads(lines, start)
    _nothing_before(lines, start, heads[0] if heads else len(lines), name)
    ends = [*heads[1:], len(lines)] if heads else []
    for first, end in zip(heads, ends, strict=True):
        heading = HEADING.match(lines[first])
        if heading is None:
            raise LessonTextError(f"{name}:{first + 1}: a step's heading ends with its id: {{#id}}")
        prose: list[str] = []
        lab = ""
        found: list[Activity] = []
        for kind, block, line in _blocks(lines, first + 1, end, name):
            if kind == "lab":
                lab = "".join(part.strip() for part in block)
            elif kind in activities.KINDS:
                found.append(_activity(kind, block, name, line))
            else:
                prose += block
        yield Step(heading["id"], heading["title"], "\n".join(prose).strip(), lab, tuple(found))


def _nothing_before(lines: list[str], start: int, first: int, name: str) -> None:
    """Refuse what stands before the first step, as no step shows it."""
    for index in range(start, first):
        if lines[index].strip():
            raise LessonTextError(
                f"{name}:{index + 1}: a text begins with a step: ## Title {{#id}}"
            )


def _heads(lines: list[str], start: int) -> list[int]:
    """Return where steps begin: the lines with a heading that are not in a fenced block."""
    heads: list[int] = []
    fenced = False
    for index in range(start, len(lines)):
        fenced ^= lines[index].startswith("```")
        if not fenced and lines[index].startswith("## "):
            heads.append(index)
    return heads


def _blocks(
    lines: list[str], start: int, end: int, name: str
) -> Iterator[tuple[str, list[str], int]]:
    """Yield (kind, lines, number of the line before): prose as it is, a lab or activity's inside.

    Any other fenced block is prose, its fences included.
    """
    index = start
    while index < end:
        fence = FENCE.match(lines[index])
        if fence is None:
            yield "", [lines[index]], index
            index += 1
            continue
        if "```" not in lines[index + 1 : end]:
            raise LessonTextError(f"{name}:{index + 1}: this block is not closed by ```")
        close = lines.index("```", index + 1)
        known = fence["kind"] == "lab" or fence["kind"] in activities.KINDS
        block = lines[index + 1 : close] if known else lines[index : close + 1]
        yield fence["kind"] if known else "", block, index + 1
        index = close + 1


def _activity(kind: str, block: list[str], name: str, line: int) -> Activity:
    try:
        return activities.build(kind, _toml(block, name, line + 1))
    except (TypeError, KeyError, ValueError) as error:
        if isinstance(error, LessonTextError):
            raise
        raise LessonTextError(f"{name}:{line}: {kind}: {error}") from error


def _toml(block: list[str], name: str, line: int) -> dict[str, dict[str, str]]:
    try:
        return tomllib.loads("\n".join(block))
    except tomllib.TOMLDecodeError as error:
        told = TOML_PLACE.match(str(error))
        line += int(told["line"]) - 1 if told else 0
        raise LessonTextError(f"{name}:{line}: {told['what'] if told else error}") from error
