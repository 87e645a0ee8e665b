"""Lessons as text, line by line: for screen readers, pipes and notebook cells.

Nothing here needs a terminal, and what is written is letters, blanks and newlines.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tutor import catalog
from tutor.api import Params, parse_query
from tutor.errors import TutorError
from tutor.lesson_text import LessonTextError
from tutor.plain.choosing import choose
from tutor.plain.computer import Computer
from tutor.plain.voice import Voice
from tutor.plain.walk import Walk
from tutor.progress import Progress

if TYPE_CHECKING:
    from typing import TextIO

INTERRUPTED = 130
"""The exit status after Ctrl-C."""


def run_plain(
    state: str | None, device: str, read: TextIO = sys.stdin, write: TextIO = sys.stdout
) -> int:
    """Hold a dialogue about lessons until the learner quits or `read` ends; return the exit status.

    Args:
        state: The lesson to open, with the lab in a state if one is given
            (`lesson?name=value&…`); None lists the lessons to choose from.
        device: The device to compute on.
        read: Where the learner's lines come from.
        write: Where the lessons' lines go.

    Raises:
        UnknownNameError: if there is no such lesson or parameter.
        TutorError: if the lesson cannot be loaded, or a value is none.
    """
    name, _, query = (state or "").partition("?")
    if state is not None:
        lab = catalog.lab_params(catalog.lesson(name)).from_strings(parse_query(query))
    voice, progress = Voice(read, write), Progress.open()
    try:
        with Computer(device) as computer:
            if state is not None:
                _walk(name, lab if query else None, voice, computer, progress)
                return 0
            while True:
                chosen = choose(voice, progress)
                try:
                    _walk(chosen, None, voice, computer, progress)
                except TutorError as problem:
                    voice.say(str(problem))
    except EOFError:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        progress.close()


def _walk(
    name: str, lab: Params | None, voice: Voice, computer: Computer, progress: Progress
) -> None:
    lesson = catalog.lesson(name)
    try:
        walk = Walk(lesson, lab, voice, computer, progress)
    except LessonTextError as error:
        raise TutorError("error.broken_lesson", name=name, reason=str(error)) from error
    walk.go()
