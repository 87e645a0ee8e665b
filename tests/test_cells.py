import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.cells import padded, table, width


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("abc", 3),
        ("베이즈 정리", 11),
        ("P(θ|D) ≈ 52 %", 13),
        ("−×✓", 3),
        ("e\u0301", 1),
        ("⣿█▒", 3),
        ("，", 2),
    ],
)
def test_a_korean_letter_is_two_wide(text: str, cells: int) -> None:
    assert width(text) == cells


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])), st.integers(0, 60))
def test_padding_fills_to_the_width_and_cuts_nothing(text: str, cells: int) -> None:
    filled = padded(text, cells)
    assert filled.startswith(text)
    assert filled[len(text) :].strip(" ") == ""
    assert width(filled) == max(width(text), cells)


def test_columns_are_aligned_whatever_the_language() -> None:
    lines = table([("bayes", "Bayes' theorem", "35"), ("정규", "정규분포와 표준편차", "5")])
    first, second = lines.splitlines()
    assert width(first[: first.index("Bayes'")]) == width(second[: second.index("정규분포")])
    assert width(first[: first.rindex("35")]) == width(second[: second.rindex("5")])
    assert first == "bayes  Bayes' theorem       35"


def test_no_line_ends_in_blanks() -> None:
    assert table([("a", ""), ("bbb", "")]) == "a\nbbb"
    assert table([("a", "b", ""), ("c", "", "d")]) == "a  b\nc     d"


def test_a_single_cell_and_nothing_at_all() -> None:
    assert table([("a",)]) == "a"
    assert table([]) == ""


def test_rows_of_different_lengths_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        table([("a", "b"), ("c",)])


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_nothing_that_a_terminal_obeys_comes_through(rows: list[tuple[str, str]]) -> None:
    for character in table(rows):
        assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


@pytest.mark.parametrize("cell", ["a\nb", "a\tb", "a\r\nb"])
def test_a_row_is_one_line_whatever_its_cells_say(cell: str) -> None:
    assert "\n" not in table([(cell, "x")])
    assert "\t" not in table([(cell, "x")])
