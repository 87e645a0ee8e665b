"""The two ends of the dialogue: lines to the learner, lines from the learner."""

from __future__ import annotations

import codecs
import io
import unicodedata
from typing import TYPE_CHECKING, TextIO

from tutor.plain.wrapping import wrapped
from tutor.safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

SIMPLER = {
    "–": "-",
    "—": "-",
    "−": "-",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "…": "...",
    "→": "->",
    "×": "x",
    "·": "*",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "¬": "not ",
    "∩": " and ",
    "√": "sqrt ",
}
"""What stands for a sign in an encoding that does not have it."""


def simpler(text: str) -> str:
    """Return a text in ASCII: signs spelt out, Greek letters by name, `?` for what is left."""
    return "".join(map(_simpler, text))


class Voice:
    """Says lines and hears lines."""

    def __init__(self, read: TextIO, write: TextIO) -> None:
        """Hear what comes from `read`, and say to `write` what its encoding can hold."""
        self._read = read
        self._write = write
        self._gap = True
        codecs.register_error("tutor.simpler", _replaced)
        if isinstance(read, io.TextIOWrapper):
            read.reconfigure(errors="replace")
        if isinstance(write, io.TextIOWrapper):
            write.reconfigure(errors="tutor.simpler", newline="\n")

    def say(self, text: str, first: str = "", further: str = "") -> None:
        """Say a text, each of its lines wrapped, with `first` and then `further` before them."""
        for line in safe(text).expandtabs(4).split("\n"):
            self.lines(wrapped(line, first=first, further=further))
            first = further

    def lines(self, lines: Iterable[str]) -> None:
        """Say lines as they are."""
        for line in lines:
            told = safe(line).expandtabs(4).rstrip()
            if told or not self._gap:
                self._write.write(f"{told}\n")
            self._gap = not told
        self._write.flush()

    def gap(self) -> None:
        """Leave a line empty, if the one before is not."""
        self.lines([""])

    def hear(self) -> str:
        """Return the next line from the learner, without blanks around it.

        Raises:
            EOFError: if there is none.
        """
        self._gap = False
        line = self._read.readline()
        if not line:
            raise EOFError
        return line.strip()


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return simpler(error.object[error.start : error.end]), error.end


def _simpler(character: str) -> str:
    if character.isascii():
        return character
    if character in SIMPLER:
        return SIMPLER[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK") and "LETTER" in name:
        return name.split()[-1].lower()
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return f"^{plain}" if plain and name.startswith("SUPERSCRIPT") else plain or "?"
