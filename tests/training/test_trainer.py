from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from imagined import CPU
from torch import nn

from tutor.training import learner as learners
from tutor.training import models, trainer
from tutor.training.batches import Placed
from tutor.training.checkpoint import Checkpoint
from tutor.training.config import OPTIMIZERS, Config
from tutor.training.controls import Controls
from tutor.training.errors import SaveError
from tutor.training.evaluation import evaluate, scores
from tutor.training.events import (
    Began,
    Ended,
    Event,
    Paused,
    Progressed,
    RateChanged,
    Resumed,
    Saved,
)
from tutor.training.events import (
    Tested as WasTested,
)
from tutor.training.randomness import permutation
from tutor.training.state import weights_sha256
from tutor.training.trainer import Pace, Trainer

OFTEN = Pace(report=0.0, save=0.0)


def trained(config: Config, placed: Placed, **given: Any) -> tuple[Trainer, list[Event]]:
    made = Trainer(config, placed, **given)
    return made, list(made.events())


def of(kind: type[Event], events: Iterable[Event]) -> list[Any]:
    return [one for one in events if isinstance(one, kind)]


def losses(events: Iterable[Event]) -> list[float]:
    return np.concatenate([one.losses for one in of(Progressed, events)]).tolist()


def test_learns(config: Config, placed: Placed) -> None:
    _, events = trained(config, placed)
    tests = of(WasTested, events)
    assert tests[0].test_accuracy < 0.4
    assert tests[-1].test_accuracy > 0.9
    assert tests[-1].test_loss < tests[0].test_loss / 4


def test_tells_what_happens_in_order(config: Config, placed: Placed) -> None:
    _, events = trained(config, placed)
    assert events[0] == Began(0, 22, 11, 330, 100, 12_730, "cpu", 1, torch.__version__)
    assert [(one.step, one.epoch) for one in of(WasTested, events)] == [(0, 0), (11, 1), (22, 2)]
    assert np.isnan(of(WasTested, events)[0].train_loss)
    assert events[-1] == Ended(22, "done")
    reports = of(Progressed, events)
    assert sum(len(one.losses) for one in reports) == 22
    assert reports[-1].step == 22
    assert [one.epoch for one in reports] == [1 if one.step <= 11 else 2 for one in reports]
    assert all(one.samples_per_second > 0 for one in reports)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_does_what_a_loop_from_a_tutorial_does(optimizer: str, placed: Placed) -> None:
    config = Config(hidden="16", batch_size=32, epochs=1, lr=0.01, optimizer=optimizer)
    model = models.create(config)
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, 0.01),
        "momentum": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9),
        "nesterov": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, nesterov=True),
        "adagrad": lambda p: torch.optim.Adagrad(p, 0.01),
        "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01),
        "adam": lambda p: torch.optim.Adam(p, 0.01),
        "adamw": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0),
    }
    optim = kinds[optimizer](model.parameters())
    expected = []
    for some in permutation(330, 0, 0).split(32):
        optim.zero_grad()
        loss = F.cross_entropy(model(placed.train.images[some]), placed.train.labels[some])
        loss.backward()
        optim.step()
        expected.append(loss.item())
    made, events = trained(config, placed)
    np.testing.assert_allclose(losses(events), expected, rtol=1e-4)
    for one, other in zip(made.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        answer = model(placed.test.images)
    last = of(WasTested, events)[-1]
    assert last.test_loss == pytest.approx(
        F.cross_entropy(answer, placed.test.labels).item(), rel=1e-4
    )
    right = (answer.argmax(1) == placed.test.labels).sum().item()
    assert last.test_accuracy == pytest.approx(right / 100, abs=0.011)


def test_tells_norms_and_the_epoch_s_mean(config: Config, placed: Placed) -> None:
    made, events = trained(config.changed(epochs=1), placed, pace=OFTEN)
    last = of(Progressed, events)[-1]
    for name, one in made.model.named_parameters():
        assert last.weights[name] == pytest.approx(one.norm().item(), rel=1e-6)
        assert last.gradients[name] == pytest.approx(one.grad.norm().item(), rel=1e-6)
    mean = (np.dot(losses(events)[:10], [32] * 10) + losses(events)[10] * 10) / 330
    assert of(WasTested, events)[-1].train_loss == pytest.approx(mean)


def test_reports_are_made_by_time_or_when_there_is_no_more_room(
    config: Config, placed: Placed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sizes(report: float) -> list[int]:
        _, events = trained(config, placed, pace=Pace(report=report))
        return [len(one.losses) for one in of(Progressed, events)]

    assert sizes(0.0) == [1] * 22
    assert sizes(3600.0) == [11, 11]
    monkeypatch.setattr(learners, "ROOM", 4)
    monkeypatch.setattr(trainer, "ROOM", 4)
    assert sizes(3600.0) == [4, 4, 3, 4, 4, 3]


def test_the_same_seed_gives_the_same_bits(config: Config, placed: Placed) -> None:
    config = config.changed(dropout=0.3)
    one, events = trained(config, placed)
    torch.manual_seed(99)
    other, again = trained(config, placed, pace=OFTEN, save=lambda _: None)
    assert weights_sha256(one.model) == weights_sha256(other.model)
    assert losses(events) == losses(again)
    assert of(WasTested, events)[-1].train_loss == of(WasTested, again)[-1].train_loss
    third, _ = trained(config.changed(seed=1), placed)
    assert weights_sha256(third.model) != weights_sha256(one.model)


def test_draws_no_random_number_of_the_caller_s(config: Config, placed: Placed) -> None:
    torch.manual_seed(5)
    expected = torch.rand(30).tolist()
    torch.manual_seed(5)
    events = Trainer(config.changed(dropout=0.5, epochs=1), placed, pace=OFTEN).events()
    seen = [torch.rand(1).item() for _ in events]
    assert seen == expected[: len(seen)]


def test_gradients_of_others_are_recorded_as_before(config: Config, placed: Placed) -> None:
    for _ in Trainer(config, placed).events():
        assert torch.is_grad_enabled()


def test_trains_a_learner_s_own_network(config: Config, placed: Placed) -> None:
    own = nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.BatchNorm1d(8), nn.Linear(8, 10))
    made, events = trained(config, placed, model=own)
    assert made.model is own
    assert events[0].parameters == 784 * 8 + 8 + 16 + 90
    assert own[2].num_batches_tracked == 22
    assert own.training


def test_evaluation_leaves_the_model_as_it_was(placed: Placed) -> None:
    model = models.create(Config(dropout=0.9))
    for training in (True, False):
        model.train(training)
        assert evaluate(model, placed.test) == evaluate(model, placed.test)
        assert scores(model, placed.test.images).shape == (100, 10)
        assert model.training is training
    assert all(one.grad is None for one in model.parameters())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_goes_on_from_any_checkpoint_to_the_same_bits(optimizer: str, placed: Placed) -> None:
    config = Config(hidden="16", batch_size=32, epochs=2, lr=0.01, optimizer=optimizer, dropout=0.2)
    kept: list[Checkpoint] = []
    whole, events = trained(config, placed, save=kept.append, pace=OFTEN)
    assert [one.place.step for one in kept] == [*range(23), 22]
    for start in kept[::5]:
        resumed = Trainer(config, placed)
        resumed.restore(start)
        told = list(resumed.events())
        assert told[0].step == start.place.step
        assert weights_sha256(resumed.model) == weights_sha256(whole.model)
        assert losses(told) == losses(events)[start.place.step :]
        assert [one.train_loss for one in of(WasTested, told)][
            1 if start.place.step == 0 else 0 :
        ] == [one.train_loss for one in of(WasTested, events)[1:] if one.step > start.place.step]
        assert of(Progressed, told)[-1].seconds > start.place.seconds


def steered(
    config: Config, placed: Placed, act: Callable[[Event, Controls], None], **given: Any
) -> tuple[Trainer, list[Event]]:
    """Train, and let `act` send commands as events come."""
    controls = Controls()
    made = Trainer(config, placed, controls=controls, pace=Pace(report=0.0), **given)
    events = []
    for event in made.events():
        events.append(event)
        act(event, controls)
    return made, events


def test_pauses_steps_and_goes_on(config: Config, placed: Placed) -> None:
    saved: list[Checkpoint] = []

    def act(event: Event, controls: Controls) -> None:
        match event:
            case Progressed(step=5):
                controls.send("pause")
            case Paused():
                controls.send("step")
                controls.send("step", 2)
                controls.send("pause")
                controls.send("step", 3)
            case Progressed(step=8):
                controls.send("resume")

    made, events = steered(config, placed, act, save=saved.append)
    assert of(Paused, events) == [Paused(5)]
    assert of(Resumed, events) == [Resumed(8)]
    assert [one.place.step for one in saved] == [0, 5, 5, 22]
    undisturbed, _ = trained(config, placed)
    assert weights_sha256(made.model) == weights_sha256(undisturbed.model)


def test_steps_from_a_run_leave_it_paused(config: Config, placed: Placed) -> None:
    def act(event: Event, controls: Controls) -> None:
        if isinstance(event, WasTested) and event.step == 0:
            controls.send("step", 4)
        if isinstance(event, Progressed) and event.step == 4:
            controls.send("stop")

    _, events = steered(config, placed, act)
    assert of(Paused, events) == [Paused(0)]
    assert of(Saved, events) == []
    assert events[-1] == Ended(4, "stopped")


def test_changes_the_learning_rate_between_two_steps(config: Config, placed: Placed) -> None:
    saved: list[Checkpoint] = []

    def act(event: Event, controls: Controls) -> None:
        if isinstance(event, Progressed) and event.step == 7:
            controls.send("lr", 0.5)
            controls.send("lr", 0.25)

    made, events = steered(config, placed, act, save=saved.append)
    assert of(RateChanged, events) == [RateChanged(7, 0.5), RateChanged(7, 0.25)]
    assert [one.lr for one in of(Progressed, events)] == [0.01] * 7 + [0.25] * 15
    assert [(one.place.step, one.place.lr) for one in saved] == [(0, 0.01), (7, 0.25), (22, 0.25)]
    resumed = Trainer(config, placed)
    resumed.restore(saved[1])
    list(resumed.events())
    assert weights_sha256(resumed.model) == weights_sha256(made.model)


def test_stops_and_saves_on_command(config: Config, placed: Placed) -> None:
    saved: list[Checkpoint] = []

    def act(event: Event, controls: Controls) -> None:
        if isinstance(event, Progressed) and event.step == 3:
            controls.send("checkpoint")
        if isinstance(event, Progressed) and event.step == 13:
            controls.send("stop")
            controls.send("lr", 1.0)

    _, events = steered(config, placed, act, save=saved.append)
    assert [one.place.step for one in saved] == [0, 3, 13]
    assert events[-2:] == [Saved(13), Ended(13, "stopped")]


def test_stops_while_paused(config: Config, placed: Placed) -> None:
    def act(event: Event, controls: Controls) -> None:
        if isinstance(event, Progressed) and event.step == 2:
            controls.send("pause")
        if isinstance(event, Paused):
            controls.send("stop")

    _, events = steered(config, placed, act)
    assert events[-1] == Ended(2, "stopped")


def test_a_checkpoint_that_cannot_be_saved_pauses_until_it_can(
    config: Config, placed: Placed
) -> None:
    room, tried = [False], []

    def save(checkpoint: Checkpoint) -> None:
        tried.append(checkpoint.place.step)
        if checkpoint.place.step == 6 and not room[0]:
            raise SaveError("error.training.full", path="x", detail="y")

    def act(event: Event, controls: Controls) -> None:
        match event:
            case Progressed(step=6):
                controls.send("checkpoint")
            case Paused() if len(tried) == 3:
                room[0] = True
                controls.send("resume")
            case Paused():
                controls.send("step")
                controls.send("resume")

    made, events = steered(config, placed, act, save=save)
    assert tried == [0, 6, 6, 6, 22]
    assert (
        of(Paused, events) == [Paused(6, "error.training.full", {"path": "x", "detail": "y"})] * 2
    )
    assert events[-1] == Ended(22, "done")
    undisturbed, _ = trained(config, placed)
    assert weights_sha256(made.model) == weights_sha256(undisturbed.model)


def test_a_run_that_cannot_be_saved_can_be_stopped(config: Config, placed: Placed) -> None:
    def save(checkpoint: Checkpoint) -> None:
        if checkpoint.place.step:
            raise SaveError("error.training.full", path="x", detail="y")

    def act(event: Event, controls: Controls) -> None:
        if isinstance(event, Progressed) and event.step == 6:
            controls.send("checkpoint")
        if isinstance(event, Paused):
            controls.send("stop")

    _, events = steered(config, placed, act, save=save)
    assert events[-1] == Ended(6, "stopped", "error.training.full", {"path": "x", "detail": "y"})


def test_without_controls_a_failed_save_is_an_error(config: Config, placed: Placed) -> None:
    def save(_: Checkpoint) -> None:
        raise SaveError("error.training.full", path="x", detail="y")

    with pytest.raises(SaveError):
        trained(config, placed, save=save)


def test_a_loss_that_is_not_finite_ends_training_and_says_where(placed: Placed) -> None:
    config = Config(hidden="16", batch_size=32, epochs=5, lr=1e9, optimizer="sgd")
    for pace in (Pace(report=0.0, save=0.0), Pace(report=3600.0)):
        saved: list[Checkpoint] = []
        _, events = trained(config, placed, save=saved.append, pace=pace)
        told = losses(events)
        end = events[-1]
        assert (end.outcome, end.key) == ("failed", "error.training.diverged")
        assert end.step == len(told) == of(Progressed, events)[-1].step
        assert np.isfinite(told[:-1]).all()
        assert not np.isfinite(told[-1])
        assert end.values == {"step": end.step, "lr": 1e9, "saved": saved[-1].place.step}
        assert all(one.isfinite().all() for one in saved[-1].tensors.values())


def test_without_a_checkpoint_none_is_promised(placed: Placed) -> None:
    config = Config(hidden="16", batch_size=32, lr=1e9, optimizer="sgd")
    _, events = trained(config, placed)
    assert events[-1].key == "error.training.diverged_unsaved"


def test_weights_that_are_not_finite_are_never_saved(config: Config, placed: Placed) -> None:
    saved: list[Checkpoint] = []
    made = Trainer(config.changed(epochs=1), placed, save=saved.append)
    for event in made.events():
        if isinstance(event, Progressed) and event.step == 11:
            with torch.no_grad():
                made.model.output.weight[0, 0] = float("nan")
    assert event.key == "error.training.diverged"
    assert [one.place.step for one in saved] == [0]


class Hungry(nn.Module):
    """A network for which memory runs out after some steps."""

    def __init__(self, steps: int, error: Exception) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        self.steps = steps
        self.error = error

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.steps -= 1
            if self.steps < 0:
                raise self.error
        return self.net(images)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"
        ),
    ],
)
@pytest.mark.parametrize("steps", [0, 5])
def test_memory_that_runs_out_suggests_half_the_batch(
    config: Config, placed: Placed, error: Exception, steps: int
) -> None:
    _, events = trained(config, placed, model=Hungry(steps, error), pace=Pace(report=3600.0))
    values = {"batch_size": 32, "smaller": 16, "step": steps, "saved": 0}
    assert events[-1] == Ended(steps, "failed", "error.training.memory", values)
    assert len(losses([Progressed(0, 0, 0, np.empty(0), 0, 0, {}, {}), *events])) == steps


def test_with_one_image_a_batch_there_is_no_half(config: Config, placed: Placed) -> None:
    hungry = Hungry(0, torch.OutOfMemoryError())
    _, events = trained(config.changed(batch_size=1), placed, model=hungry)
    assert events[-1].key == "error.training.memory_one"


def test_memory_that_runs_out_in_a_test_ends_training_too(
    config: Config, placed: Placed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(*_: object) -> None:
        raise RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)")

    monkeypatch.setattr(learners, "evaluate", hungry)
    _, events = trained(config, placed)
    assert [type(one) for one in events] == [Began, Ended]
    assert events[-1].key == "error.training.memory"


def test_other_errors_are_passed_on(config: Config, placed: Placed) -> None:
    with pytest.raises(RuntimeError, match="bug"):
        trained(config, placed, model=Hungry(3, RuntimeError("bug")))


def test_the_cpu_s_own_words_for_no_memory_are_known() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**60, dtype=torch.uint8)
    assert trainer.is_out_of_memory(error.value)


def test_does_not_wait_for_the_device_while_it_steps(
    config: Config, placed: Placed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(*_: object) -> Iterator[None]:
        raise AssertionError

    made = learners.Learner(config, placed)
    for name in ("item", "tolist", "cpu", "numpy", "__float__", "__bool__"):
        monkeypatch.setattr(torch.Tensor, name, waits)
    made.train(5, 3600.0, lambda: False)
    monkeypatch.undo()
    assert len(made.gather().losses) == 5
    assert placed.train.labels.device == CPU
