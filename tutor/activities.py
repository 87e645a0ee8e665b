"""What a learner answers: predictions, choices, numbers and guided tasks, and how each is judged.

Every answer gets an explanation. An activity knows nothing of screens, files or processes: what
was measured by running a task is given to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tutor.errors import TutorError


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer was worth, and why."""

    right: bool
    """Whether the answer is correct."""
    why: str
    """The explanation of this very answer."""
    mistake: str = ""
    """The name of the known mistake behind a wrong answer, if it has one."""


@dataclass(frozen=True, slots=True)
class Run:
    """A measurement: one number or word of the frame that a task gives."""

    query: str
    """The task and its parameters: `posterior?prior=0.1`; the task is one of the same lesson."""
    measure: str
    """The attribute of the frame that is the answer."""

    @property
    def task(self) -> str:
        """The task's name within its lesson."""
        return self.query.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers to choose from."""

    text: str
    """What the learner reads."""
    why: str
    """The explanation shown when this option was chosen."""
    right: bool = False
    """Whether the author holds it correct; for a prediction, running the task must agree."""
    mistake: str = ""
    """The name of the known mistake that leads here."""
    value: float | str | None = None
    """What a prediction by this option says the run will measure."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What all activities share."""

    id: str
    """The name under which answers are saved; never changed once published."""
    goal: str
    """The id of the lesson's goal that it serves."""
    question: str
    """What the learner is asked, as Markdown."""


@dataclass(frozen=True, slots=True)
class Choice(Activity):
    """A question with options, of which one is right."""

    options: tuple[Option, ...]
    """The answers in the order shown."""

    def judge(self, chosen: int) -> Verdict:
        """Judge the option at index `chosen`."""
        option = self.options[chosen]
        return Verdict(option.right, option.why, option.mistake)


@dataclass(frozen=True, slots=True)
class Predict(Choice):
    """A question asked before a run; the run decides which option was right."""

    run: Run
    """The run that the prediction is about."""
    unit: str = ""
    """How the measured value is shown: "percent", "count" or plain."""

    def outcome(self, measured: float | str) -> int:
        """Return the index of the option that the run bore out: the equal or the nearest one."""
        if isinstance(measured, str):
            return [option.value for option in self.options].index(measured)
        values = [float(option.value or 0) for option in self.options]
        return min(range(len(values)), key=lambda index: abs(values[index] - measured))

    def judge_run(self, chosen: float, measured: float | str) -> Verdict:
        """Judge the option at index `chosen` by what the run measured."""
        option = self.options[int(chosen)]
        return Verdict(self.outcome(measured) == chosen, option.why, option.mistake)

    def judge_unrun(self, chosen: float) -> Verdict:
        """Judge the option at index `chosen` by what the author holds right."""
        return self.judge(int(chosen))


@dataclass(frozen=True, slots=True)
class KnownMistake:
    """A wrong number that is recognised, and the reasoning that leads to it."""

    name: str
    """The mistake's name."""
    value: float
    """The number it leads to."""
    why: str
    """What was mistaken for what."""


DECIMAL = r"[-+]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})"
TYPED = re.compile(rf"(?P<number>{DECIMAL})(/(?P<below>{DECIMAL})|(?P<percent>%))?")
"""A number as people type it: 52.4, 52.4%, 11/21."""


@dataclass(frozen=True, slots=True)
class Number(Activity):
    """A question whose answer is a number; a run gives the right one."""

    run: Run
    """The run that gives the answer."""
    answer: float
    """What the author holds right; running the task must agree."""
    tolerance: float
    """How far an answer may be from it."""
    unit: str
    """"percent" when 52.4, 52.4 % and 0.524 all mean the same, else plain."""
    mistakes: tuple[KnownMistake, ...]
    """Wrong answers that are recognised."""
    right: str
    """The explanation of the right answer."""
    wrong: str
    """The explanation of a wrong answer that is not recognised."""

    def read(self, typed: str) -> float:
        """Return the number that was typed.

        Raises:
            TutorError: if it is not a number.
        """
        told = typed.replace(",", "").replace(" ", "")
        if not (read := TYPED.fullmatch(told)) or (read["below"] and float(read["below"]) == 0):
            raise TutorError("error.answer.number", value=typed[:40])
        value = float(read["number"])
        if read["below"]:
            return value / float(read["below"])
        if read["percent"] or (self.unit == "percent" and value >= 1):
            return value / 100
        return value

    def judge_unrun(self, value: float) -> Verdict:
        """Judge a number by what the author holds right."""
        return self.judge_run(value, self.answer)

    def judge_run(self, value: float, measured: float) -> Verdict:
        """Judge a number by what the run measured."""
        if abs(value - measured) <= self.tolerance:
            return Verdict(right=True, why=self.right)
        for mistake in self.mistakes:
            if abs(value - mistake.value) <= self.tolerance:
                return Verdict(right=False, why=mistake.why, mistake=mistake.name)
        return Verdict(right=False, why=self.wrong)


@dataclass(frozen=True, slots=True)
class Guided(Activity):
    """A task in the lab, ticked when the lab's state satisfies its predicate."""

    check: str
    """The name of the predicate in the `CHECKS` of the lesson's `state`."""
    solution: str
    """A state of the lab that satisfies it, as `view?name=value`; for the linter and the hint."""
    why: str
    """What the solved task shows."""


def build(kind: str, table: dict[str, Any]) -> Activity:
    """Make an activity of the given kind from its table in a lesson's text.

    Raises:
        TypeError, KeyError, ValueError: if the table does not have what the kind needs.
    """
    table = dict(table)
    if "run" in table:
        table["run"] = Run(table.pop("run"), table.pop("measure"))
    if "option" in table:
        table["options"] = tuple(Option(**option) for option in table.pop("option"))
    if kind == "number":
        mistakes = tuple(KnownMistake(**mistake) for mistake in table.pop("mistake", ()))
        table = {"tolerance": 0.005, "unit": "", **table, "mistakes": mistakes}
    return KINDS[kind](**table)


KINDS: dict[str, type[Activity]] = {
    "predict": Predict,
    "choice": Choice,
    "number": Number,
    "task": Guided,
}
"""The fenced blocks that are activities, by the word after the fence."""
