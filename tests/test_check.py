"""Every rule of the lesson linter finds what it is for, and a sound lesson has no finding."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import tiny_lesson

from tutor import catalog, i18n
from tutor.devtools import check
from tutor.devtools.check import check_lessons
from tutor.devtools.rules import RULES, prose
from tutor.errors import UnknownNameError
from tutor.lesson_text import NUMBER_LINK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INIT, STATE, COMPUTE, SCREEN = "__init__.py", "state.py", "compute.py", "screen.py"
EN, KO, TEXTS = "lesson.en.md", "lesson.ko.md", "lesson.*.md"

LINK = r"\[4\]\(square\?x=2#y\)"
LAB = r"^square\?x=1$"
IMPORT = (COMPUTE, "^import torch$", "import torch\n\nfrom tutor.errors import ImpossibleError")


@dataclass
class Case:
    """What is changed in a sound lesson, and which rules are to find it."""

    rules: str
    """The names of the rules, with blanks between them."""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    """A file or all texts, a regular expression that must be found in it, and what replaces it."""
    finds: str = ""
    """A part of the finding."""
    adds: dict[str, str] = field(default_factory=dict)
    """Files that are added."""
    times: int = 3
    """How many activities of each kind there are."""


def one(rule: str, file: str, old: str, new: str, finds: str = "") -> Case:
    """Return a case with one change."""
    return Case(rule, [(file, old, new)], finds)


SOUND = {
    "plain": Case(""),
    "streaming": Case(
        "",
        [
            (COMPUTE, "return Square", "yield Square"),
            (STATE, r"Square\)\}", "Square, streams=True)}"),
        ],
    ),
    "helper": Case(
        "",
        [(COMPUTE, "^import torch$", "import torch\n\nfrom tiny_helper.helper import LEAST")],
        adds={"helper.py": "LEAST = 0\n"},
    ),
    "numbers": one(
        "",
        TEXTS,
        LINK,
        "[약 98.01명](square?x=9.9#y), [10.2 %](square?x=0.32#y), [0.102](square?x=0.32#y), "
        "10.2 %, 100.0 %, [PyTorch 2](https://pytorch.org), [the lab](square?x=3)",
    ),
}

METADATA = {
    "title": one("every_language", INIT, '"ko": "음수.*"', '"ko": ""', "out_of_scope"),
    "goal_text": one("every_language", INIT, '^ +"ko": "수를 제곱.*\n', "", "goal square"),
    "minutes": one("whole_metadata", INIT, "minutes=5", "minutes=0"),
    "no_sources": one("whole_metadata", INIT, r"sources=\(.*\)", "sources=()"),
    "requires": one("known_requirements", INIT, "minutes=5", 'minutes=5, requires=("no",)'),
}

LANGUAGES = {
    "toml": one("readable_texts", KO, "^answer = 2.25$", "answer = ", "lesson.ko.md:"),
    "type": one("readable_texts", KO, "^answer = 2.25$", 'answer = "2.25"', "one-and-a-half"),
    "table": one("readable_texts", KO, '^"view.square" =', "more.square =", "table of texts"),
    "tables": one("same_tables", EN, "^y = ", 'z = "z"\ny = ', "lesson.ko.md"),
    "step_ids": one("same_steps", KO, "#square", "#other"),
    "step_labs": one("same_steps", KO, LAB, "square?x=2"),
    "activity": one("same_activities", KO, '^id = "own-square"', 'id = "own"'),
    "answer": one("same_activities", KO, "^answer = 2.25$", "answer = 2.2501"),
    "options": one("same_activities", KO, "^value = 6$", "value = 5", "values"),
}

WORDS = {
    "parameter": one("words_of_the_lab", TEXTS, "^x = .*\n", ""),
    "view": one("words_of_the_lab", TEXTS, '^"view.square" = .*\n', ""),
    "mistake": one("words_of_mistakes", TEXTS, '^"mistake.doubling" = .*\n', ""),
    "sentence": one("sentences_of_tasks", TEXTS, "^square = .*\n", ""),
    "template": one("sentences_of_tasks", TEXTS, "{y:g}", "{z:g}", "KeyError"),
    "format": one("sentences_of_tasks", TEXTS, "{y:g}", "{xs:g}", "TypeError"),
    "idle_sentence": one(
        "sentences_of_tasks", TEXTS, "^square = ", 'cube = "c"\nsquare = ', "cube"
    ),
    "reason": Case(
        "reasons_of_errors", [IMPORT, (COMPUTE, r"\Z", '\n\nNO = ImpossibleError("no")\n')]
    ),
    "reason_value": Case(
        "reasons_of_errors",
        [
            IMPORT,
            (COMPUTE, r"\Z", '\n\nNO = ImpossibleError("no", less=1)\n'),
            (TEXTS, r"^\[errors\]$", '[errors]\nno = "{more}"'),
        ],
        "more",
    ),
}

ANSWERS = {
    "slug": one("names_of_parts", TEXTS, '^id = "own-square"', 'id = "Own Square"'),
    "goal": one("goals_served", TEXTS, '("own-square-2"\ngoal = )".*"', r'\1"other"'),
    "idle_goal": one(
        "goals_served",
        INIT,
        r"    goals=\(",
        '    goals=(Goal("more", {"en": "do more", "ko": "더 합니다"}),',
    ),
    "no_right": one("options_to_choose_from", TEXTS, "^right = true\n", ""),
    "two_right": one("options_to_choose_from", TEXTS, "^mistake = ", "right = true\nmistake = "),
    "one_option": one(
        "options_to_choose_from", TEXTS, r"^\[\[option\]\]\ntext = .*\nmistake(.|\n)*?\n\n", ""
    ),
    "no_value": one("options_to_choose_from", TEXTS, "^value = 6\n", ""),
    "no_why": one("everything_told", TEXTS, "^why = .*", 'why = " "'),
    "no_wrong": one("everything_told", KO, "^wrong = .*", 'wrong = ""', "lesson.ko.md"),
    "too_few": Case("enough_activities", times=1),
}

RUNS = {
    "link_state": one("states_that_run", TEXTS, LINK, "[4](square?x=20#y)"),
    "lab_name": one("states_that_run", TEXTS, LAB, "square?z=1"),
    "lab_view": one("states_that_run", TEXTS, LAB, "cube?x=1"),
    "foreign": one("states_that_run", TEXTS, r"\?x=1.5", "?x=1.5&view=square", "view"),
    "measure": one("measures", TEXTS, '^measure = "y"', 'measure = "xs"'),
    "prediction": one("predictions_borne_out", TEXTS, "^value = 9$", "value = 1"),
    "word": one("predictions_borne_out", TEXTS, "^value = 9$", 'value = "nine"'),
    "shown": one("predictions_open", TEXTS, LAB, "square?x=3"),
    "number": one("numbers_true", TEXTS, "^answer = 2.25$", "answer = 2.26"),
    "mistaken": one("mistakes_recognised", TEXTS, "^value = 3$", "value = 2.25"),
    "solution": one("tasks_to_solve", TEXTS, r"square\?x=0", "square?x=2"),
    "solved": one("tasks_to_solve", TEXTS, LAB, "square?x=0"),
    "no_check": one("tasks_to_solve", TEXTS, '("own-square-2"(.|\n)*?check = )".*"', r'\1"no"'),
    "raises": one("tasks_to_solve", STATE, "lab.x != 1", "lab.z != 1", "AttributeError"),
    "idle_check": one("checks_used", STATE, "CHECKS = {", 'CHECKS = {"more": own_square, '),
}

PROSE = {
    "rounded": one("numbers_linked", TEXTS, r"\[4\]", "[4.0001]", "the run gives 4;"),
    "percent": one("numbers_linked", TEXTS, LINK, "[10.3 %](square?x=0.32#y)", "10.24 %"),
    "no_number": one("numbers_linked", TEXTS, r"\[4\]", "[four]"),
    "no_measure": one("numbers_linked", TEXTS, "x=2#y", "x=2#z"),
    "unmeasured": one("links_measured", TEXTS, "x=2#y", "x=2"),
    "percentage": one("percentages_from_runs", TEXTS, "^```lab$", "12.5 %\n\n```lab", "12.5 %"),
    "long": one("short_prose", EN, "^```lab$", f"{'many words ' * 65}\n\n```lab"),
    "wide": one("narrow_code", TEXTS, "^```lab$", f"```python\n{'가' * 39}\n```\n\n```lab"),
}

CODE = {
    "stray": Case("no_stray_files", adds={"notes.txt": "", "unused.py": ""}, finds="unused.py"),
    "arguments": one("task_functions", COMPUTE, r"torch.device\)", "torch.device, more: int = 0)"),
    "no_function": one(
        "task_functions", COMPUTE, r"def square((.|\n)*)", r"def _s\1\n\nsquare = _s\n"
    ),
    "relative": one("listings_run", COMPUTE, "^from tiny_relative.state", "from .state"),
    "control": one("pictures_of_views", SCREEN, r'\("x",\)', '("x", "z")', "z"),
    "no_picture": Case(
        "pictures_of_views",
        [
            (STATE, r'choice\("square", ', 'choice("square", "cube", '),
            (TEXTS, "^y =", '"view.cube" = "c"\ny ='),
        ],
        "cube",
    ),
    "idle_picture": one(
        "pictures_of_views", SCREEN, '{"square": Curve', '{"square": Curve, "cube": Curve'
    ),
    "no_screen": one("pictures_of_views", SCREEN, "^PICTURES", "PAINTINGS", "AttributeError"),
}

CASES = SOUND | METADATA | LANGUAGES | WORDS | ANSWERS | RUNS | PROSE | CODE

BROKEN = {
    "no_module": (INIT, r"\A", "import no_such_module\n"),
    "no_state": (STATE, r"\A", "1 / 0\n"),
    "no_lab": (STATE, "^class Lab", "class Laboratory"),
    "no_checks": (STATE, "^CHECKS", "PREDICATES"),
}


def changed(name: str, case: Case) -> dict[str, str]:
    """Return the files of a sound lesson with the changes of a case made in them."""
    made = tiny_lesson.files(name, times=case.times) | case.adds
    for place, old, new in case.changes:
        for file in (EN, KO) if place == TEXTS else (place,):
            made[file], times = re.subn(old, new, made[file], flags=re.MULTILINE)
            assert times, f"{name}: nothing to change in {file}"
    return made


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Check every lesson in one run and return what was said."""
    root = tmp_path_factory.mktemp("lessons")
    cases = CASES | {name: Case("", [change]) for name, change in BROKEN.items()}
    lessons = {f"tiny_{name}": changed(f"tiny_{name}", case) for name, case in cases.items()}
    tiny_lesson.install(root, lessons)
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root)
        patch.setenv("PYTHONPATH", str(root), prepend=":")
        patch.setenv("TUTOR_HOME", str(root / "home"))
        patch.setattr(i18n, "_language", "en")
        catalog.lessons.cache_clear()
        assert check_lessons(list(lessons), "cpu", said.append) == 1
        yield said
    catalog.lessons.cache_clear()
    for name in [
        name for name in sys.modules if name.startswith("tiny_") and name != "tiny_lesson"
    ]:
        del sys.modules[name]


def about(lines: list[str], name: str) -> list[str]:
    """Return the lines about one lesson."""
    return [line for line in lines if f"tiny_{name}/" in line or line.startswith(f"tiny_{name}:")]


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_found_by_its_rule_alone(name: str, lines: list[str]) -> None:
    case, found = CASES[name], about(lines, name)
    rules = dict.fromkeys(
        line.rpartition("[")[2].rstrip("]") for line in found if line.endswith("]")
    )
    assert " ".join(rules) == case.rules, found
    assert case.finds in " ".join(found)
    if not case.rules:
        assert found == [f"tiny_{name}: sound"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_lesson_that_cannot_be_loaded_is_a_finding(name: str, lines: list[str]) -> None:
    (line,) = about(lines, name)
    assert line.endswith("[broken]")


def test_every_rule_is_triggered_by_some_case() -> None:
    assert {rule.__name__ for rule in RULES} == {
        rule for case in CASES.values() for rule in case.rules.split()
    }


def test_a_finding_names_the_line_and_the_fix(lines: list[str]) -> None:
    (english, korean) = about(lines, "rounded")
    assert re.search(r"lesson\.en\.md:\d+: 4\.0001: the run gives 4; correct the number", english)
    assert re.search(r"lesson\.ko\.md:\d+: ", korean)


def test_the_findings_are_counted(lines: list[str]) -> None:
    findings = [line for line in lines if line.endswith("]")]
    assert lines[-1] == f"{len(findings)} to put right"


def test_a_run_that_takes_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "PATIENCE", 0.0)
    said: list[str] = []
    assert check_lessons(["bayes"], "cpu", said.append) == 1
    assert "it takes longer than 0 s" in said[0]
    assert said[0].endswith("[states_that_run]")


def test_without_torch_nothing_is_checked(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(
        'raise ModuleNotFoundError("No module named torch", name="torch")\n'
    )
    paths = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tutor", "--lang", "en", "dev", "check"],
        env={**os.environ, "PYTHONPATH": paths, "TUTOR_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "torch is not installed" in done.stderr


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"bayez.*bayes"):
        check_lessons(["bayez"], "cpu", print)


def disagreement(shown: str, measured: float | str) -> str:
    """Return how a number shown and what a run measured disagree."""
    outcome = SimpleNamespace(frame=object())
    subject = SimpleNamespace(outcomes={"task?": outcome}, measured=lambda *_: measured)
    return prose._disagreement(subject, NUMBER_LINK.fullmatch(f"[{shown}](task?#it)"))


@pytest.mark.parametrize(
    ("shown", "measured"),
    [
        ("52.4 %", 0.5238),
        ("52.4%", 0.5238),
        ("99.08 %", 0.990810),
        ("99.1 %", 0.990810),
        ("99 %", 0.990810),
        ("0.108", 0.108),
        ("0.11", 0.108),
        ("189", 189.0),
        ("약 189명", 188.9996),
        ("1,234", 1234.2),
        ("1,234,567명", 1234567.0),
        ("−0.5", -0.5),
        ("2.5", 2.55),
        ("+−", "+−"),
    ],
)
def test_a_number_agrees_with_its_run_as_it_is_rounded(shown: str, measured: float | str) -> None:
    assert not disagreement(shown, measured)


@pytest.mark.parametrize(
    ("shown", "measured"),
    [
        ("52.5 %", 0.5238),
        ("52.40 %", 0.5238),
        ("0.12", 0.108),
        ("190", 189.0),
        ("1,235", 1234.2),
        ("0.5", -0.5),
        ("99 of 108", 99.0),
        ("0.5", float("nan")),
        ("++", "+−"),
    ],
)
def test_a_number_that_is_off_is_told_apart(shown: str, measured: float | str) -> None:
    assert disagreement(shown, measured)
