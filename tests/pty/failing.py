"""The tutor with a fault in it: F9 raises an exception in a handler, F8 in a worker of Textual's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

import tutor.app
from tutor.guard import run_guarded


class FailingApp(tutor.app.TutorApp):
    """The tutor, which fails when it is asked to."""

    CSS_PATH = Path(tutor.app.__file__).with_name("tutor.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f9", "fail", priority=True),
        Binding("f8", "fail_later", priority=True),
    ]

    def action_fail(self) -> None:
        raise RuntimeError("fault \x1b]52;c;aGk=\x07 on [purpose")

    def action_fail_later(self) -> None:
        self.run_worker(self._fail())

    async def _fail(self) -> None:
        self.action_fail()


def run() -> int:
    tutor.app.TutorApp = FailingApp  # type: ignore[misc]
    return tutor.app.run_app("bayes", "auto", debug=False)


if __name__ == "__main__":
    sys.exit(run_guarded(run))
