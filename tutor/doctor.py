"""What `tutor doctor` finds out about the terminal, Python, the computing and the files.

`examine` gathers facts, which are also what `--json` prints; `report` judges them, line by line,
and says what to do.
"""

from __future__ import annotations

import codecs
import os
import platform
import sys
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from tutor import locations, terminal
from tutor.i18n import t
from tutor.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PYTHON = "3.11"
"""The least version of Python."""

PACKAGES = {
    "textual": ("8.2.8", "9"),
    "rich": ("14.2", ""),
    "plotext": ("6.1", "7"),
    "numpy": ("2.0", ""),
}
"""The packages of the screen: the least version and the one that is too new."""

TORCH = ("2.5", "")
"""The same for torch, which belongs to the computing and may be another Python's."""

SMALLEST, COMFORTABLE = (60, 18), (80, 24)
"""Columns and rows below which nothing is shown, and below which not everything is."""

GIGABYTE = 10**9


def examine(ask_compute: Callable[[], dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the facts as plain tables of texts, numbers, truth values and lists.

    Args:
        ask_compute: What asks the computing side about itself; it returns a table with at least
            "device". Its answer becomes part of `facts["compute"]`, and its error, too.
    """
    return {
        "terminal": _terminal(),
        "python": {
            "version": platform.python_version(),
            "executable": sys.executable,
            "platform": platform.platform(),
        },
        "packages": {name: _installed(name) for name in PACKAGES},
        "compute": _compute(ask_compute),
        "files": {
            "data": _folder(locations.data_folder()),
            "config": _folder(locations.config_folder()),
            "log": _folder(locations.log_folder()),
        },
    }


def report(facts: dict[str, Any]) -> str:
    """Return the facts as lines in the language in use, each with a verdict and what to do."""
    groups = {
        "terminal": list(_judge_terminal(facts["terminal"])),
        "python": [*_judge_python(facts["python"]), *_judge_packages(facts["packages"])],
        "compute": list(_judge_compute(facts["compute"])),
        "files": list(_judge_files(facts["files"])),
    }
    good, bad = ("+", "!") if facts["terminal"]["ascii"] else ("✓", "!")
    width = max(_cells(row.label) for rows in groups.values() for row in rows)
    lines = [t("doctor.title")]
    for name, rows in groups.items():
        lines += ["", t(f"doctor.group.{name}")]
        for row in rows:
            padding = " " * (width - _cells(row.label))
            mark = bad if row.advice else good
            lines.append(f"  {mark} {row.label}{padding}  {row.value}".rstrip())
            lines += [f"    {' ' * width}  {row.advice}"] if row.advice else []
    troubled = any(row.advice for rows in groups.values() for row in rows)
    end = t("doctor.attention", mark=bad) if troubled else t("doctor.healthy")
    return _drawn("\n".join([*lines, "", end]), facts["terminal"])


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the report."""

    label: str
    """What it is about."""
    value: str
    """What was found."""
    advice: str = field(default="")
    """What to do about it; empty when nothing."""


def _terminal() -> dict[str, Any]:
    encoding = getattr(sys.stdout, "encoding", None)
    columns, rows = _size()
    drawn = os.isatty(1) or os.isatty(2)
    return {
        "columns": columns,
        "rows": rows,
        "term": os.environ.get("TERM", ""),
        "colours": terminal.colours(os.environ),
        "no_color": terminal.no_color(os.environ),
        "encoding": encoding,
        "ascii": terminal.ascii_only(os.environ, encoding),
        "inside": sorted(terminal.inside(os.environ)),
        "unsuitable": terminal.unsuitable(os.environ, os.isatty(0), drawn),
    }


def _size() -> tuple[int, int] | tuple[None, None]:
    for descriptor in (1, 2, 0):
        with suppress(OSError):
            return os.get_terminal_size(descriptor)
    return (None, None)


def _installed(name: str) -> str | None:
    """Return a package's version without importing it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _compute(ask: Callable[[], dict[str, Any]] | None) -> dict[str, Any]:
    total = os.cpu_count()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else total
    facts: dict[str, Any] = {
        "torch": _installed("torch"),
        "device": "unknown",
        "error": None,
        "processors": total,
        "usable_processors": usable,
        "memory": _memory("MemTotal", "SC_PHYS_PAGES"),
        "available_memory": _memory("MemAvailable", "SC_AVPHYS_PAGES"),
    }
    if ask:
        try:
            facts.update(ask())
        except Exception as error:  # noqa: BLE001 - the doctor reports whatever is wrong
            facts["error"] = one_line(error)
    return facts


def _memory(line: str, pages: str) -> int | None:
    """Return an amount of memory in bytes: a line of Linux's table, else the system's pages."""
    with suppress(OSError, ValueError), open("/proc/meminfo", encoding="ascii") as table:  # noqa: PTH123 - short
        for entry in table:
            if entry.startswith(f"{line}:"):
                return int(entry.split()[1]) * 1024
    with suppress(OSError, ValueError):
        return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")
    return None


def _folder(folder: Path) -> dict[str, Any]:
    trouble = locations.writable(folder)
    return {
        "path": str(folder),
        "writable": trouble is None,
        "why": None if trouble is None else str(trouble),
    }


def _judge_terminal(facts: dict[str, Any]) -> Iterator[_Row]:
    if facts["columns"] is None:
        yield _row("size", t("doctor.unknown"), t("doctor.advice.size_unknown"))
    else:
        size = (facts["columns"], facts["rows"])
        advice = ""
        if size[0] < COMFORTABLE[0] or size[1] < COMFORTABLE[1]:
            advice = t("doctor.advice.size_tight")
        if size[0] < SMALLEST[0] or size[1] < SMALLEST[1]:
            advice = t("doctor.advice.size_small")
        yield _row("size", t("doctor.value.size", columns=size[0], rows=size[1]), advice)
    few = facts["colours"] < terminal.MANY_COLOURS and not facts["no_color"]
    key = "doctor.value.colours_off" if facts["no_color"] else "doctor.value.colours"
    colours = t(key, count=f"{facts['colours']:,}")
    yield _row("colours", colours, t("doctor.advice.colours") if few else "")
    encoding = facts["encoding"] or t("doctor.unknown")
    utf8 = encoding.lower() in ("utf-8", "utf8")
    yield _row("encoding", encoding, "" if utf8 else t("doctor.advice.encoding"))
    drawing = t("doctor.value.ascii" if facts["ascii"] else "doctor.value.unicode")
    yield _row("drawing", drawing, t("doctor.advice.ascii") if facts["ascii"] and utf8 else "")
    yield _row("inside", ", ".join(facts["inside"]) or t("doctor.none"))
    no = facts["unsuitable"]
    yield _row("screen", t("doctor.no" if no else "doctor.yes"), t(no) if no else "")


def _judge_python(facts: dict[str, Any]) -> Iterator[_Row]:
    old = _older(facts["version"], PYTHON)
    yield _row("python", facts["version"], t("doctor.advice.python", least=PYTHON) if old else "")
    yield _row("executable", facts["executable"])
    yield _row("platform", facts["platform"])


def _judge_packages(facts: dict[str, Any]) -> Iterator[_Row]:
    for name, bounds in PACKAGES.items():
        missing = t("doctor.advice.package_missing", name=name, least=bounds[0])
        yield _package(name, facts[name], bounds, missing)


def _judge_compute(facts: dict[str, Any]) -> Iterator[_Row]:
    yield _package("torch", facts["torch"], TORCH, t("doctor.advice.torch_missing"))
    device = facts["device"]
    error = facts["error"]
    yield _row(
        "device",
        t("doctor.unknown") if device == "unknown" else device,
        t("doctor.advice.device", error=one_line(error)) if error else "",
    )
    usable, total = facts["usable_processors"], facts["processors"]
    processors = t("doctor.value.processors", usable=usable, total=total)
    yield _row("processors", processors, t("doctor.advice.processors") if usable == 1 else "")
    yield _judge_memory(facts["memory"], facts["available_memory"])


def _judge_memory(total: int | None, available: int | None) -> _Row:
    if total is None:
        return _row("memory", t("doctor.unknown"))
    size = f"{total / GIGABYTE:.1f}"
    if available is None:
        return _row("memory", t("doctor.value.memory_total", total=size))
    free = f"{available / GIGABYTE:.1f}"
    told = t("doctor.value.memory", total=size, available=free)
    return _row("memory", told, t("doctor.advice.memory") if available < GIGABYTE else "")


def _judge_files(facts: dict[str, Any]) -> Iterator[_Row]:
    for name, folder in facts.items():
        yield _row(name, folder["path"], folder["why"] or "")


def _package(name: str, found: str | None, bounds: tuple[str, str], missing: str) -> _Row:
    least, below = bounds
    if found is None:
        return _Row(name, t("doctor.value.missing"), missing)
    advice = ""
    if _older(found, least):
        advice = t("doctor.advice.too_old", name=name, least=least)
    elif below and not _older(found, below):
        advice = t("doctor.advice.too_new", name=name, least=least, below=below)
    return _Row(name, one_line(found), advice)


def _row(label: str, value: object, advice: str = "") -> _Row:
    return _Row(t(f"doctor.label.{label}"), one_line(value), advice)


def _older(found: str, least: str) -> bool:
    return _numbers(found) < _numbers(least)


def _numbers(release: str) -> list[int]:
    """Return the leading numbers of a version: [2, 13, 0] of 2.13.0+cpu."""
    numbers = []
    for part in release.split("+", maxsplit=1)[0].split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return numbers


def _drawn(text: str, facts: dict[str, Any]) -> str:
    """Return `text` in characters that the terminal with these facts can draw."""
    if not facts["ascii"]:
        return text
    try:
        encoding = codecs.lookup(facts["encoding"] or "ascii").name
    except LookupError:
        encoding = "ascii"
    return text.replace("×", "x").encode(encoding, "replace").decode(encoding)


def _cells(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide
