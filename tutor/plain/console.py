"""Where the learner types: commands are obeyed, everything else is an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.errors import TutorError
from tutor.i18n import t

if TYPE_CHECKING:
    from tutor.plain.lab import Lab
    from tutor.plain.voice import Voice

KOREAN_KEYS = {"ㅜ": "n", "ㅠ": "b", "ㅂ": "q", "ㄴ": "s", "？": "?"}
"""What the keys of the commands type while the keyboard is set to Korean."""


class Move(Exception):  # noqa: N818 - leaving a step is no error
    """The learner goes to another step."""

    def __init__(self, by: int) -> None:
        """Go so many steps on, or back."""
        super().__init__()
        self.by = by


class Console:
    """Hears the learner; `n`, `b`, `q`, `?` and `set` work wherever something is asked."""

    def __init__(self, voice: Voice, lab: Lab) -> None:
        """Hear by `voice`, and set `lab`."""
        self._voice = voice
        self._lab = lab

    def typed(self, *, locked: bool = False) -> str:
        """Return the next line that is no command; the lab cannot be set while it is `locked`.

        Raises:
            Move: if the learner goes to another step.
            EOFError: if the learner quits, or there is no line.
        """
        while True:
            line = self._voice.hear()
            command, _, rest = KOREAN_KEYS.get(line, line).partition(" ")
            match command.lower(), rest:
                case "n", "":
                    raise Move(1)
                case "b", "":
                    raise Move(-1)
                case "q", "":
                    raise EOFError
                case "?", "":
                    self._explain()
                case "set", _:
                    self._set(rest, locked=locked)
                case _:
                    return KOREAN_KEYS.get(line, line)

    def _set(self, typed: str, *, locked: bool) -> None:
        if locked:
            self._voice.say(t("plain.locked"))
            return
        try:
            self._lab.change(typed)
        except TutorError as problem:
            self._voice.say(str(problem))
            return
        self._lab.tell()

    def _explain(self) -> None:
        self._voice.say(t("plain.help"))
        self._voice.say(t("plain.settings"))
        self._lab.tell_settings()
