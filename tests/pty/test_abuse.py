"""What a tutor has to bear: lost workers, storms, floods, random keys, and what is not there."""

from __future__ import annotations

import random
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from lessons.bayes import LESSON
from tests.pty.program import Tutor, cpu_seconds, database, wrong
from tests.pty.terminal import COLOUR, KEYS, squeezed
from tutor.activities import Choice, Number
from tutor.screens.too_small import LEAST

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Lessons

    Start = Callable[..., Tutor]

KILLS = 100
"""How often the worker is killed."""

RESIZES = 500
"""How many sizes the terminal takes in five seconds."""

PRESSES = 10_000
"""How many random keys are pressed, beginning on the home screen or in the lesson."""

BURST = 50
"""How many of them come at once."""

ENDS = (0, 128 + signal.SIGINT)
"""How a tutor may end by keys; when it has quit, Ctrl+C is a signal to what is left of it."""

QUITS = 1 / 1500
"""How many of them quit."""

LEAVING = ("ctrl+q", "ctrl+z")
"""The keys that quit or go to the shell, which takes its time."""

SEED = 20_261_122
"""What the random keys and sizes start from."""

PASTED = 1_000_000
"""How many characters are pasted at once."""

ANSWER = 2.0
"""Within how many seconds the tutor answers a key, whatever goes on."""

SLOWLY = 10.0
"""Within how many seconds a key is answered that comes behind a megabyte of others."""

BACKLOG = 60.0
"""Within how many seconds a tutor quits behind random keys that a busy machine has piled up."""

STILL = 4.0
"""How many seconds the terminal does not read."""


def trial(tutor: Tutor) -> None:
    """Go to the view of the trial, on a step that does not ask for a prediction."""
    tutor.go_to(1)
    tutor.wait_until_ready()
    tutor.enter_lab()
    tutor.press("v")
    tutor.wait_for(tutor.said("keys.add"))
    tutor.press("v")
    tutor.wait_for(tutor.said("keys.change"))
    tutor.press("v")
    tutor.wait_for(tutor.said("lab.press_run"))


def check_that_it_answers(tutor: Tutor, within: float = ANSWER) -> None:
    """Check that a key is answered in time."""
    title = tutor.said("keys.title")
    tutor.press("?")
    tutor.wait_for(title, within)
    tutor.press("escape")
    tutor.wait_for(lambda: not tutor.shows(title), ANSWER)


def lab(tutor: Tutor) -> str:
    """Return what the lab shows, without blanks and frames."""
    return squeezed(tutor.panes()[-1])


def test_a_worker_that_is_killed_again_and_again(start: Start) -> None:
    tutor = start("open", "bayes")
    trial(tutor)
    running = tutor.said("lab.running").split(".")[0]
    lost = " ".join(tutor.said("lost.memory").split()[:5])
    killed = set()
    for turn in range(KILLS):
        worker, before = worker_but(tutor, killed), len(tutor.raw)
        tutor.press("r")
        tutor.wait_for(lambda before=before: running in tutor.painted(before))
        if turn % 2:
            tutor.press("space", ".")
        worker.kill()
        killed.add(worker.pid)
        tutor.wait_for(lambda before=before: lost in tutor.painted(before), ANSWER)
        if turn == 0:
            check_that_it_answers(tutor)
    tutor.press("r")
    tutor.wait_for(tutor.said("lab.done"), 30)
    tutor.wait_until_ready()
    assert tutor.worker.pid not in killed
    assert len(tutor.processes()) == 4


def worker_but(tutor: Tutor, killed: set[int]) -> psutil.Process:
    """Wait until there is a worker that has not been killed, and return it."""
    host = tutor.host
    new: list[psutil.Process] = []

    def there() -> bool:
        new[:] = [child for child in host.children() if child.pid not in killed]
        return bool(new)

    tutor.wait_for(there)
    return new[0]


def test_a_terminal_that_does_not_read_for_a_while(start: Start) -> None:
    tutor = start("open", "bayes")
    trial(tutor)
    worker = tutor.worker
    for _ in range(3):
        tutor.press("r")
        tutor.wait_for(tutor.said("lab.running"))
        tutor.reading.clear()
        tutor.press(*"rvVrvVr")
        before = cpu_seconds([worker])
        time.sleep(STILL / 3)
        tutor.reading.set()
    tutor.wait_for(lambda: tutor.shows(tutor.said("lab.press_run")), 10)
    tutor.press("r")
    tutor.wait_for(tutor.said("lab.done"), 30)
    assert cpu_seconds([worker]) > before
    assert tutor.worker == worker
    check_that_it_answers(tutor)


def test_sizes_that_change_all_the_time_and_sizes_that_are_absurd(start: Start) -> None:
    tutor = start("open", "bayes")
    first = tutor.lesson.steps[0]
    tutor.wait_for(first.title)
    chance = random.Random(SEED)
    begun = time.monotonic()
    for turn in range(RESIZES):
        tutor.resize(chance.randint(1, 250), chance.randint(1, 80))
        time.sleep(max(0.0, begun + (turn + 1) * 5 / RESIZES - time.monotonic()))
    for size in ((120, 36), (1, 1), (80, 24), (2_000, 24), (100, 30), (1, 60), (120, 36)):
        tutor.resize(*size)
        if size[0] < LEAST[0]:
            tutor.settle(0.5)
        else:
            tutor.wait_for(lambda: is_laid_out(tutor), 10)
            tutor.wait_for(first.title)
    check_that_it_answers(tutor)


def is_laid_out(tutor: Tutor) -> bool:
    """Tell whether what is shown has the size of the terminal: a line as wide, keys at its foot."""
    columns, _ = tutor.size
    return (
        tutor.cells()[2 * columns - 1].data in "─━" and tutor.said("keys.next") in tutor.lines()[-1]
    )


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_terminal_that_is_too_small_is_told_how_large_it_must_be(
    start: Start, language: str
) -> None:
    tutor = start("open", "bayes", language=language, size=(80, 24))
    first = tutor.lesson.steps[0]
    tutor.wait_for(first.title)
    columns, rows = LEAST
    for width, height in ((columns - 1, 24), (80, rows - 1), (30, 9)):
        tutor.resize(width, height)
        told = {"columns": columns, "rows": rows, "width": width, "height": height}
        tutor.wait_for(tutor.said("too_small.told", **told))
        assert not tutor.shows(first.title)
    tutor.resize(columns, rows)
    tutor.wait_for(first.title)
    tutor.resize(80, 24)
    tutor.wait_for(lambda: is_laid_out(tutor))


@pytest.mark.parametrize("words", [(), ("open", "bayes")], ids=["home", "lesson"])
def test_starting_on_a_terminal_that_is_too_small(start: Start, words: tuple[str, ...]) -> None:
    columns, rows = LEAST
    tutor = start(*words, size=(columns - 1, rows))
    told = {"columns": columns, "rows": rows, "width": columns - 1, "height": rows}
    tutor.wait_for(tutor.said("too_small.told", **told))
    tutor.resize(80, 24)
    tutor.wait_for(tutor.lesson.steps[0].title if words else tutor.said("home.filter"))


def test_a_megabyte_is_pasted_everywhere(start: Start) -> None:
    pasted = ("[b]가 1/0 \t%s{}" * PASTED)[:PASTED]
    tutor = start()
    tutor.wait_for(LESSON.title["en"])
    tutor.paste(pasted)
    check_that_it_answers(tutor, SLOWLY)
    tutor.press("escape")
    tutor.wait_for(tutor.said("home.filter"), ANSWER)
    check_that_it_answers(tutor)
    tutor.press("enter")
    tutor.go_to(1)
    tutor.paste(pasted)
    check_that_it_answers(tutor, SLOWLY)
    choice, number = tutor.lesson.steps[1].activities
    assert isinstance(choice, Choice)
    assert isinstance(number, Number)
    right = next(index for index, option in enumerate(choice.options) if option.right)
    tutor.press(str(right + 1))
    tutor.wait_for(choice.options[right].why)
    tutor.press("x", "0")
    tutor.wait_for(tutor.said("keys.leave"))
    tutor.paste(pasted)
    tutor.press("x", "enter")
    tutor.press("escape")
    tutor.wait_for(lambda: tutor.said("keys.leave") not in tutor.lines()[-1], SLOWLY)
    tutor.read_on_to(tutor.said("error.answer.number", value="").rpartition(".")[2])
    check_that_it_answers(tutor)


def test_random_keys(start: Start) -> None:
    chance = random.Random(SEED)
    pressed: list[str] = []
    while len(pressed) < PRESSES:
        words = chance.choice([(), ("open", "bayes")])
        tutor = start(*words)
        tutor.wait_for(re.compile("[╭━]"))
        ended = None
        while ended is None and len(pressed) < PRESSES:
            burst = [random_key(chance) for _ in range(BURST)]
            pressed += burst
            ended = send_until_it_ends(tutor, "".join(burst))
        if ended is None:
            tutor.press("escape", "escape", "ctrl+q")
            ended = tutor.wait(BACKLOG)
        assert ended in ENDS, (ended, pressed[-4 * BURST :], tutor.text())
        tutor.wait_until_empty()
        assert tutor.modes.left == set()
        tutor.close()


def random_key(chance: random.Random) -> str:
    """Return what a terminal sends for a key, the mouse, a paste or a fault of the line."""
    kind = chance.random()
    if kind < QUITS:
        return KEYS["ctrl+q"]
    if kind < 0.4:
        return chance.choice([told for key, told in KEYS.items() if key not in LEAVING])
    if kind < 0.8:
        return chr(chance.randint(32, 126))
    if kind < 0.85:
        return chance.choice(["가", "ㅜ", "ñ", "🙂", "\u202e", "\u200b", "\x00"])
    if kind < 0.95:
        button = chance.choice([0, 0, 2, 32, 35, 64, 65])
        sign = chance.choice("Mm")
        return f"\x1b[<{button};{chance.randint(1, 130)};{chance.randint(1, 40)}{sign}"
    return chance.choice(
        ["\x1b[", "\x1b[1;", "\x1bO", "\x1b[I", "\x1b[O", "\x1b[200~[/b]\x1b[201~"]
    )


def send_until_it_ends(tutor: Tutor, keys: str) -> int | None:
    """Send keys and wait until they have been dealt with; return the tutor's status if it ended."""
    try:
        ui = tutor.ui
        tutor.send(keys)
        wait_until_idle(ui)
    except (OSError, psutil.Error):
        tutor.send(KEYS["ctrl+q"])  # what comes after the end the terminal takes: Ctrl+S halts it
        return tutor.wait(BACKLOG)
    return None


def wait_until_idle(process: psutil.Process) -> None:
    """Wait until a process has not computed for a while, and does not wait for a processor."""
    before, now = -1.0, 0.0
    while before != now or process.status() == psutil.STATUS_RUNNING:
        time.sleep(0.04)
        before, now = now, sum(process.cpu_times()[:2])


def test_a_home_that_cannot_be_written(start: Start) -> None:
    tutor = start("open", "bayes", home=Path("/dev/null/x"))
    tutor.go_to(1)
    path = database(Path("/dev/null/x"))
    tutor.wait_for(re.compile(re.escape(str(path))))
    question = tutor.lesson.steps[1].activities[0]
    assert isinstance(question, Choice)
    index, option = wrong(question)
    tutor.press(str(index + 1))
    tutor.wait_for(option.why)
    tutor.press("ctrl+t")
    tutor.wait_for("settings.json")
    check_that_it_answers(tutor)
    tutor.press("ctrl+q")
    assert tutor.wait() == 0
    tutor.wait_until_empty()


@pytest.mark.parametrize(
    ("raised", "key"),
    [
        ("ModuleNotFoundError(\"No module named 'torch'\", name='torch')", "error.torch.missing"),
        ("OSError('libcudart.so.13: [/b] \\x1b[2J cannot open')", "error.torch.broken"),
    ],
)
def test_torch_that_is_missing_or_broken(
    start: Start, tmp_path: Path, raised: str, key: str
) -> None:
    fake = tmp_path / "fake" / "torch"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text(f"raise {raised}\n")
    tutor = start("open", "bayes", environ={"PYTHONPATH": str(fake.parent)})
    first, second = tutor.lesson.steps[:2]
    tutor.wait_for(first.title)
    tutor.wait_for(tutor.said("state.unavailable"))
    prediction = first.activities[0]
    assert isinstance(prediction, Choice)
    index, option = wrong(prediction)
    tutor.press(str(index + 1))
    tutor.wait_for(option.why)
    tutor.wait_for(tutor.said("card.not_run"))
    tutor.press("n")
    tutor.wait_for(second.title)
    told = tutor.said(key, detail="\0").partition("\0")
    tutor.wait_for(lambda: squeezed(told[0]) in lab(tutor))
    tutor.wait_for(lambda: squeezed(told[2]) in lab(tutor))
    assert b"\x1b[2J cannot" not in tutor.raw
    check_that_it_answers(tutor)


HOSTILE = "[b]x[/] [/ [@click=app.quit]go[/] \x1b]52;c;aGk=\x07\x1b[2Jend\x9b31m\u202e"
"""What a stranger's lesson may say of itself."""

SHOWN = "[b]x[/] [/ [@click=app.quit]go[/] \\x1b]52"
"""How that begins when it is shown."""


def check_that_nothing_was_obeyed(tutor: Tutor) -> None:
    """Check that none of what `HOSTILE` holds has reached the terminal as it is."""
    for sequence in ("\x1b]52", "aGk=\x07", "\x1b[2Jend", "\x9b", "\u202e"):
        assert sequence.encode() not in tutor.raw, sequence


def test_what_a_stranger_says_of_a_lesson_is_text(start: Start, lessons: Lessons) -> None:
    lessons.add("hostile", init=hostile("hostile"))
    tutor = start()
    tutor.wait_for(LESSON.title["en"])
    tutor.send("hostile")
    tutor.wait_for(tutor.said("home.requires", lessons=SHOWN))
    assert squeezed(tutor.panes()[1]).count(squeezed(SHOWN)) == 5
    check_that_nothing_was_obeyed(tutor)


def test_the_title_of_a_stranger_s_lesson_in_the_palette(start: Start, lessons: Lessons) -> None:
    lessons.add("hostile", init=hostile("hostile"))
    tutor = start()
    tutor.wait_for(LESSON.title["en"])
    tutor.press("ctrl+p")
    tutor.wait_for(tutor.said("palette.lesson"))
    tutor.wait_for(SHOWN)
    tutor.send("end")
    tutor.wait_for(lambda: not tutor.shows(LESSON.title["en"]))
    tutor.wait_for(SHOWN)
    check_that_nothing_was_obeyed(tutor)


def test_a_lesson_without_its_files_is_told_of_when_it_is_opened(
    start: Start, lessons: Lessons
) -> None:
    lessons.add("hostile", init=hostile("hostile"))
    tutor = start()
    tutor.wait_for(LESSON.title["en"])
    tutor.send("hostile")
    tutor.wait_for(tutor.said("home.requires", lessons=SHOWN))
    tutor.press("enter")
    tutor.wait_for(tutor.said("error.broken_lesson", name="hostile", reason=""))
    check_that_it_answers(tutor)
    check_that_nothing_was_obeyed(tutor)


def test_broken_lessons_are_listed_as_broken(start: Start, lessons: Lessons) -> None:
    lessons.add("raising", init=f"raise RuntimeError({HOSTILE!r})")
    lessons.enter("absent", "no_such_package:LESSON")
    tutor = start()
    tutor.wait_for(LESSON.title["en"])
    tutor.wait_for(tutor.said("home.broken"))
    for name, reason in (("absent", "ModuleNotFound"), ("raising", f"RuntimeError: {SHOWN}")):
        tutor.send(name)
        told = tutor.said("error.broken_lesson", name=name, reason="\0").partition("\0")[0]
        tutor.wait_for(told + reason)
        tutor.press("enter", "escape")
    tutor.wait_for(LESSON.title["en"])
    tutor.press("enter")
    tutor.wait_for(tutor.lesson.steps[0].title)
    check_that_nothing_was_obeyed(tutor)


def hostile(name: str) -> str:
    """Return the source of a lesson whose every text is hostile."""
    told = {"en": HOSTILE, "ko": HOSTILE}
    return (
        "from tutor.api import Goal, Lesson\n"
        f"told = {told!r}\n"
        f"LESSON = Lesson(id={name!r}, order=900, module=told, title=told, summary=told, minutes=1,"
        f" goals=(Goal('g', told),), out_of_scope=told, sources=(), requires=(told['en'],),"
        f" package='made_{name}')\n"
    )


def test_no_colour_where_none_is_wanted(start: Start) -> None:
    assert colours_of(start("open", "bayes", environ={"NO_COLOR": "1"})) <= {"grey"}


def test_not_even_grey_where_no_colour_is_wanted(start: Start) -> None:
    assert colours_of(start("open", "bayes", environ={"NO_COLOR": "1"})) == set()


def colours_of(tutor: Tutor) -> set[str]:
    """Return the kinds of colours that the lesson is drawn in: "grey" and "colour"."""
    tutor.wait_until_ready()
    tutor.press("1")
    tutor.wait_for("91.7 %")
    tutor.press("?")
    tutor.settle()
    kinds = set()
    for told in COLOUR.findall(bytes(tutor.raw)):
        numbers = [int(one or 0) for one in re.split(rb"[;:]", told)]
        for at, number in enumerate(numbers):
            if number in (38, 48) and numbers[at + 1 : at + 2] == [2]:
                kinds.add("grey" if len(set(numbers[at + 2 : at + 5])) == 1 else "colour")
            elif number in (38, 48) and numbers[at + 1 : at + 2] == [5]:
                kinds.add("colour" if numbers[at + 2] < 232 else "grey")
        if len(numbers) == 1 and (30 <= numbers[0] < 50 or 90 <= numbers[0] < 108):
            kinds.add("colour")
    return kinds


def test_ascii_only_where_the_locale_is_c(start: Start) -> None:
    environ = {"LC_ALL": "C", "LANG": None}
    tutor = start("open", "bayes", environ=environ, size=(100, 30))
    tutor.wait_until_ready()
    told = lesson_characters()
    seen = set()
    for keys in (("1",), ("tab",), ("v",), ("v",), ("v", "r"), ("v",), ("?",), ("escape", "c"),
                 ("escape", "ctrl+p"), ("escape", "escape", "escape")):  # fmt: skip
        tutor.press(*keys)
        tutor.settle(0.5)
        seen |= {(sign, line) for line in tutor.lines() for sign in line if not sign.isascii()}
    strange = {sign: line for sign, line in seen if sign not in told}
    assert not strange, strange


def lesson_characters() -> set[str]:
    """Return the characters of the lesson's own texts and of the names of the languages."""
    text = Path(LESSON.package.replace(".", "/"), "lesson.en.md").read_text(encoding="utf-8")
    code = Path(LESSON.package.replace(".", "/"), "compute.py").read_text(encoding="utf-8")
    return {sign for sign in text + code + "한국어" if not sign.isascii()}
