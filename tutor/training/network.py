"""The network that a run has trained, for looking at and for use; the run may still go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from tutor.training import models, state
from tutor.training.batches import normalised
from tutor.training.checkpoint import Checkpoints
from tutor.training.errors import DamagedError
from tutor.training.evaluation import scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from tutor.training.checkpoint import Checkpoint
    from tutor.training.run_directory import Run

TRIES = 5
"""How often to look again when a checkpoint is replaced while it is read."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network as it was at a checkpoint, on the CPU."""

    model: nn.Module
    """The network, in evaluation mode."""
    step: int
    """How many steps it was trained."""
    mean: float
    """What is to be subtracted from pixels, where 0 is background and 1 is ink."""
    std: float
    """What they are to be divided by then."""

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return how likely each class is for each image: (n, classes) from uint8 (n, 28, 28)."""
        pixels = normalised(torch.tensor(images), self.mean, self.std)
        answer: NDArray[np.float32] = torch.softmax(scores(self.model, pixels), dim=1).numpy()
        return answer


def load(run: Run, step: int | None = None) -> Network:
    """Return the network of a run's newest sound checkpoint, or of the one of a step.

    Raises:
        CheckpointError: if there is none.
        TutorError: if it does not fit the run's config.
    """
    found = _found(run, step)
    model = models.create(found.config)
    state.restore_model(model, found.tensors)
    return Network(model.eval(), found.place.step, found.place.mean, found.place.std)


def _found(run: Run, step: int | None) -> Checkpoint:
    checkpoints = Checkpoints(run.path)
    if step is not None:
        return checkpoints.load(step)
    for left in reversed(range(TRIES)):
        try:
            found, _ = checkpoints.last()
        except DamagedError:
            if not left:
                raise
        else:
            if found is not None:
                return found
            break
    raise DamagedError("missing", run.path)
