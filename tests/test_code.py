import contextlib
import io
import math
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import Lessons

from lessons.bayes import compute
from lessons.bayes import state as bayes
from tutor import catalog
from tutor.api import Params, parse_query
from tutor.code import listing

SMALL = {"trial": {"people": 1000}}
"""What keeps a run short."""


def printed(script: str) -> list[str]:
    """Run a script in this process as `python script.py` would, and return what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(script, "listing.py", "exec"), {"__name__": "__main__"})
    return out.getvalue().splitlines()


def frames(task: str, params: Params) -> list[Any]:
    import torch  # noqa: PLC0415 - one test needs it

    given = getattr(compute, task)(params, torch.device("cpu"))
    return list(given) if bayes.TASKS[task].streams else [given]


CASES = [
    ("posterior", {}),
    ("posterior", {"prior": 0.001, "sensitivity": 0.9, "false_alarm": 1 / 3}),
    ("update", {"results": "++-", "false_alarm": 0.1}),
    ("update", {"results": ""}),
    ("curve", {"false_alarm": 0.0}),
    ("trial", {"people": 1000, "seed": 7}),
    ("likelihood", {"alarms": 0, "quiet": 0}),
    ("likelihood", {"alarms": 12, "quiet": 88, "alpha": 0.5}),
]


@pytest.mark.parametrize(("task", "values"), CASES)
def test_the_code_gives_what_the_picture_shows(task: str, values: dict[str, Any]) -> None:
    params = bayes.TASKS[task].params(**values)
    script = listing(catalog.lesson("bayes"), task, params, streams=bayes.TASKS[task].streams)
    lines = printed(script)
    expected = frames(task, params)
    assert lines == "\n".join(repr(frame) for frame in expected).splitlines()


@pytest.mark.parametrize("task", bayes.TASKS)
def test_the_code_names_the_state_that_it_shows(task: str) -> None:
    params = bayes.TASKS[task].params(**SMALL.get(task, {}))
    script = listing(catalog.lesson("bayes"), task, params, streams=bayes.TASKS[task].streams)
    first = script.splitlines()[0]
    command = shlex.split(first.removeprefix("# "))
    assert command[:2] == ["tutor", "open"]
    name, _, query = command[2].partition("?")
    lab = catalog.lab_params(catalog.lesson(name)).from_strings(parse_query(query))
    assert lab.narrowed(type(params)) == params
    assert lab.view == task  # type: ignore[attr-defined]


@pytest.mark.parametrize("task", bayes.TASKS)
def test_the_code_holds_no_more_than_it_needs(task: str) -> None:
    params = bayes.TASKS[task].params()
    script = listing(catalog.lesson("bayes"), task, params, streams=bayes.TASKS[task].streams)
    defined = set(re.findall(r"^def (\w+)", script, re.MULTILINE))
    assert task in defined
    assert not (bayes.TASKS.keys() - {task, "posterior"}) & defined
    for name in defined - {task}:
        assert len(re.findall(rf"\b{name}\(", script)) > 1
    assert "TYPE_CHECKING" not in script
    assert script.endswith("\n")
    assert "\n\n\n\n" not in script
    assert max(map(len, script.splitlines())) <= 120


def test_the_values_are_those_that_are_set() -> None:
    params = bayes.Test(prior=0.125, false_alarm=1e-9)
    script = listing(catalog.lesson("bayes"), "posterior", params, streams=False)
    assert "Test(prior=0.125, sensitivity=0.99, false_alarm=1e-09)" in script


def test_a_task_without_a_function_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        listing(catalog.lesson("bayes"), "nothing", bayes.Test(), streams=False)


def test_a_listing_imports_neither_the_compute_module_nor_torch() -> None:
    program = (
        "import sys\n"
        "from tutor import catalog, code\n"
        "from lessons.bayes.state import Test\n"
        "code.listing(catalog.lesson('bayes'), 'posterior', Test(), streams=False)\n"
        "print(sorted({'torch', 'numpy', 'lessons.bayes.compute'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_listing_runs_as_a_file_in_another_folder(tmp_path: Path) -> None:
    script = listing(catalog.lesson("bayes"), "posterior", bayes.Test(), streams=False)
    file = tmp_path / "posterior.py"
    file.write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stderr == ""
    (told,) = re.findall(r" posterior=([\d.]+)", done.stdout)
    assert math.isclose(float(told), 0.916667, abs_tol=1e-6)


COMPUTE = '''\
"""A module with a bit of everything."""

from __future__ import annotations

import math as m
import os
from typing import TYPE_CHECKING

import torch

from made_odd.state import Half

if TYPE_CHECKING:
    from made_odd.state import Lab

TWO: float = 2.0
THREE, FOUR = 3.0, 4.0
unused = 1


def decorate(function):
    return function


class Divider:
    def by(self, one, two):
        return one / two


@decorate
def half(params: Lab, device: torch.device) -> Half:
    unused = [m.floor(x) for x in (1.0, 2.0)]
    return Half(Divider().by(params.share, TWO) + 0 * THREE * len(unused))


def forever(params):
    return os.getpid()
'''


def test_any_way_to_define_a_name_is_found(lessons: Lessons) -> None:
    lessons.add("odd", compute=COMPUTE)
    lesson = catalog.lesson("odd")
    params = catalog.lab_params(lesson)(share=0.3)  # type: ignore[call-arg]
    script = listing(lesson, "half", params, streams=False)
    assert "forever" not in script
    assert printed(script) == ["Half(half=0.15)"]


def test_decorators_classes_aliases_and_annotated_names_are_found(lessons: Lessons) -> None:
    lessons.add("odd", compute=COMPUTE.replace("THREE, FOUR = 3.0, 4.0", "THREE = 3.0"))
    lesson = catalog.lesson("odd")
    params = catalog.lab_params(lesson)(share=0.3)  # type: ignore[call-arg]
    script = listing(lesson, "half", params, streams=False)
    assert "import os" not in script
    assert "unused = 1" not in script
    assert printed(script) == ["Half(half=0.15)"]
