"""People as signs: an icon array whose groups are told apart by shape and by colour."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tutor.i18n import t

if TYPE_CHECKING:
    from textual.geometry import Size

PER_SIGN = (1, 2, 5, 10, 20, 50)
"""How many people one sign may stand for, when there is no room for each."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some people who are drawn alike."""

    people: float
    """How many they are; not necessarily whole."""
    sign: str
    """The sign of one of them, one cell wide."""
    colour: str
    """The name of a theme colour, such as "error"."""


class IconArray(Widget):
    """The groups one after the other, column by column from the left."""

    DEFAULT_CSS = """
    IconArray { height: 1fr; min-height: 4; }
    """

    groups: reactive[tuple[Group, ...]] = reactive(())
    """The people, in the order drawn."""

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        rows, columns, per_sign = self.layout_for(self.size)
        if y >= rows:
            note = y == self.size.height - 1 and per_sign > 1
            return self._note(per_sign) if note else Strip.blank(self.size.width, self.rich_style)
        signs = self._signs(per_sign)
        segments = []
        for column in range(columns):
            index = column * rows + y
            if index < len(signs):
                group = signs[index]
                segments.append(Segment(group.sign, self._style(group.colour)))
        return Strip(segments).simplify().adjust_cell_length(self.size.width, self.rich_style)

    def _style(self, colour: str) -> Style:
        """Return the style of letters in a theme colour."""
        value = self.app.theme_variables.get(colour, "ansi_default")
        return self.rich_style + Style.from_color(Color.parse(value).rich_color)

    def _note(self, per_sign: int) -> Strip:
        """Return the line that says how many people a sign stands for."""
        note = Segment(t("icons.per_sign", people=per_sign), self._style("muted"))
        return Strip([note]).adjust_cell_length(self.size.width, self.rich_style)

    def layout_for(self, size: Size) -> tuple[int, int, int]:
        """Return rows, columns and people for each sign that fit a size.

        Rows that divide the people evenly are preferred, so that a column is a round number.
        """
        people = round(sum(group.people for group in self.groups)) or 1
        for per_sign in PER_SIGN:
            signs = ceil(people / per_sign)
            for rows in (20, 10, 25, size.height):
                columns = ceil(signs / max(rows, 1))
                if 0 < rows <= size.height and columns <= size.width:
                    return rows, columns, per_sign
        return max(size.height, 1), size.width, PER_SIGN[-1]

    def _signs(self, per_sign: int) -> list[Group]:
        """Return the group of each sign; rounding is done on the running total."""
        signs: list[Group] = []
        total = 0.0
        for group in self.groups:
            total += group.people
            signs += [group] * (round(total / per_sign) - len(signs))
        return signs
