"""What the subcommands share: how they print, fail and complete words."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tutor.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from click.shell_completion import CompletionItem

DEVICES = ("auto", "cpu", "cuda", "mps")
"""What `--device` takes."""

FOLDER = click.Path(file_okay=False, path_type=Path)
"""What an option that names a folder takes."""


def fail(message: str, code: int = 2) -> NoReturn:
    """Say what is wrong on stderr and end."""
    click.echo(f"tutor: {one_line(message, 2000)}", err=True)
    sys.exit(code)


def show(value: Any) -> None:
    """Print a value as JSON, NaN as null."""
    click.echo(json.dumps(_strict(value), ensure_ascii=False))


def completions(words: Iterable[str], begun: str) -> list[CompletionItem]:
    """Return those of the words that begin as what was typed."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - when a shell asks

    return [CompletionItem(word) for word in words if word.startswith(begun)]


def _strict(value: Any) -> Any:
    """Return `value` with arrays as lists and without NaN, which JSON does not have."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: _strict(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
