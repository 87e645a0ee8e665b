r"""The one filter between text from outside and a terminal.

Neither Rich nor Textual stops escape sequences, so what comes from a file, a host, a learner's
code or an exception passes through `safe` first and is then shown as plain `Content` or `Text`.

Nothing is dropped: what a terminal would obey, or what no eye would see, is written out the way
Python writes it (`\x1b`, `\u202e`), which also an ASCII terminal can show. That goes for

- the C0 and C1 controls and DEL, except newline and tab (`\r\n` is read as one newline);
- every format character (Unicode category Cf): bidi overrides, embeddings and isolates, the
  zero-width space and joiners, the soft hyphen, the byte-order mark, tags;
- the line and paragraph separators, which some programs break a line at;
- letters and marks that are drawn as nothing: Hangul and Khmer fillers, variation selectors;
- lone surrogates, as they stand in names that are no UTF-8.

Two things are kept because they belong to the text: a zero-width joiner between two pictographs
and a variation selector after one (👩‍🔬, ❤️); and Korean, whose letters are composed to syllables
where they come apart, as in file names from macOS, so that its cells are counted right.
"""

from __future__ import annotations

import re

__all__ = ["one_line", "safe"]

_PICTOGRAPH = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001fbff"
)

_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
)

_HIDDEN = re.compile(
    f"(?P<kept>(?<=[{_PICTOGRAPH}])\ufe0f(?:\u200d(?=[{_PICTOGRAPH}]))?"
    f"|(?<=[{_PICTOGRAPH}])\u200d(?=[{_PICTOGRAPH}]))"
    f"|[{_UNSEEN}]"
)

_LETTERS = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")

_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def safe(text: object, limit: int = 10_000) -> str:
    r"""Return `text` as characters that a terminal only draws, at most `limit` of them.

    Lines and tabs stay. Longer text ends in `…`. `safe(safe(x)) == safe(x)`.

    Args:
        text: Anything; bytes are read as UTF-8, everything else by `str`. An object whose `str`
            fails is named by its type.
        limit: The greatest length of the result in characters, at least 1.
    """
    told = _told(text)
    if len(told) <= limit and told.isascii() and told.isprintable():
        return told
    cut = told[: limit + 1].replace("\r\n", "\n")
    shown = _HIDDEN.sub(_visible, _LETTERS.sub(_syllable, cut))
    if len(told) <= limit and len(shown) <= limit:
        return shown
    return shown[: limit - 1].rstrip("\u200d\ufe0f") + "…"


def one_line(text: object, limit: int = 200) -> str:
    r"""Return `text` as `safe` does, on one line: newlines and tabs become `\n` and `\t`."""
    shown = safe(text, limit)
    shown = shown.replace("\n", _SHORT["\n"]).replace("\t", _SHORT["\t"])
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip("\u200d\ufe0f") + "…"


def _told(text: object) -> str:
    try:
        return text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else str(text)
    except Exception:  # noqa: BLE001 - a stranger's __str__ may raise anything
        return f"<{type(text).__name__}>"


def _visible(found: re.Match[str]) -> str:
    if found["kept"]:
        return found["kept"]
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004 - what two digits hold
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _syllable(found: re.Match[str]) -> str:
    from unicodedata import normalize  # noqa: PLC0415 - rarely needed

    return normalize("NFC", found[0])
