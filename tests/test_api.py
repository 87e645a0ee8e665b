import math
from dataclasses import FrozenInstanceError, dataclass
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lessons.bayes import state as bayes
from tutor.api import (
    Params,
    Setting,
    choice,
    integer,
    number,
    parse_query,
    probability,
    text,
)
from tutor.errors import LONGEST_TOLD, ParameterError, TutorError, UnknownNameError


@dataclass(frozen=True, kw_only=True)
class Some(Params):
    share: float = probability(0.5)
    size: float = number(1.5, low=-10.0, high=10.0, step=0.5)
    count: int = integer(7, low=-5, high=10**6)
    kind: str = choice("one", "one", "two", "a&b=c", "100%", "한글")
    note: str = text("x", pattern=r"(?s).*")


@dataclass(frozen=True, kw_only=True)
class Few(Params):
    share: float = probability(0.1)
    other: float = probability(0.2)


FILLED = st.builds(
    Some,
    share=st.floats(0, 1),
    size=st.floats(-10, 10),
    count=st.integers(-5, 10**6),
    kind=st.sampled_from(["one", "two", "a&b=c", "100%", "한글"]),
    note=st.text(),
)

REAL = [bayes.Test, bayes.Chain, bayes.Trial, bayes.Data, bayes.Lab]


@given(FILLED)
@example(Some(note="+ %2B&=?#/ \n\x1b[31m"))
def test_a_query_says_everything_that_differs_and_is_read_back(params: Some) -> None:
    query = params.query()
    assert query.isascii()
    assert query.isprintable()
    assert " " not in query
    assert Some.from_strings(parse_query(query)) == params


def test_a_query_leaves_out_what_is_as_ever() -> None:
    assert Some().query() == ""
    assert Some(share=0.25, kind="two").query() == "share=0.25&kind=two"
    assert bayes.Chain(results="++-").query() == "results=++-"
    assert bayes.Lab(prior=0.1, people=1000).query() == "people=1000"


@pytest.mark.parametrize("kind", REAL)
def test_the_defaults_of_every_lab_are_values_of_it(kind: type[Params]) -> None:
    params = kind()
    assert kind.from_strings(parse_query(params.query())) == params
    assert params.values().keys() == set(kind.names())


@given(st.text(), st.text())
def test_a_pair_is_read_as_it_was_quoted(name: str, value: str) -> None:
    assume(name)
    given_ = f"{quote(name, safe='')}={quote(value, safe='+')}"
    assert parse_query(given_) == {name: value}


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", {}),
        ("&&", {}),
        ("a=1", {"a": "1"}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("a=", {"a": ""}),
        ("=1", {"": "1"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=+-+", {"a": "+-+"}),
        ("a=%2B%26", {"a": "+&"}),
        ("a=50%", {"a": "50%"}),
        ("a=%ff", {"a": "\ufffd"}),
        ("%61=1", {"a": "1"}),
    ],
)
def test_how_a_query_is_read(query: str, read: dict[str, str]) -> None:
    assert parse_query(query) == read


@pytest.mark.parametrize("query", ["a", "a=1&b", "?", "a;b"])
def test_a_part_without_a_value_is_refused(query: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse_query(query)
    assert caught.value.key == "error.parameter.pair"


@given(st.text())
def test_any_query_is_read_or_refused(query: str) -> None:
    try:
        Some.from_strings(parse_query(query))
    except TutorError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    ("name", "told", "value"),
    [
        ("share", "0.25", 0.25),
        ("share", "25%", 0.25),
        ("share", "1e-3", 0.001),
        ("share", "1", 1.0),
        ("share", "-0", 0.0),
        ("count", "12", 12),
        ("count", "1e3", 1000),
        ("count", "12.0", 12),
        ("kind", "100%", "100%"),
        ("note", "50%", "50%"),
        ("note", "", ""),
    ],
)
def test_a_text_is_read_as_a_value(name: str, told: str, value: Any) -> None:
    read = getattr(Some.from_strings({name: told}), name)
    assert read == value
    assert type(read) is type(value)


NO_NUMBERS = [
    "",
    " ",
    "abc",
    "1,5",
    "0x10",
    "1 2",
    "--1",
    "%",
    "[/red]",
    "\x1b[31m",
    "½",
    "1e",
    "٫",
]


@pytest.mark.parametrize("told", NO_NUMBERS)
@pytest.mark.parametrize("name", ["share", "count"])
def test_what_is_no_number_is_refused_by_name(name: str, told: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Some.from_strings({name: told})
    assert caught.value.key == "error.parameter.number"
    assert caught.value.values == {"name": name, "value": told}
    assert str(caught.value).startswith(f"{name}: ")


@pytest.mark.parametrize("told", ["nan", "inf", "-inf", "1e400", "9" * 100_000, "-0.001", "1.0001"])
def test_what_lies_outside_is_refused_by_name(told: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Some.from_strings({"share": told})
    assert caught.value.key == "error.parameter.range"
    assert caught.value.values["name"] == "share"
    assert len(str(caught.value)) < 200
    assert str(caught.value).endswith("is not between 0 and 1.")


@pytest.mark.parametrize("told", ["nan", "inf", "1e400", "9" * 100_000, "1000001", "-6"])
def test_a_count_outside_is_refused_by_name(told: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Some.from_strings({"count": told})
    assert caught.value.key == "error.parameter.range"
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("told", ["1.5", "0.999", "1e-9", "33%"])
def test_a_count_that_is_not_whole_is_refused(told: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Some.from_strings({"count": told})
    assert caught.value.key == "error.parameter.whole"


@pytest.mark.parametrize("value", ["0.5", None, True, [0.5], 1j, b"1", object])
def test_a_value_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        Some(share=value)
    assert caught.value.key == "error.parameter.number"
    with pytest.raises(ParameterError):
        Some(count=value)


@pytest.mark.parametrize("value", [3, None, b"one", ["one"]])
def test_a_text_of_another_type_is_refused(value: Any) -> None:
    for name in ("kind", "note"):
        with pytest.raises(ParameterError) as caught:
            Some(**{name: value})
        assert caught.value.key == "error.parameter.text"


def test_a_word_that_is_no_option_is_refused_with_the_options() -> None:
    with pytest.raises(ParameterError) as caught:
        Some(kind="three")
    assert caught.value.key == "error.parameter.option"
    assert "one, two" in str(caught.value)


@pytest.mark.parametrize("results", ["x", "+ ", "++\n", "+" * 25, "−"])
def test_a_text_that_does_not_match_whole_is_refused(results: str) -> None:
    with pytest.raises(ParameterError) as caught:
        bayes.Chain(results=results)
    assert caught.value.key == "error.parameter.pattern"


@pytest.mark.parametrize(
    "given_", [{"kind": "x" * 10**6}, {"share": "x" * 10**6}, {"count": "1" * 10**6 + "x"}]
)
def test_a_refused_value_is_told_in_short(given_: dict[str, str]) -> None:
    with pytest.raises(ParameterError) as caught:
        Some.from_strings(given_)
    assert len(caught.value.values["value"]) <= LONGEST_TOLD + 1


def test_a_refused_part_is_told_in_short() -> None:
    with pytest.raises(ParameterError) as caught:
        parse_query("x" * 10**6)
    assert len(str(caught.value)) < 200


def test_an_unknown_name_is_told_in_short() -> None:
    with pytest.raises(UnknownNameError) as caught:
        Some.from_strings({"x" * 10**5: "1"})
    assert len(str(caught.value)) < 300


def test_a_whole_number_of_many_digits_is_refused_with_a_message() -> None:
    with pytest.raises(ParameterError) as caught:
        Some(count=10**5000)
    assert str(caught.value).startswith("count: ")


def test_a_name_that_is_no_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        Some.from_strings({"shere": "0.5"})
    assert "share" in caught.value.values["nearest"]
    with pytest.raises(UnknownNameError):
        Some.setting("nothing")


def test_values_are_frozen_and_of_their_types() -> None:
    params = Some(share=1, count=3.0)  # type: ignore[arg-type]
    assert type(params.share) is float
    assert type(params.count) is int
    with pytest.raises(FrozenInstanceError):
        params.share = 0.2  # type: ignore[misc]


@given(FILLED, st.floats(0, 1), st.integers(-5, 10**6))
def test_a_changed_copy_differs_in_what_was_changed(params: Some, share: float, count: int) -> None:
    before = params.values()
    changed = params.changed(share=share, count=count)
    assert changed.values() == {**before, "share": share, "count": count}
    assert params.values() == before
    assert changed.changed(share=params.share, count=params.count) == params


def test_a_changed_copy_is_checked() -> None:
    with pytest.raises(ParameterError):
        Some().changed(share=2)


@given(FILLED)
def test_narrowed_takes_what_both_have(params: Some) -> None:
    assert params.narrowed(Few) == Few(share=params.share)
    assert params.narrowed(Some) == params


def test_a_lab_narrows_to_each_of_its_tasks() -> None:
    lab = bayes.Lab(prior=0.3, results="-", people=10, alarms=5, view="curve")
    assert lab.narrowed(bayes.Test) == bayes.Test(prior=0.3)
    assert lab.narrowed(bayes.Chain) == bayes.Chain(prior=0.3, results="-")
    assert lab.narrowed(bayes.Trial) == bayes.Trial(prior=0.3, people=10)
    assert lab.narrowed(bayes.Data) == bayes.Data(alarms=5)


STEPS = [
    Setting(0.0, 1.0, 0.01, "percent"),
    Setting(0.0, 1.0, 0.001, "percent"),
    Setting(0, 1000, 1, "count"),
    Setting(0, 2**31 - 1, 1, "count"),
    Setting(0.1, 100.0, 1.0),
    Setting(-10.0, 10.0, 0.5),
    Setting(1e-6, 1e-3, 1e-6),
]
LOGS = [
    Setting(1, 10_000_000, 1, "count", log=True),
    Setting(1e-5, 1.0, 1, log=True),
    Setting(3, 4000, 1, log=True),
    Setting(0.02, 0.05, 1, log=True),
]


@pytest.mark.parametrize("setting", STEPS)
def test_a_move_stays_in_the_range_and_on_multiples(setting: Setting) -> None:
    @given(st.floats(setting.low, setting.high), st.integers(-1000, 1000))
    def stays(value: float, steps: int) -> None:
        assume(steps)
        moved = setting.moved(value, steps)
        assert setting.low <= moved <= setting.high
        if moved not in (setting.low, setting.high):
            assert moved / setting.step == pytest.approx(round(moved / setting.step), abs=1e-6)
        assert (moved - value) * steps >= -1e-9 * abs(steps)
        if abs(steps) == 1:
            assert abs(moved - value) <= setting.step * (1 + 1e-6)

    stays()


@pytest.mark.parametrize("setting", STEPS)
def test_moves_reach_both_ends_and_every_multiple_on_the_way(setting: Setting) -> None:
    value = setting.low
    for _ in range(300):
        after = setting.moved(value, 1)
        assert after > value or after == setting.high
        if after < setting.high:
            assert setting.moved(after, -1) == pytest.approx(value)
        value = after
    assert setting.moved(setting.low, 10**10) == setting.high
    assert setting.moved(setting.high, -(10**10)) == setting.low


def test_a_move_from_between_goes_to_the_next_multiple() -> None:
    setting = Setting(0.0, 1.0, 0.01)
    assert setting.moved(0.123, 1) == 0.13
    assert setting.moved(0.123, -1) == 0.12
    assert setting.moved(0.29, 1) == 0.3
    assert setting.moved(0.57, 1) == 0.58
    assert setting.moved(0.58, -1) == 0.57
    assert Setting(0.1, 100.0, 1.0).moved(0.1, 1) == 1.0
    assert Setting(0.1, 100.0, 1.0).moved(1.0, -1) == 0.1


@pytest.mark.parametrize("setting", LOGS)
def test_a_logarithmic_move_goes_through_1_2_5(setting: Setting) -> None:
    @given(
        st.floats(math.log(setting.low), math.log(setting.high)).map(math.exp),
        st.integers(-30, 30),
    )
    def goes(value: float, steps: int) -> None:
        moved = setting.moved(value, steps)
        assert setting.low <= moved <= setting.high
        digit = moved / 10 ** math.floor(math.log10(moved) + 1e-9)
        assert digit == pytest.approx(round(digit))
        assert round(digit) in (1, 2, 5)
        back = setting.moved(setting.moved(moved, 1), -1)
        assert back == moved or setting.moved(moved, 1) == moved

    goes()


def test_logarithmic_moves_from_end_to_end() -> None:
    setting = Setting(1, 10_000_000, 1, "count", log=True)
    seen = [1.0]
    while (after := setting.moved(seen[-1], 1)) != seen[-1]:
        seen.append(after)
    assert seen[:6] == [1, 2, 5, 10, 20, 50]
    assert seen[-1] == 10_000_000
    assert len(seen) == 22
    assert all(bayes.Trial(people=value).people == value for value in seen)  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", STEPS)
def test_share_and_at_are_inverse_on_steps(setting: Setting) -> None:
    most = min(1000, round((setting.high - setting.low) / setting.step))

    @given(st.integers(0, most))
    def inverse(steps: int) -> None:
        value = setting.low + steps * setting.step
        assume(value <= setting.high)
        assert setting.at(setting.share(value)) == pytest.approx(value, rel=1e-9)
        assert 0 <= setting.share(value) <= 1

    inverse()


@pytest.mark.parametrize("setting", LOGS)
def test_share_and_at_are_inverse_on_a_logarithmic_scale(setting: Setting) -> None:
    value = setting.moved(setting.low, -1)
    while True:
        assert 0 <= setting.share(value) <= 1 + 1e-12
        assert setting.at(setting.share(value)) == value
        if (after := setting.moved(value, 1)) == value:
            break
        assert setting.share(after) > setting.share(value)
        value = after


@pytest.mark.parametrize("setting", [*STEPS, *LOGS])
def test_any_share_is_a_value_in_the_range(setting: Setting) -> None:
    @given(st.floats(0, 1))
    def lies(share: float) -> None:
        assert setting.low <= setting.at(share) <= setting.high

    lies()


def test_the_value_at_a_share_is_written_as_short_as_the_step() -> None:
    setting = Setting(0.0, 1.0, 0.01)
    for hundredths in range(101):
        assert setting.at(hundredths / 100) == round(hundredths / 100, 2)


@pytest.mark.parametrize("name", bayes.Lab.names())
def test_every_parameter_of_a_real_lab_can_be_moved(name: str) -> None:
    setting = bayes.Lab.setting(name)
    if setting.options or setting.pattern:
        assert getattr(bayes.Lab(), name)
        return
    for steps in (-1000, -1, 1, 1000):
        moved = setting.moved(getattr(bayes.Lab(), name), steps)
        assert getattr(bayes.Lab().changed(**{name: moved}), name) == moved
