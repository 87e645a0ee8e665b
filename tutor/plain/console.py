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
        self.voice = voice
        self.lab = lab
        self.at_first_step = False

    def typed(self, *, locked: bool = False, changes: bool = False) -> str:
        """Return the next line that is no command.

        Args:
            locked: Whether the lab cannot be set now.
            changes: Whether changes of the lab are what is asked for, so that `set` is no command.

        Raises:
            Move: if the learner goes to another step.
            EOFError: if the learner quits, or there is no line.
        """
        while True:
            line = self.voice.hear()
            command, _, rest = KOREAN_KEYS.get(line, line).partition(" ")
            match command.lower(), rest:
                case "n", "":
                    raise Move(1)
                case "b", "" if self.at_first_step:
                    self.voice.say(t("plain.first_step"))
                case "b", "":
                    raise Move(-1)
                case "q", "":
                    raise EOFError
                case (("?" | "set"), ""):
                    self._explain()
                case "set", _ if changes:
                    return rest
                case "set", _:
                    self._set(rest, locked=locked)
                case _:
                    return KOREAN_KEYS.get(line, line)

    def _set(self, typed: str, *, locked: bool) -> None:
        if locked:
            self.voice.say(t("plain.locked"))
            return
        try:
            self.lab.change(typed)
        except TutorError as problem:
            self.voice.say(str(problem))
            return
        self.lab.tell()

    def _explain(self) -> None:
        self.voice.say(t("plain.help"))
        self.voice.say(t("plain.settings"))
        self.lab.tell_settings()
