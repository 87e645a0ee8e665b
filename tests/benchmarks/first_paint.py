"""Runs the tutor and notes which modules are loaded when its first screen is written."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from textual.drivers.linux_driver import LinuxDriver

from tests.benchmarks.figures import shown
from tutor.app import run_app
from tutor.guard import run_guarded

BEFORE = "TUTOR_MODULES_BEFORE"
"""The variable with the names of the modules that this script has loaded itself."""


def noting(write: object) -> object:
    """Return the driver's `write`, which notes the modules at the first visible text."""

    def noted(self: LinuxDriver, data: str) -> None:
        target = Path(os.environ["TUTOR_HOME"], "modules.json")
        if not target.exists() and shown(data.encode()).strip():
            target.write_text(json.dumps(sorted(sys.modules)))
        write(self, data)  # type: ignore[operator]

    return noted


if __name__ == "__main__":
    LinuxDriver.write = noting(LinuxDriver.write)  # type: ignore[method-assign,assignment]
    sys.exit(run_guarded(lambda: run_app(None, "auto", debug=False)))
