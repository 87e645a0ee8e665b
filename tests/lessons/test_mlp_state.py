"""What the MNIST lesson's frames tell of themselves, its guided tasks, its texts and its listings."""

from __future__ import annotations

import contextlib
import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.mlp import LESSON, compute, state
from lessons.mlp.state import CHECKS, REMEDIES, SKETCHES, TASKS, Curve, Lab
from tutor import lab_state
from tutor.activities import Predict
from tutor.code import listing
from tutor.lesson_text import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.run_view import RunFrame

CPU = torch.device("cpu")

VIEWS = [name for name in TASKS if name not in REMEDIES.values()]
"""The tasks that the lab draws; the others mend what is amiss."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def curve(losses: list[float], accuracy: float = 0.5) -> Curve:
    return Curve(
        step=len(losses),
        steps=1000,
        epoch=1,
        batches=500,
        parameters=203_530,
        loss_steps=np.arange(len(losses)) + 1.0,
        losses=np.array(losses),
        test_steps=np.array([0, 500]),
        test_losses=np.array([2.7, 1.0]),
        test_accuracies=np.array([0.1, accuracy]),
        first_loss=losses[0] if losses else math.nan,
        epoch_loss=math.nan,
        finite=int(np.isfinite(losses).all()),
    )


STEPS = np.linspace(0, 1, 100)

SHAPES = {
    "flat": 2.6 - 0.2 * STEPS,
    "creeps": 2.6 - 0.9 * STEPS,
    "falls": 2.6 * np.exp(-5 * STEPS),
    "explodes": np.where(STEPS < 0.1, 2.6 + 3000 * STEPS, 2.303),
    "climbs": np.where(STEPS < 0.3, 2.6 - 5 * STEPS, 1.1 + 9 * (STEPS - 0.3)),
}


class TestShape:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_is_what_the_losses_did(self, shape: str) -> None:
        frame = curve(SHAPES[shape].tolist())
        assert frame.shape == shape
        assert frame.sketch == SKETCHES[shape]

    @pytest.mark.parametrize("shape", SHAPES)
    @given(st.integers(0, 2**31), st.floats(0.5, 100))
    def test_outlives_noise_and_scale(self, shape: str, seed: int, scale: float) -> None:
        noise = np.random.default_rng(seed).normal(1, 0.03, len(STEPS))
        losses = SHAPES[shape] * noise
        losses[0] = SHAPES[shape][0]
        assert curve((scale * losses).tolist()).shape == shape

    def test_a_loss_that_is_no_number_explodes(self) -> None:
        assert curve([2.6, 2.0, 1.0, math.inf]).shape == "explodes"
        assert curve([2.6, 1.0, 0.5, math.nan]).shape == "explodes"

    def test_there_is_none_before_the_first_step(self) -> None:
        assert curve([]).shape == curve([]).sketch == ""
        assert math.isnan(curve([]).end)

    @given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=400))
    def test_there_is_always_one_afterwards(self, losses: list[float]) -> None:
        assert curve(losses).shape in SHAPES


class TestTexts:
    @pytest.mark.parametrize("language", ["en", "ko"])
    def test_curves_are_drawn_as_they_are_measured(self, language: str) -> None:
        text = load("lessons.mlp", language)
        predicted = [
            one
            for one in text.activities
            if isinstance(one, Predict) and one.run.measure == "sketch"
        ]
        assert len(predicted) >= 3
        for activity in predicted:
            assert len(activity.options) == 4
            for option in activity.options:
                assert option.value in SKETCHES.values()
                assert option.text.startswith(f"{option.value} ")
        rates = text.step("rates").prose
        assert all(f"`{option.value}`" in rates for option in predicted[0].options)

    def test_each_kind_of_option_of_the_lab_has_a_word(self) -> None:
        for language in ("en", "ko"):
            words = load("lessons.mlp", language).words
            for name in ("fault", "shuffle", "split", "mode", "show", "optimizer"):
                for option in Lab.setting(name).options:
                    assert words[f"{name}.{option}"]


class TestTasks:
    def test_a_run_solves_the_task_of_training(self) -> None:
        empty: RunFrame
        (empty,) = compute.train(state.Training(), CPU)
        solved = CHECKS["trained_well"]
        assert not solved(Lab(), empty)
        assert not solved(Lab(), replace(empty, test_accuracy=0.93))
        assert solved(Lab(), replace(empty, test_accuracy=0.95))

    def test_a_mistaken_loop_solves_no_task_of_rates(self) -> None:
        explodes = curve(SHAPES["explodes"].tolist())
        assert CHECKS["too_large"](Lab(lr=1), explodes)
        assert not CHECKS["too_large"](Lab(lr=1, fault="no_zero_grad"), explodes)
        assert not CHECKS["too_large"](Lab(lr=1, optimizer="sgd"), explodes)
        good = curve(SHAPES["falls"].tolist(), accuracy=0.92)
        assert CHECKS["good_rate"](Lab(optimizer="sgd", epochs=1), good)
        assert not CHECKS["good_rate"](Lab(optimizer="sgd", epochs=2), good)
        assert not CHECKS["good_rate"](Lab(epochs=1), good)

    def test_a_one_is_no_scrap(self) -> None:
        slash = "0000008" + "0000010" + "0000020"
        params = state.Ink(ink=slash, trained=3)
        frame = compute.draw(params, CPU)
        assert frame.digit == 1
        assert frame.probability > 0.9
        assert not CHECKS["sure_of_a_scrap"](Lab(ink=slash), frame)

    def test_examining_the_training_images_solves_nothing(self) -> None:
        frame = compute.evaluate(state.Exam(trained=3, split="train"), CPU)
        assert frame.accuracy > 0.94
        assert not CHECKS["trained_well"](Lab(split="train"), frame)


class TestLab:
    def test_every_view_is_a_task(self) -> None:
        assert set(Lab.setting("view").options) == set(VIEWS)

    @pytest.mark.parametrize("view", VIEWS)
    def test_everything_that_a_task_takes_can_be_set(self, view: str) -> None:
        assert set(TASKS[view].params.names()) <= set(Lab.names())
        assert Lab().narrowed(TASKS[view].params) == TASKS[view].params()

    def test_a_state_is_a_short_text(self) -> None:
        lab = lab_state.at(Lab, "curve?hidden=128,64&lr=0.01&fault=sum")
        assert (lab.widths, lab.lr, lab.fault) == ((128, 64), 0.01, "sum")
        assert lab_state.at(Lab, f"curve?{lab.changed(view='data').query()}") == lab


SHORT: dict[str, dict[str, Any]] = {
    "curve": {"hidden": "16", "epochs": 1, "batch_size": 500},
    "evaluate": {"hidden": "16", "trained": 1, "batch_size": 500},
    "draw": {"hidden": "16", "trained": 1, "batch_size": 500, "ink": "f"},
}
"""What keeps a task short."""


@pytest.mark.parametrize("task", VIEWS)
def test_the_code_gives_what_the_picture_shows(task: str) -> None:
    params = TASKS[task].params(**SHORT.get(task, {}))
    script = listing(LESSON, task, params, streams=TASKS[task].streams)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(script, "listing.py", "exec"), {"__name__": "__main__"})
    given = getattr(compute, task)(params, CPU)
    frames = list(given) if TASKS[task].streams else [given]
    assert out.getvalue().splitlines() == "\n".join(map(repr, frames)).splitlines()
