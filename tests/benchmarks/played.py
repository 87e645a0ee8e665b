"""Shows frames of a run from a file, as they come over the wire: `python …/played.py FILE RATE`.

`RATE` is how many are shown a second. It quits by itself a second after the last one.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App

from tutor.compute import protocol
from tutor.run_view import RunFrame
from tutor.themes import THEMES
from tutor.widgets.live_plot import LivePlot

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Played(App[None]):
    """The plot of a run, and nothing else."""

    def __init__(self, lines: list[bytes], rate: float) -> None:
        super().__init__()
        self.lines, self.rate = lines, rate
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "tutor-dark"

    def compose(self) -> ComposeResult:
        yield LivePlot()

    def on_mount(self) -> None:
        self.run_worker(self.play())

    async def play(self) -> None:
        for line in self.lines:
            message = protocol.decode(line)
            if isinstance(message, protocol.Progressed):
                self.query_one(LivePlot).frame = RunFrame(**message.frame)
            await asyncio.sleep(1 / self.rate)
        await asyncio.sleep(1)
        self.exit()


if __name__ == "__main__":
    Played(Path(sys.argv[1]).read_bytes().splitlines(), float(sys.argv[2])).run()
