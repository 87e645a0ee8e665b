"""The state of a lab as text: a share string, or the changes that somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tutor.api import Params, parse_query
from tutor.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

Lab = TypeVar("Lab", bound=Params)


def at(kind: type[Lab], query: str) -> Lab:
    """Return a lab set to `view?name=value&…`; what is not named has its default.

    Raises:
        UnknownNameError: if a name is no parameter of the lab.
        ParameterError: if the view or a value is none.
    """
    view, _, rest = query.partition("?")
    return kind.from_strings({"view": view, **parse_query(rest)})


def changed(lab: Lab, typed: str, words: Mapping[str, str]) -> Lab:
    """Return a lab with the changes that were typed: a view's name first, then `name=value` ….

    A whole state, `view?name=value&…`, is taken too. Views and parameters go by their own names
    or by the lesson's `words` for them, in any case and with `_` for a blank.

    Raises:
        UnknownNameError: if a name is no parameter of the lab.
        ParameterError: if the view or a value is none, or a part has no `=`.
    """
    first, *parts = typed.split() or [""]
    view, is_state, _ = first.partition("?")
    if is_state and "=" not in view:
        lab = at(type(lab), first)
    elif "=" in first:
        parts.insert(0, first)
    else:
        views = _called(lab.setting("view").options, words, "view.")
        parts.insert(0, f"view={views.get(view.lower(), view)}")
    names = _called(lab.names(), words, "")
    given: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            raise ParameterError("error.parameter.pair", name=part[:40])
        given[names.get(name.lower(), name)] = value
    read = type(lab).from_strings(given).values()
    return lab.changed(**{name: read[name] for name in given})


def _called(names: tuple[str, ...], words: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return names by what a person may call them; a name itself goes before a word."""
    called = {words.get(prefix + name, name).lower().replace(" ", "_"): name for name in names}
    return called | {name: name for name in names}
