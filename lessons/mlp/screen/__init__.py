"""What the MNIST lab draws, one picture for each view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lessons.mlp.screen.drawing import Draw
from lessons.mlp.screen.evaluation import Evaluate
from lessons.mlp.screen.images import Batches, Data
from lessons.mlp.screen.network import Forward, Imports, Model, Weights
from lessons.mlp.screen.training import Course, Train

if TYPE_CHECKING:
    from tutor.widgets.picture import Picture

PICTURES: dict[str, type[Picture[Any, Any]]] = {
    "imports": Imports,
    "data": Data,
    "batches": Batches,
    "model": Model,
    "forward": Forward,
    "curve": Course,
    "train": Train,
    "evaluate": Evaluate,
    "weights": Weights,
    "draw": Draw,
}
"""What each view of the lab draws."""
