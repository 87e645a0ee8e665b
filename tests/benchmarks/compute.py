"""Compute: the trial through client and worker against the same code in a bare script; a call."""

from __future__ import annotations

import asyncio
import subprocess
import time
from statistics import median
from typing import IO

from lessons.bayes.state import Test, Trial
from tests.benchmarks.figures import PYTHON, ROOT, Figure, p95
from tutor.compute.client import ComputeClient

PEOPLE = 10_000_000
ROUNDS = 15
CALLS = 300
RATIO, MOST_MS = 1.1, 5

BARE = (PYTHON, "-m", "tests.benchmarks.bare_trial")
COMMANDS = (
    f'client.stream("bayes.trial", Trial(people={PEOPLE:_}))',
    "for frame in trial(…): pass   in python -m tests.benchmarks.bare_trial",
    'client.call("bayes.posterior", Test())',
)


def measure() -> list[Figure]:
    """Run both in turn, with as many threads."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    client = ComputeClient("cpu")
    await client.start()
    try:
        threads = (await client.settled()).threads
        command = [*BARE, str(threads)]
        with subprocess.Popen(  # noqa: ASYNC220 - it must run as a script does
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as script:
            through, bare = await _in_turn(client, script.stdin, script.stdout)
            if script.stdin is not None:
                script.stdin.close()
        calls = [await _call(client) for _ in range(CALLS)][CALLS // 10 :]
    finally:
        await client.close()
    pairs = sorted(one / other for one, other in zip(through, bare, strict=True))
    return [
        Figure(f"trial in a bare script, {threads} thread(s)", 1000 * median(bare), "ms"),
        Figure("trial through client and worker", 1000 * median(through), "ms"),
        Figure(f"ratio of the medians of {ROUNDS}", median(through) / median(bare), "", RATIO),
        Figure("median of the ratios of neighbours", median(pairs)),
        Figure(f"a warm call and its answer, median of {len(calls)}", median(calls), "ms", MOST_MS),
        Figure("a warm call and its answer, 95th percentile", p95(calls), "ms"),
    ]


async def _in_turn(
    client: ComputeClient, ask: IO[str] | None, answer: IO[str] | None
) -> tuple[list[float], list[float]]:
    """Return the seconds of each run through the client and in the script; the first are thrown away."""
    if ask is None or answer is None:
        raise AssertionError
    through, bare = [], []
    for _ in range(ROUNDS + 1):
        ask.write(f"{PEOPLE}\n")
        ask.flush()
        seconds, found = answer.readline().split()
        bare.append(float(seconds))
        begun = time.perf_counter()
        async for frame in client.stream("bayes.trial", Trial(people=PEOPLE)):
            last = frame
        through.append(time.perf_counter() - begun)
        if last.true_positive != int(found):  # type: ignore[attr-defined]
            raise AssertionError("they did not compute the same")
    return through[1:], bare[1:]


async def _call(client: ComputeClient) -> float:
    begun = time.perf_counter()
    await client.call("bayes.posterior", Test())
    return 1000 * (time.perf_counter() - begun)
