"""Consumes the trial's generator in a bare script: one run, and its seconds, for each line read."""

from __future__ import annotations

import sys
import time

import torch

from lessons.bayes.compute import trial
from lessons.bayes.state import Trial

if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    for line in sys.stdin:
        begun = time.perf_counter()
        for frame in trial(Trial(people=int(line)), torch.device("cpu")):
            last = frame
        print(time.perf_counter() - begun, last.true_positive, flush=True)  # noqa: T201
