"""The optimizers that can be chosen by name, each the fastest that this torch and device have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn, optim

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from tutor.training.config import Config

KINDS: dict[str, type[Optimizer]] = {
    "sgd": optim.SGD,
    "momentum": optim.SGD,
    "nesterov": optim.SGD,
    "adagrad": optim.Adagrad,
    "rmsprop": optim.RMSprop,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
}
"""The classes of torch by our names."""

STATE: dict[str, tuple[str, ...]] = {
    "sgd": (),
    "momentum": ("momentum_buffer",),
    "nesterov": ("momentum_buffer",),
    "adagrad": ("step", "sum"),
    "rmsprop": ("step", "square_avg"),
    "adam": ("step", "exp_avg", "exp_avg_sq"),
    "adamw": ("step", "exp_avg", "exp_avg_sq"),
}
"""What each keeps for a parameter once it has taken a step: "step" a number, else its shape."""


def create(config: Config, model: nn.Module) -> Optimizer:
    """Return the optimizer of `config` for the parameters of `model` that training changes.

    One fused kernel for all parameters is used where there is one, else what torch thinks best:
    on a GPU a few kernels for all ("foreach"), on a CPU a loop, which is as fast there.
    """
    kind: Any = KINDS[config.optimizer]
    options: dict[str, Any] = {"lr": config.lr, "weight_decay": config.weight_decay}
    if config.optimizer in ("momentum", "nesterov"):
        options["momentum"] = config.momentum
        options["nesterov"] = config.optimizer == "nesterov" and config.momentum > 0
    trained = [one for one in model.parameters() if one.requires_grad]
    try:
        optimizer: Optimizer = kind(trained, **options, fused=True)
    except (RuntimeError, TypeError, ValueError):
        optimizer = kind(trained, **options)
    return optimizer


def preload() -> None:
    """Import what torch imports when its first optimizer is made, its compiler: two seconds.

    A process that forks others to train does this before, and spares each of them the wait. It
    computes nothing and starts no thread.
    """
    optim.SGD([nn.Parameter(torch.empty(0))])


def set_rate(optimizer: Optimizer, lr: float) -> None:
    """Change the learning rate from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = lr
