"""Each optimizer against the formula in its paper, and in torch's documentation."""

import numpy as np
import pytest
import torch
from imagined import CPU
from numpy.typing import NDArray

from tutor.training import optimizers
from tutor.training.config import OPTIMIZERS, Config
from tutor.training.models import MLP

LR, DECAY, MU, EPS = 0.05, 0.1, 0.9, 1e-8

Array = NDArray[np.float64]
State = dict[str, Array]


def sgd(w: Array, g: Array, state: State, t: int) -> Array:
    return w - LR * (g + DECAY * w)


def momentum(w: Array, g: Array, state: State, t: int) -> Array:
    state["v"] = MU * state.get("v", 0) + g + DECAY * w
    return w - LR * state["v"]


def nesterov(w: Array, g: Array, state: State, t: int) -> Array:
    g = g + DECAY * w
    state["v"] = MU * state.get("v", 0) + g
    return w - LR * (g + MU * state["v"])


def adagrad(w: Array, g: Array, state: State, t: int) -> Array:
    g = g + DECAY * w
    state["s"] = state.get("s", 0) + g**2
    return w - LR * g / (np.sqrt(state["s"]) + 1e-10)


def rmsprop(w: Array, g: Array, state: State, t: int) -> Array:
    g = g + DECAY * w
    state["s"] = 0.99 * state.get("s", 0) + 0.01 * g**2
    return w - LR * g / (np.sqrt(state["s"]) + EPS)


def adam(w: Array, g: Array, state: State, t: int) -> Array:
    return _adam(w, g + DECAY * w, state, t)


def adamw(w: Array, g: Array, state: State, t: int) -> Array:
    return _adam(w * (1 - LR * DECAY), g, state, t)


def _adam(w: Array, g: Array, state: State, t: int) -> Array:
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    state["s"] = 0.999 * state.get("s", 0) + 0.001 * g**2
    m, s = state["m"] / (1 - 0.9**t), state["s"] / (1 - 0.999**t)
    return w - LR * m / (np.sqrt(s) + EPS)


FORMULAS = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_changes_weights_as_its_formula_says(name: str) -> None:
    model = MLP(inputs=6, hidden=(5,), outputs=4)
    config = Config(optimizer=name, lr=LR, weight_decay=DECAY, momentum=MU)
    optimizer = optimizers.create(config, model)
    weights = [one.detach().double().numpy() for one in model.parameters()]
    states: list[State] = [{} for _ in weights]
    random = np.random.default_rng(0)
    for step in range(1, 6):
        gradients = [random.normal(size=one.shape) for one in weights]
        for one, gradient in zip(model.parameters(), gradients, strict=True):
            one.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
        for index, gradient in enumerate(gradients):
            weights[index] = FORMULAS[name](weights[index], gradient, states[index], step)
    for one, expected in zip(model.parameters(), weights, strict=True):
        np.testing.assert_allclose(one.detach(), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_keeps_what_it_is_said_to_keep(name: str) -> None:
    model = MLP(inputs=6, hidden=(5,), outputs=4)
    optimizer = optimizers.create(Config(optimizer=name), model)
    model(torch.ones(2, 6)).sum().backward()
    optimizer.step()
    for state in optimizer.state_dict()["state"].values():
        kept = {key for key, value in state.items() if value is not None}
        assert kept == set(optimizers.STATE[name])


def test_is_fused_where_torch_can_do_that() -> None:
    fused = {
        name: bool(
            optimizers.create(Config(optimizer=name), MLP().to(CPU)).param_groups[0].get("fused")
        )
        for name in OPTIMIZERS
    }
    assert fused == {name: name != "rmsprop" for name in OPTIMIZERS}


def test_another_rate_holds_from_the_next_step_on() -> None:
    model = MLP(inputs=4, hidden=(), outputs=2)
    optimizer = optimizers.create(Config(optimizer="sgd", lr=0.1), model)
    for one in model.parameters():
        one.grad = torch.ones_like(one)
    before = model.output.weight.detach().clone()
    optimizers.set_rate(optimizer, 0.5)
    optimizer.step()
    torch.testing.assert_close(model.output.weight.detach(), before - 0.5)


def test_nesterov_without_momentum_is_plain_descent() -> None:
    assert optimizers.create(Config(optimizer="nesterov", momentum=0.0), MLP()) is not None


def test_what_is_not_trained_is_left_alone() -> None:
    model = MLP()
    model.output.bias.requires_grad_(requires_grad=False)
    groups = optimizers.create(Config(), model).param_groups
    assert len(groups[0]["params"]) == 3
