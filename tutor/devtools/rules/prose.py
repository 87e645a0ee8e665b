"""Rules about the prose: its numbers come from runs, and it stays short."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tutor import catalog
from tutor.cells import width
from tutor.devtools.rules.subject import LINK, Finding, mark_of
from tutor.lesson_text import NUMBER_LINK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.devtools.rules.subject import LessonUnderCheck
    from tutor.lesson_text import Step

NUMBER = re.compile(r"[-−]?\d+(?:,\d{3})*(?:\.(?P<digits>\d+))?(?P<percent>\s*%)?")
"""A number as prose has it: 0.108, 1,234 or 52.4 %."""

EXACT_PERCENTAGE = re.compile(r"(?<![\d.,])\d+(?:,\d{3})*\.\d+\s*%")
"""A percentage too exact to be a round premise."""

CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
"""A fenced block, its fences included."""

MOST_WORDS = 150
"""How many words of English a step has, at most."""

WIDEST_CODE = 76
"""How many cells a line of code takes, at most."""


def numbers_linked(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A number that links to a run is what the run measures, rounded as it is shown."""
    for language, text in subject.texts.items():
        for part in _parts(text.steps):
            for link in NUMBER_LINK.finditer(part):
                wrong = _disagreement(subject, link)
                if wrong:
                    mark = f"]({link['query']}#{link['measure']})"
                    fix = "correct the number or the run it links to"
                    yield subject.in_text(language, mark, link["shown"], wrong, fix)


def links_measured(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A number that links to a run says what it measures."""
    for language, text in subject.texts.items():
        for part in _parts(text.steps):
            for link in LINK.finditer(part):
                target, shown = link["target"], link["shown"]
                outside = target.startswith(("http:", "https:"))
                if NUMBER.search(shown) and not outside and not NUMBER_LINK.fullmatch(link[0]):
                    wrong = f"the link to {target} does not say what it measures"
                    fix = "end the link with #name, a field or property of the frame"
                    yield subject.in_text(language, f"]({target})", shown, wrong, fix)


def percentages_from_runs(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A percentage with decimals is a link to a run, repeats one, or is a premise of the step."""
    for language, text in subject.texts.items():
        for step in text.steps:
            backed = _premises(subject, step)
            for link in NUMBER_LINK.finditer(step.prose):
                backed.update(map(_squeezed, EXACT_PERCENTAGE.findall(link["shown"])))
            for number in EXACT_PERCENTAGE.findall(LINK.sub("", CODE.sub("", step.prose))):
                if _squeezed(number) not in backed:
                    wrong = f"{number} comes from no run"
                    fix = f"make it a link to one: [{number}](view?name=value#measure)"
                    yield subject.in_text(language, number, step.id, wrong, fix)


def short_prose(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A step is read in a minute."""
    if "en" in subject.texts:
        for step in subject.texts["en"].steps:
            told = LINK.sub(lambda link: link["shown"], CODE.sub("", step.prose))
            words = sum(any(map(str.isalnum, word)) for word in told.split())
            if words > MOST_WORDS:
                wrong, fix = f"{words} words", f"say it in {MOST_WORDS}, or make two steps"
                yield subject.in_text("en", mark_of(step), step.id, wrong, fix)


def narrow_code(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Code fits beside a border in 80 columns."""
    for language, text in subject.texts.items():
        for step in text.steps:
            for block in CODE.findall(step.prose):
                for line in block.splitlines():
                    if (cells := width(line)) > WIDEST_CODE:
                        wrong, fix = f"a line of code is {cells} wide", f"break it at {WIDEST_CODE}"
                        yield subject.in_text(language, line, step.id, wrong, fix)


def _parts(steps: tuple[Step, ...]) -> Iterator[str]:
    """Yield every text that is read as Markdown."""
    for step in steps:
        yield step.prose
        yield from (activity.question for activity in step.activities)


def _disagreement(subject: LessonUnderCheck, link: re.Match[str]) -> str:
    """Return how a number and its run disagree; empty if they agree or nothing was run."""
    query, measure, shown = link["query"], link["measure"], link["shown"]
    frame = subject.outcomes[query].frame
    measured = subject.measured(query, measure)
    if frame is None:
        return ""
    if measured is None:
        return f"{type(frame).__name__} has no {measure} that is a number"
    if isinstance(measured, str):
        return "" if measured in shown else f"the run gives “{measured}”"
    numbers = list(NUMBER.finditer(shown))
    if len(numbers) != 1:
        return f"“{shown}” is not one number such as 52.4 %, 0.108 or 1,234"
    told = float(numbers[0][0].replace(",", "").replace("−", "-").rstrip(" %"))
    scale = 100 if numbers[0]["percent"] else 1
    half = 0.5 * 10.0 ** -len(numbers[0]["digits"] or "")
    agrees = abs(scale * measured - told) <= half * (1 + 1e-9)
    return "" if agrees else f"the run gives {scale * measured:.6g}{' %' if scale == 100 else ''}"  # noqa: PLR2004


def _premises(subject: LessonUnderCheck, step: Step) -> set[str]:
    """Return the percentages that are set in the lab or in a run that the step names."""
    tasks = catalog.tasks(subject.lesson)
    queries = {link["query"] for link in NUMBER_LINK.finditer(step.prose)}
    queries.add(subject.lab_of(step))
    premises: set[str] = set()
    for query in queries:
        lab, task = subject.outcomes[query].lab, query.partition("?")[0]
        if lab is not None and task in tasks:
            for value in lab.narrowed(tasks[task].params).values().values():
                if isinstance(value, float):
                    premises.update(f"{100 * value:.{digits}f}%" for digits in range(1, 5))
    return premises


def _squeezed(number: str) -> str:
    return re.sub(r"\s", "", number)
