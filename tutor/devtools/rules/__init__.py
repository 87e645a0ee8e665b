"""The rules that a sound lesson keeps: functions from a lesson to what an author has to put right.

A rule says in its docstring what holds for a sound lesson. It runs nothing: what the lesson's
runs gave is there before it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tutor.devtools.rules import answers, code, languages, metadata, prose, runs, words
from tutor.devtools.rules.subject import Finding, LessonUnderCheck

Rule = Callable[[LessonUnderCheck], Iterator[Finding]]
"""What is asked of a lesson."""

RULES: tuple[Rule, ...] = (
    metadata.every_language,
    metadata.whole_metadata,
    metadata.known_requirements,
    languages.readable_texts,
    languages.same_tables,
    languages.same_steps,
    languages.same_activities,
    words.words_of_the_lab,
    words.words_of_mistakes,
    words.sentences_of_tasks,
    words.reasons_of_errors,
    answers.names_of_parts,
    answers.goals_served,
    answers.options_to_choose_from,
    answers.everything_told,
    answers.enough_activities,
    runs.states_that_run,
    runs.measures,
    runs.predictions_borne_out,
    runs.predictions_open,
    runs.numbers_true,
    runs.mistakes_recognised,
    runs.tasks_to_solve,
    runs.checks_used,
    prose.numbers_linked,
    prose.links_measured,
    prose.percentages_from_runs,
    prose.short_prose,
    prose.narrow_code,
    code.no_stray_files,
    code.task_functions,
    code.listings_run,
    code.pictures_of_views,
)
"""Every rule, in the order in which they report."""
