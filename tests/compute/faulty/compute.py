"""Tasks that hang, crash, talk and lie."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from faulty.state import Array, Everything, Number, Pairs
from tutor.errors import ImpossibleError, ParameterError, TutorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faulty.state import Counting, Fault, Nothing, Size

LONG = 10**6
"""Seconds that no test waits."""


class Unspeakable(Exception):  # noqa: N818 - as such errors are called
    """An error that cannot even be told."""

    def __str__(self) -> str:
        raise ValueError


def everything(params: Nothing, device: torch.device) -> Everything:
    return Everything(
        whole=2**53 + 1,
        real=0.1,
        word="θ ∩ 한글 \x1b[31m",
        flag=True,
        numbers=(1.5, 2.5),
        words=("a", "b"),
        array=torch.linspace(0, 1, 5, dtype=torch.float64).numpy(),
        empty=np.empty((0, 3)),
        matrix=np.arange(6, dtype=np.int32).reshape(2, 3).T,
        mask=np.array([True, False]),
    )


def pairs(params: Nothing, device: torch.device) -> Pairs:
    return Pairs(((1, "a"), (2, "b")))


def not_finite(params: Nothing, device: torch.device) -> Everything:
    bad = np.array([np.nan, np.inf, -np.inf])
    numbers = (float("inf"), float("nan"))
    return replace(everything(params, device), real=float("nan"), numbers=numbers, array=bad)


def fail(params: Fault, device: torch.device) -> Number:
    return happen(params.fault)


def huge(params: Size, device: torch.device) -> Array:
    return Array(np.zeros(params.size, dtype=np.uint8))


def sleep(params: Nothing, device: torch.device) -> Number:
    time.sleep(LONG)
    return Number(0)


def spin(params: Nothing, device: torch.device) -> Number:
    while True:
        pass


def hold_the_lock(params: Nothing, device: torch.device) -> Number:
    """Compute for ever in C: no other thread of the process runs meanwhile."""
    return Number(sum(range(10**15)))


def chatter(params: Nothing, device: torch.device) -> Number:
    print("printed", flush=True)  # noqa: T201
    sys.stdout.write('{"type":"finished","id":1,"frame":{}}\n' + 100_000 * "x")
    sys.stdout.flush()
    os.write(1, b"\x00written\n{}\n" * 10_000)
    sys.stderr.write("complained")
    subprocess.run(["echo", "echoed"], check=True)
    return Number(1)


def listen(params: Nothing, device: torch.device) -> Everything:
    heard = sys.stdin.read() if sys.stdin else ""
    return replace(everything(params, device), word=heard)


def fork(params: Nothing, device: torch.device) -> Number:
    """Leave a grandchild behind that holds whatever a child inherits."""
    if (pid := os.fork()) == 0:
        time.sleep(LONG)
        os._exit(0)
    return Number(pid)


def count(params: Counting, device: torch.device) -> Iterator[Number]:
    try:
        for number in range(1, params.until + 1):
            if params.pause:
                time.sleep(params.pause)
            yield Number(number, np.zeros(params.size, dtype=np.uint8) if params.size else None)
        happen(params.fault)
    except GeneratorExit:
        if params.cleanup == "raise":
            raise ValueError from None
        if params.cleanup == "refuse":
            yield Number(-1)
        if params.cleanup == "note":
            Path(os.environ["FAULTY_NOTE"]).write_text("closed")
        if params.cleanup == "hang":
            time.sleep(LONG)


def late(params: Counting, device: torch.device) -> Iterator[Number]:
    """Sleep for ever between the first frame and the second."""
    yield Number(1)
    time.sleep(LONG)
    yield Number(2)


def happen(fault: str) -> Any:
    """Let the fault happen, and return what it gives if it gives anything."""
    if fault in RAISED:
        raise RAISED[fault]
    if fault in SIGNALS:
        os.kill(os.getpid(), SIGNALS[fault])
        time.sleep(LONG)
    return GIVEN[fault]()


RAISED: dict[str, BaseException] = {
    "value_error": ValueError("the cause of it"),
    "many_lines": ValueError("the first line\nthe second line\n" + "x" * 100_000),
    "escapes": ValueError("\x1b]52;c;aGk=\x07 [/red] {braces}"),
    "bad_str": Unspeakable(),
    "no_message": ValueError(),
    "parameter": ParameterError("error.parameter.number", name="fault", value="x"),
    "impossible": ImpossibleError("why_not", size=3, share=0.5, word="θ"),
    "unknown_key": TutorError("error.that.nobody.wrote", told="x"),
    "unsendable_values": ImpossibleError("why_not", tensor=torch.ones(2)),
    "torch_out_of_memory": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB."),
    "memory": MemoryError(),
    "stop_iteration": StopIteration(),
    "keyboard_interrupt": KeyboardInterrupt(),
    "system_exit": SystemExit(0),
}

SIGNALS = {"segfault": signal.SIGSEGV, "sigkill": signal.SIGKILL, "sigterm": signal.SIGTERM}

GIVEN: dict[str, Callable[[], Any]] = {
    "none": lambda: Number(1),
    "cpu_out_of_memory": lambda: Number(torch.empty(2**50).sum().item()),
    "recursion": lambda: happen("recursion"),
    "exit_0": lambda: os._exit(0),
    "exit_3": lambda: os._exit(3),
    "wrong_frame": lambda: 3,
    "no_frame": lambda: None,
    "complex": lambda: Number(1, np.array([1j])),
    "big_endian": lambda: Number(1, np.array([1, 2, 3], dtype=">i4")),
}
