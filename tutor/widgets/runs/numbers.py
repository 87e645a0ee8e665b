"""The numbers of a training run: in a column beside its chart, or in two lines below it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor.cells import width as cells
from tutor.i18n import t
from tutor.numbers import percent
from tutor.safe import safe
from tutor.widgets.charts.page import BOLD, Page, shortened, wrapped
from tutor.widgets.charts.palette import palette
from tutor.widgets.drawn import Drawn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.strip import Strip

    from tutor.run_view import RunFrame

LINES = 2
"""How many lines there are below a narrow chart, if nothing is wrong."""

MOST_TOLD = 4
"""How many lines more a problem may take there."""

LETTERS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
"""The letters for large numbers of steps."""

GAP = 3
"""The blank between numbers in a line."""

COLOURS = {
    "running": "healthy",
    "done": "primary",
    "paused": "warning",
    "created": "muted",
    "stopped": "muted",
    "failed": "ill",
    "interrupted": "ill",
}
"""The role that colours each state."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A number with its name."""

    label: str
    """What it is."""
    value: str
    """The number as it is shown."""
    role: str = "text"
    """What colours it: that of its curve, if it has one."""
    needed: int = 0
    """Where there is little room, those with the greatest numbers go first."""


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that is said about a run."""

    state: str
    """How it stands, in a word."""
    colour: str
    """The role that colours it."""
    progress: float
    """The share that is done, NaN if it is not known."""
    course: tuple[Reading, ...]
    """How far it is and how fast."""
    results: tuple[Reading, ...]
    """How good it is."""
    cursor: tuple[Reading, ...]
    """What the curves say at the cursor; the first one is where it is."""
    problem: str
    """Why it waits or has failed; empty if nothing is wrong."""


NOTHING = Told("", "muted", math.nan, (), (), (), "")
"""What is said while there is no run."""


def told(frame: RunFrame, cursor: tuple[Reading, ...]) -> Told:
    """Return what is said about a run, with what the curves say at the cursor."""
    in_all, epochs = frame.steps_in_all, frame.epochs
    left = [Reading(t("live.left"), clock(frame.seconds_left), needed=2)]
    state = t(f"live.state.{frame.state}") if frame.state else ""
    if frame.key == "error.training.diverged":
        state = f"{state}: {t('live.told.diverged')}"
    problem = frame.problem
    return Told(
        state=state,
        colour=COLOURS.get(frame.state, "muted"),
        progress=frame.progress if frame.run else math.nan,
        course=(
            Reading(t("live.step"), f"{frame.step:,}" + (f"/{shortly(in_all)}" if in_all else "")),
            Reading(t("live.epoch"), f"{frame.epoch}/{epochs}", needed=1),
            *(left if math.isfinite(frame.seconds_left) else ()),
            Reading(t("live.took"), clock(frame.seconds), needed=5),
            Reading(t("live.lr"), f"{frame.lr:g}", needed=3),
            Reading(t("live.speed"), rough(frame.samples_per_second), needed=4),
        )
        if frame.run
        else (),
        results=readings(frame.loss, frame.test_loss, frame.test_accuracy) if frame.run else (),
        cursor=cursor,
        problem=str(problem)
        if problem
        else t("live.told.interrupted")
        if frame.state == "interrupted"
        else "",
    )


def readings(train: float, test: float, accuracy: float) -> tuple[Reading, ...]:
    """Return the losses, in nats, and the accuracy, from 0 to 1, as they are shown."""
    return (
        Reading(t("live.train"), loss(train), "primary"),
        Reading(t("live.test"), loss(test), "accent"),
        Reading(t("live.accuracy"), share(accuracy), "accent"),
    )


def loss(value: float) -> str:
    """Return a loss as it is shown."""
    if math.isnan(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:.4g}"  # noqa: PLR2004 - the digits that fit


def share(value: float) -> str:
    """Return an accuracy as it is shown."""
    return percent(value) if math.isfinite(value) else "–"


def shortly(count: int) -> str:
    """Return a number of steps in at most six signs."""
    if count < 100_000:  # noqa: PLR2004 - from here on with a letter
        return f"{count:,}"
    scale, letter = next((s, one) for s, one in LETTERS if count >= s)
    return f"{count / scale:.4g}{letter}"


def rough(value: float) -> str:
    """Return a number of two digits that matter, so that it does not flicker."""
    if not math.isfinite(value) or value <= 0:
        return "–"
    digits = 1 - math.floor(math.log10(value))
    return f"{round(value, digits):,.0f}" if digits <= 0 else f"{value:.{digits}f}"


def clock(seconds: float) -> str:
    """Return a time as hours, minutes and seconds."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    minutes, rest = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class RunNumbers(Drawn):
    """What is said about a run, in the form that fits the widget."""

    DEFAULT_CSS = """
    RunNumbers { height: 2; width: 1fr; }
    """

    def __init__(self, *, ascii_only: bool) -> None:
        """Say nothing yet."""
        super().__init__(ascii_only=ascii_only)
        self._told = NOTHING

    def show(self, told: Told) -> None:
        """Say something else."""
        if told != self._told:
            self._told = told
            self.redraw()

    def lines_needed(self, width: int) -> int:
        """Return how many lines it takes below a chart of some width."""
        return LINES + min(len(wrapped(safe(self._told.problem), width)), MOST_TOLD)

    def drawing(self, width: int, height: int) -> list[Strip]:
        """Draw a column if there is height for one, else lines."""
        page = Page(width, height)
        if height > LINES + MOST_TOLD:
            self._column(page)
        else:
            self._rows(page)
        return page.lines(palette(self.app.theme_variables))

    @property
    def _sign(self) -> str:
        return "*" if self.ascii_only else "●"

    def _column(self, page: Page) -> None:
        told = self._told
        if told.state:
            page.put(0, 0, f"{self._sign} {told.state}", BOLD + told.colour)
        if not math.isnan(told.progress):
            self._bar(page, told.progress)
        problem = wrapped(safe(told.problem), page.width)
        groups = _fitting([told.course, told.results, told.cursor], page.height - 2 - len(problem))
        rows = sum(map(len, groups)) + len(problem) + 2
        gaps = min(page.height - rows, sum(map(bool, groups)) + bool(problem))
        wide = max((cells(one.label) for one in told.course + told.results), default=0)
        row = 2
        for group in filter(None, groups):
            if gaps > 0:
                gaps, row = gaps - 1, row + 1
            for one in group:
                self._in_column(page, row, wide + 2, one)
                row += 1
        row += gaps > 0
        for line in problem:
            page.put(row, 0, line, told.colour)
            row += 1

    def _in_column(self, page: Page, row: int, column: int, one: Reading) -> None:
        """Put the value beside its label, or before it if that is longer than others."""
        ellipsis = "..." if self.ascii_only else "…"
        if cells(one.label) + 2 <= column:
            page.put(row, 0, one.label, "muted")
            value = shortened(self._signs(one.value), page.width - column, ellipsis)
            page.put(row, column, value, _colour(one))
        else:
            page.put(row, 0, self._signs(one.value), _colour(one))
            begin = cells(one.value) + 2
            page.put(row, begin, shortened(one.label, page.width - begin, ellipsis), "muted")

    def _in_line(self, page: Page, row: int, column: int, readings: Iterable[Reading]) -> None:
        """Put readings side by side, those that are needed most first, until there is no room."""
        for one in sorted(readings, key=lambda one: one.needed):
            begin = column + cells(one.label) + bool(one.label)
            value = self._signs(one.value)
            if begin + cells(value) > page.width:
                return
            page.put(row, column, one.label, "muted")
            page.put(row, begin, value, _colour(one))
            column = begin + cells(value) + GAP

    def _signs(self, value: str) -> str:
        """Return a value in the signs that can be shown."""
        return value.replace("–", "-") if self.ascii_only else value

    def _bar(self, page: Page, share: float) -> None:
        done, rest = ("#", ".") if self.ascii_only else ("━", "─")
        number = f"{math.floor(100 * share)} %"
        long = page.width - 6
        filled = round(share * long)
        page.put(1, 0, done * filled, self._told.colour)
        page.put(1, filled, rest * (long - filled), "faint")
        page.put(1, page.width - cells(number), number, "muted")

    def _rows(self, page: Page) -> None:
        told = self._told
        state = f"{self._sign} {told.state}" if told.state else ""
        page.put(0, 0, state, BOLD + told.colour)
        left = cells(state) + GAP if state else 0
        self._in_line(page, 0, left, told.course)
        self._in_line(page, 1, 0, told.cursor or told.results)
        for row, line in enumerate(wrapped(safe(told.problem), page.width)[:MOST_TOLD], LINES):
            page.put(row, 0, line, told.colour)


def _fitting(groups: list[tuple[Reading, ...]], rows: int) -> list[tuple[Reading, ...]]:
    """Leave out what is needed least until as many are left as there are rows."""
    while sum(map(len, groups)) > max(rows, 0):
        most = max(one.needed for group in groups for one in group)
        if most == 0:
            return [group[: max(rows, 0)] for group in groups[:1]] + groups[1:]
        groups = [tuple(one for one in group if one.needed < most) for group in groups]
    return groups


def _colour(one: Reading) -> str:
    return one.role if one.role in ("text", "muted") else BOLD + one.role
