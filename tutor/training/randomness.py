"""Random numbers that depend on a seed and a purpose, and on nothing that others draw."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Self

import torch

if TYPE_CHECKING:
    from types import TracebackType

    from torch import Tensor


def derived(seed: int, purpose: str, number: int = 0) -> int:
    """Return a seed of its own for the `number`-th use of `seed` for a purpose, in [0, 2³²).

    The CPU's generator heeds only 32 bits of a seed, so they hold everything.
    """
    told = f"{purpose} {number} {seed}".encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:4], "little")


def permutation(count: int, seed: int, epoch: int) -> Tensor:
    """Return the order of an epoch's images: int64 (count,), on the CPU."""
    generator = torch.Generator().manual_seed(derived(seed, "shuffle", epoch))
    return torch.randperm(count, generator=generator)


class Dice:
    """The global random numbers of torch as training sees them, dropout's among them.

    They are in force inside `with dice:` and go on where they ended at the next `with`. The
    caller's own are put back at its end.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        """Start from `seed` on the CPU and on `device`."""
        self._device = device
        self._outside = self._states()
        start = derived(seed, "dropout")
        torch.default_generator.manual_seed(start)
        if device.type == "cuda":
            torch.cuda.manual_seed(start)
        elif device.type == "mps":
            torch.mps.manual_seed(start)
        self._inside = self._states()
        self._set(self._outside)

    def __enter__(self) -> Self:
        self._outside = self._states()
        self._set(self._inside)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._inside = self._states()
        self._set(self._outside)

    def states(self) -> dict[str, Tensor]:
        """Return the states by generator, uint8 each, as `restore` takes them."""
        return dict(self._inside)

    def restore(self, states: dict[str, Tensor]) -> None:
        """Go on from `states`; those of another kind of device are left out.

        Raises:
            RuntimeError: if one is no state of its generator.
        """
        self._inside |= {kind: state for kind, state in states.items() if kind in self._inside}
        with self:
            pass

    def _states(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self._device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self._device)
        elif self._device.type == "mps":
            states["mps"] = torch.mps.get_rng_state()
        return states

    def _set(self, states: dict[str, Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        if "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"], self._device)
        elif "mps" in states:
            torch.mps.set_rng_state(states["mps"])
