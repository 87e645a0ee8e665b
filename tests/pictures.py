"""Takes pictures of the real app: `python -m tests.pictures FOLDER`.

The app runs without a terminal and is led by keys through the tours below, at two sizes and in two
languages. Each picture is an SVG, and a PNG too where a Chromium is installed. For the folder
`docs` only those that the README shows are taken.
"""

# ruff: noqa: T201 - it tells which pictures it has taken
from __future__ import annotations

import asyncio
import html
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tutor import i18n
from tutor.activities import Choice
from tutor.app import TutorApp
from tutor.compute.status import State
from tutor.settings import Settings
from tutor.widgets.live_plot import LivePlot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

SIZES = ((120, 36), (80, 24))

CELL = 12.2
"""How wide Rich draws a cell, in pixels."""

WIDE = 22.0
"""How large a wide character is drawn, in pixels: a little larger than the others."""

FONTS = "'DejaVu Sans Mono', 'Noto Sans Mono CJK KR', monospace"

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

PATIENCE = 60.0

COLOURS = 160
"""How many colours a picture of the README has, which makes its file small."""

README = {
    ("en", 120, "wrong"): "lesson",
    ("ko", 80, "people"): "lesson-ko",
    ("en", 120, "train"): "train",
}
"""The pictures that the README shows, by language, columns and scene."""

TEXT = re.compile(
    r'<text class="(?P<style>[^"]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" '
    r'textLength="[\d.]+"(?P<rest>[^>]*)>(?P<text>.*?)</text>'
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment that is pictured: its name, and the keys that lead there from the one before."""

    name: str
    """What its files are called."""
    keys: tuple[str, ...] = ()
    """What is pressed; `@wrong` answers wrongly, `@lab` and `@text` go to a pane.

    `@half` waits until half of a training run is done.
    """
    size: tuple[int, int] | None = None
    """The size that the terminal is given for this picture, if another one."""
    live: bool = False
    """Whether it is pictured while something runs."""


BAYES = (
    Scene("home"),
    Scene("first", ("enter",)),
    Scene("wrong", ("@wrong",)),
    Scene("people", ("@lab", "down", "down", "1", "0", "enter")),
    Scene("chain", ("v", "+")),
    Scene("every-prior", ("v",)),
    Scene("trial", ("v", "r")),
    Scene("likelihood", ("v",)),
    Scene("code", ("c",)),
    Scene("keys", ("escape", "question_mark")),
    Scene("palette", ("escape", "ctrl+p")),
    Scene("number", ("escape", "@text", "n", "3", "4")),
    Scene("number-wrong", ("enter",)),
    Scene("light", ("ctrl+t",)),
    Scene("light-home", ("escape",)),
    Scene("small", (), (52, 15)),
)

SEVEN = ("d", *("right",) * 7, *("down", "down", "left") * 6, "d")
"""The keys that draw a digit."""

MLP = (
    Scene("mlp-text"),
    Scene("mlp-wrong", ("@wrong",)),
    Scene("mlp-device", ("@lab",)),
    Scene("mlp-images", ("v",)),
    Scene("mlp-batches", ("v",)),
    Scene("mlp-parameters", ("v",)),
    Scene("mlp-forward", ("v",)),
    Scene("mlp-short-run", ("v", "r")),
    Scene("mlp-run", ("@text", *("n",) * 11)),
    Scene("mlp-no-run", ("@lab",)),
    Scene("mlp-live", (*("down",) * 3, "left", "r", "@half"), live=True),
    Scene("train", ("right", "r")),
    Scene("mlp-accuracy", (*("up",) * 3, "a")),
    Scene("mlp-cursor", ("a", "left", *("left",) * 9)),
    Scene("mlp-test", ("v",)),
    Scene("mlp-weights", ("v",)),
    Scene("mlp-nothing-drawn", ("v",)),
    Scene("mlp-drawn", SEVEN),
    Scene("mlp-code", ("c",)),
    Scene("mlp-light", ("escape", "ctrl+t")),
)

TOURS = {"": BAYES, "mlp?view=imports&trained=3": MLP}
"""The scenes by what is opened at first."""


async def scenes(
    opened: str, language: str, size: tuple[int, int]
) -> AsyncIterator[tuple[str, str]]:
    """Lead the app through a tour's scenes; yield the name and the SVG of each."""
    i18n.use(language)
    app = TutorApp(opened or None, "auto", Settings(language=language))
    async with app.run_test(size=size) as pilot:
        await until_ready(pilot)
        for scene in TOURS[opened]:
            for key in scene.keys:
                await press(pilot, key, live=scene.live)
            if scene.size is not None:
                await pilot.resize_terminal(*scene.size)
            await at_rest(pilot, live=scene.live)
            yield scene.name, repaired(app.export_screenshot(title="tutor"))


async def press(pilot: Pilot[None], key: str, *, live: bool = False) -> None:
    """Press a key, or do what a scene's word says."""
    if key == "@half":
        await until_half(pilot)
        return
    if key == "@wrong":
        question = pilot.app.screen.step.activities[0]  # type: ignore[attr-defined]
        if not isinstance(question, Choice):
            raise TypeError(question)
        key = str(1 + next(at for at, one in enumerate(question.options) if one.mistake))
    elif key in ("@lab", "@text"):
        key = "tab"
    await pilot.press(key)
    await at_rest(pilot, live=live)


async def until_ready(pilot: Pilot[None]) -> None:
    """Wait until torch has been imported."""
    end = time.monotonic() + PATIENCE
    while pilot.app.session.status.state is not State.READY:  # type: ignore[attr-defined]
        if time.monotonic() > end:
            raise TimeoutError(pilot.app.session.status)  # type: ignore[attr-defined]
        await pilot.pause(0.1)


async def until_half(pilot: Pilot[None]) -> None:
    """Wait until half of the training run on the screen is done."""
    plot = pilot.app.screen.query_one(LivePlot)
    end = time.monotonic() + PATIENCE
    while plot.frame is None or 2 * plot.frame.step < max(plot.frame.steps_in_all, 1):
        if time.monotonic() > end:
            raise TimeoutError(plot.frame)
        await pilot.pause(0.02)


async def at_rest(pilot: Pilot[None], *, live: bool = False) -> None:
    """Wait until nothing is computed, unless that goes on, and everything is drawn."""
    await pilot.pause(0.1)
    while not live and pilot.app.session.client.calls:  # type: ignore[attr-defined]
        await pilot.pause(0.1)
    await pilot.pause(0.25)


def repaired(svg: str) -> str:
    """Use fonts that are there, and give wide characters the two cells that they take."""
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: Fira Code[^;]*;", f"font-family: {FONTS};", svg)
    return TEXT.sub(_in_cells, svg)


def _in_cells(found: re.Match[str]) -> str:
    """Return a text as one element for each run of characters of one width."""
    text = html.unescape(found["text"])
    if cell_len(text) == len(text):
        return found[0]
    elements, x = [], float(found["x"])
    for cells, run in groupby(text, key=cell_len):
        part = "".join(run)
        width = CELL * cell_len(part)
        if cells == 1:
            place = f'x="{x:g}" textLength="{width:g}"'
        else:
            lefts = (x + (CELL * cells - WIDE) / 2 + CELL * cells * at for at in range(len(part)))
            place = f'x="{" ".join(f"{left:g}" for left in lefts)}" style="font-size: {WIDE:g}px"'
        shown = html.escape(part).replace("\xa0", "&#160;").replace(" ", "&#160;")
        elements.append(
            f'<text class="{found["style"]}" {place} y="{found["y"]}"{found["rest"]}>{shown}</text>'
        )
        x += width
    return "".join(elements)


def photographed(svg: Path, browser: str) -> Path:
    """Have a browser draw an SVG; return the PNG beside it."""
    png = svg.with_suffix(".png")
    width, height = _extent(svg.read_text(encoding="utf-8"))
    with TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--hide-scrollbars",
                "--default-background-color=00000000",
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                f"--screenshot={png}",
                svg.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )
    return png


def _extent(svg: str) -> tuple[int, int]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if found is None:
        raise ValueError("an SVG without a viewBox")
    return round(float(found[1])), round(float(found[2]))


def made_small(png: Path) -> None:
    """Give a picture few colours, which is all that a terminal has."""
    from PIL import Image  # noqa: PLC0415 - only the README's pictures need it

    with Image.open(png) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(png, optimize=True)


async def take(folder: Path, names: dict[tuple[str, int, str], str] | None) -> None:
    """Take the pictures that have `names`, or all of them."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    for (size, language), opened in product(product(SIZES, i18n.LANGUAGES), TOURS):
        taken = {(language, size[0], scene.name) for scene in TOURS[opened]}
        if names is not None and taken.isdisjoint(names):
            continue
        with TemporaryDirectory() as home:
            os.environ["TUTOR_HOME"] = home
            async for scene, svg in scenes(opened, language, size):
                if names is None:
                    keep(folder / f"{size[0]}-{language}-{scene}.svg", svg, browser)
                elif name := names.get((language, size[0], scene)):
                    keep(folder / f"{name}.svg", svg, browser, for_readme=True)


def keep(path: Path, svg: str, browser: str | None, *, for_readme: bool = False) -> None:
    """Write a picture; where there is a browser, the README's are PNGs alone."""
    path.write_text(svg, encoding="utf-8")
    if browser is not None:
        png = photographed(path.resolve(), browser)
        if for_readme:
            made_small(png)
            path.unlink()
            path = png
    print(f"{path}  {path.stat().st_size / 1000:.0f} KB", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(target, README if target.name == "docs" else None))
