"""The networks that can be trained by name."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

from tutor.training.randomness import derived

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tutor.training.config import Config


class MLP(nn.Module):
    """A multilayer perceptron: every unit of a layer is joined to every unit of the next."""

    def __init__(
        self,
        inputs: int = 784,
        hidden: tuple[int, ...] = (256,),
        outputs: int = 10,
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        """Make the layers, `inputs` – `hidden` … – `outputs`, and give them their first values."""
        super().__init__()
        widths = (inputs, *hidden)
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.output = nn.Linear(widths[-1], outputs)
        self.dropout = nn.Dropout(dropout)
        self.init_param(seed)

    def init_param(self, seed: int) -> None:
        """Draw the weights from a normal distribution, and set the biases to zero.

        Its variance is 2 / inputs before a ReLU, which halves what passes, and 1 / inputs before
        the result: so the signals keep their size from layer to layer (He et al. 2015,
        arXiv:1502.01852, equation 10).
        """
        generator = torch.Generator().manual_seed(derived(seed, "weights"))
        *before_relu, last = (one for one in self.modules() if isinstance(one, nn.Linear))
        for layer in before_relu:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
        nn.init.kaiming_normal_(last.weight, nonlinearity="linear", generator=generator)
        nn.init.zeros_(last.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Return a score for each class: float32 (batch, outputs) from float32 (batch, 28, 28)."""
        x = images.flatten(1)
        for layer in self.hidden:
            x = self.dropout(torch.relu(layer(x)))
        scores: Tensor = self.output(x)
        return scores


def mlp(config: Config, pixels: int, classes: int) -> MLP:
    """Return the multilayer perceptron that `config` describes."""
    return MLP(pixels, config.widths, classes, config.dropout, config.seed)


MODELS: dict[str, Callable[[Config, int, int], nn.Module]] = {"mlp": mlp}
"""What makes a network from a config, the number of pixels and the number of classes, by name."""


def create(config: Config, pixels: int = 784, classes: int = 10) -> nn.Module:
    """Return a new network on the CPU; the global random numbers are as before."""
    with torch.random.fork_rng(devices=[]):
        return MODELS[config.model](config, pixels, classes)


def parameters(model: nn.Module) -> int:
    """Return how many numbers training changes."""
    return sum(one.numel() for one in model.parameters() if one.requires_grad)
