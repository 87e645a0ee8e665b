"""The colours that roles have in a theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.color import Color, ColorParseError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLES = {
    "text": "foreground",
    "primary": "primary",
    "secondary": "secondary",
    "accent": "accent",
    "warning": "warning",
    "ill": "error",
    "healthy": "success",
}
"""The theme's variable for each role of a curve."""
QUIET = {"muted": 0.4, "faint": 0.7}
"""Roles of what should not stand out, and how near to the background they are if the theme has no
variable of that name."""
BESIDE = ("success", "error", "secondary", "foreground")
"""The theme's variables for the roles "beside 0", "beside 1" …, of curves to compare with."""
RETIRING = 0.35
"""How near to the background these are."""
LEGIBLE = 3.0
"""The least contrast of a curve with the background (WCAG 2.2, 1.4.11)."""


def palette(variables: Mapping[str, str]) -> dict[str, str]:
    """Return a colour for each role, as Rich names it, from the variables of a Textual theme.

    A colour that could not be told from the background is moved towards the theme's foreground.
    """
    text, background = _colour(variables, "foreground"), _colour(variables, "background")
    if text is None or background is None:
        return {}
    colours = {
        role: _legible(_colour(variables, name) or text, text, background)
        for role, name in ROLES.items()
    }
    for number, name in enumerate(BESIDE):
        full = _colour(variables, name) or text
        colour = full if full.ansi is not None else full.blend(background, RETIRING)
        colours[f"beside {number}"] = _legible(colour, text, background)
    for role, share in QUIET.items():
        colours[role] = _colour(variables, role) or (
            Color(128, 128, 128, ansi=8) if text.ansi is not None else text.blend(background, share)
        )
    return {role: colour.rich_color.name for role, colour in colours.items()}


def _colour(variables: Mapping[str, str], name: str) -> Color | None:
    try:
        return Color.parse(variables.get(name, ""))
    except ColorParseError:
        return None


def _legible(colour: Color, text: Color, background: Color) -> Color:
    if colour.ansi is not None or background.ansi is not None:
        return colour
    for share in range(10):
        moved = colour.blend(text, share / 10)
        if _contrast(moved, background) >= LEGIBLE:
            return moved
    return text


def _contrast(one: Color, other: Color) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    """Return the relative luminance of WCAG 2.2."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
