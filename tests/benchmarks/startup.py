"""Start-up: from the shell's fork to the first paint, against the least Textual app."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from lessons.bayes import LESSON
from tests.benchmarks.figures import PYTHON, ROOT, TUTOR, Figure, listening, shown

ROUNDS = 10
RATIO = 1.3
HEAVY = ("torch", "numpy", "plotext")
"""What must not be loaded when the first screen is painted."""

BARE = (PYTHON, str(Path(__file__).with_name("bare.py")))
DRIVER = (PYTHON, "-m", "tests.benchmarks.first_paint")

COMMANDS = ("python -m tutor", f"python {Path(BARE[1]).relative_to(ROOT)}")


def measure() -> list[Figure]:
    """Start both in turn."""
    bare: list[float] = []
    first: list[float] = []
    home: list[float] = []
    for _ in range(ROUNDS):
        with listening(command=BARE) as listener:
            at = listener.until(lambda: shown(listener.written).strip())
            bare.append(at - listener.begun)
        with listening(command=TUTOR) as listener:
            at = listener.until(lambda: shown(listener.written).strip())
            first.append(at - listener.begun)
            at = listener.until_written(LESSON.title["en"])
            home.append(at - listener.begun)
    loaded = modules_at_first_paint()
    return [
        Figure(f"bare Textual app, first paint, median of {ROUNDS}", 1000 * median(bare), "ms"),
        Figure("tutor, first paint", 1000 * median(first), "ms"),
        Figure("tutor, first paint / bare", median(first) / median(bare), "", RATIO),
        Figure("tutor, the lessons are listed", 1000 * median(home), "ms"),
        Figure("tutor, the lessons are listed / bare", median(home) / median(bare)),
        *(Figure(f"modules of {name} at the first paint", loaded[name], "", 0) for name in HEAVY),
        Figure("modules in all at the first paint", loaded["in all"]),
    ]


def modules_at_first_paint() -> dict[str, int]:
    """Return how many modules of each heavy package are loaded when the first screen is written."""
    with listening(command=DRIVER) as listener:
        listener.until_written(LESSON.title["en"])
        names: list[str] = json.loads((listener.home / "modules.json").read_text())
    found = {name: sum(one.split(".")[0] == name for one in names) for name in HEAVY}
    return {**found, "in all": len(names)}
