"""Rules that hold answers against what running the code gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tutor import catalog
from tutor.activities import Guided, Number, Predict
from tutor.api import parse_query
from tutor.devtools.rules.subject import Finding, uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.api import Params
    from tutor.devtools.rules.subject import LessonUnderCheck, Outcome


def states_that_run(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every state that a text names can be set and run, and a run names what its task takes."""
    tasks = catalog.tasks(subject.lesson)
    for language, text in subject.texts.items():
        for use in uses(text):
            problem = subject.outcomes[use.query].problem
            if problem:
                fix = "name a state as view?name=value&…, with values in their ranges"
                wrong = f"{use.kind} {use.query}: {problem}"
                yield subject.in_text(language, use.mark, use.where, wrong, fix)
                continue
            task, _, query = use.query.partition("?")
            foreign = sorted(parse_query(query).keys() - set(tasks[task].params.names()))
            if use.kind in ("run", "link") and foreign:
                wrong = f"{task} does not depend on {', '.join(foreign)}"
                fix = "remove it from the run"
                yield subject.in_text(language, use.mark, use.where, wrong, fix)


def measures(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every activity's measure is a number or a word of its frame."""
    for activity in subject.activities:
        if isinstance(activity, Predict | Number):
            outcome = subject.outcomes[activity.run.query]
            measured = subject.outcome(activity)
            usable = isinstance(measured, str) or (measured is not None and math.isfinite(measured))
            if outcome.frame is not None and not usable:
                wrong = f"{activity.run.query} has no {activity.run.measure} that is a number"
                fix = f"measure a field or a property of {type(outcome.frame).__name__}"
                yield subject.in_activity(activity, wrong, fix)


def predictions_borne_out(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Of a prediction's options, the run bears out the one that the author holds right."""
    for activity in subject.activities:
        if not isinstance(activity, Predict) or sum(one.right for one in activity.options) != 1:
            continue
        measured = subject.outcome(activity)
        if measured is None or (isinstance(measured, float) and math.isnan(measured)):
            continue
        try:
            borne_out = activity.options[activity.outcome(measured)]
        except (ValueError, TypeError):
            wrong = f"the run gives {measured}, and no option's value can be that"
            yield subject.in_activity(activity, wrong, "correct the values of the options")
            continue
        if not borne_out.right:
            wrong = f"the run gives {measured}, which bears out “{borne_out.text}”"
            fix = "correct the values of the options, or which of them is right"
            yield subject.in_activity(activity, wrong, fix)


def predictions_open(subject: LessonUnderCheck) -> Iterator[Finding]:
    """The lab does not show the answer to a prediction before it is made."""
    tasks = catalog.tasks(subject.lesson)

    def run_of(query: str) -> tuple[str, Params] | None:
        lab = subject.outcomes[query].lab
        task = query.partition("?")[0]
        return (task, lab.narrowed(tasks[task].params)) if lab and task in tasks else None

    for step in subject.steps:
        lab = run_of(subject.lab_of(step))
        for activity in step.activities:
            if isinstance(activity, Predict) and lab and run_of(activity.run.query) == lab:
                wrong = "the step's lab already shows its run"
                yield subject.in_activity(activity, wrong, "give the step another lab state")


def numbers_true(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A number's answer is what the run measures."""
    for activity in subject.activities:
        measured = subject.outcome(activity) if isinstance(activity, Number) else None
        if not isinstance(activity, Number) or measured is None:
            continue
        if isinstance(measured, str):
            wrong = f"the run gives “{measured}”, which is no number"
            yield subject.in_activity(activity, wrong, "measure a number")
        elif abs(activity.answer - measured) > activity.tolerance:
            wrong = f"the answer is {activity.answer}, the run gives {measured:.6g}"
            yield subject.in_activity(activity, wrong, "correct the answer or the run")


def mistakes_recognised(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every known mistake of a number gets its own explanation."""
    for activity in subject.activities:
        if isinstance(activity, Number):
            for mistake in activity.mistakes:
                verdict = activity.judge_unrun(mistake.value)
                if verdict.right or verdict.why != mistake.why:
                    taken = "right" if verdict.right else verdict.mistake
                    wrong = f"{mistake.value}, the mistake {mistake.name}, is taken for {taken}"
                    fix = "change its value, or make the tolerance smaller"
                    yield subject.in_activity(activity, wrong, fix)


def tasks_to_solve(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A task's solution solves it, and the step's lab does not."""
    checks = catalog.checks(subject.lesson)
    for step in subject.steps:
        for activity in step.activities:
            if not isinstance(activity, Guided):
                continue
            if activity.check not in checks:
                fix = "write it in state.py and add it to CHECKS"
                yield subject.in_activity(activity, f"there is no check {activity.check}", fix)
                continue
            solved = _holds(subject, activity, subject.outcomes[activity.solution])
            if solved is not True and subject.outcomes[activity.solution].frame is not None:
                wrong = f"its solution {activity.solution} does not solve it{solved or ''}"
                yield subject.in_activity(activity, wrong, "correct the solution or the check")
            lab = subject.lab_of(step)
            if _holds(subject, activity, subject.outcomes[lab]) is True:
                wrong = f"the step's lab, {lab}, solves it already"
                yield subject.in_activity(activity, wrong, "give the step another lab state")


def checks_used(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every check belongs to a task."""
    used = {activity.check for activity in subject.activities if isinstance(activity, Guided)}
    for name in catalog.checks(subject.lesson).keys() - used:
        wrong, fix = "no task is checked by it", "remove it, or write the task"
        yield Finding("state.py", 0, f"check {name}", wrong, fix)


def _holds(subject: LessonUnderCheck, task: Guided, outcome: Outcome) -> bool | str:
    """Return whether a task's check is satisfied, or what it raised."""
    if outcome.lab is None or outcome.frame is None:
        return False
    try:
        return bool(catalog.checks(subject.lesson)[task.check](outcome.lab, outcome.frame))
    except Exception as error:  # noqa: BLE001 - a lesson's check may raise anything
        return f" ({type(error).__name__}: {error})"
