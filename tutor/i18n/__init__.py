"""The words of the program in the reader's language.

`t("home.title")` looks a message up in `en.toml` or `ko.toml` beside this file. The language is
one per process, set once at the start and changed by the reader.
"""

from __future__ import annotations

import locale
import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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
            return _language_of(value)
    return _language_of(locale.getlocale()[0] or "")


def localized(texts: Mapping[str, str]) -> str:
    """Return that of a text's versions which is in the language in use, else the English one."""
    return texts.get(_language) or texts.get("en") or next(iter(texts.values()), "")


def t(key: str, /, **values: Any) -> str:
    """Return the message `key` in the language in use, with `values` filled in.

    Raises:
        KeyError: if there is no such message; a test finds every key that the code uses.
    """
    return messages(_language)[key].format(**values)


def _language_of(name: str) -> str:
    """Return the language of a locale's name: `ko_KR.UTF-8`, or `Korean_Korea.949`."""
    return "ko" if re.split(r"[_.@-]", name.lower())[0] in ("ko", "korean") else "en"


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
