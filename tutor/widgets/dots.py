"""A lesson's steps as a row of dots: done, here, begun or not yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, HERE, BEGUN, AHEAD = "●", "◉", "◐", "○"
ASCII = {DONE: "#", HERE: "@", BEGUN: "+", AHEAD: "."}


def dots(steps: Sequence[tuple[bool, bool]], here: int, *, ascii_only: bool) -> str:
    """Return a sign for each step from (done, visited), with the one at index `here` marked."""
    signs = [DONE if done else BEGUN if visited else AHEAD for done, visited in steps]
    signs[here] = HERE
    return "".join(ASCII[sign] if ascii_only else sign for sign in signs)
