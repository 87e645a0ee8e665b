"""Recognises that memory ran out, on whatever device."""

from __future__ import annotations

import torch

WORDS = ("can't allocate memory", "out of memory")
"""What the allocators of the CPU and of MPS say, which have no type of error for it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in WORDS)
