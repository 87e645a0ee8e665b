"""What can be set in the Bayes lab and what is drawn there, and the guided tasks' predicates.

The running example is a test for an illness: θ is "ill", D is "tests positive".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor.api import Frame, Params, Task, choice, integer, number, probability, text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PEOPLE = 1000
"""How many people the icon array shows."""


@dataclass(frozen=True, kw_only=True)
class Test(Params):
    """An illness and a test for it."""

    prior: float = probability(0.1)
    """Prevalence, P(θ): the share of people who are ill."""
    sensitivity: float = probability(0.99)
    """P(D|θ): the share of the ill who test positive."""
    false_alarm: float = probability(0.01)
    """P(D|¬θ): the share of the healthy who test positive."""


@dataclass(frozen=True, kw_only=True)
class Chain(Test):
    """Several independent tests of one person."""

    results: str = text("++", pattern="[+-]{0,24}")
    """The results in order."""


@dataclass(frozen=True, kw_only=True)
class Trial(Test):
    """A simulated population, each member tested once."""

    people: int = integer(10_000_000, low=1, high=10_000_000, log=True)
    """How many people are simulated."""
    seed: int = integer(0, low=0, high=2**31 - 1)
    """What the random numbers start from."""


@dataclass(frozen=True, kw_only=True)
class Data(Params):
    """Healthy volunteers tested to learn the false-alarm rate θ, and what was believed before."""

    alarms: int = integer(1, low=0, high=1000)
    """How many volunteers tested positive."""
    quiet: int = integer(9, low=0, high=1000)
    """How many volunteers tested negative."""
    alpha: float = number(1.0, low=0.1, high=100.0, step=1.0)
    """The first parameter of the Beta prior."""
    beta: float = number(1.0, low=0.1, high=100.0, step=1.0)
    """The second parameter of the Beta prior."""


@dataclass(frozen=True, kw_only=True)
class Lab(Chain, Trial, Data):
    """Everything that can be set in the lab."""

    view: str = choice("posterior", "posterior", "update", "curve", "trial", "likelihood")
    """The task whose picture is shown."""


@dataclass(frozen=True)
class Posterior(Frame):
    """Bayes' theorem after one positive result, in probabilities and in expected counts."""

    evidence: float
    """P(D): the share of all people who test positive."""
    posterior: float
    """P(θ|D): the share of the positive who are ill."""
    true_positive: float
    """Expected ill people who test positive, of 1,000."""
    false_negative: float
    """Expected ill people who test negative, of 1,000."""
    false_positive: float
    """Expected healthy people who test positive, of 1,000."""
    true_negative: float
    """Expected healthy people who test negative, of 1,000."""

    @property
    def ill(self) -> float:
        """Expected ill people of 1,000."""
        return self.true_positive + self.false_negative

    @property
    def healthy(self) -> float:
        """Expected healthy people of 1,000."""
        return self.false_positive + self.true_negative

    @property
    def positive(self) -> float:
        """Expected positive results of 1,000."""
        return self.true_positive + self.false_positive

    @property
    def joint(self) -> float:
        """P(θ∩D): the share of all people who are ill and test positive."""
        return self.true_positive / PEOPLE


@dataclass(frozen=True)
class Update(Frame):
    """The belief before any result and after each."""

    beliefs: tuple[float, ...]
    """P(θ | the first n results) for n = 0, 1, …; the first is the prior."""

    @property
    def last(self) -> float:
        """The belief after all results."""
        return self.beliefs[-1]

    @property
    def path(self) -> str:
        """The beliefs in order, as percentages with arrows between them."""
        return " → ".join(f"{belief:.1%}" for belief in self.beliefs)


@dataclass(frozen=True)
class Curve(Frame):
    """The posterior for every prior."""

    priors: NDArray[np.float64]
    """The priors, shape (201,), from 0 to 1."""
    after_positive: NDArray[np.float64]
    """P(θ|D) for each prior, shape (201,); NaN where D cannot happen."""
    after_negative: NDArray[np.float64]
    """P(θ|¬D) for each prior, shape (201,); NaN where ¬D cannot happen."""
    posterior: float
    """P(θ|D) at the prior that is set."""
    posterior_negative: float
    """P(θ|¬D) at the prior that is set; NaN where ¬D cannot happen."""
    even: float
    """The prior at which a positive result leaves the chances even, P(θ|D) = 1/2; NaN if none."""


@dataclass(frozen=True)
class TrialFrame(Frame):
    """A simulated trial so far."""

    people: int
    """How many people have been tested."""
    true_positive: int
    """The ill who tested positive."""
    false_positive: int
    """The healthy who tested positive."""
    true_negative: int
    """The healthy who tested negative."""
    false_negative: int
    """The ill who tested negative."""
    posterior: float
    """The share of the positive who are ill; NaN before the first positive."""
    exact: float
    """What Bayes' theorem says."""
    standard_error: float
    """√(p(1−p)/positives) for the exact p; NaN before the first positive."""
    sizes: NDArray[np.float64]
    """The numbers of people after which the share was noted, at most 200, ascending."""
    shares: NDArray[np.float64]
    """The share at each of them; NaN before the first positive."""

    @property
    def error(self) -> float:
        """How far the share is from the theorem, without sign."""
        return abs(self.posterior - self.exact)


@dataclass(frozen=True)
class Likelihood(Frame):
    """A rate θ seen through data: the likelihood, a Beta prior and its update."""

    theta: NDArray[np.float64]
    """The rates, shape (401,), from 0 to 1."""
    likelihood: NDArray[np.float64]
    """P(data|θ) with the binomial coefficient, shape (401,)."""
    prior_density: NDArray[np.float64]
    """The density of Beta(α, β), shape (401,), per unit of θ."""
    posterior_density: NDArray[np.float64]
    """The density of Beta(α + alarms, β + quiet), shape (401,), per unit of θ."""
    area: float
    """The area under the likelihood: 1/(n + 1), not 1."""
    most_likely: float
    """The θ with the greatest likelihood, alarms/n; NaN without data."""
    mean: float
    """The posterior's mean."""
    low: float
    """The posterior's 2.5 % quantile."""
    high: float
    """The posterior's 97.5 % quantile."""


TASKS = {
    "posterior": Task(Test, Posterior),
    "update": Task(Chain, Update),
    "curve": Task(Test, Curve),
    "trial": Task(Trial, TrialFrame, streams=True),
    "likelihood": Task(Data, Likelihood),
}
"""What can be computed, each by the function of the same name in `compute`."""


def even_chances(lab: Lab, frame: Frame) -> bool:
    """After one positive result it is as likely ill as healthy, within half a point."""
    return isinstance(frame, Posterior) and abs(frame.posterior - 0.5) <= 0.005


def useless_test(lab: Lab, frame: Frame) -> bool:
    """A positive result leaves the belief where it was, with a test that does alarm."""
    return (
        isinstance(frame, Posterior)
        and 0 < lab.prior < 1
        and abs(frame.posterior - lab.prior) <= 0.001
    )


def sure_enough(lab: Lab, frame: Frame) -> bool:
    """From one person in a thousand to more than 99 % by test results alone."""
    return isinstance(frame, Update) and lab.prior <= 0.001 and frame.last > 0.99


def narrow_rate(lab: Lab, frame: Frame) -> bool:
    """Data of one alarm in ten that pin the false-alarm rate down to five points."""
    return (
        isinstance(frame, Likelihood)
        and abs(frame.most_likely - 0.1) <= 0.02
        and frame.high - frame.low <= 0.05
    )


CHECKS = {
    "even_chances": even_chances,
    "useless_test": useless_test,
    "sure_enough": sure_enough,
    "narrow_rate": narrow_rate,
}
"""The predicates of the guided tasks by name."""
