"""A learner's way through the tutor, key by key, on a real terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from lessons.bayes import LESSON
from tests.pty.program import Tutor, answers, bayes, wrong
from tests.pty.terminal import KEYS
from tutor.activities import Choice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., Tutor]

NARROW = (80, 24)

CHEAP_TEST = "52.4 %"
"""What a positive result means when a test with 10 % false alarms finds 99 of 100 ill."""


@pytest.mark.parametrize("language", ["en", "ko"])
def test_answering_setting_the_lab_leaving_and_coming_back(
    start: Start, home: Path, language: str
) -> None:
    tutor = start(language=language)
    first, second = tutor.lesson.steps[:2]
    title = LESSON.title[language]
    tutor.wait_for(title)

    tutor.send("zz")
    tutor.wait_for(tutor.said("home.no_match", wanted="zz"))
    tutor.press("escape")
    tutor.send(title[:3])
    tutor.wait_for(lambda: tutor.shows(title) and not tutor.shows(tutor.said("home.filter")))
    tutor.press("enter")
    tutor.wait_for(first.title)
    tutor.wait_for(tutor.said("lab.locked"))
    tutor.wait_until_ready()

    prediction = first.activities[0]
    assert isinstance(prediction, Choice)
    index, option = wrong(prediction)
    tutor.press(str(index + 1))
    tutor.wait_for(option.why)
    tutor.wait_for(tutor.lesson.words[f"mistake.{option.mistake}"])
    tutor.wait_for(tutor.said("card.measured", value="91.7 %"))

    tutor.press("n")
    tutor.wait_for(second.title)
    choice = second.activities[0]
    assert isinstance(choice, Choice)
    index, option = wrong(choice)
    tutor.press(str(index + 1))
    tutor.wait_for(option.why)
    assert not tutor.shows(CHEAP_TEST)
    tutor.enter_lab()
    tutor.set("false_alarm", "10")
    tutor.wait_for(CHEAP_TEST)
    tutor.press("ctrl+q")
    assert tutor.wait() == 0
    assert set(answers(home)) == {prediction.id, choice.id}

    again = start("open", "bayes", language=language)
    again.wait_for(second.title)
    again.wait_for(CHEAP_TEST, 60)
    again.read_on_to(option.why)
    again.press("p")
    again.wait_for(first.title)
    again.read_on_to(wrong(prediction)[1].why)


def test_a_lesson_is_opened_by_enter_and_by_the_palette(start: Start) -> None:
    tutor = start()
    first = tutor.lesson.steps[0].title
    tutor.wait_for(LESSON.title["en"])
    tutor.press("enter")
    tutor.wait_for(first)
    for language in ("en", "ko"):
        tutor.language = language
        tutor.press("escape")
        tutor.wait_for(tutor.said("home.filter"))
        tutor.press("ctrl+p")
        tutor.wait_for(tutor.said("keys.theme"))
        tutor.send(LESSON.title[language][:3])
        tutor.wait_for(lambda: not tutor.shows(tutor.said("keys.theme")))
        tutor.wait_for(tutor.said("palette.lesson"))
        tutor.press("enter")
        tutor.wait_for(LESSON.module[language])
        tutor.wait_for(re.compile(r"1/\d+"))
        if language == "en":
            tutor.press("ctrl+l")
            tutor.wait_for(LESSON.title["ko"])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_palette_finds_and_runs_an_action(start: Start, language: str) -> None:
    tutor = start(language=language)
    tutor.wait_for(LESSON.title[language])
    before = tutor.cells()[0].bg
    tutor.press("ctrl+p")
    tutor.wait_for(tutor.said("palette.lesson"))
    tutor.send(tutor.said("keys.theme")[:4])
    tutor.wait_for(lambda: not tutor.shows(tutor.said("palette.lesson")))
    tutor.wait_for(tutor.said("palette.key", key="^T"))
    tutor.press("enter")
    tutor.wait_for(lambda: tutor.cells()[0].bg != before, 3)


def test_a_lesson_is_opened_by_its_number(start: Start) -> None:
    tutor = start()
    tutor.wait_for(LESSON.title["en"])
    tutor.press("1")
    tutor.wait_for(tutor.lesson.steps[0].title, 3)


def test_a_state_from_the_command_line_its_code_its_keys_and_its_looks(start: Start) -> None:
    tutor = start("open", "bayes?prior=0.1&false_alarm=0.1")
    tutor.go_to(1)
    tutor.press("ctrl+q")
    assert tutor.wait() == 0

    tutor = start("open", "bayes?prior=0.1&false_alarm=0.1")
    title = tutor.lesson.steps[1].title
    tutor.wait_for(title)
    tutor.wait_for(CHEAP_TEST, 60)

    tutor.press("c")
    tutor.wait_for(tutor.said("code.title", task="bayes.posterior"))
    tutor.wait_for("import torch")
    tutor.wait_for(re.compile(r"prior=0\.1\b.*\bfalse_alarm=0\.1\b"))
    tutor.press("escape")
    tutor.wait_for(lambda: not tutor.shows("import torch"))

    tutor.press("?")
    for key in ("next", "previous", "code", "home", "quit", "theme"):
        tutor.wait_for(tutor.said(f"keys.{key}"))
    tutor.press("escape")
    tutor.wait_for(CHEAP_TEST)

    before = tutor.cells()[0].bg
    tutor.press("ctrl+t")
    tutor.wait_for(lambda: tutor.cells()[0].bg != before)
    tutor.settle()
    assert tutor.shows(title)
    assert tutor.shows(CHEAP_TEST)

    tutor.press("ctrl+l")
    tutor.language = "ko"
    tutor.wait_for(bayes("ko").steps[1].title)
    tutor.wait_for(CHEAP_TEST)
    assert tutor.shows(re.compile(r" 2/\d+ "))

    tutor.press("ctrl+q")
    assert tutor.wait() == 0
    again = start()
    again.wait_for(LESSON.title["ko"])
    assert again.cells()[0].bg != before


def test_a_second_and_a_third_result_and_a_trial(start: Start) -> None:
    tutor = start("open", "bayes")
    tutor.go_to(1)
    tutor.wait_until_ready()
    tutor.enter_lab()
    tutor.set("false_alarm", "10")
    tutor.wait_for(CHEAP_TEST)
    tutor.press("v")
    tutor.wait_for("91.6 %")
    tutor.wait_for(tutor.said("keys.add"))
    tutor.press("+")
    tutor.wait_for("99.1 %")
    tutor.press("backspace", "backspace", "-")
    tutor.wait_for("1.2 %")
    tutor.press("v")
    tutor.wait_for(CHEAP_TEST)
    tutor.press("v")
    tutor.wait_for(tutor.said("lab.press_run"))
    tutor.press("r")
    tutor.wait_for(tutor.said("lab.done"), 30)
    theorem = re.escape(tutor.lesson.words["theorem"])
    tutor.wait_for(re.compile(rf"10,000,000 .*\n?.*{theorem} 52\.381 %"))
    tutor.press("r", "space")
    tutor.wait_for(lambda: tutor.shows(tutor.said("lab.held")) or tutor.shows("10,000,000"))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_on_a_narrow_terminal_tab_switches_between_text_and_lab(
    start: Start, language: str
) -> None:
    tutor = start("open", "bayes", language=language, size=NARROW)
    first = tutor.lesson.steps[0]
    tutor.wait_for(first.title)
    assert not tutor.shows(tutor.lesson.words["view.curve"])
    tutor.wait_until_ready()
    prediction = first.activities[0]
    assert isinstance(prediction, Choice)
    index, option = wrong(prediction)
    tutor.press(str(index + 1))
    tutor.wait_for(option.why)
    tutor.enter_lab()
    tutor.wait_for("91.7 %")
    tutor.wait_for(lambda: not tutor.shows(first.title))
    tutor.set("false_alarm", "10")
    tutor.wait_for(CHEAP_TEST)
    tutor.press("tab")
    tutor.wait_for(first.title)
    tutor.wait_for(lambda: not tutor.shows(CHEAP_TEST))


def test_on_a_narrow_terminal_tab_leads_out_of_a_lab_that_waits_for_a_prediction(
    start: Start,
) -> None:
    tutor = start("open", "bayes", size=NARROW)
    first = tutor.lesson.steps[0]
    tutor.wait_for(first.title)
    tutor.press("tab")
    tutor.wait_for(tutor.said("lab.locked"))
    assert not tutor.shows(first.title)
    tutor.press("tab")
    tutor.wait_for(first.title, 2)


def test_keys_that_come_all_at_once_go_where_they_were_meant_to(start: Start) -> None:
    tutor = start("open", "bayes")
    tutor.go_to(1)
    tutor.wait_until_ready()
    tutor.send("\t" + 2 * KEYS["down"] + "10\r")
    tutor.wait_for(CHEAP_TEST)
    tutor.send("v+")
    tutor.wait_for("99.1 %")
    tutor.send(2 * KEYS["backspace"] + "-ㅜ1")
    tutor.wait_for(tutor.lesson.steps[2].title)
