"""What the Bayes lab draws: people, the path of a belief, every prior, a trial, a likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content

from tutor.numbers import counted, percent
from tutor.widgets.chart import Chart, Mark, Series
from tutor.widgets.icon_array import Group, IconArray
from tutor.widgets.picture import Picture
from tutor.widgets.plot import Plot
from tutor.widgets.readout import Readout
from tutor.widgets.tree import Branch, Tree

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from lessons.bayes import state

TALL = 24
"""From how many rows on the tree of counts has room below the people."""


class People(Picture["state.Lab", "state.Posterior"]):
    """1,000 people, the tree of their counts and Bayes' theorem, in step."""

    DEFAULT_CSS = """
    People > IconArray { margin: 0 1; }
    People > Tree { display: none; margin: 1 1 0 1; }
    People.tall > Tree { display: block; }
    People.tall > IconArray { margin: 1 1 0 1; max-height: 21; }
    People > #theorem { display: none; margin-top: 1; color: $muted; }
    People.tall > #theorem { display: block; }
    """

    controls = ("prior", "sensitivity", "false_alarm")

    def compose(self) -> ComposeResult:
        """Lay out the legend, the people, the tree and the formula."""
        yield Readout(id="legend")
        yield IconArray()
        yield Tree(ascii_only=self.ascii_only)
        yield Readout(id="theorem")
        yield Readout(id="formula")

    def on_resize(self) -> None:
        """Make room for the tree where there is some."""
        self.set_class(self.size.height >= TALL, "tall")

    def show(self, params: state.Lab, frame: state.Posterior) -> None:
        """Draw a posterior."""
        ill, healthy = self.words["ill"], self.words["healthy"]
        plus, minus = "+", "-" if self.ascii_only else "−"
        signs = "#ox." if self.ascii_only else "●○■·"
        kinds = (
            (frame.true_positive, signs[0], "error", f"{ill} {plus}"),
            (frame.false_negative, signs[1], "primary", f"{ill} {minus}"),
            (frame.false_positive, signs[2], "accent", f"{healthy} {plus}"),
            (frame.true_negative, signs[3], "muted", f"{healthy} {minus}"),
        )
        self.query_one(IconArray).groups = tuple(
            Group(people, sign, colour) for people, sign, colour, _ in kinds
        )
        legend: list[tuple[str, str] | str] = []
        for people, sign, colour, name in kinds:
            legend += [(sign, f"${colour}"), f" {counted(people)} {name}   "]
        self.query_one("#legend", Readout).show(Content.assemble(*legend))
        self.query_one(Tree).root = Branch(
            counted(frame.ill + frame.healthy),
            (
                Branch(f"{counted(frame.ill)} {ill}", self._leaves(kinds[:2])),
                Branch(f"{counted(frame.healthy)} {healthy}", self._leaves(kinds[2:])),
            ),
        )
        self.query_one("#theorem", Readout).show(self._theorem(params, frame))
        self.query_one("#formula", Readout).show(self._formula(frame))

    def _leaves(self, kinds: tuple[tuple[float, str, str, str], ...]) -> tuple[Branch, ...]:
        return tuple(
            Branch(f"{sign} {counted(people)} {name[-1]}", colour=colour)
            for people, sign, colour, name in kinds
        )

    def _theorem(self, params: state.Lab, frame: state.Posterior) -> Content:
        ill, times = self.words["ill"], "*" if self.ascii_only else "×"
        numbers = f"{params.sensitivity:.4g} {times} {params.prior:.4g} / {frame.evidence:.4g}"
        return Content(f"P({ill}|+) = P(+|{ill}) P({ill}) / P(+) = {numbers}")

    def _formula(self, frame: state.Posterior) -> Content:
        ill = self.words["ill"]
        found, alarms = counted(frame.true_positive), counted(frame.false_positive)
        answer = percent(frame.posterior)
        return Content.assemble(
            (f"P({ill}|+)", "bold"),
            " = ",
            (found, "$error bold"),
            " / (",
            (found, "$error bold"),
            " + ",
            (alarms, "$accent bold"),
            ") = ",
            (answer, "bold reverse"),
        )


class Chain(Picture["state.Lab", "state.Update"]):
    """A belief's path from result to result."""

    controls = ("results", "prior", "sensitivity", "false_alarm")

    def compose(self) -> ComposeResult:
        """Lay out the plot and the path in numbers."""
        yield Plot(ascii_only=self.ascii_only)
        yield Readout(id="path")

    def show(self, params: state.Lab, frame: state.Update) -> None:
        """Draw the beliefs."""
        import numpy as np  # noqa: PLC0415 - the app starts before it needs numpy

        beliefs = np.array(frame.beliefs)
        tests = np.arange(len(beliefs))
        belief = self.words["belief"]
        self.query_one(Plot).chart = Chart(
            series=(
                Series(tests, beliefs, belief, role="primary", style="line"),
                Series(tests, beliefs, "", role="accent", style="points"),
            ),
            x_label=self.words["test"],
            y_label=belief,
            x_range=(0.0, float(max(len(beliefs) - 1, 1))),
            y_range=(0.0, 1.0),
            y_unit="percent",
            x_unit="count",
        )
        arrow = "->" if self.ascii_only else "→"
        parts: list[tuple[str, str] | str] = [percent(beliefs[0])]
        for result, after in zip(params.results, beliefs[1:], strict=True):
            sign = "−" if result == "-" and not self.ascii_only else result
            parts += [(f" {sign}{arrow} ", "$accent bold"), percent(after)]
        parts[-1] = (str(parts[-1]), "bold reverse")
        self.query_one("#path", Readout).show(Content.assemble(*parts))


class EveryPrior(Picture["state.Lab", "state.Curve"]):
    """The posterior as a curve over all priors."""

    controls = ("prior", "sensitivity", "false_alarm")

    def compose(self) -> ComposeResult:
        """Lay out the plot and its reading at the prior that is set."""
        yield Plot(ascii_only=self.ascii_only)
        yield Readout(id="here")

    def show(self, params: state.Lab, frame: state.Curve) -> None:
        """Draw the curves."""
        words = self.words
        self.query_one(Plot).chart = Chart(
            series=(
                Series(frame.priors, frame.after_positive, words["after_positive"], role="ill"),
                Series(frame.priors, frame.after_negative, words["after_negative"], role="primary"),
                Series(frame.priors, frame.priors, words["no_test"], role="muted"),
            ),
            marks=(Mark("", x=params.prior, y=frame.posterior, role="accent"),),
            x_label=words["prior"],
            y_label=words["belief"],
            x_range=(0.0, 1.0),
            y_range=(0.0, 1.0),
            x_unit="percent",
            y_unit="percent",
        )
        even = f"   {words['even']} {percent(frame.even)}" if frame.even == frame.even else ""
        arrow = "->" if self.ascii_only else "→"
        self.query_one("#here", Readout).show(
            Content.assemble(
                f"{words['prior']} {percent(params.prior)} {arrow} + ",
                (percent(frame.posterior), "bold reverse"),
                f"   {'-' if self.ascii_only else '−'} {percent(frame.posterior_negative)}",
                (even, "$muted"),
            )
        )


class Trial(Picture["state.Lab", "state.TrialFrame"]):
    """A simulated trial closing in on the theorem."""

    DEFAULT_CSS = """
    Trial > #counts { min-height: 2; }
    """

    controls = ("people", "seed", "prior", "sensitivity", "false_alarm")

    def compose(self) -> ComposeResult:
        """Lay out the plot and the counts."""
        yield Plot(ascii_only=self.ascii_only)
        yield Readout(id="counts")

    def show(self, params: state.Lab, frame: state.TrialFrame) -> None:
        """Draw the trial so far."""
        words = self.words
        room = 0.12
        self.query_one(Plot).chart = Chart(
            series=(Series(frame.sizes, frame.shares, words["share"], role="primary"),),
            marks=(Mark(words["theorem"], y=frame.exact, role="accent"),),
            x_label=words["n_people"],
            y_label=words["share"],
            x_range=(10.0, float(max(params.people, 100))),
            y_range=(max(0.0, frame.exact - room), min(1.0, frame.exact + room)),
            x_log=True,
            x_unit="count",
            y_unit="percent",
        )
        positive = frame.true_positive + frame.false_positive
        self.query_one("#counts", Readout).show(
            Content.assemble(
                f"{frame.people:,} {words['people']}   ",
                (f"{frame.true_positive:,}", "$error bold"),
                f" / {positive:,} = ",
                (f"{100 * frame.posterior:.3f} %", "bold reverse"),
                (f"\n{words['theorem']} {100 * frame.exact:.3f} %", "$muted"),
                (f"   {words['error']} {100 * frame.error:.3f}", "$muted"),
                (f"   {words['standard_error']} {100 * frame.standard_error:.3f}", "$muted"),
            )
        )


class Rate(Picture["state.Lab", "state.Likelihood"]):
    """A rate seen through data: its likelihood, a Beta prior and the update."""

    DEFAULT_CSS = """
    Rate > #numbers { min-height: 2; }
    """

    controls = ("alarms", "quiet", "alpha", "beta")

    def compose(self) -> ComposeResult:
        """Lay out the plot and the numbers."""
        yield Plot(ascii_only=self.ascii_only)
        yield Readout(id="numbers")

    def show(self, params: state.Lab, frame: state.Likelihood) -> None:
        """Draw the three curves; the likelihood, which is no density, by its share of the peak."""
        words = self.words
        finite = frame.posterior_density[1:-1]
        peak = float(finite.max())
        likelihood = frame.likelihood / frame.likelihood.max() * peak
        self.query_one(Plot).chart = Chart(
            series=(
                Series(
                    frame.theta, frame.posterior_density, words["posterior_density"], role="ill"
                ),
                Series(frame.theta, likelihood, words["likelihood"], role="accent"),
                Series(frame.theta, frame.prior_density, words["prior_density"], role="muted"),
            ),
            x_label=words["theta"],
            y_label=words["density"],
            x_range=(0.0, 1.0),
            y_range=(0.0, peak * 1.05),
            x_unit="percent",
        )
        to = "-" if self.ascii_only else "–"
        self.query_one("#numbers", Readout).show(
            Content.assemble(
                f"{words['mean']} ",
                (percent(frame.mean), "bold reverse"),
                f"   {words['interval']} {percent(frame.low)} {to} {percent(frame.high)}",
                (f"\n{words['most_likely']} {percent(frame.most_likely)}", "$muted"),
                (f"   {words['area']} {frame.area:.4g}", "$muted"),
            )
        )


PICTURES: dict[str, type[Picture[Any, Any]]] = {
    "posterior": People,
    "update": Chain,
    "curve": EveryPrior,
    "trial": Trial,
    "likelihood": Rate,
}
"""What each view of the lab draws."""
