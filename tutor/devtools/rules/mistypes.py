"""Finds values in a lesson's text that do not have the type that they should have."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, get_type_hints

if TYPE_CHECKING:
    from tutor.lesson_text import LessonText

KINDS: dict[object, tuple[type, ...]] = {
    str: (str,),
    float: (int, float),
    bool: (bool,),
    float | str | None: (int, float, str, type(None)),
}
"""What a value may be, by the type of its field."""


def mistyped(text: LessonText) -> str:
    """Return the first value of a wrong type in a text, and where; empty if there is none."""
    for table in ("words", "sentences", "errors"):
        for name, told in getattr(text, table).items():
            if not isinstance(told, str):
                return f"[{table}] {name} is no text; put quotes around a name with a dot"
    for activity in text.activities:
        if wrong := _mistyped(activity):
            return f"{activity.id}: {wrong}"
    return ""


def _mistyped(thing: object) -> str:
    if isinstance(thing, tuple):
        return next(filter(None, map(_mistyped, thing)), "")
    if not is_dataclass(thing) or isinstance(thing, type):
        return ""
    hints = get_type_hints(type(thing))
    for one in fields(thing):
        value, kinds = getattr(thing, one.name), KINDS.get(hints[one.name])
        if kinds is None:
            if wrong := _mistyped(value):
                return wrong
        elif not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            return f"{one.name} is {value!r}, which is no {kinds[0].__name__}"
    return ""
