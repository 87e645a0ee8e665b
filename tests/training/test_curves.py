"""The curves of a run, kept and reduced: against a plain reference, whatever happens to the run."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.training.curves import Curves, Part
from tutor.training.events import Began, Progressed, RateChanged
from tutor.training.events import Tested as WasTested
from tutor.training.follower import History
from tutor.training.pyramid import BLOCK, Pyramid
from tutor.training.smoothing import Smoother

ODD = (math.nan, math.inf, -math.inf, 0.0, 3.4e38)


@st.composite
def numbers(draw: st.DrawFn, most: int = 600) -> np.ndarray:
    """Return losses, some of them odd."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = random.normal(size=draw(st.integers(0, most))).astype(np.float32)
    for odd in draw(st.lists(st.sampled_from(ODD), max_size=2)):
        values[random.random(values.size) < draw(st.sampled_from((0.02, 0.5, 1.0)))] = odd
    return values


def plainly_smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    answer, total, weights = [], 0.0, 0.0
    for value in values.astype(float):
        finite = math.isfinite(value)
        total = weight * total + (value if finite else 0.0)
        weights = weight * weights + finite
        answer.append(total / weights if weights else math.nan)
    return np.array(answer)


CHANGES = st.lists(
    st.one_of(numbers(200), st.integers(0, 700)), min_size=1, max_size=8
)  # what is appended, or how many are kept


@settings(max_examples=150, deadline=None)
@given(CHANGES, st.sampled_from([2**power for power in range(11)]), st.data())
def test_buckets_are_those_of_the_numbers_however_they_came(
    changes: list[np.ndarray | int], width: int, data: st.DataObject
) -> None:
    pyramid, plain = Pyramid(), np.empty(0, np.float32)
    for change in changes:
        if isinstance(change, int):
            pyramid.cut(change)
            plain = plain[:change]
        else:
            pyramid.append(change)
            plain = np.concatenate([plain, change])
    assert np.array_equal(pyramid.values, plain, equal_nan=True)
    last = data.draw(st.integers(0, -(-len(plain) // width)))
    first = data.draw(st.integers(0, last))
    buckets = pyramid.buckets(first, last, width)
    assert len(buckets.low) == len(buckets.high) == len(buckets.mean) == last - first
    for at in range(first, last):
        held = plain[at * width : (at + 1) * width]
        known, finite = held[~np.isnan(held)], held[np.isfinite(held)]
        low, high, mean = (part[at - first] for part in (buckets.low, buckets.high, buckets.mean))
        assert np.isnan(low) == np.isnan(high) == (not known.size)
        assert np.isnan(mean) == (not finite.size)
        if known.size:
            assert (low, high) == (known.min(), known.max())
        if finite.size:
            scale = np.abs(finite.astype(float)).max()
            assert abs(mean - finite.astype(float).mean()) <= 1e-6 * scale


def test_appending_costs_what_is_appended() -> None:
    pyramid = Pyramid()
    pyramid.append(np.zeros(100_000, np.float32))
    before = [len(level) for level in pyramid._levels]
    pyramid.append(np.zeros(BLOCK, np.float32))
    assert len(pyramid._levels[0]) == before[0] + 1
    assert sum(before) < 2 * 100_000 / BLOCK


@settings(max_examples=100, deadline=None)
@given(numbers(), st.sampled_from([0.0, 0.3, 0.9, 0.99, 0.999]), st.lists(st.integers(0, 600)))
def test_smoothing_in_parts_is_smoothing_as_a_whole(
    values: np.ndarray, weight: float, cuts: list[int]
) -> None:
    smoother = Smoother(weight)
    ends = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    parts = [smoother.smoothed(values[start:stop]) for start, stop in pairwise(ends)]
    found = np.concatenate([np.empty(0, np.float32), *parts])
    np.testing.assert_allclose(found, plainly_smoothed(values, weight), rtol=1e-5, atol=1e-30)


def test_smoothing_begins_without_bias() -> None:
    assert Smoother(0.99).smoothed(np.full(5, 2.5, np.float32)).tolist() == [2.5] * 5
    found = Smoother(0.5).smoothed(np.array([1, 2], np.float32))
    assert found.tolist() == pytest.approx([1, (0.5 * 1 + 1 * 2) / 1.5])


def history(*events: object) -> History:
    told = History()
    for event in events:
        told.tell(event, 7.0)
    return told


def began(step: int = 0) -> Began:
    return Began(step, 10**6, 10, 320, 100, 9, "cpu", 1, "2.13.0")


def taken(first: int, losses: np.ndarray, lr: float = 0.1) -> Progressed:
    last = first + len(losses) - 1
    return Progressed(last, 1, lr, losses.astype(np.float32), 9.5, 2.5, {"w": 1.0}, {"w": 1.0})


def curves_of(losses: np.ndarray, smoothing: float = 0.9) -> Curves:
    curves = Curves(smoothing)
    curves.add(history(began(), taken(1, losses)))
    return curves


def same(one: Part, other: Part) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("steps", "low", "high", "mean", "smoothed")
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 3000), st.integers(0, 3100), st.integers(0, 3100), st.sampled_from([4, 30, 400])
)
def test_a_part_is_what_a_plain_look_at_it_gives(
    count: int, first: int, last: int, most: int
) -> None:
    losses = np.random.default_rng(count).exponential(size=count).astype(np.float32)
    part = curves_of(losses).part(first, last, most)
    assert len(part.steps) <= most
    assert (np.diff(part.steps) > 0).all()
    smoothed, steps = plainly_smoothed(losses, 0.9), np.arange(1, count + 1)
    inside = (first <= steps) & (steps <= (last or count))
    if inside.any():
        assert part.low.min() <= losses[inside].min()
        assert part.high.max() >= losses[inside].max()
        apart = np.diff(part.steps).max() if len(part.steps) > 1 else count
        assert part.steps[0] <= steps[inside][0] + apart
        assert part.steps[-1] >= steps[inside][-1] - apart
    if inside.sum() < most - 2:  # then each bucket is a step, with the past in its smoothed loss
        np.testing.assert_array_equal(part.mean, losses[part.steps - 1])
        np.testing.assert_allclose(part.smoothed, smoothed[part.steps - 1], rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), min_size=1, max_size=6))
def test_after_going_back_all_is_as_if_it_had_been_so_from_the_start(
    legs: list[tuple[int, int]],
) -> None:
    random = np.random.default_rng(len(legs))
    curves, plain = Curves(0.95), np.empty(0, np.float32)
    for back_to, more in legs:
        start = min(back_to, len(plain))
        losses = random.exponential(size=more).astype(np.float32)
        test = WasTested(start, 1, 0.5, 0.25, 0.75, 3.5)
        curves.add(history(began(start), taken(start + 1, losses), test))
        plain = np.concatenate([plain[:start], losses])
    assert len(curves) == curves.last == len(plain)
    for window in ((0, 0), (1, 50), (len(plain) // 2, 0)):
        assert same(curves.part(*window, 60), curves_of(plain, 0.95).part(*window, 60))
    assert curves.loss == pytest.approx(plainly_smoothed(plain, 0.95)[-1], rel=1e-5)
    steps = curves.tests["step"]
    assert (steps <= len(plain)).all()


def test_another_smoothing_is_as_if_it_had_been_so_from_the_start() -> None:
    losses = np.random.default_rng(0).exponential(size=1000)
    curves = curves_of(losses, 0.5)
    curves.smooth(0.99)
    assert same(curves.part(0, 0, 50), curves_of(losses, 0.99).part(0, 0, 50))
    curves.add(history(taken(1001, losses)))
    assert same(
        curves.part(0, 0, 50), curves_of(np.concatenate([losses, losses]), 0.99).part(0, 0, 50)
    )


def test_a_growing_run_keeps_the_buckets_that_are_full() -> None:
    losses = np.random.default_rng(0).exponential(size=1100)
    before, after = curves_of(losses[:1050]).part(0, 0, 200), curves_of(losses).part(0, 0, 200)
    full = len(before.steps) - 1
    assert len(after.steps) > full > 100
    np.testing.assert_array_equal(before.smoothed[:full], after.smoothed[:full])
    np.testing.assert_array_equal(before.steps[:full], after.steps[:full])


def test_changes_of_the_learning_rate_are_told_and_taken_back() -> None:
    curves = Curves()
    curves.add(history(began(), taken(1, np.ones(10), 0.1), taken(11, np.ones(10), 0.01)))
    assert (curves.rates, curves.lr) == ([(10, 0.01)], 0.01)
    curves.add(history(RateChanged(20, 0.5), taken(21, np.ones(2), 0.5)))
    assert curves.rates == [(10, 0.01), (20, 0.5)]
    curves.add(history(began(10)))
    assert (curves.rates, curves.lr) == ([], 0.1)
    curves.add(history(began(0), taken(1, np.ones(3), 0.3)))
    assert (curves.rates, curves.lr) == ([], 0.3)


def test_nothing_is_empty() -> None:
    curves = Curves()
    part = curves.part(0, 0, 400)
    assert [len(one) for one in (part.steps, part.low, part.smoothed)] == [0, 0, 0]
    assert (len(curves), curves.last) == (0, 0)
    assert np.isnan([curves.loss, curves.lr]).all()
    curves.add(history(began()))
    curves.smooth(0.5)
    assert len(curves.part(5, 3, 4).steps) == 0


def test_a_damaged_journal_that_goes_back_unsaid_leaves_steps_rising() -> None:
    curves = curves_of(np.arange(1, 21))
    news = History()
    news.tell(taken(11, np.full(5, 100.0)), 7.0)
    news.tell(taken(3, np.full(2, 200.0)), 7.0)
    curves.add(news)
    part = curves.part(0, 0, 400)
    assert part.steps.tolist() == [1, 2, 3, 4]
    assert part.mean.tolist() == [1, 2, 200, 200]


def test_a_million_steps_take_bounded_memory_and_small_answers() -> None:
    curves = Curves(0.9)
    for first in range(1, 10**6, 10**4):
        curves.add(history(taken(first, np.ones(10**4))))
    assert len(curves) == 10**6
    assert curves.nbytes < 36e6
    for window in ((0, 0), (1, 10), (400_000, 500_000), (999_990, 0)):
        part = curves.part(*window, 400)
        assert 10 <= len(part.steps) <= 400
        assert part.smoothed == pytest.approx(np.ones(len(part.steps)))
