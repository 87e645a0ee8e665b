import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.widgets.ink import DIGITS, SIDE, inked, line, parsed, stamp, written

DRAWINGS = st.integers(0, 2 ** (SIDE * SIDE) - 1)
PIXELS = st.tuples(st.integers(0, SIDE - 1), st.integers(0, SIDE - 1))


def pixels(drawing: int) -> set[tuple[int, int]]:
    return {(x, y) for y in range(SIDE) for x in range(SIDE) if inked(drawing, x, y)}


@given(DRAWINGS)
def test_what_is_written_can_be_read(drawing: int) -> None:
    told = written(drawing)
    assert parsed(told) == drawing
    assert len(told) == (DIGITS if drawing else 0)
    assert told == told.lower()


def test_the_first_bit_is_the_upper_left_pixel_and_the_rest_may_be_missing() -> None:
    assert pixels(parsed("8")) == {(0, 0)}
    assert pixels(parsed("0000000" + "1")) == {(3, 1)}
    assert pixels(parsed("0" * (DIGITS - 1) + "1")) == {(SIDE - 1, SIDE - 1)}


@pytest.mark.parametrize("told", ["0" * (DIGITS + 1), "xyz"])
def test_what_is_no_drawing_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(told)


def test_a_stamp_ends_at_the_edge() -> None:
    assert pixels(stamp(1, 2, 2)) == {(1, 2), (2, 2), (1, 3), (2, 3)}
    assert pixels(stamp(SIDE - 1, SIDE - 1, 3)) == {(SIDE - 1, SIDE - 1)}
    assert pixels(stamp(-1, 0, 2)) == {(0, 0), (0, 1)}


@given(PIXELS, PIXELS)
def test_a_line_has_both_ends_and_no_gap(start: tuple[int, int], end: tuple[int, int]) -> None:
    drawn = pixels(line(start, end, 1))
    assert {start, end} <= drawn
    assert len(drawn) == max(abs(start[0] - end[0]), abs(start[1] - end[1])) + 1
    reached = {start}
    while True:
        near = {(x + a, y + b) for x, y in reached for a in (-1, 0, 1) for b in (-1, 0, 1)}
        if near & drawn == reached:
            break
        reached = near & drawn
    assert reached == drawn
