"""What the Bayes lab computes, in plain torch: θ is "ill", D is "tests positive"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import logsigmoid
from torch.special import xlog1py, xlogy

from lessons.bayes.state import PEOPLE, Curve, Likelihood, Posterior, TrialFrame, Update
from tutor.errors import ImpossibleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from lessons.bayes.state import Chain, Data, Test, Trial

CHUNK = 2**18
"""How many people are simulated at once: their dice, 1 MB, stay in the cache of a core."""


def posterior(params: Test, device: torch.device) -> Posterior:
    """Apply Bayes' theorem to one positive result.

    Raises:
        ImpossibleError: `zero_evidence`, if nobody can test positive.
    """
    prior, likelihood = hypotheses(params, device)  # P(θ), P(¬θ) and P(D|θ), P(D|¬θ)
    positive = likelihood * prior  # P(D∩θ), P(D∩¬θ)
    negative = (1 - likelihood) * prior  # P(¬D∩θ), P(¬D∩¬θ)
    evidence = positive.sum()  # P(D)
    if evidence == 0:
        raise impossible(params)
    belief = positive / evidence  # P(θ|D), P(¬θ|D)
    counts = PEOPLE * torch.stack([positive, negative], dim=1)
    return Posterior(evidence.item(), belief[0].item(), *counts.flatten().tolist())


def update(params: Chain, device: torch.device) -> Update:
    """Take the results one by one; each posterior is the next prior.

    Raises:
        ImpossibleError: `zero_evidence`, if a result cannot follow those before it.
    """
    belief, likelihood = hypotheses(params, device)
    beliefs = [belief]
    for number, result in enumerate(params.results, start=1):
        joint = belief * (likelihood if result == "+" else 1 - likelihood)
        evidence = joint.sum()
        if evidence == 0:
            raise impossible(params, number)
        belief = joint / evidence
        beliefs.append(belief)
    return Update(tuple(torch.stack(beliefs)[:, 0].tolist()))


def curve(params: Test, device: torch.device) -> Curve:
    """Apply Bayes' theorem to every prior at once.

    Raises:
        ImpossibleError: `zero_evidence`, if nobody can test positive at the prior that is set.
    """
    finds, alarms = params.sensitivity, params.false_alarm
    priors = torch.linspace(0, 1, 201, **double(device))
    here = priors.new_tensor(params.prior)
    return Curve(
        priors.cpu().numpy(),
        bayes(priors, finds, alarms).cpu().numpy(),
        bayes(priors, 1 - finds, 1 - alarms).cpu().numpy(),
        posterior(params, device).posterior,
        bayes(here, 1 - finds, 1 - alarms).item(),
        # Even chances: as many ill as healthy people test positive, finds·p = alarms·(1 − p).
        alarms / (finds + alarms) if finds and alarms else np.nan,
    )


def trial(params: Trial, device: torch.device) -> Iterator[TrialFrame]:
    """Simulate people, test each of them and count, without Bayes' theorem.

    Everyone throws a die with 2³¹ sides twice: for the illness and for the test. On a CPU such
    integers come faster than float32 numbers from [0, 1), and are 128 times as fine.

    Yields:
        The trial so far, after each chunk; the last frame covers exactly `params.people`.

    Raises:
        ImpossibleError: `zero_evidence`, if nobody can test positive.
    """
    seen = untested(theorem=posterior(params, device).posterior)  # only to compare with
    sides = (round(2**31 * p) for p in (params.prior, params.sensitivity, params.false_alarm))
    last_ill, last_found, last_alarm = (side - 1 for side in sides)
    random = torch.Generator(device).manual_seed(params.seed)
    dice = torch.empty(min(CHUNK, params.people), dtype=torch.int32, device=device)
    for size in chunks(params.people):
        throw = dice[:size]
        ill = throw.random_(generator=random) <= last_ill
        throw.random_(generator=random)
        found = (throw <= last_found) & ill
        alarm = (throw <= last_alarm) & ~ill
        counts = torch.stack([group.count_nonzero() for group in (ill, found, alarm)])
        seen = extended(seen, size, *counts.tolist())
        yield seen


def likelihood(params: Data, device: torch.device) -> Likelihood:
    """Look at a rate θ through the results of n volunteers, and update a Beta prior by them.

    Products of up to 2,000 factors would underflow, so their logarithms are added.
    """
    k, m = params.alarms, params.quiet
    alpha, beta = params.alpha + k, params.beta + m
    theta = torch.linspace(0, 1, 401, **double(device))
    all_, alarmed, quiet = torch.lgamma(theta.new_tensor([k + m, k, m]) + 1)
    log_ways = all_ - alarmed - quiet  # the binomial coefficient, n! / (k! m!)
    likelihood = torch.exp(log_ways + xlogy(k, theta) + xlog1py(m, -theta))
    low, high = quantiles(alpha, beta, (0.025, 0.975), device)
    return Likelihood(
        theta=theta.cpu().numpy(),
        likelihood=likelihood.cpu().numpy(),
        prior_density=beta_density(theta, params.alpha, params.beta).cpu().numpy(),
        posterior_density=beta_density(theta, alpha, beta).cpu().numpy(),
        area=torch.exp(log_ways + log_beta(k + 1, m + 1, device)).item(),  # ∫ θᵏ(1 − θ)ᵐ dθ
        most_likely=k / (k + m) if k + m else np.nan,
        mean=alpha / (alpha + beta),
        low=low,
        high=high,
    )


def double(device: torch.device) -> dict[str, Any]:
    """Return the `dtype` and `device` for exact work: float64, on the CPU where MPS has none."""
    exact = torch.device("cpu") if device.type == "mps" else device
    return {"dtype": torch.float64, "device": exact}


def hypotheses(params: Test, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return (P(θ), P(¬θ)) and (P(D|θ), P(D|¬θ)), each of shape (2,)."""
    prior = torch.tensor([params.prior, 1 - params.prior], **double(device))
    return prior, prior.new_tensor([params.sensitivity, params.false_alarm])


def impossible(params: Test, number: int = 1) -> ImpossibleError:
    """Return the error for a result, the `number`-th, whose probability is zero."""
    return ImpossibleError(
        "zero_evidence",
        prior=params.prior,
        sensitivity=params.sensitivity,
        false_alarm=params.false_alarm,
        result=number,
    )


def bayes(prior: Tensor, if_ill: float, if_healthy: float) -> Tensor:
    """Return P(θ|D) from P(θ), P(D|θ) and P(D|¬θ); NaN where D cannot happen."""
    ill, healthy = if_ill * prior, if_healthy * (1 - prior)
    return ill / (ill + healthy)


def chunks(people: int) -> Iterator[int]:
    """Yield sizes that sum to `people`: growing by a quarter up to `CHUNK`, at most 90 of them."""
    done = 0
    while done < people:
        size = min(max(8, done // 4), CHUNK, people - done)
        done += size
        yield size


def untested(theorem: float) -> TrialFrame:
    """Return the trial before its first person."""
    return TrialFrame(0, 0, 0, 0, 0, np.nan, theorem, np.nan, np.empty(0), np.empty(0))


def extended(seen: TrialFrame, size: int, ill: int, found: int, alarms: int) -> TrialFrame:
    """Return the trial `seen` with `size` more people in it."""
    people = seen.people + size
    true_positive, false_positive = seen.true_positive + found, seen.false_positive + alarms
    positive = true_positive + false_positive
    share = true_positive / positive if positive else np.nan
    return TrialFrame(
        people=people,
        true_positive=true_positive,
        false_positive=false_positive,
        true_negative=seen.true_negative + size - ill - alarms,
        false_negative=seen.false_negative + ill - found,
        posterior=share,
        exact=seen.exact,
        standard_error=((seen.exact * (1 - seen.exact) / positive) ** 0.5 if positive else np.nan),
        sizes=np.append(seen.sizes, people),
        shares=np.append(seen.shares, share),
    )


def log_beta(a: float, b: float, device: torch.device) -> Tensor:
    """Return log B(a, b), the logarithm of ∫ θᵃ⁻¹(1 − θ)ᵇ⁻¹ dθ from 0 to 1."""
    first, second, both = torch.lgamma(torch.tensor([a, b, a + b], **double(device)))
    log: Tensor = first + second - both
    return log


def beta_density(theta: Tensor, a: float, b: float) -> Tensor:
    """Return the density of Beta(a, b); infinite at 0 if a < 1, and at 1 if b < 1."""
    powers = xlogy(a - 1, theta) + xlog1py(b - 1, -theta)
    return torch.exp(powers - log_beta(a, b, theta.device))


def quantiles(a: float, b: float, shares: tuple[float, ...], device: torch.device) -> list[float]:
    """Return the θ below which Beta(a, b) has the given shares, within 10⁻⁶.

    The density is summed over the log-odds of θ, where it has one peak and no infinite end: the
    grid reaches 30 standard deviations to both sides of their mean.
    """
    both = torch.tensor([a, b], **double(device))
    mean, spread = torch.digamma(both).diff().neg(), torch.polygamma(1, both).sum().sqrt()
    odds = mean + spread * torch.linspace(-30, 30, 30_001, **double(device))
    logs = a * logsigmoid(odds) + b * logsigmoid(-odds)
    below = torch.cumulative_trapezoid(torch.exp(logs - logs.max()))
    wanted = below.new_tensor(shares) * below[-1]
    right = torch.searchsorted(below, wanted)
    part = (wanted - below[right - 1]) / (below[right] - below[right - 1])
    found: list[float] = torch.sigmoid(torch.lerp(odds[right], odds[right + 1], part)).tolist()
    return found
