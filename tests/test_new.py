"""The scaffold's lesson is sound from the start, and nothing is overwritten."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from tutor import i18n
from tutor.devtools.new import begin_lesson
from tutor.errors import TutorError

if TYPE_CHECKING:
    from collections.abc import Callable

TUTOR = [sys.executable, "-P", "-m", "tutor"]
SOURCES = Path(__file__).parents[1]

PARTS = ["__init__.py", "compute.py", "lesson.en.md", "lesson.ko.md", "screen.py", "state.py"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder deep in a checkout of tutor and return the checkout."""
    project = (SOURCES / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    (tmp_path / "lessons" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "lessons" / "deep")
    return tmp_path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Begin a lesson of one's own, install it, and return the environment that has it."""
    monkeypatch.chdir(tmp_path)
    begin_lesson("big_squares")
    project = tmp_path / "tutor-lesson-big-squares"
    table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    information = project / "big_squares-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {table['name']}\nVersion: {table['version']}\n"
    )
    (information / "entry_points.txt").write_text(
        "[tutor.lessons]\n"
        + "".join(f"{k} = {v}\n" for k, v in table["entry-points"]["tutor.lessons"].items())
    )
    paths = [str(project), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "TUTOR_HOME": str(tmp_path / "home"),
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
    }


def test_a_lesson_of_ones_own_is_sound_but_for_its_size(installed: dict[str, str]) -> None:
    done = subprocess.run(
        [*TUTOR, "--lang", "en", "--device", "cpu", "dev", "check", "big_squares"],
        env=installed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    *findings, count = done.stdout.splitlines()
    assert done.returncode == 1, done.stderr
    assert [line.rpartition(" ")[2] for line in findings] == ["[enough_activities]"] * 3
    assert count == "3 to put right"


def test_a_lesson_of_ones_own_runs_in_the_app(installed: dict[str, str]) -> None:
    arguments = ["-P", "-m", "tutor", "--lang", "en", "--device", "cpu", "open", "big_squares?x=3"]
    child = pexpect.spawn(
        sys.executable, arguments, env=installed, dimensions=(36, 110), encoding="utf-8", timeout=60
    )
    try:
        child.expect("3 × 3 = 9")
        child.sendcontrol("q")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0


def test_a_lesson_of_ones_own_is_a_project(tmp_path: Path, installed: dict[str, str]) -> None:
    project = tmp_path / "tutor-lesson-big-squares"
    package = project / "tutor_lesson_big_squares"
    table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert sorted(path.name for path in package.iterdir()) == PARTS
    assert table["project"]["dependencies"] == ["tutor-tui"]
    assert table["project"]["entry-points"]["tutor.lessons"] == {
        "big_squares": "tutor_lesson_big_squares:LESSON"
    }
    for path in package.iterdir():
        assert not re.search(r"@\w+@", path.read_text(encoding="utf-8")), path


def test_in_a_checkout_it_is_one_of_tutors_own(checkout: Path) -> None:
    before = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    begin_lesson("squares")
    after = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    line = 'squares = "lessons.squares:LESSON"'
    assert set(after.splitlines()) - set(before.splitlines()) == {line}
    assert after.replace(f"{line}\n", "") == before
    lessons = tomllib.loads(after)["project"]["entry-points"]["tutor.lessons"]
    known = tomllib.loads(before)["project"]["entry-points"]["tutor.lessons"]
    assert lessons == {**known, "squares": "lessons.squares:LESSON"}
    assert sorted(path.name for path in (checkout / "lessons" / "squares").iterdir()) == PARTS


def test_its_code_passes_the_projects_rules(checkout: Path) -> None:
    (checkout / "tutor").symlink_to(SOURCES / "tutor")
    (checkout / "lessons" / "__init__.py").touch()
    begin_lesson("squares")
    folder = checkout / "lessons" / "squares"
    for how in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *how, "--no-cache", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=checkout, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("place", ["checkout", "tmp_path"])
def test_it_says_what_to_do_next(
    language: str, place: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = request.getfixturevalue(place)
    if place == "tmp_path":
        monkeypatch.chdir(folder)
    monkeypatch.setattr(i18n, "_language", language)
    install, then = begin_lesson("squares").splitlines()
    assert ("make setup" if place == "checkout" else "pip install -e") in install
    assert str(folder) in install
    assert "tutor dev check squares" in then


@pytest.mark.parametrize("name", ["2x", "a-b", "Big", "class", "", "a b", "../x", "é", "x" * 300])
def test_a_name_that_is_none_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TutorError):
        begin_lesson(name)
    assert not list(tmp_path.iterdir())


def test_a_lesson_that_is_there_is_refused(checkout: Path) -> None:
    assert _problem(lambda: begin_lesson("bayes")).key == "new.taken"


def test_a_folder_that_is_there_is_left_alone(checkout: Path) -> None:
    mine = checkout / "lessons" / "squares"
    mine.mkdir()
    before = (checkout / "pyproject.toml").read_bytes()
    assert _problem(lambda: begin_lesson("squares")).key == "new.exists"
    assert not list(mine.iterdir())
    assert (checkout / "pyproject.toml").read_bytes() == before


def test_a_project_that_names_no_lessons_is_left_alone(checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text('[project]\nname = "tutor-tui"\n', encoding="utf-8")
    assert _problem(lambda: begin_lesson("squares")).key == "new.no_section"
    assert not (checkout / "lessons" / "squares").exists()


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(Path, "cwd", lambda: tmp_path / "file")
    assert _problem(lambda: begin_lesson("squares")).values["path"] == str(tmp_path / "file")


def _problem(call: Callable[[], object]) -> TutorError:
    """Return the error that a call raises."""
    with pytest.raises(TutorError) as caught:
        call()
    return caught.value
