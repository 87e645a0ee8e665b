"""The tutor on a terminal: its processes, its words, and what it leaves behind."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psutil

from tests.pty.terminal import TUTOR, Terminal
from tutor import lesson_text
from tutor.i18n import messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tutor.activities import Choice, Option
    from tutor.lesson_text import LessonText

TORCH = 60.0
"""How many seconds to wait at most for torch to be imported."""


class Tutor(Terminal):
    """The tutor on a terminal, in a language and with a folder of its own."""

    def __init__(
        self,
        *words: str,
        home: Path,
        language: str = "en",
        size: tuple[int, int] = (120, 36),
        environ: Mapping[str, str | None] = {},
        command: Sequence[str] = TUTOR,
    ) -> None:
        """Run `command` with `words`; the language is asked for by the locale."""
        locale = "ko_KR.UTF-8" if language == "ko" else "C.UTF-8"
        told = {"LANG": locale, **environ}
        super().__init__((*command, *words), home=home, size=size, environ=told)
        self.home = home
        self.language = language
        self.lesson = bayes(language)

    def said(self, key: str, /, **values: object) -> str:
        """Return a message in the language of the screen."""
        return messages(self.language)[key].format(**values)

    def wait_until_ready(self) -> None:
        """Wait until torch has been imported and the worker waits for work."""
        ready = self.said("state.ready")
        self.wait_for(lambda: self.lines()[0].endswith(ready), TORCH)

    def go_to(self, number: int) -> None:
        """Go from step to step in the open lesson, to the one with the index `number`."""
        self.wait_for(self.lesson.steps[0].title)
        for step in self.lesson.steps[1 : number + 1]:
            self.press("n")
            self.wait_for(step.title)

    def enter_lab(self, offered: str = "keys.change") -> None:
        """Go to the lab, and wait until the keys of its first control are told."""
        self.press("tab")
        self.wait_for(lambda: self.said(offered) in self.lines()[-1])

    def set(self, parameter: str, number: str) -> None:
        """Go to the control of a parameter of the lab, and type a number into it."""
        label = self.lesson.words[parameter]
        while label not in (before := self._focused()):
            self.press("down")
            self.wait_for(lambda before=before: self._focused() not in ([], before))
        self.press(*number, "enter")

    def _focused(self) -> list[str]:
        """Return the labels of the controls that have the focus: they are bold."""
        labels = set(self.lesson.words.values())
        lines = self.lines()
        return [text for y, text in self.bold() if text in labels and f" {text}  " in lines[y]]

    def read_on_to(self, text: str) -> None:
        """Scroll the text down until it shows a passage."""
        for _ in range(5):
            try:
                self.wait_for(text, 1)
            except AssertionError:
                self.press("pagedown")
            else:
                return
        self.wait_for(text)

    @property
    def guard(self) -> psutil.Process:
        """The process that the shell sees."""
        return psutil.Process(self.pid)

    @property
    def ui(self) -> psutil.Process:
        """The process that draws."""
        return child(self.guard)

    @property
    def host(self) -> psutil.Process:
        """The process that has imported torch."""
        return child(self.ui)

    @property
    def worker(self) -> psutil.Process:
        """The process that computes."""
        return child(self.host)


def child(process: psutil.Process) -> psutil.Process:
    """Return the one child of a process.

    Raises:
        psutil.NoSuchProcess: if it has none.
    """
    for found in process.children():
        return found
    raise psutil.NoSuchProcess(process.pid, msg="it has no child")


def bayes(language: str) -> LessonText:
    """Return the text of the Bayes lesson."""
    return lesson_text.load("lessons.bayes", language)


def wrong(activity: Choice) -> tuple[int, Option]:
    """Return the first option that is a known mistake, and its index."""
    return next(pair for pair in enumerate(activity.options) if pair[1].mistake)


def database(home: Path) -> Path:
    """Return where the progress is kept."""
    return home / "data" / "progress.sqlite3"


def answers(home: Path) -> dict[str, Any]:
    """Return the last answer to each activity as it is on disk, after checking the file."""
    with closing(sqlite3.connect(f"file:{database(home)}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute(
            "SELECT activity, data FROM events WHERE kind = 'answer' ORDER BY id"
        ).fetchall()
    return {activity: json.loads(data)["answer"] for activity, data in rows}


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return how long processes have computed; those that are gone count nothing."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def eventually_gone(process: psutil.Process, timeout: float = 3.0) -> None:
    """Wait for a process's end."""
    end = time.monotonic() + timeout
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, process
        time.sleep(0.02)
