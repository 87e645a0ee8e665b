import math

import numpy as np
import pytest
import torch

from tutor.training import models
from tutor.training.config import Config
from tutor.training.models import MLP


def test_has_as_many_numbers_as_the_arithmetic_says() -> None:
    assert models.parameters(MLP()) == 784 * 256 + 256 + 256 * 10 + 10 == 203_530
    assert models.parameters(MLP(hidden=(32, 16))) == 784 * 32 + 32 + 32 * 16 + 16 + 16 * 10 + 10
    assert models.parameters(MLP(hidden=())) == 7850


def test_names_its_parameters_readably() -> None:
    names = [name for name, _ in MLP().named_parameters()]
    assert names == ["hidden.0.weight", "hidden.0.bias", "output.weight", "output.bias"]


def test_computes_what_numpy_computes() -> None:
    model = MLP(hidden=(32, 16)).eval()
    images = np.random.default_rng(0).normal(size=(5, 28, 28)).astype(np.float32)
    x = images.reshape(5, 784).astype(np.float64)
    value = {name: one.detach().double().numpy() for name, one in model.named_parameters()}
    for layer in ("hidden.0", "hidden.1"):
        x = np.maximum(x @ value[f"{layer}.weight"].T + value[f"{layer}.bias"], 0)
    expected = x @ value["output.weight"].T + value["output.bias"]
    np.testing.assert_allclose(model(torch.tensor(images)).detach(), expected, rtol=1e-4, atol=1e-5)


def test_gradients_are_what_finite_differences_say() -> None:
    model = MLP(inputs=6, hidden=(5,), outputs=4, seed=3).double()
    random = torch.Generator().manual_seed(0)
    images = torch.randn((7, 2, 3), generator=random, dtype=torch.float64)
    labels = torch.tensor([0, 1, 2, 3, 0, 1, 2])

    def loss() -> torch.Tensor:
        return torch.nn.functional.cross_entropy(model(images), labels)

    loss().backward()
    for one in model.parameters():
        for index in np.ndindex(*one.shape):
            with torch.no_grad():
                kept = one[index].item()
                one[index] = kept + 1e-6
                above = loss().item()
                one[index] = kept - 1e-6
                below = loss().item()
                one[index] = kept
            assert one.grad is not None
            assert one.grad[index].item() == pytest.approx((above - below) / 2e-6, abs=1e-7)


def test_begins_with_he_weights_and_zero_biases() -> None:
    model = MLP(hidden=(512,))
    assert model.hidden[0].weight.std().item() == pytest.approx(math.sqrt(2 / 784), rel=0.02)
    assert model.output.weight.std().item() == pytest.approx(math.sqrt(1 / 512), rel=0.05)
    assert not model.hidden[0].bias.any()
    assert not model.output.bias.any()


def test_begins_as_its_seed_says_whatever_else_is_random() -> None:
    torch.manual_seed(1)
    one = models.create(Config(seed=5))
    before = torch.get_rng_state()
    torch.rand(9)
    other, third = models.create(Config(seed=5)), models.create(Config(seed=6))
    torch.set_rng_state(before)
    assert all(map(torch.equal, one.parameters(), other.parameters()))
    assert not torch.equal(one.output.weight, third.output.weight)


def test_making_one_draws_no_global_random_number() -> None:
    before = torch.get_rng_state()
    models.create(Config(dropout=0.5))
    assert torch.equal(torch.get_rng_state(), before)


def test_drops_units_in_training_only() -> None:
    model = models.create(Config(dropout=0.5))
    images = torch.ones(2, 28, 28)
    assert not torch.equal(model(images), model(images))
    model.eval()
    assert torch.equal(model(images), model(images))
