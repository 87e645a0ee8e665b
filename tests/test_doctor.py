import json
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tutor import doctor, i18n
from tutor.errors import TutorError

HEALTHY: dict[str, Any] = {
    "terminal": {
        "columns": 120,
        "rows": 36,
        "term": "xterm-256color",
        "colours": 2**24,
        "no_color": False,
        "encoding": "utf-8",
        "ascii": False,
        "inside": ["ssh", "tmux"],
        "unsuitable": None,
    },
    "python": {"version": "3.12.1", "executable": "/usr/bin/python3", "platform": "Linux"},
    "packages": {"textual": "8.2.8", "rich": "14.2.0", "plotext": "6.1.0", "numpy": "2.1.3"},
    "compute": {
        "torch": "2.11.0+cu128",
        "device": "cuda",
        "error": None,
        "processors": 8,
        "usable_processors": 4,
        "memory": 16 * 10**9,
        "available_memory": 8 * 10**9,
    },
    "files": {
        name: {"path": f"/home/kim/{name}", "writable": True, "why": None}
        for name in ("data", "config", "log")
    },
}


@pytest.fixture(params=["en", "ko"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    before = i18n.language()
    i18n.use(request.param)
    yield request.param
    i18n.use(before)


def changed(*path: str, to: object) -> dict[str, Any]:
    facts = deepcopy(HEALTHY)
    table = facts
    for name in path[:-1]:
        table = table[name]
    table[path[-1]] = to
    return facts


def cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def test_facts_are_plain_and_load_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path))
    code = (
        "import json, sys; from tutor import doctor; facts = doctor.examine(None);"
        "print(json.dumps([facts, sorted({'torch', 'textual', 'rich', 'numpy'} & {*sys.modules})]))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    facts, loaded = json.loads(told.stdout)
    assert loaded == []
    assert facts.keys() == HEALTHY.keys()
    for name, table in HEALTHY.items():
        assert facts[name].keys() == table.keys()
    assert facts["compute"]["device"] == "unknown"
    assert facts["python"]["executable"] == sys.executable


def test_what_computes_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path))
    facts = doctor.examine(lambda: {"device": "cuda", "name": "H100"})
    assert facts["compute"]["device"] == "cuda"
    assert facts["compute"]["name"] == "H100"
    assert facts["files"]["data"] == {
        "path": str(tmp_path / "data"),
        "writable": True,
        "why": None,
    }


def test_what_it_raises_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", "/dev/null/x")

    def ask() -> dict[str, Any]:
        raise TutorError("error.file.other", path="torch", detail="\x1b[2J")

    facts = doctor.examine(ask)
    assert facts["compute"]["device"] == "unknown"
    assert "\\x1b[2J" in facts["compute"]["error"]
    assert facts["files"]["data"]["writable"] is False
    assert "/dev/null/x/data" in facts["files"]["data"]["why"]
    report = doctor.report(facts)
    assert "\x1b" not in report
    assert "torch" in report


def test_a_healthy_report_is_aligned_and_asks_for_nothing(language: str) -> None:
    report = doctor.report(HEALTHY)
    assert "!" not in report
    rows = [line for line in report.splitlines() if line.startswith("  ")]
    assert all(row.startswith("  ✓ ") for row in rows)
    columns = {cells(re.match(r"  ✓ .*?  +", row).group()) for row in rows}  # type: ignore[union-attr]
    assert len(columns) == 1
    assert i18n.t("doctor.healthy") in report


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("terminal", "columns"), 59, "60 × 18"),
        (("terminal", "rows"), 17, "60 × 18"),
        (("terminal", "columns"), 79, "80 × 24"),
        (("terminal", "columns"), None, "60 × 18"),
        (("terminal", "colours"), 16, "xterm-256color"),
        (("terminal", "encoding"), "euc-kr", "C.UTF-8"),
        (("terminal", "ascii"), True, "TUTOR_ASCII=0"),
        (("terminal", "unsuitable"), "error.terminal.dumb", "tutor --plain"),
        (("python", "version"), "3.10.12", "3.11"),
        (("packages", "rich"), "13.9.4", "pip install -U 'rich>=14.2'"),
        (("packages", "textual"), "9.0.0", "pip install 'textual>=8.2.8,<9'"),
        (("packages", "plotext"), "5.3.2", "pip install -U 'plotext>=6.1'"),
        (("packages", "numpy"), None, "pip install 'numpy>=2.0'"),
        (("compute", "torch"), None, "pip install torch"),
        (("compute", "torch"), "2.4.1", "2.5"),
        (("compute", "error"), "no answer", "no answer"),
        (("compute", "usable_processors"), 1, "1"),
        (("compute", "available_memory"), 10**8, "0.1"),
        (("files", "log", "why"), "the disk is full", "the disk is full"),
    ],
)
def test_each_trouble_is_marked_once_with_what_to_do(
    language: str, path: tuple[str, ...], value: object, told: str
) -> None:
    report = doctor.report(changed(*path, to=value))
    assert told.replace("×", "x" if path[-1] == "ascii" else "×") in report
    assert len(re.findall(r"^  ! ", report, re.MULTILINE)) == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("terminal", "no_color"), True),
        (("terminal", "inside"), []),
        (("compute", "memory"), None),
        (("compute", "available_memory"), None),
        (("compute", "device"), "unknown"),
        (("packages", "textual"), "8.10.0"),
        (("packages", "numpy"), "2.0.0rc1"),
        (("compute", "torch"), "2.11.0a0+git123"),
    ],
)
def test_what_is_no_trouble_is_not_marked(
    language: str, path: tuple[str, ...], value: object
) -> None:
    assert "!" not in doctor.report(changed(*path, to=value))


@pytest.mark.parametrize("encoding", ["ascii", None, "no such encoding"])
def test_an_ascii_terminal_gets_ascii(language: str, encoding: str | None) -> None:
    facts = changed("terminal", "ascii", to=True)
    facts["terminal"]["encoding"] = encoding
    assert doctor.report(facts).isascii()


def test_the_bounds_are_those_of_the_distribution() -> None:
    pyproject = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    asked = dict(
        re.findall(r"^([a-z]+)(.*)$", one)[0] for one in pyproject["project"]["dependencies"]
    )
    for name, (least, below) in {**doctor.PACKAGES, "torch": doctor.TORCH}.items():
        assert asked[name] == f">={least}" + (f",<{below}" if below else "")
    assert pyproject["project"]["requires-python"] == f">={doctor.PYTHON}"
