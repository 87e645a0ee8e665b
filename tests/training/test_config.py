import pytest

from tutor.errors import ParameterError, TutorError
from tutor.training import models, optimizers
from tutor.training.config import MODELS, OPTIMIZERS, Config


def test_survives_json() -> None:
    config = Config(hidden="128,64", lr=0.1 + 0.2, dropout=0.25, data="/somewhere/글자", seed=7)
    assert Config.from_json(config.to_json()) == config


def test_is_read_from_a_command_line() -> None:
    config = Config.from_strings({"hidden": "64", "lr": "3e-4", "epochs": "7", "optimizer": "sgd"})
    assert (config.widths, config.lr, config.epochs) == ((64,), 3e-4, 7)
    assert Config.from_strings({"hidden": ""}).widths == ()


@pytest.mark.parametrize(
    "values",
    [
        {"hidden": "0"},
        {"hidden": "256,"},
        {"hidden": "99999"},
        {"hidden": 256},
        {"epochs": 0},
        {"epochs": 1.5},
        {"batch_size": 0},
        {"lr": 0.0},
        {"lr": float("nan")},
        {"lr": True},
        {"dropout": 1.0},
        {"optimizer": "adam "},
        {"model": "transformer"},
        {"seed": -1},
        {"device": "cuda:0"},
        {"data": "a\x1b[2J"},
    ],
)
def test_refuses_what_cannot_be_used(values: dict[str, object]) -> None:
    with pytest.raises(ParameterError) as error:
        Config(**values)
    assert error.value.values["name"] == next(iter(values))


@pytest.mark.parametrize(
    "told",
    ["", "{", "[]", "null", '"config"', '{"epochs": 3, "os": "x"}', "[" * 100_000, "1" * 10_000],
)
def test_refuses_text_that_is_no_config(told: str) -> None:
    with pytest.raises(TutorError) as error:
        Config.from_json(told)
    assert error.value.key == "error.training.config"


def test_every_name_has_its_maker() -> None:
    assert set(models.MODELS) == set(MODELS)
    assert set(optimizers.KINDS) == set(optimizers.STATE) == set(OPTIMIZERS)
