"""Chooses the device that tasks run on, and how many threads they get."""

from __future__ import annotations

import os
import platform

import torch

NAMES = ("auto", "cpu", "cuda", "mps")
"""What a user may ask for."""


class DeviceError(RuntimeError):
    """The device that was asked for is not there."""


def choose(wanted: str) -> torch.device:
    """Return the device asked for; for "auto" CUDA if it works, else MPS, else the CPU.

    Raises:
        DeviceError: if a device was named that does not work here.
    """
    if wanted in ("auto", "cuda") and _works("cuda"):
        return torch.device("cuda")
    if wanted in ("auto", "mps") and _works("mps"):
        return torch.device("mps")
    if wanted in ("auto", "cpu"):
        return torch.device("cpu")
    raise DeviceError(wanted)


def describe(device: torch.device) -> str:
    """Return the device's name as its driver tells it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device).removeprefix("NVIDIA ")
    return platform.processor() or platform.machine()


def leave_a_core() -> int:
    """Let torch compute on all cores but one, which the UI needs; return how many that is."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = max(1, (cores or 1) - 1)
    torch.set_num_threads(threads)
    return threads


def _works(kind: str) -> bool:
    """Return whether the device computes: a driver may be there and still be broken."""
    try:
        there = torch.cuda if kind == "cuda" else torch.backends.mps
        return there.is_available() and bool((torch.ones(2, device=kind) + 1).sum().item() == 4)  # noqa: PLR2004
    except (RuntimeError, AssertionError):
        return False
