"""Rules about the words of a lesson's lab, its sentences and its reasons."""

from __future__ import annotations

import ast
from string import Formatter
from typing import TYPE_CHECKING

from tutor import catalog
from tutor.activities import Choice, Number
from tutor.sentence import SentenceError, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tutor.devtools.rules.subject import Finding, LessonUnderCheck, Outcome


def words_of_the_lab(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every parameter and every view has a word."""
    lab = catalog.lab_params(subject.lesson)
    names = dict.fromkeys(lab.names())
    names |= dict.fromkeys(
        name for task in catalog.tasks(subject.lesson).values() for name in task.params.names()
    )
    names |= dict.fromkeys(f"view.{view}" for view in lab.setting("view").options)
    yield from _missing(subject, names)


def words_of_mistakes(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every mistake that an answer is known for has a name."""
    names: dict[str, None] = {}
    for activity in subject.activities:
        match activity:
            case Choice(options=options):
                mistakes = [option.mistake for option in options]
            case Number(mistakes=known):
                mistakes = [mistake.name for mistake in known]
            case _:
                mistakes = []
        names |= dict.fromkeys(f"mistake.{mistake}" for mistake in filter(None, mistakes))
    yield from _missing(subject, names)


def sentences_of_tasks(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every task has a sentence, which every frame that the texts run fills."""
    tasks = catalog.tasks(subject.lesson)
    for language, text in subject.texts.items():
        for task in tasks.keys() - text.sentences.keys():
            wrong, fix = "its picture has no sentence", f'write {task} = "…" in [sentences]'
            yield subject.in_text(language, "[sentences]", task, wrong, fix)
        for task in text.sentences.keys() - tasks.keys():
            wrong, fix = "there is no task of this name", "remove the sentence"
            yield subject.in_text(language, f"{task} =", task, wrong, fix)
        for task in tasks.keys() & text.sentences.keys():
            for query, outcome in subject.outcomes.items():
                if query.partition("?")[0] != task:
                    continue
                if reason := _unfilled(text.sentences[task], outcome):
                    wrong = f"the sentence cannot tell {query}: {reason}"
                    fix = "use names of the frame or the parameters, in formats that fit"
                    yield subject.in_text(language, f"{task} =", task, wrong, fix)
                    break


def reasons_of_errors(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every ImpossibleError that `compute` raises has a reason, which its values fill."""
    compute = subject.code("compute.py")
    raised = _raised(compute) if compute else {}
    for language, text in subject.texts.items():
        for key, values in raised.items():
            if key not in text.errors:
                wrong, fix = "compute.py raises it", f'write {key} = "…" in [errors]'
                yield subject.in_text(language, "[errors]", key, wrong, fix)
            elif values is not None and (unknown := _fields(text.errors[key]) - values):
                wrong = f"compute.py does not give {', '.join(sorted(unknown))}"
                fix = f"use only {', '.join(sorted(values)) or 'plain text'}, each as {{name}}"
                yield subject.in_text(language, f"{key} =", key, wrong, fix)


def _missing(subject: LessonUnderCheck, names: Mapping[str, None]) -> Iterator[Finding]:
    for language, text in subject.texts.items():
        for name in names:
            if not text.words.get(name, "").strip():
                fix = f'write "{name}" = "…" in [words]'
                yield subject.in_text(language, "[words]", name, "it has no word", fix)


def _unfilled(template: str, outcome: Outcome) -> str:
    """Return why a template cannot tell what came of a state; empty if it can."""
    if outcome.lab is None or outcome.frame is None:
        return ""
    try:
        told = sentence(template, outcome.lab, outcome.frame)
    except SentenceError as error:
        return str(error)
    return "" if told.strip() else "it is empty"


def _raised(module: ast.Module) -> dict[str, set[str] | None]:
    """Return the keys of the ImpossibleErrors in a module, with the names of their values.

    The names are None where the call unpacks a mapping.
    """
    found: dict[str, set[str] | None] = {}
    for node in ast.walk(module):
        match node:
            case ast.Call(
                func=ast.Name(id="ImpossibleError"),
                args=[ast.Constant(value=str(key))],
                keywords=keywords,
            ):
                names = {keyword.arg for keyword in keywords if keyword.arg is not None}
                found[key] = names if len(names) == len(keywords) else None
    return found


def _fields(template: str) -> set[str]:
    """Return the names that a template takes values for; a template that is none, as a whole."""
    try:
        return {name.partition(".")[0] for _, name, _, _ in Formatter().parse(template) if name}
    except ValueError:
        return {template}
