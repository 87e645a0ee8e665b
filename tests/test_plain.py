"""Lessons as text: real dialogues with the real command through pipes, and the parts they use."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lessons.bayes.state import Lab
from tutor import i18n, lab_state, lesson_text
from tutor.activities import Activity, Choice, Guided, Number, Predict
from tutor.api import Frame
from tutor.cells import width
from tutor.errors import TutorError
from tutor.i18n import messages
from tutor.plain.markdown import plain_lines
from tutor.plain.voice import simpler
from tutor.plain.wrapping import wrapped
from tutor.progress import Progress
from tutor.sentence import SentenceError, sentence

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tutor.lesson_text import LessonText, Step

PATIENCE = 90
"""After how many seconds a dialogue is ended that says nothing."""


class Dialogue:
    """A tutor at the other end of two pipes; in what it says, blanks and line ends are one."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        """Start `tutor --plain`, which keeps its files in `folder`."""
        clean = {
            k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO"))
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tutor", "--plain", "--device", "cpu", *arguments],
            env=clean | {"LC_ALL": "C.UTF-8", "TUTOR_HOME": str(folder)} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._timer = Timer(PATIENCE, self._process.kill)
        self._timer.start()
        self.heard = b""
        self.status = -1
        self.errors = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._timer.cancel()

    def say(self, line: str) -> None:
        """Type a line."""
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def hear(self, wanted: str) -> str:
        """Return what is said up to the line that completes `wanted`."""
        told = ""
        while spaced(wanted) not in spaced(told):
            line = self._process.stdout.readline()
            assert line, f"ended before {wanted!r}: {told}{self._process.stderr.read().decode()}"
            self.heard += line
            told += line.decode()
        return spaced(told)

    def end(self, encoding: str = "utf-8") -> str:
        """Close the pipe to the tutor and return what it still says."""
        rest, errors = self._process.communicate()
        self.heard += rest
        self.status, self.errors = self._process.returncode, errors.decode()
        return spaced(rest.decode(encoding))


@dataclass(frozen=True)
class Bayes:
    """The lesson that the dialogues are about, in one language."""

    language: str
    text: LessonText

    def t(self, key: str, **values: object) -> str:
        """Return a message of the program."""
        return messages(self.language)[key].format(**values)

    def find(self, kind: type[Activity], id_: str = "") -> tuple[int, Step, Activity]:
        """Return the first activity of a kind, or the one called `id_`, with its step."""
        return next(
            (index, step, activity)
            for index, step in enumerate(self.text.steps)
            for activity in step.activities
            if type(activity) is kind and id_ in ("", activity.id)
        )

    def prompt(self, activity: Activity) -> str:
        """Return the line after which an activity can be answered."""
        match activity:
            case Choice(options=options):
                return self.t("plain.ask_option", most=len(options))
            case Number():
                return self.t("plain.ask_number")
        return "alarms" if "alarms" in activity.solution else self.t("plain.views", views="")

    def go_to(self, dialogue: Dialogue, wanted: Activity) -> None:
        """Go on until an activity is asked."""
        for step in self.text.steps:
            for activity in step.activities:
                dialogue.hear(self.prompt(activity))
                if activity == wanted:
                    return
                if wanted in step.activities:
                    dialogue.say("")
                else:
                    break
            dialogue.say("n")


def bayes(language: str) -> Bayes:
    """Return the lesson in a language."""
    return Bayes(language, lesson_text.load("lessons.bayes", language))


def spaced(text: str) -> str:
    """Return a text with one blank for every run of blanks and line ends."""
    return " ".join(text.split())


def assert_plain(heard: bytes) -> None:
    """Assert that there is nothing but lines, none wider than 78 cells."""
    assert not {byte for byte in heard if byte < 0x20 or byte == 0x7F} - {0x0A}
    for line in heard.decode().splitlines():
        assert width(line) <= 78, line


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_prediction_is_run_and_its_mistake_named(language: str, tmp_path: Path) -> None:
    lesson = bayes(language)
    _, step, activity = lesson.find(Predict)
    wrong = next(index for index, one in enumerate(activity.options) if one.mistake)
    right = next(index for index, one in enumerate(activity.options) if one.right)
    mistake = lesson.text.words[f"mistake.{activity.options[wrong].mistake}"]
    with Dialogue(tmp_path, "--lang", language, "open", "bayes") as dialogue:
        begun = dialogue.hear(lesson.prompt(activity))
        steps = len(lesson.text.steps)
        assert lesson.t("plain.position", step=1, steps=steps, title=step.title) in begun
        assert spaced(activity.question) in begun
        assert all(spaced(option.text) in begun for option in activity.options)

        dialogue.say("set prior=0.5")
        dialogue.hear(lesson.t("plain.locked"))
        dialogue.say(str(wrong + 1))
        verdict = dialogue.hear(lesson.t("plain.ask_again"))
        assert "91.7" in verdict
        assert spaced(lesson.t("plain.mistaken", mistake=mistake)) in verdict
        assert spaced(activity.options[wrong].why) in verdict

        dialogue.say(str(right + 1))
        verdict = dialogue.hear(spaced(activity.options[right].why))
        assert lesson.t("plain.right") in verdict
        dialogue.say("n")
        dialogue.say("b")
        dialogue.hear(lesson.t("plain.answered", answer=activity.options[right].text))
        dialogue.end()
    assert dialogue.status == 0
    assert not dialogue.errors
    assert_plain(dialogue.heard)
    progress = Progress.open(tmp_path / "data" / "progress.sqlite3")
    answered = progress.answers("bayes")[activity.id]
    assert (answered.right, answered.tries, answered.answer) == (True, 2, right)
    progress.close()


def test_a_number_is_judged_by_its_run(tmp_path: Path) -> None:
    lesson = bayes("en")
    _, _, activity = lesson.find(Number)
    mistake = activity.mistakes[0]
    with Dialogue(tmp_path, "--lang", "en", "open", "bayes") as dialogue:
        lesson.go_to(dialogue, activity)
        for refused in ("many", "1/0", "52,x"):
            dialogue.say(refused)
            dialogue.hear(messages("en")["error.answer.number"].format(value=refused))
        dialogue.say(f"{100 * mistake.value} %")
        told = dialogue.hear(lesson.t("plain.ask_again"))
        assert spaced(mistake.why) in told
        assert "Lab:" not in told
        dialogue.say(f"{100 * activity.answer} %")
        told = dialogue.hear("Lab:")
        assert spaced(activity.right) in told
        dialogue.end()
    assert dialogue.status == 0


@pytest.mark.parametrize(
    ("language", "far", "near"),
    [("en", "prior=0.5", "posterior prior=1%"), ("ko", "유병률=0.5", "사람 유병률=1%")],
)
def test_a_task_is_done_by_setting_the_lab(
    language: str, far: str, near: str, tmp_path: Path
) -> None:
    lesson = bayes(language)
    _, _, activity = lesson.find(Guided, "even-chances")
    lab = lesson.t("plain.lab", told="").strip()
    with Dialogue(tmp_path, "--lang", language, "open", "bayes") as dialogue:
        lesson.go_to(dialogue, activity)
        for refused in ("nothing=1", "prior=7", "prior=x", "cube", "posterior prior", "?x=1"):
            dialogue.say(refused)
        dialogue.say(far)
        told = dialogue.hear(lab)
        assert "Traceback" not in told
        assert lesson.t("plain.right") not in told
        dialogue.say(f"set {near}")
        told = dialogue.hear(spaced(activity.why))
        assert lesson.t("plain.right") in told
        dialogue.end()
    assert dialogue.status == 0
    assert_plain(dialogue.heard)
    progress = Progress.open(tmp_path / "data" / "progress.sqlite3")
    answered = progress.answers("bayes")[activity.id]
    assert answered.right
    assert lab_state.at(Lab, f"posterior?{answered.answer}").prior == 0.01
    progress.close()


def test_a_task_is_shown_when_asked(tmp_path: Path) -> None:
    lesson = bayes("ko")
    _, _, activity = lesson.find(Guided)
    with Dialogue(tmp_path, "--lang", "ko", "open", "bayes") as dialogue:
        lesson.go_to(dialogue, activity)
        dialogue.say("ㄴ")
        told = dialogue.hear(spaced(activity.why))
        assert activity.solution in told
        dialogue.end()
    assert dialogue.status == 0


def test_the_lesson_goes_on_where_the_input_ended(tmp_path: Path) -> None:
    lesson = bayes("en")
    third, steps = lesson.text.steps[2], len(lesson.text.steps)
    with Dialogue(tmp_path, "--lang", "en", "open", "bayes") as dialogue:
        for line in ("n", "n", "set prior=0.2 false_alarm=3%"):
            dialogue.say(line)
        dialogue.hear(lesson.t("plain.position", step=3, steps=steps, title=third.title))
        dialogue.hear("Lab:")
        set_to = dialogue.end().rpartition("Lab:")[2]
    assert dialogue.status == 0
    assert "200 are ill" in set_to

    with Dialogue(tmp_path, "--lang", "en", "open", "bayes") as dialogue:
        begun = f"{dialogue.hear('Lab:')} {dialogue.end()}"
    assert dialogue.status == 0
    assert f"Step 3 of {steps}" in begun
    assert set_to.strip() in begun


def test_an_interrupt_leaves_quietly(tmp_path: Path) -> None:
    with Dialogue(tmp_path, "--lang", "en", "open", "bayes") as dialogue:
        dialogue.say("n")
        dialogue.hear("Step 2 of")
        dialogue.interrupt()
        dialogue.end()
    assert dialogue.status == 130
    assert not dialogue.errors
    assert Progress.open(tmp_path / "data" / "progress.sqlite3").position("bayes") is not None


def test_lessons_are_chosen_by_number_and_steps_by_letter(tmp_path: Path) -> None:
    lesson = bayes("en")
    steps = len(lesson.text.steps)
    with Dialogue(tmp_path, "--lang", "en") as dialogue:
        listed = dialogue.hear(lesson.t("plain.choose"))
        assert "1. Bayes' theorem" in listed
        dialogue.say("99")
        dialogue.hear("“99” is no lesson.")
        dialogue.say("bayes")
        dialogue.hear("Step 1 of")
        for typed, answer in (
            ("b", lesson.t("plain.first_step")),
            ("?", lesson.t("plain.help")),
            ("7", "“7” is no answer here."),
            ("yes please", "“yes please” is no answer here."),
            ("n", f"Step 2 of {steps}"),
            ("B", f"Step 1 of {steps}"),
        ):
            dialogue.say(typed)
            dialogue.hear(answer)
        for _ in range(steps):
            dialogue.say("n")
        dialogue.hear("End of the lesson")
        assert f"step {steps} of {steps}" in dialogue.hear(lesson.t("plain.choose"))
        dialogue.say("q")
        dialogue.end()
    assert dialogue.status == 0
    assert_plain(dialogue.heard)


def test_a_state_of_the_lab_is_opened_or_refused(tmp_path: Path) -> None:
    with Dialogue(tmp_path, "--lang", "en", "open", "bayes?prior=0.5&sensitivity=1") as dialogue:
        assert "500 are ill" in dialogue.hear("Predict")
    with Dialogue(tmp_path, "--lang", "en", "open", "bayes?prior=5") as dialogue:
        assert not dialogue.end()
    assert dialogue.status == 2
    assert "prior: 5.0 is not between 0 and 1." in dialogue.errors


@pytest.mark.parametrize(
    "environment",
    [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}],
    ids=["C", "C-without-utf8", "ascii"],
)
def test_any_encoding_will_do(environment: dict[str, str], tmp_path: Path) -> None:
    environment |= {"PYTHONCOERCECLOCALE": "0"}
    with Dialogue(tmp_path, "--lang", "en", "open", "bayes", **environment) as dialogue:
        for line in ("n", "é ㅜ θ", "n", "ㅜ", "q"):
            dialogue.say(line)
        rest = dialogue.end()
    assert dialogue.status == 0
    assert not dialogue.errors
    assert "Step 3 of" in rest
    assert_plain(dialogue.heard)
    if len(environment) > 2 or "PYTHONIOENCODING" in environment:
        assert dialogue.heard.isascii()
        assert "theta" in rest


def test_only_what_an_encoding_lacks_is_replaced(tmp_path: Path) -> None:
    with Dialogue(tmp_path, "--lang", "ko", PYTHONIOENCODING="cp949") as dialogue:
        listed = dialogue.end("cp949")
    assert bayes("ko").t("plain.choose") in listed
    with Dialogue(tmp_path, "--lang", "ko", PYTHONIOENCODING="ascii") as dialogue:
        assert "(35?)" in dialogue.end("ascii")


def test_without_torch_there_are_texts_and_questions(tmp_path: Path) -> None:
    missing = 'raise ModuleNotFoundError("No module named torch", name="torch")\n'
    (tmp_path / "torch.py").write_text(missing)
    paths = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    lesson = bayes("en")
    _, _, prediction = lesson.find(Predict)
    _, _, task = lesson.find(Guided)
    right = next(index for index, one in enumerate(prediction.options) if one.right)
    with Dialogue(tmp_path, "--lang", "en", "open", "bayes", PYTHONPATH=paths) as dialogue:
        dialogue.hear(lesson.prompt(prediction))
        dialogue.say(str(right + 1))
        assert "Right." in dialogue.hear(spaced(prediction.options[right].why))
        for _ in range(100):
            dialogue.say("")
        rest = dialogue.end()
    assert dialogue.status == 0
    assert spaced(task.question) in rest
    assert "End of the lesson: 1 of " in rest
    assert dialogue.heard.decode().count("torch is not installed") == 1
    assert_plain(dialogue.heard)


def test_markdown_becomes_its_words() -> None:
    told = plain_lines(
        "Some **bold**, *slanted* and `code()` words,\nwith a [52.4 %](posterior?prior=0.1#last)"
        " link.\n\n- one\n- two\n  and more\n\n3. three\n4. four\n\n> said\n\n### Heading\n\n"
        "| prior | after + |\n|---|---|\n| 1 % | 9.1 % |\n| 10 % | 52.4 % |\n\n---\n\n"
        "```python\nfor x in  y:\n    pass\n```\n"
    )
    assert told == [
        "Some bold, slanted and code() words, with a 52.4 % link.",
        "",
        "- one",
        "- two and more",
        "",
        "3. three",
        "4. four",
        "",
        "  said",
        "",
        "Heading",
        "",
        "prior: 1 %; after +: 9.1 %",
        "prior: 10 %; after +: 52.4 %",
        "",
        "",
        "",
        "  for x in  y:",
        "      pass",
    ]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_lessons_markdown_leaves_no_marks(language: str) -> None:
    for step in bayes(language).text.steps:
        told = "\n".join(plain_lines(step.prose))
        assert not {"**", "`", "](", "[", "#"} & {
            told[i : i + n] for n in (1, 2) for i in range(len(told))
        }


@given(some.text(alphabet="ab 가나é", max_size=80), some.integers(2, 20))
def test_lines_are_wrapped_and_nothing_is_lost(text: str, cells: int) -> None:
    lines = list(wrapped(text, cells))
    assert all(width(line) <= cells for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_further_lines_are_indented() -> None:
    lines = list(wrapped("one two three", 9, "1. ", "   "))
    assert lines == ["1. one", "   two", "   three"]


def test_signs_have_names_where_an_encoding_lacks_them() -> None:
    told = "".join(map(simpler, "P(θ|D) → “½” 10⁹ … α × é 가"))
    assert told == 'P(theta|D) -> "1/2" 10^9 ... alpha x e ?'


@pytest.mark.parametrize(
    ("typed", "view", "prior", "results"),
    [
        ("prior=0.3", "update", 0.3, "+-"),
        ("prior=30% results=-", "update", 0.3, "-"),
        ("PREVALENCE=30%", "update", 0.3, "+-"),
        ("posterior", "posterior", 0.2, "+-"),
        ("People prior=0.3", "posterior", 0.3, "+-"),
        ("curve?prior=0.3", "curve", 0.3, "++"),
        ("results=", "update", 0.2, ""),
    ],
)
def test_a_lab_is_changed_by_what_is_typed(
    typed: str, view: str, prior: float, results: str
) -> None:
    lab = Lab(view="update", prior=0.2, results="+-")
    lab = lab_state.changed(lab, typed, bayes("en").text.words)
    assert (lab.view, lab.prior, lab.results) == (view, prior, results)


@pytest.mark.parametrize("typed", ["", "cube", "prior", "x=1", "prior=2", "curve?prior", "a=?"])
def test_what_no_lab_can_be_set_to_is_refused(typed: str) -> None:
    with pytest.raises(TutorError):
        lab_state.changed(Lab(), typed, {})


@dataclass(frozen=True)
class Half(Frame):
    """A frame with a property."""

    prior: float
    numbers: tuple[float, ...] = ()

    @property
    def double(self) -> float:
        return 2 * self.prior


def test_a_sentence_takes_the_frame_before_the_parameters() -> None:
    told = sentence("{prior:.1%} {double:g} {sensitivity:g}", Lab(prior=0.1), Half(0.25))
    assert told == "25.0% 0.5 0.99"


def test_a_sentence_has_a_dash_for_what_is_no_number() -> None:
    assert sentence("{prior:.1%}", Lab(), Half(math.nan)) == "–"


@pytest.mark.parametrize("template", ["{none}", "{}", "{0}", "{prior:q}", "{prior", "{numbers[3]}"])
def test_a_template_that_does_not_fit_says_why(template: str) -> None:
    with pytest.raises(SentenceError, match="Error: "):
        sentence(template, Lab(), Half(1.0))
