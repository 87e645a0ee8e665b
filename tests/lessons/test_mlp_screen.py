"""The pictures of the MNIST lab: real frames, both languages, every size, and what they ask for."""

from __future__ import annotations

import ast
import dataclasses
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from support import ROOT
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical

from lessons.mlp import compute, state
from lessons.mlp.screen import PICTURES
from tutor import i18n, lesson_text
from tutor.themes import THEMES
from tutor.widgets import ink
from tutor.widgets.canvas import Canvas
from tutor.widgets.live_plot import LivePlot

if TYPE_CHECKING:
    from tutor.api import Frame
    from tutor.widgets.picture import Picture

CPU = torch.device("cpu")

LEAST = (58, 13)
"""The room of a picture in the lab in the smallest terminal that is served."""

SIZES = {"80x24": (78, 17), "100x30": (57, 21), "120x36": (70, 28)}
"""The room of a picture in the lab in a terminal of each size."""

FRAMED = [view for view in PICTURES if view != "train"]


@cache
def frame(view: str) -> tuple[state.Lab, Frame]:
    """Return what is set and what comes of it, computed once."""
    params = state.Lab(view=view, image=1)
    if view == "draw":
        drawn = ink.line((8, 6), (19, 6), 1) | ink.line((19, 6), (12, 23), 1)
        params = params.changed(trained=1, ink=ink.written(drawn))
    task = state.TASKS[view]
    if view == "curve":
        steps = np.arange(1.0, 101.0)
        return params, state.Curve(
            step=100,
            steps=200,
            epoch=1,
            batches=100,
            parameters=203_530,
            loss_steps=steps,
            losses=2.6 / steps,
            test_steps=np.array([0, 100]),
            test_losses=np.array([2.6, 0.3]),
            test_accuracies=np.array([0.1, 0.91]),
            first_loss=2.6,
            epoch_loss=0.4,
            finite=1,
        )
    return params, getattr(compute, view)(params.narrowed(task.params), CPU)


class Shown(App[None]):
    """A picture in the room that the lab gives it."""

    def __init__(self, view: str, language: str = "en", *, ascii_only: bool = False) -> None:
        super().__init__()
        i18n.use(language)
        words = lesson_text.load("lessons.mlp", language).words
        self.picture: Picture[Any, Any] = PICTURES[view](words, ascii_only=ascii_only)
        self.asked: list[dict[str, object]] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "tutor-dark"

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.picture

    def on_picture_asked(self, event: Picture.Asked) -> None:
        self.asked.append(event.values)

    @property
    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def test_every_view_has_its_picture_in_the_lab_s_order() -> None:
    assert list(PICTURES) == [one for one in state.TASKS if one not in state.REMEDIES.values()]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_word_of_the_pictures_is_in_the_text(language: str) -> None:
    words = lesson_text.load("lessons.mlp", language).words
    used = {
        node.slice.value
        for file in (ROOT / "lessons/mlp/screen").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Subscript)
        and ast.unparse(node.value).endswith("words")
        and isinstance(node.slice, ast.Constant)
    }
    assert len(used) > 30
    assert used - words.keys() == set()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("view", FRAMED)
async def test_a_picture_fits_its_room(view: str, language: str) -> None:
    app = Shown(view, language)
    async with app.run_test(size=LEAST) as pilot:
        app.picture.show(*frame(view))
        await pilot.pause(0.1)
        assert app.text.strip()  # not everything has room, but nothing fails
        for size in SIZES.values():
            await pilot.resize_terminal(*size)
            app.picture.show(*frame(view))
            await pilot.pause(0.1)
            for widget in app.picture.query("*").results():
                if widget.region.area:
                    assert app.picture.region.contains_region(widget.region), widget


@pytest.mark.parametrize("view", FRAMED)
async def test_a_picture_in_ascii_is_ascii(view: str) -> None:
    app = Shown(view, ascii_only=True)
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        app.picture.show(*frame(view))
        await pilot.pause(0.1)
        assert app.text.isascii()


async def tell(view: str, size: str = "80x24") -> str:
    app = Shown(view)
    async with app.run_test(size=SIZES[size]) as pilot:
        app.picture.show(*frame(view))
        await pilot.pause(0.1)
        return app.text


async def test_the_numbers_are_those_of_the_frame() -> None:
    data = frame("data")[1]
    told = await tell("data")
    assert f"{data.mean:.4f}" in told
    assert all(f"{digit} ({data.train_counts[digit]:,})" in told for digit in range(10))
    assert "(64, 28, 28)" in await tell("batches")
    model = await tell("model")
    assert "203,530" in model
    assert "98.6 %" in model
    forward = frame("forward")[1]
    told = await tell("forward", "120x36")
    assert f"{forward.loss:.4f}" in told
    assert all(f"{logit:+.2f}" in told for logit in forward.logits)
    assert "hidden.0  (1, 256)" in told
    told = await tell("curve")
    assert "91.0 %" in told
    assert f"The network reads  {frame('draw')[1].digit}" in await tell("draw")


async def test_the_matrix_and_the_worst_errors_are_shown_together() -> None:
    evaluation = frame("evaluate")[1]
    for size in ("80x24", "100x30", "120x36"):
        told = await tell("evaluate", size)
        rows = [line.split() for line in told.splitlines()]
        for digit in range(10):
            row = next(row for row in rows if row[:1] == [str(digit)])
            expected = [str(count or "·") for count in evaluation.confusion[digit].tolist()]
            assert row[1:11] == expected
        surest = evaluation.worst_probability[0]
        first = f"{evaluation.worst_true[0]} → {evaluation.worst_predicted[0]}"
        assert f"{first}  {100 * surest:.0f} %" in told


async def test_a_drawing_is_asked_to_be_read_and_what_is_read_is_shown() -> None:
    app = Shown("draw")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        canvas = app.query_one(Canvas)
        for kind, at in (
            (events.MouseDown, (5, 3)),
            (events.MouseMove, (20, 3)),
            (events.MouseUp, (20, 3)),
        ):
            await pilot._post_mouse_events([kind], None, at, button=1)
        await pilot.pause(0.2)
        drawn = ink.written(ink.line((4, 6), (19, 6), 1))
        assert app.asked[-1] == {"ink": drawn}
        params, reading = frame("draw")
        app.picture.show(params.changed(ink=drawn), reading)
        assert canvas.ink == drawn
        empty = dataclasses.replace(
            reading,
            raw=np.zeros((28, 28), np.uint8),
            prepared=np.zeros((28, 28), np.uint8),
            probabilities=np.full(10, np.nan, np.float32),
        )
        app.picture.show(params.changed(ink=""), empty)
        await pilot.pause()
        assert canvas.ink == ""
        assert "Nothing is drawn yet." in app.text


async def test_moving_the_window_of_a_run_asks_for_it() -> None:
    app = Shown("train")
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        app.query_one(LivePlot).post_message(LivePlot.Looked(100, 200, 0.9))
        await pilot.pause()
        assert app.asked == [{"first": 100, "last": 200, "smoothing": 0.9}]
