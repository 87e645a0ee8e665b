"""Executes runs in forked processes, as the compute host does: torch is imported once.

Reads a JSON object a line from standard input and prints the process id of the child that executes
the run, then, when that has ended, what `waitpid` says. With "die_at": n the child kills itself
instead of its n-th call of a function that changes files.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from imagined import made_up

from tutor.training import optimizers
from tutor.training.run_directory import Run
from tutor.training.train import run
from tutor.training.trainer import Pace


def dying(at: int) -> None:
    calls = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given)

        return call

    for name in ("fsync", "replace", "write", "ftruncate", "unlink"):
        setattr(os, name, counted(getattr(os, name)))


def child(told: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    torch.set_num_threads(1)
    if "die_at" in told:
        dying(told["die_at"])
    pace = Pace(told["report"], told["save"])
    run(Run(Path(told["run"])), made_up(), resume=True, pace=pace)


def main() -> None:
    optimizers.preload()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                child(json.loads(line))
            finally:
                sys.stderr.flush()
                os._exit(0)
        print(pid, flush=True)  # noqa: T201
        print(os.waitpid(pid, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
