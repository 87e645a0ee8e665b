"""A learner's whole state as a checkpoint, and back.

The tensors are called `model.` and a name of the network's `state_dict`, or `optimizer.`, what
the optimizer calls it, and the parameter's name.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import torch

from tutor.errors import TutorError
from tutor.safe import one_line
from tutor.training import optimizers
from tutor.training.checkpoint import Checkpoint, Place
from tutor.training.events import Tested

if TYPE_CHECKING:
    from torch import Tensor, nn

    from tutor.training.learner import Learner


def capture(learner: Learner, control: int = 0) -> Checkpoint:
    """Return the state of a learner; `control` is how much of the commands it has obeyed."""
    tested = learner.tested
    place = Place(
        step=learner.step,
        epoch=learner.epoch,
        batch=learner.batch,
        lr=learner.lr,
        epoch_loss=learner.epoch_loss,
        seconds=learner.seconds,
        samples=learner.samples,
        train_loss=tested.train_loss,
        test_loss=tested.test_loss,
        test_accuracy=tested.test_accuracy,
        control=control,
        mean=learner.images.mean,
        std=learner.images.std,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        random={kind: _told(state) for kind, state in learner.dice.states().items()},
    )
    return Checkpoint(learner.config, place, tensors(learner))


def restore(learner: Learner, checkpoint: Checkpoint) -> None:
    """Put a learner into the state of a checkpoint.

    Raises:
        TutorError: if it does not fit: another network, another optimizer, other images.
    """
    place, batches = checkpoint.place, len(learner.batches)
    rates = learner.config.setting("lr")
    if (
        not 0 <= place.batch < batches
        or place.step != place.epoch * batches + place.batch
        or not rates.low <= place.lr <= rates.high
    ):
        raise TutorError("error.training.checkpoint.place", step=place.step)
    _restore_tensors(learner, checkpoint.tensors)
    try:
        learner.dice.restore({kind: _state(told) for kind, told in place.random.items()})
    except (RuntimeError, ValueError):
        raise TutorError("error.training.checkpoint.place", step=place.step) from None
    learner.epoch, learner.batch, learner.epoch_loss = place.epoch, place.batch, place.epoch_loss
    learner.seconds, learner.samples = place.seconds, place.samples
    learner.set_rate(place.lr)
    learner.tested = Tested(
        step=place.epoch * batches,
        epoch=place.epoch,
        train_loss=place.train_loss,
        test_loss=place.test_loss,
        test_accuracy=place.test_accuracy,
        seconds=place.seconds,
    )


def tensors(learner: Learner) -> dict[str, Tensor]:
    """Return a copy of every tensor that training changes, on the CPU."""
    named = {f"model.{name}": one for name, one in learner.model.state_dict().items()}
    names = _trained(learner.model)
    for index, state in learner.optimizer.state_dict()["state"].items():
        for key, value in state.items():
            if value is not None:
                named[f"optimizer.{key}.{names[index]}"] = value
    return {name: one.detach().to("cpu", copy=True).contiguous() for name, one in named.items()}


def restore_model(model: nn.Module, found: dict[str, Tensor]) -> None:
    """Put the network's tensors in their places, if every one is there and as it should be.

    Raises:
        TutorError: if they do not fit.
    """
    known = model.state_dict()
    weights = {
        name.removeprefix("model."): one for name, one in found.items() if name.startswith("model.")
    }
    _compare(known, weights)
    model.load_state_dict(weights)


def weights_sha256(model: nn.Module) -> str:
    """Return the SHA-256 of the network's tensors: of each its name, type, shape and bytes.

    Two networks have the same one exactly if every bit of their weights is the same.
    """
    digest = hashlib.sha256()
    for name, one in model.state_dict().items():
        array = one.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _restore_tensors(learner: Learner, found: dict[str, Tensor]) -> None:
    """Put the tensors in their places, if every one is there and as it should be.

    A parameter that never had a gradient has nothing in the optimizer.
    """
    known = learner.model.state_dict()
    expected = {f"model.{name}": one for name, one in known.items()}
    keys = optimizers.STATE[learner.config.optimizer]
    state: dict[int, dict[str, str]] = {}
    for index, name in enumerate(_trained(learner.model)):
        names = {key: f"optimizer.{key}.{name}" for key in keys}
        if not found.keys().isdisjoint(names.values()):
            state[index] = names
            for key, full in names.items():
                expected[full] = torch.zeros(()) if key == "step" else known[name]
    _compare(expected, found)
    learner.model.load_state_dict({name: found[f"model.{name}"] for name in known})
    groups: list[dict[str, Any]] = learner.optimizer.state_dict()["param_groups"]
    copies = {
        index: {key: found[full].clone() for key, full in names.items()}
        for index, names in state.items()
    }
    learner.optimizer.load_state_dict({"state": copies, "param_groups": groups})


def _trained(model: nn.Module) -> list[str]:
    """Return the names of the parameters in the order in which the optimizer has them."""
    return [name for name, one in model.named_parameters() if one.requires_grad]


def _compare(expected: dict[str, Tensor], found: dict[str, Tensor]) -> None:
    for name in sorted(expected.keys() | found.keys()):
        wanted, there = _described(expected.get(name)), _described(found.get(name))
        if wanted != there:
            raise TutorError(
                "error.training.checkpoint.tensors",
                name=one_line(name),
                found=there,
                expected=wanted,
            )


def _described(tensor: Tensor | None) -> str:
    if tensor is None:
        return "–"
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _told(state: Tensor) -> str:
    return base64.b64encode(state.numpy().tobytes()).decode()


def _state(told: str) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(told, validate=True)), dtype=torch.uint8)
