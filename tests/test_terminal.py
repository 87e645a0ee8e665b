import os
import re
from importlib import resources

import pytest

from tutor import terminal
from tutor.i18n import messages

GOOD = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("environ", "stdin", "stdout", "key"),
    [
        (GOOD, True, True, None),
        (GOOD, False, True, "error.terminal.input"),
        (GOOD, True, False, "error.terminal.output"),
        ({}, True, True, "error.terminal.unset"),
        ({"TERM": ""}, True, True, "error.terminal.unset"),
        ({"TERM": "unknown"}, True, True, "error.terminal.unset"),
        ({"TERM": "dumb"}, True, True, "error.terminal.dumb"),
        ({"TERM": "linux"}, True, True, None),
    ],
)
def test_an_unsuitable_terminal_is_told_why(
    environ: dict[str, str], *, stdin: bool, stdout: bool, key: str | None
) -> None:
    assert terminal.unsuitable(environ, stdin, stdout) == key
    assert key is None or key in messages("en")


@pytest.mark.parametrize(
    ("environ", "encoding", "expected"),
    [
        ({}, "utf-8", False),
        ({}, "UTF-8", False),
        ({}, "utf8", False),
        ({}, "UTF_8", False),
        ({"LANG": "ko_KR.UTF-8"}, "utf-8", False),
        ({"LC_ALL": "C.UTF-8"}, "utf-8", False),
        ({"LC_ALL": "C"}, "utf-8", True),
        ({"LC_ALL": "POSIX"}, "utf-8", True),
        ({}, "ascii", True),
        ({}, "euc-kr", True),
        ({}, "no such encoding", True),
        ({}, None, True),
        ({"TERM": "linux"}, "utf-8", True),
        ({"TUTOR_ASCII": "1"}, "utf-8", True),
        ({"TUTOR_ASCII": ""}, "utf-8", False),
        ({"TUTOR_ASCII": "0", "TERM": "linux"}, "utf-8", False),
    ],
)
def test_ascii_where_nothing_else_is_sure(
    environ: dict[str, str], encoding: str | None, *, expected: bool
) -> None:
    assert terminal.ascii_only(environ, encoding) is expected


def test_no_color_is_any_value_but_none() -> None:
    assert terminal.no_color({"NO_COLOR": "0"})
    assert not terminal.no_color({"NO_COLOR": ""})
    assert not terminal.no_color({})


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 2**24),
        ({"TERM": "tmux", "COLORTERM": "24bit"}, 2**24),
        ({"TERM": "xterm-direct"}, 2**24),
        ({"TERM": "screen-256color"}, 256),
        ({"TERM": "xterm-kitty"}, 256),
        ({"TERM": "xterm"}, 16),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, 1),
        ({}, 1),
    ],
)
def test_colours(environ: dict[str, str], count: int) -> None:
    assert terminal.colours(environ) == count


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, set()),
        ({"SSH_CONNECTION": "1 2 3 4", "TMUX": "/tmp/x,1,0"}, {"ssh", "tmux"}),
        ({"STY": "1.pts"}, {"screen"}),
        ({"COLAB_RELEASE_TAG": "x", "JPY_PARENT_PID": "1"}, {"colab", "jupyter"}),
        ({"TERM_PROGRAM": "vscode"}, {"vscode"}),
        ({"WSL_DISTRO_NAME": "Ubuntu"}, {"wsl"}),
        ({"TMUX": ""}, set()),
    ],
)
def test_surroundings(environ: dict[str, str], found: set[str]) -> None:
    assert terminal.inside(environ) == found


def test_every_mode_that_textual_turns_on_is_turned_off() -> None:
    drivers = resources.files("textual.drivers")
    source = "".join(
        (drivers / name).read_text() for name in ("linux_driver.py", "linux_inline_driver.py")
    )
    source += (resources.files("textual") / "_ansi_sequences.py").read_text()
    source = re.sub(r"^\s*#.*", "", source, flags=re.MULTILINE)
    on = set(re.findall(r"\\(?:x1b|033)\[\?(\d+)h", source)) - {"7", "25"}
    off = set(re.findall(r"\x1b\[\?(\d+)l", terminal.RESET))
    assert on
    assert on <= off
    assert re.search(r"\\x1b\[\?7l", source)
    assert "\x1b[?7h" in terminal.RESET
    assert terminal.RESET.endswith("\x1b[?25h")
    assert terminal.RESET.index("\x1b[<u") < terminal.RESET.index("\x1b[?1049l")


def test_a_terminal_that_is_gone_is_left_alone() -> None:
    reading, writing = os.pipe()
    terminal.restore(writing)
    assert os.read(reading, 4096) == terminal.RESET.encode()
    os.close(reading)
    terminal.restore(writing)
    os.close(writing)
    terminal.restore(writing)
