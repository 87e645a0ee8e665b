"""Small lessons made from the scaffold's template, put where this and other processes find them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tutor.devtools import new

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FENCED = re.compile(r"^```(?:predict|choice|number|task)\n.*?\n```\n", re.DOTALL | re.MULTILINE)


def files(name: str, *, times: int = 3) -> dict[str, str]:
    """Return the files of a sound lesson, with each activity of the template so many times."""
    made = new._template(name, name)
    del made["pyproject.toml"]
    for file in ("lesson.en.md", "lesson.ko.md"):
        blocks = FENCED.findall(made[file])
        for number in range(2, times + 1):
            named = rf'id = "\1-{number}"'
            again = (re.sub('^id = "(.*)"', named, block, flags=re.MULTILINE) for block in blocks)
            made[file] += "".join(f"\n{block}" for block in again)
    return made


def install(root: Path, lessons: dict[str, dict[str, str]], broken: Iterable[str] = ()) -> None:
    """Write lessons into `root`, which then has only to be on a Python's path.

    A name in `broken` gets an entry point that loads nothing.
    """
    for name, made in lessons.items():
        (root / name).mkdir(parents=True)
        for file, content in made.items():
            (root / name / file).write_text(content, encoding="utf-8")
    points = [f"{name} = {name}:LESSON" for name in lessons]
    points += [f"{name} = no_such_module:LESSON" for name in broken]
    information = root / "tiny_lessons-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-lessons\nVersion: 1\n")
    (information / "entry_points.txt").write_text("\n".join(["[tutor.lessons]", *points, ""]))
