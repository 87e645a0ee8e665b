"""The MNIST lesson's computations against the data, the library, closed forms and torch itself."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lessons.mlp import compute
from lessons.mlp.state import (
    TASKS,
    Course,
    Curve,
    Exam,
    Ink,
    Lab,
    Loading,
    Network,
    Nothing,
    OneImage,
    Sample,
    ShortRun,
    Training,
    Units,
)
from tutor.compute.protocol import Finished, decode, encode
from tutor.data.images import load
from tutor.errors import ImpossibleError, UnknownNameError
from tutor.training import evaluation, models
from tutor.training.batches import place
from tutor.training.config import Config
from tutor.training.run_directory import Run, Runs, home
from tutor.training.train import run as execute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.api import Frame

CPU = torch.device("cpu")
DIGITS = load("digits")

SMALL = {"hidden": "16", "batch_size": 100}
"""A network that trains in a fifth of a second."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def course() -> list[Curve]:
    """All frames of a short run of two epochs."""
    return list(compute.curve(ShortRun(**SMALL, epochs=2), CPU))


@pytest.fixture
def trained() -> Run:
    """A finished run of a small network in the folder of the runs."""
    made = Runs(home()).create(Config(hidden="16", batch_size=100, epochs=1, device="cpu"))
    execute(made, DIGITS)
    return made


def last(**values: object) -> Curve:
    *_, frame = compute.curve(ShortRun(**values), CPU)  # type: ignore[arg-type]
    return frame


def same(one: Frame, other: Frame) -> bool:
    for each in fields(one):  # type: ignore[arg-type]
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        number = isinstance(mine, float | int | np.ndarray)
        if not (np.array_equal(mine, theirs, equal_nan=True) if number else mine == theirs):
            return False
    return True


class TestImports:
    def test_tells_what_is_here(self) -> None:
        frame = compute.imports(Nothing(), CPU)
        assert (frame.torch, frame.numpy) == (torch.__version__, np.__version__)
        assert (frame.device, frame.threads) == ("cpu", torch.get_num_threads())
        assert frame.tensor == "tensor([[0., 1., 2.],\n        [3., 4., 5.]])"
        assert frame.product == "tensor([[ 5., 14.],\n        [14., 50.]])"


class TestData:
    def test_is_the_data_set(self) -> None:
        frame = compute.data(Sample(), CPU)
        assert (frame.train, frame.test) == (10_000, 2_000)
        assert (frame.shape, frame.dtype) == ("(10000, 28, 28)", "uint8")
        pixels = DIGITS.train_images / 255
        assert frame.mean == pytest.approx(pixels.mean())
        assert frame.std == pytest.approx(pixels.std())
        assert frame.background == pytest.approx((DIGITS.train_images == 0).mean())
        assert frame.ink == pytest.approx((1 - pixels.mean()) / pixels.std())
        assert frame.paper == pytest.approx(-pixels.mean() / pixels.std())

    @settings(max_examples=20)
    @given(st.integers(0, 5000))
    def test_shows_images_of_each_class(self, offset: int) -> None:
        frame = compute.data(Sample(offset=offset), CPU)
        assert frame.samples.shape == (10, 8, 28, 28)
        for digit in range(10):
            of_class = DIGITS.train_images[DIGITS.train_labels == digit]
            for column in range(8):
                expected = of_class[(offset + column) % len(of_class)]
                assert np.array_equal(frame.samples[digit, column], expected)


class TestBatches:
    @pytest.fixture
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A data set of the first 330 training images, so that all its batches can be asked for."""
        small = replace(
            DIGITS, train_images=DIGITS.train_images[:330], train_labels=DIGITS.train_labels[:330]
        )
        monkeypatch.setattr(compute, "loaded", lambda name: small)
        monkeypatch.setattr(compute, "placed", lambda name, device: place(small, device))

    @pytest.mark.usefixtures("few")
    def test_an_epoch_has_every_image_once(self) -> None:
        seen: list[int] = []
        for batch in range(6):
            frame = compute.batches(Loading(batch=batch), CPU)
            assert (frame.batches, frame.last_size, frame.total) == (6, 10, 330)
            assert frame.size == (10 if batch == 5 else 64) == len(frame.indices)
            assert np.array_equal(frame.images, DIGITS.train_images[frame.indices])
            assert np.array_equal(frame.labels, DIGITS.train_labels[frame.indices])
            assert frame.class_counts.tolist() == np.bincount(frame.labels, minlength=10).tolist()
            seen += frame.indices.tolist()
        assert sorted(seen) == list(range(330))

    def test_the_last_batch_has_what_is_left(self) -> None:
        frame = compute.batches(Loading(batch=156), CPU)
        assert (frame.size, frame.batches, frame.last_size) == (16, 157, 16)
        assert frame.shape == "(16, 28, 28)"
        assert (frame.dtype, frame.label_dtype) == ("torch.float32", "torch.int64")

    def test_shuffling_draws_a_new_order_for_each_epoch_from_the_seed(self) -> None:
        first = compute.batches(Loading(), CPU)
        assert same(first, compute.batches(Loading(), CPU))
        others = [Loading(epoch=2), Loading(seed=1)]
        orders = [compute.batches(other, CPU).indices.tolist() for other in others]
        assert first.indices.tolist() not in orders
        assert orders[0] != orders[1]

    def test_without_shuffling_the_order_is_that_of_the_data(self) -> None:
        for epoch in (1, 2):
            frame = compute.batches(Loading(shuffle="off", epoch=epoch, batch=2), CPU)
            assert frame.indices.tolist() == list(range(128, 192))

    def test_shows_the_first_64_of_a_large_batch_and_measures_all(self) -> None:
        frame = compute.batches(Loading(batch_size=20_000, shuffle="off"), CPU)
        assert (frame.size, frame.batches, frame.last_size) == (10_000, 1, 10_000)
        assert len(frame.images) == len(frame.indices) == 64
        assert frame.mean == pytest.approx(0, abs=1e-5)
        assert frame.std == pytest.approx(1, abs=1e-4)
        assert frame.shape == "(10000, 28, 28)"

    def test_names_a_batch_that_is_not_there(self) -> None:
        with pytest.raises(ImpossibleError) as caught:
            compute.batches(Loading(batch=157), CPU)
        assert caught.value.key == "no_such_batch"
        assert caught.value.values == {"batch": 157, "batches": 157}


class TestModel:
    @settings(max_examples=30)
    @given(st.lists(st.integers(1, 300), min_size=1, max_size=3))
    def test_counts_weights_and_biases(self, widths: list[int]) -> None:
        frame = compute.model(Network(hidden=",".join(map(str, widths))), CPU)
        layers = list(pairwise([784, *widths, 10]))
        assert frame.total == sum(a * b + b for a, b in layers)
        assert frame.biases == sum(widths) + 10
        assert frame.first_shape == f"({widths[0]}, 784)"
        assert frame.values.shape == (2 * len(layers), 4)

    def test_the_default_has_203530_parameters(self) -> None:
        frame = compute.model(Network(), CPU)
        assert frame.total == 203_530
        assert frame.names == (
            "hidden.0.weight",
            "hidden.0.bias",
            "output.weight",
            "output.bias",
        )

    def test_init_param_gives_variance_two_over_inputs(self) -> None:
        frame = compute.model(Network(), CPU)
        assert frame.std == pytest.approx(math.sqrt(2 / 784), rel=0.01)
        assert frame.stds[2] == pytest.approx(math.sqrt(1 / 256), rel=0.05)
        assert frame.stds[1] == frame.stds[3] == frame.means[1] == frame.means[3] == 0
        assert frame.std_before == pytest.approx(1 / math.sqrt(3 * 784), rel=0.01)

    @pytest.mark.parametrize("hidden", ["256", "16", "128,64"])
    def test_a_network_starts_as_a_run_of_the_same_seed_does(self, hidden: str) -> None:
        network = compute.MLP(Network(hidden=hidden).widths)
        network.init_param(3)
        of_run = models.create(Config(hidden=hidden, seed=3)).state_dict()
        assert of_run.keys() == network.state_dict().keys()
        assert all(torch.equal(value, of_run[name]) for name, value in network.state_dict().items())


class TestForward:
    @pytest.mark.parametrize("hidden", ["16", "32,16"])
    def test_every_station_is_what_the_network_computes(self, hidden: str) -> None:
        params = OneImage(hidden=hidden, image=5)
        frame = compute.forward(params, CPU)
        network, _, mean, std = compute.chosen(params, CPU)
        tensor = (torch.tensor(DIGITS.test_images[5]).float().unsqueeze(0) / 255 - mean) / std
        logits = network.eval()(tensor)[0]
        assert np.allclose(frame.logits, logits.detach(), atol=1e-6)
        assert np.allclose(frame.probabilities, logits.softmax(0).detach(), atol=1e-6)
        assert frame.loss == pytest.approx(-math.log(frame.probabilities[frame.label]), rel=1e-5)
        assert frame.label == DIGITS.test_labels[5]
        assert frame.total == pytest.approx(1)
        assert frame.stages[:3] == ("image", "tensor", "flatten")
        assert frame.stages[-3:] == ("output", "softmax", "numpy")
        assert frame.shapes[:3] == ("(28, 28)", "(1, 28, 28)", "(1, 784)")
        assert frame.kinds[0] == "numpy uint8"
        assert frame.kinds[-2:] == ("torch float32", "numpy float32")
        assert len(frame.hidden) == 16
        assert 0.2 < frame.active < 0.8

    def test_the_loss_of_a_guess_is_ln_10(self) -> None:
        frame = compute.forward(OneImage(hidden="16"), CPU)
        guess = F.cross_entropy(torch.zeros(1, 10), torch.tensor([frame.label]))
        assert frame.guess == pytest.approx(guess.item())

    def test_names_an_image_that_is_not_there(self) -> None:
        with pytest.raises(ImpossibleError) as caught:
            compute.forward(OneImage(image=2000), CPU)
        assert caught.value.values == {"image": 2000, "images": 2000}

    def test_one_image_without_a_batch_is_refused_as_the_text_says(self) -> None:
        with pytest.raises(
            RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(28x28 and 784x256\)"
        ):
            compute.MLP()(torch.zeros(28, 28))


class TestLoop:
    def test_a_small_network_learns(self, course: list[Curve]) -> None:
        assert course[0].accuracy < 0.2
        assert course[-1].accuracy > 0.8
        assert course[-1].shape == "falls"

    def test_each_step_is_the_gradient_times_the_rate(self) -> None:
        params = ShortRun(**SMALL, optimizer="sgd", lr=0.05)
        _, network, optimizer, loader = compute.prepared(params, CPU)
        images, labels = next(iter(loader))
        _, network, optimizer, loader = compute.prepared(params, CPU)  # the same order again
        before = [one.detach().clone() for one in network.parameters()]
        loss = F.cross_entropy(network(images), labels)
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        assert next(compute.train_epoch(network, loader, optimizer)) == loss.item()
        for was, gradient, now in zip(before, gradients, network.parameters(), strict=True):
            assert torch.allclose(was - 0.05 * gradient, now, atol=1e-7)

    def test_evaluation_agrees_with_the_library_and_leaves_the_model_training(self) -> None:
        network = compute.MLP((16,), dropout=0.5)
        test = compute.placed("digits", CPU).test
        loss, accuracy = compute.test(network, test.images, test.labels)
        expected = evaluation.evaluate(network, test)
        assert (loss, accuracy) == pytest.approx((expected.loss, expected.accuracy), rel=1e-5)
        assert network.training
        assert all(one.grad is None for one in network.parameters())

    def test_gradients_add_up_without_zero_grad(self) -> None:
        layer = nn.Linear(2, 1)
        for times in (1, 2, 3):
            layer(torch.ones(1, 2)).sum().backward()
            assert layer.weight.grad is not None
            assert layer.weight.grad.tolist() == [[times, times]]

    def test_twice_softmax_cannot_fall_below_its_floor(self) -> None:
        floor = math.log(1 + 9 / math.e)
        assert floor == pytest.approx(1.4612, abs=1e-4)
        sure = torch.softmax(1000 * F.one_hot(torch.tensor([3]), 10).float(), dim=1)
        assert F.cross_entropy(sure, torch.tensor([3])).item() == pytest.approx(floor)
        frame = last(**SMALL, fault="softmax", epochs=2, lr=0.01)
        assert frame.losses.min() > floor
        assert frame.accuracy > 0.6

    def test_the_sum_is_the_mean_times_the_batch(self) -> None:
        mean, summed = (last(**SMALL, fault=fault, epochs=1) for fault in ("none", "sum"))
        assert summed.first_loss == pytest.approx(100 * mean.first_loss, rel=1e-5)


class TestCurve:
    def test_frames_grow_to_the_whole_run(self, course: list[Curve]) -> None:
        assert [frame.step for frame in course] == sorted(frame.step for frame in course)
        end = course[-1]
        assert (end.step, end.steps, end.epoch, end.batches) == (200, 200, 2, 100)
        assert end.test_steps.tolist() == [0, 100, 200]
        assert len(end.test_losses) == len(end.test_accuracies) == 3
        assert end.parameters == 784 * 16 + 16 + 16 * 10 + 10
        assert end.epoch_loss == pytest.approx(end.losses[100:].mean())
        assert end.first_loss == end.losses[0]
        assert math.isnan(course[0].first_loss)

    def test_every_frame_crosses_the_process_boundary(self, course: list[Curve]) -> None:
        for frame in (course[0], course[1], course[-1]):
            table = {each.name: getattr(frame, each.name) for each in fields(frame)}
            back = decode(encode(Finished(1, table)))
            assert isinstance(back, Finished)
            assert same(Curve(**back.frame), frame)

    def test_the_same_params_give_the_same_run(self, course: list[Curve]) -> None:
        torch.rand(1)  # what others draw does not matter
        assert same(last(**SMALL, epochs=2), course[-1])

    def test_long_runs_are_reduced_to_buckets_of_equal_weight(self) -> None:
        frame = last(hidden="16", batch_size=20, epochs=1)
        assert frame.step == 500
        assert len(frame.losses) == len(frame.loss_steps) <= 400
        assert np.all(np.diff(frame.loss_steps) > 0)
        assert frame.loss_steps[0] == 1.5
        assert frame.epoch_loss == pytest.approx(frame.losses.mean())

    def test_a_run_ends_where_its_loss_is_no_number(self) -> None:
        frame = last(**SMALL, optimizer="momentum", lr=10, fault="sum", epochs=2)
        assert frame.finite == 0
        assert frame.step < frame.steps
        assert frame.shape == "explodes"
        assert not math.isfinite(frame.losses[-1])

    def test_a_rate_of_2_kills_nearly_all_hidden_units(self) -> None:
        images, network, optimizer, loader = compute.prepared(
            ShortRun(optimizer="sgd", lr=2.0), CPU
        )
        assert max(compute.train_epoch(network, loader, optimizer)) > 300
        first = next(network.hidden.children())
        active = torch.relu(first(images.test.images.flatten(1))) > 0
        assert (~active.any(dim=0)).float().mean() > 0.9


class TestEvaluate:
    def test_agrees_with_the_evaluation_of_the_loop(self) -> None:
        params = Exam(**SMALL, trained=1)
        frame = compute.evaluate(params, CPU)
        network, step, _, _ = compute.chosen(params, CPU)
        test = compute.placed("digits", CPU).test
        loss, accuracy = compute.test(network, test.images, test.labels)
        assert (frame.loss, frame.accuracy) == pytest.approx((loss, accuracy), rel=1e-5)
        assert frame.step == step == 100
        assert frame.count == 2000
        assert frame.confusion.sum(axis=1).tolist() == np.bincount(DIGITS.test_labels).tolist()
        assert frame.errors == 2000 - round(2000 * accuracy)
        assert frame.class_accuracies[frame.best_class] == frame.class_accuracies.max()
        assert frame.class_accuracies[frame.worst_class] == frame.class_accuracies.min()

    def test_the_worst_errors_are_errors(self) -> None:
        frame = compute.evaluate(Exam(**SMALL, trained=1), CPU)
        assert len(frame.worst) == 24
        assert np.all(frame.worst_true != frame.worst_predicted)
        for image, label in zip(frame.worst, frame.worst_true, strict=True):
            places = np.flatnonzero((DIGITS.test_images == image).all(axis=(1, 2)))
            assert label in DIGITS.test_labels[places]

    def test_forgetting_eval_costs_accuracy_and_harms_no_later_look(self) -> None:
        params = Exam(**SMALL, trained=1, dropout=0.8)
        rightly = compute.evaluate(params, CPU)
        forgotten = compute.evaluate(params.changed(mode="train"), CPU)
        assert forgotten.accuracy < rightly.accuracy - 0.05
        assert same(compute.evaluate(params, CPU), rightly)

    def test_the_training_images_can_be_asked_too(self) -> None:
        frame = compute.evaluate(Exam(**SMALL, trained=1, split="train"), CPU)
        assert frame.count == 10_000


class TestWeights:
    def test_a_unit_is_a_row_of_the_first_layer(self) -> None:
        params = Units(hidden="32", unit=30)
        frame = compute.weights(params, CPU)
        network, *_ = compute.chosen(params, CPU)
        first = next(network.parameters()).detach().numpy()
        assert (frame.first, frame.units) == (8, 32)  # 24 units are left to show
        assert np.array_equal(frame.images, first[8:32].reshape(-1, 28, 28))
        assert frame.limit == pytest.approx(np.abs(frame.images).max())
        assert abs(frame.neighbours) < 0.05

    def test_the_change_is_nothing_before_training_and_smooth_after(self) -> None:
        before = compute.weights(Units(**SMALL, show="change"), CPU)
        assert before.limit == 0
        assert math.isnan(before.neighbours)
        after = compute.weights(Units(**SMALL, show="change", trained=1), CPU)
        assert after.neighbours > 0.6


class TestRuns:
    """The views show the newest checkpoint of a run."""

    def test_a_run_is_examined_as_it_was_tested(self, trained: Run) -> None:
        status = trained.status()
        frame = compute.evaluate(Exam(run=trained.id), CPU)
        assert frame.accuracy == pytest.approx(status.test_accuracy)
        assert frame.loss == pytest.approx(status.test_loss, rel=1e-4)
        assert frame.step == status.step == 100

    def test_every_view_takes_it(self, trained: Run) -> None:
        assert compute.forward(OneImage(run=trained.id), CPU).step == 100
        assert len(compute.forward(OneImage(run=trained.id), CPU).hidden) == 16
        assert compute.draw(Ink(run=trained.id), CPU).step == 100
        weights = compute.weights(Units(run=trained.id), CPU)
        change = compute.weights(Units(run=trained.id, show="change"), CPU)
        start = next(models.create(trained.config()).parameters()).detach().numpy()
        assert np.allclose(weights.images - change.images, start.reshape(-1, 28, 28), atol=1e-6)

    def test_a_run_can_be_watched(self, trained: Run) -> None:
        *_, frame = compute.train(Training(run=trained.id), CPU)
        assert (frame.state, frame.step) == ("done", 100)
        assert frame.test_accuracy == pytest.approx(trained.status().test_accuracy)

    def test_without_a_run_there_is_an_empty_picture(self) -> None:
        (frame,) = compute.train(Training(), CPU)
        assert (frame.run, frame.state, frame.step) == ("", "", 0)

    def test_a_run_without_a_checkpoint_says_so(self) -> None:
        made = Runs(home()).create(Config())
        for task, params in (
            (compute.evaluate, Exam(run=made.id)),
            (compute.forward, OneImage(run=made.id)),
            (compute.weights, Units(run=made.id)),
            (compute.draw, Ink(run=made.id)),
        ):
            with pytest.raises(ImpossibleError) as caught:
                task(params, CPU)  # type: ignore[operator]
            assert (caught.value.key, caught.value.values) == ("no_checkpoint", {"run": made.id})

    def test_an_unknown_run_is_named(self) -> None:
        with pytest.raises(UnknownNameError):
            compute.evaluate(Exam(run="20260101-000000-mlp-0000"), CPU)

    def test_what_starts_a_run_is_what_a_run_takes(self) -> None:
        started_with = TASKS["train"].trains
        assert started_with is Course
        config = Config(**Lab(hidden="128,64", lr=0.01, epochs=7).narrowed(Course).values())
        assert (config.hidden, config.lr, config.epochs) == ("128,64", 0.01, 7)
        defaults = Config()
        assert Config(**Course().values()) == defaults
        for name in Course.names():
            options = Course.setting(name).options
            for option in options:
                assert getattr(defaults.changed(**{name: option}), name) == option


def test_every_task_gives_plain_numbers_by_default() -> None:
    for name, task in TASKS.items():
        if name in ("draw", "curve", "train", "fetch"):
            continue
        frame = getattr(compute, name)(task.params(), CPU)
        assert isinstance(frame, task.frame)
        table = {each.name: getattr(frame, each.name) for each in fields(frame)}
        json.loads(encode(Finished(1, table)))
