"""What a plot shows, as data: curves, marks and axes, in the units of the data.

Nothing here knows a terminal, and numpy is loaded only for type checkers. `tutor.widgets.drawing`
turns a chart into lines of text, `tutor.widgets.plot` shows one on a screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Style = Literal["line", "dotted", "steps", "points", "band"]
"""How a series is drawn: a line through its points, a dotted one for reference, a line that keeps
each value until the next point, the points alone, or what a line up and down fills, without signs
that tell it apart."""

Unit = Literal["percent", "count", ""]
"""How an axis is numbered: 0.5 as "50 %", 1000000 as "1M", or plainly."""

Range = tuple[float, float]
"""The least and the greatest value that an axis shows."""


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """Points in the order of x, drawn in one colour and named in the legend.

    Points are put in the order of x if they are not. A NaN in `y` is a gap; an infinity leaves the
    picture at the top or the bottom. Points whose x is not finite are left out. On a logarithmic
    axis zero is minus infinity and a negative number is a NaN.

    All points are looked at whenever the chart is drawn. A series of very many should come reduced
    to some hundreds, as those of a `RunFrame` do; then a drawing costs the same however many there
    were.

    Raises:
        ValueError: if `x` and `y` are not two one-dimensional arrays of the same length.
    """

    x: NDArray[Any]
    """Where the points lie along the horizontal axis, shape (n,), any real dtype."""
    y: NDArray[Any]
    """Their values, shape (n,), any real dtype."""
    name: str = ""
    """What the legend calls the series; one without a name is not in the legend."""
    role: str = "primary"
    """The meaning that decides its colour: "ill", "healthy", "warning", "primary", "secondary",
    "accent", "muted", "faint", "text", "beside 0" to "beside 3" for what is compared with, or any
    other key of the palette."""
    style: Style = "line"
    """How it is drawn."""
    layer: int = 0
    """Those of a greater layer lie on top; of one layer, those that come later."""

    def __post_init__(self) -> None:
        """Check the shapes."""
        if self.x.ndim != 1 or self.x.shape != self.y.shape:
            raise ValueError(f"x has shape {self.x.shape}, y has shape {self.y.shape}")


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled line or point: vertical at `x`, horizontal at `y`, a point if both are given.

    A mark outside the picture, or at a NaN, is not drawn.

    Raises:
        ValueError: if neither is given.
    """

    label: str
    """What is written beside it."""
    x: float | None = None
    """Where it lies along the horizontal axis; None for a horizontal line."""
    y: float | None = None
    """Where it lies along the vertical axis; None for a vertical line."""
    role: str = "text"
    """The meaning that decides its colour, as for a series."""

    def __post_init__(self) -> None:
        """Check that it lies somewhere."""
        if self.x is None and self.y is None:
            raise ValueError("a mark needs x, y or both")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Chart:
    """A whole picture. A range that is None, empty or impossible is chosen from the data."""

    series: tuple[Series, ...] = ()
    """The curves in the order of the legend."""
    marks: tuple[Mark, ...] = ()
    """Lines and points that say something about the curves."""
    x_label: str = ""
    """What the horizontal axis measures."""
    y_label: str = ""
    """What the vertical axis measures."""
    x_range: Range | None = None
    """What the horizontal axis shows."""
    y_range: Range | None = None
    """What the vertical axis shows."""
    x_log: bool = False
    """Whether the horizontal axis is logarithmic."""
    y_log: bool = False
    """Whether the vertical axis is logarithmic."""
    x_unit: Unit = ""
    """How the horizontal axis is numbered."""
    y_unit: Unit = ""
    """How the vertical axis is numbered."""
