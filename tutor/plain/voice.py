"""The two ends of the dialogue: lines to the learner, lines from the learner."""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING, TextIO

from tutor.plain.markdown import plain_lines
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
    **dict(zip("▁▂▃▄▅▆▇█", "_.,-~+*#", strict=True)),
}
"""What stands for a sign in an encoding that does not have it."""


def simpler(character: str) -> str:
    """Return a character in ASCII: signs spelt out, Greek letters by name, `?` for what is left."""
    if character in SIMPLER:
        return SIMPLER[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK") and "LETTER" in name:
        return name.split()[-1].lower()
    parts = unicodedata.normalize("NFKD", character).replace("\N{FRACTION SLASH}", "/")
    plain = parts.encode("ascii", "ignore").decode()
    return f"^{plain}" if plain and name.startswith("SUPERSCRIPT") else plain or "?"


class Voice:
    """Says lines and hears lines."""

    def __init__(self, read: TextIO, write: TextIO) -> None:
        """Hear what comes from `read`, and say to `write` what its encoding can hold."""
        self._read = read
        self._write = write
        self._encoding = write.encoding or "utf-8"
        self._gap = True
        for stream in (read, write):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")

    def say(self, text: str, first: str = "", further: str = "") -> None:
        """Say a text, each of its lines wrapped, with `first` and then `further` before them."""
        for line in self._sayable(text).split("\n"):
            self._lines(wrapped(line, first=first, further=further))
            first = further

    def say_markdown(self, text: str) -> None:
        """Say a text in Markdown without its marks."""
        self._lines(plain_lines(text, self._sayable))

    def _lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            told = line.rstrip()
            if told or not self._gap:
                self._write.write(f"{told}\n")
            self._gap = not told
        self._write.flush()

    def _sayable(self, text: str) -> str:
        """Return a text in letters that the encoding has and that only write."""
        told = safe(text).expandtabs(4)
        if self._can_write(told):
            return told
        return "".join(one if self._can_write(one) else simpler(one) for one in told)

    def _can_write(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return True

    def gap(self) -> None:
        """Leave a line empty, if the one before is not."""
        self._lines([""])

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
