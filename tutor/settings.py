"""What the learner has chosen for the program, kept in a small JSON file.

Reading never fails: a file that is no JSON is set aside and the defaults are used, a value that
cannot be used gives way to its default, and the learner is told of either.
"""

from __future__ import annotations

import errno
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from tutor import locations
from tutor.errors import TutorError
from tutor.i18n import LANGUAGES, from_environment
from tutor.safe import one_line

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1 << 20
"""The size in bytes above which a file is not taken for settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The learner's choices; every one has a default."""

    language: str | None = None
    """The language's code, a key of `tutor.i18n.LANGUAGES`; None: what the locale asks for."""
    theme: str = ""
    """The name of the colour theme; empty: the program's own."""
    ascii: bool | None = None
    """Whether to draw with ASCII only; None: what suits the terminal."""
    mouse: bool = True
    """Whether the mouse works; without it the terminal keeps its own selecting of text."""

    def spoken(self) -> str:
        """Return the code of the language to use."""
        return self.language or from_environment()


def load(path: Path | None = None) -> tuple[Settings, TutorError | None]:
    """Read the settings from `path` or the usual file; also return what the learner is to be told.

    Without a file, the settings are the defaults and there is nothing to tell.
    """
    path = path or locations.settings_file()
    try:
        values = _read(path)
    except OSError as error:
        return Settings(), locations.trouble(error, path)
    except (ValueError, TypeError, RecursionError):
        return Settings(), _set_aside(path)
    kinds = get_type_hints(Settings)
    sound = {name: value for name, value in values.items() if _fits(name, value, kinds)}
    refused = sorted(one.name for one in fields(Settings) if one.name in values.keys() - sound)
    notice = None
    if refused:
        names = ", ".join(refused)
        notice = TutorError("error.settings.value", path=one_line(path), names=names)
    return Settings(**sound), notice


def save(settings: Settings, path: Path | None = None) -> None:
    """Write the settings to `path` or the usual file; they are on disk when this returns.

    What another version of the program wrote there and this one does not know is kept.

    Raises:
        TutorError: if they could not be saved; the file is then as it was.
    """
    path = path or locations.settings_file()
    try:
        known = _read(path)
    except (OSError, ValueError, TypeError, RecursionError):
        known = {}
    text = json.dumps({**known, **asdict(settings)}, indent=2)
    try:
        locations.write_whole(path, f"{text}\n".encode())
    except OSError as error:
        raise locations.trouble(error, path) from error


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    if not path.is_file():
        raise OSError(errno.EISDIR, "not a file")
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError("too large")
    values = json.loads(content)
    if not isinstance(values, dict):
        raise TypeError("no table of settings")
    return values


def _fits(name: str, value: object, kinds: dict[str, type]) -> bool:
    kind = kinds.get(name)
    if kind is None or type(value) not in (get_args(kind) or (kind,)):
        return False
    return name != "language" or value is None or value in LANGUAGES


def _set_aside(path: Path) -> TutorError:
    from time import strftime  # noqa: PLC0415 - needed only when something went wrong

    aside = path.with_name(f"{path.name}.broken-{strftime('%Y%m%d-%H%M%S')}")
    try:
        path.rename(aside)
    except OSError as error:
        return locations.trouble(error, path)
    return TutorError("error.settings.broken", path=one_line(path), aside=one_line(aside.name))
