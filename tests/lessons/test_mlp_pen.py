"""How a drawing becomes an image as MNIST's were made, and what a trained network reads in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.mlp import compute
from lessons.mlp.pen import BOX, as_mnist, inked, strokes
from lessons.mlp.state import Ink
from tutor.errors import ImpossibleError

if TYPE_CHECKING:
    from collections.abc import Iterator

CPU = torch.device("cpu")

HAND = {
    0: "..####.. .#....#. #......# #......# #......# #......# #......# .#....#. ..####..",
    1: "# # # # # # # # # #",
    2: "..####.. .#....#. #......# .......# ......#. .....#.. ....#... ...#.... ..#..... ########",
    3: "..####. .#....# ......# ......# ..####. ......# ......# ......# #.....# .#####.",
    5: "####### #...... #...... #...... ######. ......# ......# ......# #.....# .#####.",
    6: "....## ..##.. .#.... #..... #..... #.###. ##...# #....# #....# .#...# ..###.",
    7: "######## .......# ......#. ......#. .....#.. .....#.. ....#... ....#... ...#.... ...#....",
    9: "..###.. .#...#. #.....# #.....# .#...## ..###.# ......# ......# .....#. ....#..",
}
"""Digits drawn by hand, row by row."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def drawing(rows: str, down: int = 0, right: int = 0) -> torch.Tensor:
    raw = torch.zeros(28, 28, dtype=torch.int64)
    for row, line in enumerate(rows.split()):
        for column, sign in enumerate(line):
            raw[row + down, column + right] = int(sign == "#")
    return raw


def ink(raw: torch.Tensor) -> str:
    bits = "".join(map(str, raw.flatten().tolist()))
    return f"{int(bits, 2):0196x}"


@st.composite
def drawings(draw: st.DrawFn) -> torch.Tensor:
    """Walks of a pen, so connected lines."""
    raw = torch.zeros(28, 28, dtype=torch.int64)
    row, column = draw(st.integers(0, 27)), draw(st.integers(0, 27))
    for down, right in draw(st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)))):
        raw[row, column] = 1
        row, column = min(max(row + down, 0), 27), min(max(column + right, 0), 27)
    raw[row, column] = 1
    return raw


def centre(image: torch.Tensor) -> torch.Tensor:
    axis = torch.arange(28.0)
    total = image.float().sum()
    return torch.stack([image.float().sum(1) @ axis, image.float().sum(0) @ axis]) / total


class TestAsMnist:
    @settings(max_examples=60)
    @given(drawings())
    def test_the_centre_of_mass_is_the_centre(self, raw: torch.Tensor) -> None:
        image = as_mnist(raw)
        assert (image.dtype, image.shape) == (torch.uint8, (28, 28))
        touches_edge = bool(image[[0, -1]].any() or image[:, [0, -1]].any())
        if not touches_edge:
            assert torch.allclose(centre(image), torch.tensor([13.5, 13.5]), atol=0.15)

    @settings(max_examples=60)
    @given(drawings())
    def test_the_ink_fits_into_the_box_and_keeps_its_ratio(self, raw: torch.Tensor) -> None:
        rows, columns = as_mnist(raw).nonzero().T
        height, width = (int(one.max() - one.min()) + 1 for one in (rows, columns))
        assert max(height, width) <= BOX + 2  # soft edges touch the next pixels
        raw_rows, raw_columns = raw.nonzero().T
        raw_height, raw_width = (int(one.max() - one.min()) for one in (raw_rows, raw_columns))
        if max(raw_height, raw_width) > 0:
            assert max(height, width) >= BOX - 2
        if raw_height == raw_width > 0:
            assert abs(height - width) <= 2

    @settings(max_examples=30)
    @given(st.sampled_from(sorted(HAND)), st.integers(0, 17), st.integers(0, 19))
    def test_where_it_was_drawn_does_not_matter(self, digit: int, down: int, right: int) -> None:
        corner = as_mnist(drawing(HAND[digit])).int()
        moved = as_mnist(drawing(HAND[digit], down, right)).int()
        assert (corner - moved).abs().max() <= 2

    def test_nothing_becomes_nothing(self) -> None:
        assert not as_mnist(torch.zeros(28, 28, dtype=torch.int64)).any()

    def test_a_full_canvas_is_a_full_box(self) -> None:
        image = as_mnist(torch.ones(28, 28, dtype=torch.int64))
        assert image[5:23, 5:23].min() == 255
        assert image[:3].max() == 0


class TestPen:
    def test_neighbours_are_joined(self) -> None:
        lines = strokes(drawing("##. ..#"))
        told = {tuple(map(tuple, line)) for line in lines.tolist()}
        ends = {line for line in told if line[0] != line[1]}
        assert ends == {((0, 0), (0, 1)), ((0, 1), (1, 2))}
        assert len(told) == 5

    def test_a_line_is_dark_in_its_middle_and_soft_at_its_edge(self) -> None:
        dark = inked(torch.tensor([[[14.0, 5.0], [14.0, 20.0]]]))
        column = dark[:, 12]
        assert column[14] == 1
        assert 0 < column[15] < 1
        assert column[16] == 0
        assert torch.allclose(dark[13], dark[15])


class TestReading:
    def test_the_first_digit_of_the_ink_is_the_upper_left(self) -> None:
        frame = compute.draw(Ink(ink="8", trained=1, hidden="16", batch_size=100), CPU)
        assert frame.raw[0, 0] == 255
        assert frame.raw.sum() == 255
        frame = compute.draw(Ink(ink="0" * 6 + "1f", trained=1, hidden="16", batch_size=100), CPU)
        assert np.argwhere(frame.raw).tolist() == [[0, 27], [1, 0], [1, 1], [1, 2], [1, 3]]

    @settings(max_examples=30)
    @given(drawings())
    def test_what_was_drawn_is_what_comes_back(self, raw: torch.Tensor) -> None:
        params = Ink(ink=ink(raw), trained=1, hidden="16", batch_size=100)
        frame = compute.draw(params, CPU)
        assert np.array_equal(frame.raw, (255 * raw).numpy())
        assert frame.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert frame.probability == pytest.approx(frame.probabilities[frame.digit])

    @pytest.mark.parametrize("digit", sorted(HAND))
    def test_a_digit_drawn_by_hand_is_read(self, digit: int) -> None:
        frame = compute.draw(Ink(ink=ink(drawing(HAND[digit], 8, 10)), trained=3), CPU)
        assert frame.digit == digit
        assert frame.probability > 0.5

    def test_an_empty_canvas_is_no_digit(self) -> None:
        frame = compute.draw(Ink(trained=1, hidden="16", batch_size=100), CPU)
        assert frame.digit == -1
        assert np.isnan(frame.probabilities).all()
        assert not frame.prepared.any()

    def test_without_a_trained_network_it_says_so(self) -> None:
        with pytest.raises(ImpossibleError) as caught:
            compute.draw(Ink(ink="f"), CPU)
        assert caught.value.key == "untrained"
