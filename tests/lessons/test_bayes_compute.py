"""The Bayes lesson's computations against exact fractions, closed forms and integration."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import fields
from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lessons.bayes import compute
from lessons.bayes.state import Chain, Data, Test, Trial, TrialFrame
from tutor.errors import ImpossibleError

Test.__test__ = False  # type: ignore[attr-defined]  # a lesson's class, nothing for pytest

CPU = torch.device("cpu")

shares = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
inner = st.integers(1, 999).map(lambda thousandths: thousandths / 1000)
result_chains = st.text("+-", max_size=24)


def exact(share: float) -> Fraction:
    """The thousandths that a generated share stands for."""
    return Fraction(round(share * 1000), 1000)


def by_fractions(prior: float, sensitivity: float, false_alarm: float, results: str) -> Fraction:
    """The belief after all results, by the product of all likelihoods at once."""
    counts = Counter(results)
    ill, healthy = exact(prior), 1 - exact(prior)
    for share, hypothesis in ((sensitivity, "ill"), (false_alarm, "healthy")):
        factor = exact(share) ** counts["+"] * (1 - exact(share)) ** counts["-"]
        if hypothesis == "ill":
            ill *= factor
        else:
            healthy *= factor
    return ill / (ill + healthy)


def last_frame(**values: float) -> TrialFrame:
    *_, last = compute.trial(Trial(**values), CPU)  # type: ignore[arg-type]
    return last


def same(one: TrialFrame, other: TrialFrame) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name), equal_nan=True)
        for field in fields(TrialFrame)
    )


def below(theta: float, a: float, b: float) -> float:
    """The share of Beta(a, b) below `theta`, by the midpoint rule over φ, θ = sin² φ."""
    edges = np.linspace(0, math.asin(math.sqrt(theta)), 200_001)
    phi = (edges[1:] + edges[:-1]) / 2
    logs = (2 * a - 1) * np.log(np.sin(phi)) + (2 * b - 1) * np.log(np.cos(phi)) + math.log(2)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return float(np.exp(logs + scale).sum() * (edges[1] - edges[0]))


class TestPosterior:
    @pytest.mark.parametrize(
        ("false_alarm", "expected"), [(0.01, 0.916667), (0.1, 0.523810), (0.99, 0.1)]
    )
    def test_known_values(self, false_alarm: float, expected: float) -> None:
        frame = compute.posterior(Test(false_alarm=false_alarm), CPU)
        assert frame.posterior == pytest.approx(expected, abs=1e-6)

    def test_counts_of_a_thousand_people(self) -> None:
        frame = compute.posterior(Test(), CPU)
        told = (
            frame.true_positive,
            frame.false_negative,
            frame.false_positive,
            frame.true_negative,
        )
        assert told == pytest.approx((99, 1, 9, 891))
        assert frame.evidence == pytest.approx(0.108)
        assert frame.joint == pytest.approx(0.099)

    @settings(deadline=None, max_examples=60)
    @given(shares, shares, shares)
    def test_agrees_with_fractions(self, prior: float, finds: float, alarms: float) -> None:
        evidence = exact(prior) * exact(finds) + (1 - exact(prior)) * exact(alarms)
        assume(evidence > 0)
        frame = compute.posterior(Test(prior=prior, sensitivity=finds, false_alarm=alarms), CPU)
        assert 0 <= frame.posterior <= 1
        assert frame.evidence == pytest.approx(float(evidence))
        assert frame.posterior == pytest.approx(float(by_fractions(prior, finds, alarms, "+")))
        assert frame.posterior * frame.evidence == pytest.approx(frame.joint)
        assert frame.ill == pytest.approx(1000 * prior)
        assert frame.ill + frame.healthy == pytest.approx(1000)

    @pytest.mark.parametrize(
        "test",
        [
            Test(sensitivity=0, false_alarm=0),
            Test(prior=0, false_alarm=0),
            Test(prior=1, sensitivity=0),
        ],
    )
    def test_names_zero_evidence(self, test: Test) -> None:
        for call in (
            lambda: compute.posterior(test, CPU),
            lambda: compute.curve(test, CPU),
            lambda: next(iter(compute.trial(Trial(**test.values()), CPU))),
        ):
            with pytest.raises(ImpossibleError) as caught:
                call()
            assert caught.value.key == "zero_evidence"
            assert caught.value.values == {**test.values(), "result": 1}


class TestUpdate:
    @pytest.mark.parametrize(
        ("results", "expected"), [("", 0.1), ("+", 0.523810), ("++", 0.915896), ("+++", 0.990810)]
    )
    def test_known_values(self, results: str, expected: float) -> None:
        frame = compute.update(Chain(false_alarm=0.1, results=results), CPU)
        assert frame.last == pytest.approx(expected, abs=1e-6)
        assert len(frame.beliefs) == len(results) + 1
        assert frame.beliefs[0] == pytest.approx(0.1)

    def test_the_posterior_is_the_next_prior(self) -> None:
        beliefs = compute.update(Chain(false_alarm=0.1, results="++++"), CPU).beliefs
        for before, after in pairwise(beliefs):
            single = compute.posterior(Test(prior=before, false_alarm=0.1), CPU)
            assert after == pytest.approx(single.posterior)

    def test_path_tells_the_beliefs(self) -> None:
        frame = compute.update(Chain(false_alarm=0.1, results="+-"), CPU)
        assert frame.path == "10.0% → 52.4% → 1.2%"

    @settings(deadline=None, max_examples=60)
    @given(inner, inner, inner, result_chains)
    def test_agrees_with_the_product_of_all_likelihoods(
        self, prior: float, finds: float, alarms: float, results: str
    ) -> None:
        chain = Chain(prior=prior, sensitivity=finds, false_alarm=alarms, results=results)
        beliefs = compute.update(chain, CPU).beliefs
        assert all(0 <= belief <= 1 for belief in beliefs)
        expected = by_fractions(prior, finds, alarms, results)
        assert beliefs[-1] == pytest.approx(float(expected), rel=1e-9)

    def test_the_order_of_results_does_not_matter(self) -> None:
        ends = [
            compute.update(Chain(false_alarm=0.1, results="".join(results)), CPU).last
            for results in set(permutations("++--+"))
        ]
        assert ends == pytest.approx([ends[0]] * len(ends), rel=1e-12)

    def test_names_the_result_that_cannot_occur(self) -> None:
        chain = Chain(prior=1.0, sensitivity=1.0, results="++-+")
        with pytest.raises(ImpossibleError) as caught:
            compute.update(chain, CPU)
        assert caught.value.key == "zero_evidence"
        assert caught.value.values == {
            "prior": 1.0,
            "sensitivity": 1.0,
            "false_alarm": 0.01,
            "result": 3,
        }


class TestCurve:
    def test_agrees_with_the_single_posterior_everywhere(self) -> None:
        frame = compute.curve(Test(false_alarm=0.1), CPU)
        assert frame.priors.shape == frame.after_positive.shape == (201,)
        for prior, after in zip(frame.priors[::25], frame.after_positive[::25], strict=True):
            single = compute.posterior(Test(prior=float(prior), false_alarm=0.1), CPU)
            assert after == pytest.approx(single.posterior)

    def test_a_negative_result_lowers_and_a_positive_one_raises(self) -> None:
        frame = compute.curve(Test(), CPU)
        inside = slice(1, -1)
        assert (frame.after_negative[inside] < frame.priors[inside]).all()
        assert (frame.after_positive[inside] > frame.priors[inside]).all()
        assert frame.posterior_negative == pytest.approx(1 / 892)

    @settings(deadline=None, max_examples=40)
    @given(inner, inner)
    def test_chances_are_even_where_it_says(self, finds: float, alarms: float) -> None:
        even = compute.curve(Test(sensitivity=finds, false_alarm=alarms), CPU).even
        there = Test(prior=even, sensitivity=finds, false_alarm=alarms)
        assert compute.posterior(there, CPU).posterior == pytest.approx(0.5)

    def test_impossible_results_are_nan(self) -> None:
        frame = compute.curve(Test(sensitivity=1, false_alarm=0), CPU)
        assert math.isnan(frame.after_positive[0])
        assert math.isnan(frame.after_negative[-1])
        assert math.isnan(frame.even)
        always = compute.curve(Test(sensitivity=1, false_alarm=1), CPU)
        assert math.isnan(always.posterior_negative)
        assert np.isnan(always.after_negative).all()


class TestTrial:
    @pytest.mark.parametrize(
        "test",
        [
            {},
            {"false_alarm": 0.1},
            {"prior": 0.001, "sensitivity": 0.9},
            {"prior": 0.5, "sensitivity": 0.3, "false_alarm": 0.7},
        ],
    )
    @pytest.mark.parametrize("seed", [0, 1])
    def test_every_rate_is_within_its_standard_errors(
        self, test: dict[str, float], seed: int
    ) -> None:
        frame = last_frame(**test, people=1_000_000, seed=seed)
        told = Test(**test)
        ill = frame.true_positive + frame.false_negative
        healthy = frame.false_positive + frame.true_negative
        for count, total, share in (
            (ill, frame.people, told.prior),
            (frame.true_positive, ill, told.sensitivity),
            (frame.false_positive, healthy, told.false_alarm),
        ):
            # of the 24 rates compared here, one in 15 such tests has one beyond three
            assert abs(count / total - share) < 4 * math.sqrt(share * (1 - share) / total)
        assert frame.exact == compute.posterior(told, CPU).posterior
        assert frame.error < 3 * frame.standard_error

    def test_every_frame_is_the_whole_picture(self) -> None:
        frames = list(compute.trial(Trial(people=400_000), CPU))
        for number, frame in enumerate(frames, start=1):
            counts = (
                frame.true_positive
                + frame.false_positive
                + frame.true_negative
                + frame.false_negative
            )
            assert counts == frame.people == frame.sizes[-1]
            assert len(frame.sizes) == len(frame.shares) == number
            positive = frame.true_positive + frame.false_positive
            if positive:
                p = frame.exact
                assert frame.standard_error == pytest.approx(math.sqrt(p * (1 - p) / positive))
                assert frame.posterior == frame.true_positive / positive == frame.shares[-1]
        assert frames[-1].people == 400_000
        assert (np.diff(frames[-1].sizes) > 0).all()

    @pytest.mark.parametrize("people", [1, 7, 8, 9, 2**18, 10_000_000])
    def test_sizes_cover_exactly_the_people_in_few_chunks(self, people: int) -> None:
        sizes = list(compute.chunks(people))
        assert sum(sizes) == people
        assert max(sizes) <= compute.CHUNK
        assert len(sizes) <= 90

    def test_the_same_seed_gives_the_same_frames(self) -> None:
        one, two, other = (
            list(compute.trial(Trial(people=20_000, seed=seed), CPU)) for seed in (3, 3, 4)
        )
        assert all(same(*pair) for pair in zip(one, two, strict=True))
        assert not same(one[-1], other[-1])

    def test_more_people_continue_the_same_trial(self) -> None:
        short = list(compute.trial(Trial(people=20_000), CPU))
        long = list(compute.trial(Trial(people=40_000), CPU))
        assert all(same(*pair) for pair in zip(short[:-1], long, strict=False))

    def test_certain_rates_leave_no_exceptions(self) -> None:
        frame = last_frame(prior=1, sensitivity=1, people=100_000)
        assert (frame.true_positive, frame.posterior, frame.error) == (100_000, 1.0, 0.0)
        frame = last_frame(prior=0.5, sensitivity=1, false_alarm=0, people=100_000)
        assert frame.false_positive == frame.false_negative == 0

    def test_without_a_positive_result_there_is_no_share(self) -> None:
        frame = last_frame(prior=0, false_alarm=1e-9, people=3)
        assert frame.people == frame.true_negative == 3
        assert math.isnan(frame.posterior)
        assert math.isnan(frame.standard_error)

    def test_can_be_stopped(self) -> None:
        frames = compute.trial(Trial(), CPU)
        assert next(iter(frames)).people == 8
        frames.close()  # type: ignore[attr-defined]
        assert list(frames) == []


class TestLikelihood:
    @pytest.mark.parametrize(("alarms", "quiet"), [(0, 0), (1, 0), (0, 1), (1, 9), (1000, 1000)])
    def test_agrees_with_the_binomial_formula(self, alarms: int, quiet: int) -> None:
        frame = compute.likelihood(Data(alarms=alarms, quiet=quiet), CPU)
        for index in (0, 1, 40, 200, 400):
            theta = Fraction(index, 400)
            expected = math.comb(alarms + quiet, alarms) * theta**alarms * (1 - theta) ** quiet
            assert frame.likelihood[index] == pytest.approx(float(expected), rel=1e-9, abs=1e-300)

    def test_no_data_and_no_alarm_are_exact(self) -> None:
        assert (compute.likelihood(Data(alarms=0, quiet=0), CPU).likelihood == 1).all()
        frame = compute.likelihood(Data(alarms=0, quiet=1000), CPU)
        assert (frame.likelihood[0], frame.likelihood[-1]) == (1, 0)

    @settings(deadline=None, max_examples=40)
    @given(st.integers(0, 1000), st.integers(0, 1000))
    def test_the_area_is_one_over_n_plus_one(self, alarms: int, quiet: int) -> None:
        frame = compute.likelihood(Data(alarms=alarms, quiet=quiet), CPU)
        assert frame.area == pytest.approx(1 / (alarms + quiet + 1))

    def test_the_area_is_that_of_the_curve_drawn(self) -> None:
        frame = compute.likelihood(Data(alarms=3, quiet=17), CPU)
        assert frame.area == pytest.approx(np.trapezoid(frame.likelihood, frame.theta), rel=1e-6)

    def test_densities_have_area_one(self) -> None:
        frame = compute.likelihood(Data(alarms=3, quiet=17, alpha=2, beta=8), CPU)
        for density in (frame.prior_density, frame.posterior_density):
            assert np.trapezoid(density, frame.theta) == pytest.approx(1, abs=1e-3)

    def test_a_flat_prior_leaves_the_likelihoods_shape(self) -> None:
        frame = compute.likelihood(Data(alarms=3, quiet=17), CPU)
        assert (frame.prior_density == 1).all()
        assert frame.posterior_density == pytest.approx(frame.likelihood / frame.area)

    def test_a_density_may_be_infinite_at_an_end_but_is_never_nan(self) -> None:
        frame = compute.likelihood(Data(alarms=0, quiet=5, alpha=0.1, beta=0.1), CPU)
        assert np.isinf(frame.prior_density[[0, -1]]).all()
        assert np.isinf(frame.posterior_density[0])
        assert frame.posterior_density[-1] == 0
        assert not np.isnan(frame.prior_density).any()

    def test_the_update_adds_counts(self) -> None:
        frame = compute.likelihood(Data(alarms=5, quiet=5, alpha=2, beta=8), CPU)
        assert frame.mean == pytest.approx(7 / 20)
        assert frame.most_likely == pytest.approx(0.5)
        later = compute.likelihood(Data(alarms=0, quiet=0, alpha=7, beta=13), CPU)
        assert later.prior_density == pytest.approx(frame.posterior_density)
        assert math.isnan(later.most_likely)

    @pytest.mark.parametrize(
        ("a", "b"), [(1, 1), (2, 10), (7.5, 13.2), (1, 1001), (61, 541), (1100, 1100), (0.6, 300)]
    )
    def test_quantiles_agree_with_integration(self, a: float, b: float) -> None:
        low, high = compute.quantiles(a, b, (0.025, 0.975), CPU)
        width = high - low
        assert 0 < low < a / (a + b) < high < 1
        for theta, share in ((low, 0.025), (high, 0.975)):
            assert below(theta, a, b) == pytest.approx(share, abs=2e-6)
        assert width > 0

    def test_quantiles_agree_with_closed_forms(self) -> None:
        low, high = compute.quantiles(0.5, 0.5, (0.025, 0.975), CPU)
        assert low == pytest.approx(math.sin(math.pi * 0.0125) ** 2, abs=1e-7)
        assert high == pytest.approx(math.sin(math.pi * 0.4875) ** 2, abs=1e-7)
        (median,) = compute.quantiles(1, 50, (0.5,), CPU)
        assert median == pytest.approx(1 - 0.5 ** (1 / 50), abs=1e-7)


def test_where_a_device_has_no_float64_exact_work_moves_to_the_cpu() -> None:
    assert compute.double(torch.device("mps")) == {"dtype": torch.float64, "device": CPU}
    assert compute.double(torch.device("cuda"))["device"].type == "cuda"
