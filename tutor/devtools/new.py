"""The scaffold: begins a lesson from the template, a small sound lesson to be replaced."""

from __future__ import annotations

import keyword
import re
import tomllib
from importlib.resources import files
from pathlib import Path

from tutor import catalog, locations
from tutor.errors import TutorError
from tutor.i18n import t
from tutor.safe import one_line

SUFFIX = ".in"
"""What the names of the template's files end in, so that no tool takes them for code."""

PROJECT = "pyproject.toml"
"""The file that makes a folder a project."""

SECTION = re.compile(
    rf'^\[project\.entry-points\."{re.escape(catalog.GROUP)}"\](?:\n(?!\[).*)*', re.MULTILINE
)
"""The table of a project in which lessons are named."""


def begin_lesson(name: str) -> str:
    """Begin the lesson `name` from the template and return what to do next, in two lines.

    In a checkout of tutor it becomes a package in `lessons/`, elsewhere a project of its own.

    Raises:
        TutorError: if the name is no identifier or is taken, or the folder is there or cannot be
            written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise TutorError("new.bad_name", name=one_line(name, 40))
    if name in catalog.lessons():
        raise TutorError("new.taken", name=name)
    here = Path.cwd()
    checkout = _checkout(here)
    try:
        if checkout:
            folder = _add_package(checkout, name)
            return t("new.in_checkout", name=name, path=one_line(folder))
        folder = _begin_project(here, name)
        return t("new.on_its_own", name=name, path=one_line(folder))
    except FileExistsError as error:
        raise TutorError("new.exists", path=one_line(error.filename)) from None
    except OSError as error:
        raise locations.trouble(error, here) from error


def _add_package(checkout: Path, name: str) -> Path:
    """Add a lesson to tutor's own and return its folder."""
    package = f"lessons.{name}"
    folder = checkout / "lessons" / name
    project = _with_entry(checkout / PROJECT, f'{name} = "{package}:LESSON"')
    folder.mkdir()
    for file, content in _template(name, package).items():
        if file != PROJECT:
            (folder / file).write_text(content, encoding="utf-8")
    (checkout / PROJECT).write_text(project, encoding="utf-8")
    return folder


def _begin_project(here: Path, name: str) -> Path:
    """Make a project with one lesson and return its folder."""
    package = f"tutor_lesson_{name}"
    folder = here / package.replace("_", "-")
    (folder / package).mkdir(parents=True)
    for file, content in _template(name, package).items():
        place = folder if file == PROJECT else folder / package
        (place / file).write_text(content, encoding="utf-8")
    return folder


def _checkout(here: Path) -> Path | None:
    """Return the folder of tutor's own sources that `here` is in, None if it is in none."""
    for folder in (here, *here.parents):
        try:
            project = tomllib.loads((folder / PROJECT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if project.get("project", {}).get("name") == locations.NAME:
            return folder
    return None


def _template(name: str, package: str) -> dict[str, str]:
    """Return the template's files by name, with every `@word@` in them replaced."""
    values = {
        "@name@": name,
        "@title@": name.replace("_", " ").capitalize(),
        "@package@": package,
        "@distribution@": package.replace("_", "-"),
    }
    found = {}
    for file in (files("tutor.devtools") / "template").iterdir():
        content = file.read_text(encoding="utf-8")
        for word, value in values.items():
            content = content.replace(word, value)
        found[file.name.removesuffix(SUFFIX)] = content
    return found


def _with_entry(project: Path, line: str) -> str:
    """Return the text of a project's file with another lesson named in it.

    Raises:
        TutorError: if it names no lessons yet.
    """
    text = project.read_text(encoding="utf-8")
    section = SECTION.search(text)
    if section is None:
        raise TutorError("new.no_section", path=one_line(project))
    end = section.start() + len(section[0].rstrip())
    return f"{text[:end]}\n{line}{text[end:]}"
