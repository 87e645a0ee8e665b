import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color

from tutor.widgets.pixels import SHADES, blocks, half_blocks, ramp, resized, shares, signs

BLACK, WHITE, RED, BLUE = map(Color.parse, ("#000000", "#ffffff", "#ff0000", "#0000ff"))


@given(
    st.integers(1, 30), st.integers(1, 30), st.integers(1, 30), st.integers(1, 30), st.integers(0)
)
def test_resizing_keeps_the_mean(h: int, w: int, rows: int, columns: int, seed: int) -> None:
    image = np.random.default_rng(seed).random((h, w))
    made = resized(image, rows, columns)
    assert made.shape == (rows, columns)
    assert made.mean() == pytest.approx(image.mean())
    assert made.min() >= image.min() - 1e-12
    assert made.max() <= image.max() + 1e-12


def test_halving_takes_the_mean_of_four() -> None:
    image = np.arange(16.0).reshape(4, 4)
    assert resized(image, 2, 2) == pytest.approx(np.array([[2.5, 4.5], [10.5, 12.5]]))


def test_bytes_are_shares_of_255_and_numbers_of_the_largest() -> None:
    assert shares(np.array([[0, 51, 255]], np.uint8), None, signed=False).tolist() == [[0, 0.2, 1]]
    assert shares(np.array([[0.0, 1.0, 4.0]]), None, signed=False).tolist() == [[0, 0.25, 1]]
    assert shares(np.array([[0.0, 1.0, 4.0]]), 2, signed=False).tolist() == [[0, 0.5, 1]]
    assert shares(np.array([[-4.0, 0.0, 2.0]]), None, signed=True).tolist() == [[0, 0.5, 0.75]]
    assert shares(np.zeros((1, 2)), None, signed=False).tolist() == [[0, 0]]
    assert shares(np.array([[np.nan, 1.0]]), None, signed=False).tolist() == [[0, 1]]


def test_a_ramp_leads_from_pole_to_pole() -> None:
    assert len(ramp(BLACK, WHITE)) == SHADES
    assert (ramp(BLACK, WHITE)[0], ramp(BLACK, WHITE)[-1]) == ("#000000", "#ffffff")
    signed = ramp(BLUE, BLACK, RED)
    assert (signed[0], signed[SHADES // 2], signed[-1]) == ("#0000ff", "#000000", "#ff0000")


def test_two_pixels_are_one_cell() -> None:
    image = np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    (line,) = half_blocks(image, ("#000000", "#ffffff"))
    told = [
        (one.text, one.style.color and one.style.color.name, one.style.bgcolor.name) for one in line
    ]
    assert told == [(" ", None, "#000000"), ("▀", "#ffffff", "#000000"), (" ", None, "#ffffff")]


def test_a_last_odd_row_fills_its_cell() -> None:
    assert blocks(np.array([[1.0], [0.0], [1.0]])) == ["▀", "█"]


def test_signs_tell_how_much_ink_there_is() -> None:
    image = np.array([[0.0, 0.5, 1.0], [0.0, 0.5, 1.0]])
    assert signs(image, " .#") == [" .#"]
    assert blocks(np.array([[1.0, 0.0, 0.3, 1.0], [1.0, 1.0, 0.3, 0.0]])) == ["█▄░▀"]
