"""Every rule of the lesson linter finds what it is for, and a sound lesson has no finding."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import tiny_lesson
from tutor import catalog, devtools
from tutor.devtools.check import check_lessons
from tutor.devtools.rules import RULES, prose
from tutor.errors import UnknownNameError
from tutor.lesson_text import NUMBER_LINK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS = r"lesson\.(en|ko)\.md"
EVERY = 0


@dataclass
class Case:
    """A lesson that is sound but for a change, and the rules that are to find it."""

    rules: str
    """The names of the rules, with blanks between them."""
    file: str = ""
    """A regular expression for the files to change."""
    old: str = ""
    """A regular expression for what is replaced, where lines have ends; it must be there."""
    new: str = ""
    """What it is replaced by."""
    times: int = EVERY
    """How often it is replaced in each file."""
    finds: str = ""
    """What the finding says."""


CASES = {
    "sound": Case(""),
    "streaming": Case("", "", "", ""),
    "helper": Case("", r"compute\.py", r"import torch\n", "import torch\n\nfrom helper import helper as _\n"),
    "numbers": Case(
        "",
        TEXTS,
        r"\[4\]\(square\?x=2#y\)",
        "[약 98.01명](square?x=9.9#y), [10.2 %](square?x=0.32#y), [0.102](square?x=0.32#y),"
        " [10%](square?x=0.32#y), 10.2 %, 100.0 %, [PyTorch 2](https://pytorch.org)",
    ),
    # metadata
    "title": Case("every_language", r"__init__", r'"ko": "음수.*"', '"ko": ""', finds="out_of_scope"),
    "goal_text": Case("every_language", r"__init__", r'^ +"ko": "수를 제곱.*\n', "", finds="goal square"),
    "minutes": Case("whole_metadata", r"__init__", "minutes=5", "minutes=0"),
    "sources": Case("whole_metadata", r"__init__", r"sources=\(.*\)", "sources=()"),
    "requires": Case("known_requirements", r"__init__", "minutes=5", 'minutes=5, requires=("no",)'),
    # languages
    "toml": Case("readable_texts", r"lesson\.ko", r"^answer = 2.25$", "answer = ", finds="lesson.ko.md:"),
    "type": Case("readable_texts", r"lesson\.ko", r"^answer = 2.25$", 'answer = "2.25"'),
    "table": Case("readable_texts", r"lesson\.ko", r'^"view.square" =', "more.square ="),
    "tables": Case("same_tables", r"lesson\.en", r"^y = ", 'z = "z"\ny = ', finds="lesson.ko.md"),
    "step_ids": Case("same_steps", r"lesson\.ko", "#square", "#other"),
    "step_labs": Case("same_steps", r"lesson\.ko", r"^square\?x=1$", "square?x=2"),
    "activity": Case("same_activities", r"lesson\.ko", r'^id = "own-square"', 'id = "own"'),
    "answer": Case("same_activities", r"lesson\.ko", r"^answer = 2.25$", "answer = 2.2501"),
    "options": Case("same_activities", r"lesson\.ko", r"^value = 6$", "value = 5", finds="values"),
    # words
    "parameter": Case("words_of_the_lab", TEXTS, r"^x = .*\n", ""),
    "view": Case("words_of_the_lab", TEXTS, r'^"view.square" = .*\n', ""),
    "mistake": Case("words_of_mistakes", TEXTS, r'^"mistake.doubling" = .*\n', ""),
    "sentence": Case("sentences_of_tasks", TEXTS, r"^square = .*\n", ""),
    "template": Case("sentences_of_tasks", TEXTS, r"\{y:g\}", "{z:g}", finds="KeyError"),
    "format": Case("sentences_of_tasks", TEXTS, r"\{y:g\}", "{xs:g}", finds="TypeError"),
    "reason": Case("reasons_of_errors", r"compute\.py", r"\Z", '\n\nimpossible = ImpossibleError("no")\n'),
    "reason_value": Case(
        "reasons_of_errors", TEXTS, r"^\[errors\]$", '[errors]\nno = "{more}"', finds="more"
    ),
    # answers
    "slug": Case("names_of_parts", TEXTS, r'^id = "own-square"', 'id = "Own Square"'),
    "twice": Case("names_of_parts", TEXTS, r'^id = "own-square-2"', 'id = "own-square"'),
    "goal": Case("goals_served", TEXTS, r"^goal = .*", 'goal = "other"', 1),
    "idle_goal": Case(
        "goals_served",
        r"__init__",
        r"    goals=\(",
        '    goals=(Goal("more", {"en": "do more", "ko": "더 합니다"}),',
    ),
    "no_right": Case("options_to_choose_from", TEXTS, r"^right = true\n", ""),
    "all_right": Case("options_to_choose_from", TEXTS, r"^mistake = .*", "right = true"),
    "one_option": Case(
        "options_to_choose_from",
        TEXTS,
        r"^\[\[option\]\]\ntext = .*\nmistake = (.|\n)*?\n\n",
        "",
        finds="nothing to choose",
    ),
    "no_value": Case("options_to_choose_from", TEXTS, r"^value = 6\n", ""),
    "no_why": Case("everything_told", TEXTS, r"^why = .*", 'why = " "'),
    "no_wrong": Case("everything_told", r"lesson\.ko", r"^wrong = .*", 'wrong = ""'),
    "too_few": Case("enough_activities"),
    # runs
    "link_state": Case("states_that_run", TEXTS, r"\(square\?x=2#y\)", "(square?x=20#y)"),
    "lab_state": Case("states_that_run", TEXTS, r"^square\?x=1$", "square?z=1"),
    "lab_view": Case("states_that_run", TEXTS, r"^square\?x=1$", "cube?x=1"),
    "foreign": Case("states_that_run", TEXTS, r"x=1.5", "x=1.5&view=square", finds="view"),
    "measure": Case("measures", TEXTS, r'^measure = "y"', 'measure = "xs"'),
    "prediction": Case("predictions_borne_out", TEXTS, r"^value = 9$", "value = 1"),
    "word": Case("predictions_borne_out", TEXTS, r"^value = 9$", 'value = "nine"'),
    "shown": Case("predictions_open", TEXTS, r"^square\?x=1$", "square?x=3"),
    "number": Case("numbers_true", TEXTS, r"^answer = 2.25$", "answer = 2.26"),
    "mistaken": Case("mistakes_recognised", TEXTS, r"^value = 3$", "value = 2.25"),
    "solution": Case("tasks_to_solve", TEXTS, r"square\?x=0", "square?x=2"),
    "solved": Case("tasks_to_solve", TEXTS, r"^square\?x=1$", "square?x=0"),
    "no_check": Case("tasks_to_solve", TEXTS, r'^check = "own_square"', 'check = "more"', 1),
    "raises": Case("tasks_to_solve", r"state\.py", r"lab\.x != 1", "lab.z != 1", finds="AttributeError"),
    "idle_check": Case("checks_used", r"state\.py", "CHECKS = {", 'CHECKS = {"more": own_square, '),
    # prose
    "shown_number": Case("numbers_linked", TEXTS, r"\[4\]", "[4.0001]", finds="the run gives 4;"),
    "no_number": Case("numbers_linked", TEXTS, r"\[4\]", "[four]"),
    "no_measure": Case("numbers_linked", TEXTS, r"x=2#y", "x=2#z"),
    "unmeasured": Case("links_measured", TEXTS, r"x=2#y", "x=2"),
    "percentage": Case("percentages_from_runs", TEXTS, r"^```lab$", "12.5 %\n\n```lab", finds="12.5 %"),
    "long": Case("short_prose", r"lesson\.en", r"^```lab$", f"{'many words ' * 65}\n\n```lab"),
    "wide": Case("narrow_code", TEXTS, r"^```lab$", f"```python\n{'x' * 77}\n```\n\n```lab"),
    # code
    "stray": Case("no_stray_files"),
    "arguments": Case("task_functions", r"compute\.py", r"torch.device\)", "torch.device, z: int = 0)"),
    "no_function": Case("task_functions", r"compute\.py", r"def square(?P<all>(.|\n)*)", r"def _s\g<all>\n\nsquare = _s\n"),
    "listing": Case("listings_run", r"compute\.py", r"linspace\(0, 10, ", "linspace(LOW, HIGH, ", finds="HIGH, LOW"),
    "control": Case("pictures_of_views", r"screen\.py", r'\("x",\)', '("x", "z")'),
    "no_picture": Case("pictures_of_views", r"state\.py", r'choice\("square", ', 'choice("square", "cube", '),
    "no_screen": Case("pictures_of_views", r"screen\.py", r"^PICTURES", "PAINTINGS"),
}
"""Lessons by name."""

BROKEN = {"no_module": "no_such_module", "no_state": "ZeroDivisionError", "no_lab": "AttributeError"}
"""Lessons that cannot even be loaded, and what is said of them."""


def changed(name: str, case: Case) -> dict[str, str]:
    """Return the files of a sound lesson with the change of a case made in them."""
    made = tiny_lesson.files(name, times=1 if name == "too_few" else 3)
    for file in made:
        if case.file and re.match(case.file, file):
            made[file], times = re.subn(case.old, case.new, made[file], count=case.times, flags=re.M)
            assert times, f"{name}: nothing to change in {file}"
    match name:
        case "stray":
            made["notes.txt"] = ""
        case "helper":
            made["compute.py"] = made["compute.py"].replace("from helper", "from .helper")
            made["helper.py"] = "helper = 1\n"
        case "reason" | "reason_value":
            imported = "import torch\n\nfrom tutor.errors import ImpossibleError\n"
            made["compute.py"] = made["compute.py"].replace("import torch\n", imported)
        case "listing":
            made["compute.py"] = made["compute.py"].replace("\n\n\ndef", "\n\nLOW, HIGH = 0, 10\n\n\ndef")
        case "no_picture":
            words = '"view.cube" = "cube"\n"view.square" ='
            for file in ("lesson.en.md", "lesson.ko.md"):
                made[file] = made[file].replace('"view.square" =', words)
        case "streaming":
            made["compute.py"] = made["compute.py"].replace("return Square", "yield Square")
            made["state.py"] = made["state.py"].replace("Square)}", "Square, streams=True)}")
    if name == "reason_value":
        made["compute.py"] += '\n\nimpossible = ImpossibleError("no", x=1)\n'
    return made


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[str]]]:
    """Check every lesson, in one run, and return the findings by lesson."""
    root = tmp_path_factory.mktemp("lessons")
    lessons = {f"tiny_{name}": changed(f"tiny_{name}", case) for name, case in CASES.items()}
    yield lessons


def test_sound() -> None:
    pass
