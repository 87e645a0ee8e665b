"""The characters that a picture is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Characters:
    """What draws each part of a picture."""

    dots: tuple[int, int]
    """How many dots a cell of the canvas has, across and down."""
    series: str
    """What tells the series apart, in their order."""
    point: str
    """A marked point."""
    vertical: str
    """A cell of a marked vertical line."""
    horizontal: str
    """A cell of a marked horizontal line."""
    line: str
    """A cell of a curve in the legend; empty where a curve consists of its signs."""
    dotted: str
    """A cell of a dotted curve in the legend, and on a canvas without Braille."""
    band: str
    """A cell of a band in the legend, and on a canvas without Braille."""
    axes: tuple[str, str, str, str, str]
    """The vertical axis, a tick on it, the corner, the horizontal axis and a tick on it."""
    ellipsis: str
    """What ends a text that is cut off."""

    @property
    def ascii_only(self) -> bool:
        """Whether curves are drawn with their signs instead of Braille."""
        return not self.line


UNICODE = Characters((2, 4), "●▲■◆▼✚", "◉", "┊", "┈", "─", "┈", "░", ("│", "┤", "└", "─", "┬"), "…")
"""What nearly every terminal can show; a cell of Braille has 2 × 4 dots."""
ASCII = Characters((1, 1), "*ox#%&", "@", ":", "-", "", ".", ",", ("|", "+", "+", "-", "+"), "...")
"""What every terminal can show."""
