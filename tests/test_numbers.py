import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.numbers import counted, formatted, parsed, percent


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0.0 %"),
        (1, "100.0 %"),
        (0.5, "50.0 %"),
        (0.52381, "52.4 %"),
        (0.001, "0.1 %"),
        (0.999, "99.9 %"),
        (0.0005, "0.05 %"),
        (0.9995, "99.95 %"),
        (0.00005, "0.005 %"),
        (0.99995, "99.995 %"),
        (-0.25, "-25.0 %"),
        (2.0, "200.0 %"),
        (math.inf, "inf %"),
    ],
)
def test_a_share_is_shown_with_the_digits_that_matter(share: float, shown: str) -> None:
    assert percent(share) == shown


@given(st.floats(0.00001, 0.99999))
def test_no_share_but_0_and_1_is_shown_as_none_or_all(share: float) -> None:
    assert percent(share) not in ("0.0 %", "0.00 %", "0.000 %")
    assert not percent(share).startswith("100")


@given(st.floats(0, 1))
def test_a_percentage_that_is_shown_can_be_typed(share: float) -> None:
    assert parsed(percent(share), "percent") == pytest.approx(share, abs=0.00051)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.1, "percent", "10.0 %"),
        (1000, "count", "1,000"),
        (10_000_000, "count", "10,000,000"),
        (0, "count", "0"),
        (1.5, "", "1.5"),
        (0.0, "", "0"),
        (123456, "", "1.235e+05"),
        (1e-9, "", "1e-09"),
        (math.nan, "percent", "–"),
        (math.nan, "count", "–"),
        (math.nan, "", "–"),
        (math.inf, "count", "inf"),
        (-math.inf, "", "-inf"),
    ],
)
def test_a_number_is_shown_by_its_unit(value: float, unit: str, shown: str) -> None:
    assert formatted(value, unit) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(99, "99"), (99.001, "99"), (98.996, "99"), (0.5, "0.5"), (9.9, "9.9"), (1234.5, "1,234.5"),
     (0, "0"), (1e6, "1,000,000"), (0.04, "0.0"), (99.96, "100.0")],
)  # fmt: skip
def test_an_expected_count_is_whole_if_it_can_be(number: float, shown: str) -> None:
    assert counted(number) == shown


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("52.4", "percent", 0.524),
        ("52.4%", "percent", 0.524),
        ("52.4 %", "percent", 0.524),
        ("0.5", "percent", 0.005),
        ("100", "percent", 1.0),
        ("1,000", "count", 1000.0),
        ("1e3", "count", 1000.0),
        ("2.6", "count", 3.0),
        ("1.5", "", 1.5),
        (".5", "", 0.5),
        ("-3", "", -3.0),
    ],
)
def test_what_is_typed_is_read_by_its_unit(typed: str, unit: str, value: float) -> None:
    assert parsed(typed, unit) == pytest.approx(value)


@pytest.mark.parametrize("typed", ["", ".", "%", ",", "1.2.3", "abc", "--1", "1/2", "%5", "5%%"])
@pytest.mark.parametrize("unit", ["percent", "count", ""])
def test_what_is_no_number_is_none(typed: str, unit: str) -> None:
    assert parsed(typed, unit) is None


@pytest.mark.parametrize("typed", ["inf", "-inf", "nan", "1e999", "9" * 400])
def test_a_count_that_is_not_finite_is_none(typed: str) -> None:
    assert parsed(typed, "count") is None


@given(st.text(alphabet="0123456789.,%", max_size=10), st.sampled_from(["percent", "count", ""]))
def test_what_can_be_typed_at_a_slider_is_read_or_none(typed: str, unit: str) -> None:
    value = parsed(typed, unit)
    assert value is None or (math.isfinite(value) and value >= 0)


@given(st.integers(0, 10**9))
def test_a_count_that_is_shown_can_be_typed(count: int) -> None:
    assert parsed(formatted(count, "count"), "count") == count
