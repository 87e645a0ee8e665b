"""The words of the program in the reader's language.

`t("home.title")` looks a message up in `en.toml` or `ko.toml` beside this file. The language is
one per process, set once at the start and changed by the reader.
"""

from __future__ import annotations

import locale
import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "ko": "한국어"}
"""The languages of the program, each under its own name."""

_language = "en"


def use(language: str) -> None:
    """Set the language of every later message.

    Raises:
        ValueError: if `language` is not in `LANGUAGES`.
    """
    global _language  # noqa: PLW0603 - the language of a process is one, as its locale is
    if language not in LANGUAGES:
        raise ValueError(language)
    _language = language


def language() -> str:
    """Return the code of the language in use."""
    return _language


def from_environment() -> str:
    """Return the language that the locale asks for: `ko` for a Korean one, else `en`."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ko" if value.lower().startswith("ko") else "en"
    return "ko" if (locale.getlocale()[0] or "").lower().startswith("ko") else "en"


def t(key: str, /, **values: Any) -> str:
    """Return the message `key` in the language in use, with `values` filled in.

    Raises:
        KeyError: if there is no such message; a test finds every key that the code uses.
    """
    return messages(_language)[key].format(**values)


@cache
def messages(language: str) -> dict[str, str]:
    """Return every message of one language by its dotted key."""
    text = Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flatten("", tomllib.loads(text)))


def _flatten(prefix: str, table: dict[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        pairs += _flatten(f"{key}.", value) if isinstance(value, dict) else [(key, value)]
    return pairs
