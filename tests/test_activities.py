import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import catalog
from tutor.activities import (
    KINDS,
    Choice,
    Guided,
    KnownMistake,
    Number,
    Option,
    Predict,
    Run,
    Verdict,
    build,
)
from tutor.api import Lesson
from tutor.errors import TutorError
from tutor.lesson_text import load

QUESTION = {"id": "one", "goal": "g", "question": "?"}
RUN = Run("posterior?prior=0.1", "posterior")

PREDICT = Predict(
    **QUESTION,
    options=(
        Option("99 of 100", "because", mistake="inversion", value=0.99),
        Option("about half", "yes", right=True, value=0.5),
        Option("none", "no"),
    ),
    run=RUN,
    unit="percent",
)
PERCENT = Number(
    **QUESTION,
    run=RUN,
    answer=0.524,
    tolerance=0.005,
    unit="percent",
    mistakes=(
        KnownMistake("inversion", 0.99, "you took P(B|A) for P(A|B)"),
        KnownMistake("near", 0.53, "too near to be told apart at its edge"),
    ),
    right="right so",
    wrong="think again",
)
PLAIN = Number(
    **QUESTION, run=RUN, answer=189, tolerance=0.5, unit="", mistakes=(), right="r", wrong="w"
)


def test_a_choice_is_judged_by_what_the_author_holds_right() -> None:
    choice = Choice(**QUESTION, options=PREDICT.options)
    assert choice.judge(0) == Verdict(right=False, why="because", mistake="inversion")
    assert choice.judge(1) == Verdict(right=True, why="yes")
    assert choice.judge(2) == Verdict(right=False, why="no")
    with pytest.raises(IndexError):
        choice.judge(3)


@pytest.mark.parametrize(
    ("measured", "index"),
    [(0.52381, 1), (0.5, 1), (0.76, 0), (0.74, 1), (0.99, 0), (7.0, 0), (0.1, 2), (-5.0, 2)],
)
def test_the_run_decides_which_prediction_was_right(measured: float, index: int) -> None:
    assert PREDICT.outcome(measured) == index
    for chosen in range(3):
        verdict = PREDICT.judge_run(chosen, measured)
        assert verdict.right == (chosen == index)
        assert verdict.why == PREDICT.options[chosen].why


def test_a_word_is_predicted_by_the_equal_option() -> None:
    words = tuple(Option(word, "", value=word) for word in ("left", "right", "stays"))
    predict = Predict(**QUESTION, options=words, run=RUN)
    assert predict.outcome("right") == 1
    assert predict.judge_run(1, "right").right
    assert not predict.judge_run(0, "right").right


def test_an_answer_out_of_the_saved_progress_may_be_a_float() -> None:
    assert PREDICT.judge_run(1.0, 0.5).right
    assert PREDICT.judge_unrun(1.0) == Verdict(right=True, why="yes")


@pytest.mark.parametrize(
    "typed",
    ["52.4 %", "52.4%", "52.4", "+52.4", "0.524", " 0.524 ", ".524", "131/250", "131 / 250",
     "524/1,000"],
)  # fmt: skip
def test_a_percentage_may_be_typed_in_many_ways(typed: str) -> None:
    assert PERCENT.read(typed) == pytest.approx(0.524)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("189", 189), ("1,890", 1890), ("378/2", 189), ("50%", 0.5), ("-3", -3)],
)
def test_a_plain_number_stays_as_it_is_typed(typed: str, value: float) -> None:
    assert PLAIN.read(typed) == value


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0", 0),
        ("0%", 0),
        ("1", 0.01),
        ("100", 1),
        ("100%", 1),
        ("0.99", 0.99),
        ("0.5 %", 0.005),
        ("0.005", 0.005),
        ("3/2", 1.5),
        ("-5%", -0.05),
    ],
)
def test_the_ends_of_the_percentages(typed: str, value: float) -> None:
    assert PERCENT.read(typed) == pytest.approx(value)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "abc", "%", "/", "1/", "/2", "1/0", "0/0", "1/0.0", "1//2", "1/2/3", "5%%", "--1",
     "0x10", "1e", "[/red]", "\x1b[31m", "½", "9**9", "().__class__", "1/1e-400", "x" * 10**5,
     "5.24e1", "nan", "inf", "1e400", "9" * 10**5, "1/2%", "１/０"],
)  # fmt: skip
def test_what_is_no_number_is_refused_in_short(typed: str) -> None:
    with pytest.raises(TutorError) as caught:
        PERCENT.read(typed)
    assert caught.value.key == "error.answer.number"
    assert caught.value.values["value"] == typed[:40]


@given(st.text())
def test_anything_typed_is_a_number_or_refused(typed: str) -> None:
    for question in (PERCENT, PLAIN):
        try:
            value = question.read(typed)
        except TutorError:
            continue
        assert isinstance(value, float)
        assert question.judge_unrun(value).why


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308])
def test_what_is_no_finite_number_is_wrong(value: float) -> None:
    assert PERCENT.judge_unrun(value) == Verdict(right=False, why="think again")
    assert not PERCENT.judge_run(0.5, value).right


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0.5240, Verdict(right=True, why="right so")),
        (0.5284, Verdict(right=True, why="right so")),
        (0.5196, Verdict(right=True, why="right so")),
        (0.5300, Verdict(right=False, why=PERCENT.mistakes[1].why, mistake="near")),
        (0.9900, Verdict(right=False, why=PERCENT.mistakes[0].why, mistake="inversion")),
        (0.9940, Verdict(right=False, why=PERCENT.mistakes[0].why, mistake="inversion")),
        (0.7, Verdict(right=False, why="think again")),
        (-0.524, Verdict(right=False, why="think again")),
    ],
)
def test_a_number_is_judged_by_the_author_where_nothing_runs(
    value: float, verdict: Verdict
) -> None:
    assert PERCENT.judge_unrun(value) == verdict


def test_the_measured_number_goes_before_the_author_and_before_a_mistake() -> None:
    assert PERCENT.judge_run(0.7, 0.7).right
    assert PERCENT.judge_run(0.99, 0.99) == Verdict(right=True, why="right so")
    assert not PERCENT.judge_run(0.524, 0.7).right


@given(st.floats(0, 1), st.floats(0, 1))
def test_right_is_what_lies_within_the_tolerance(value: float, measured: float) -> None:
    assert PERCENT.judge_run(value, measured).right == (abs(value - measured) <= 0.005)


def test_the_task_of_a_run_is_what_stands_before_the_question_mark() -> None:
    assert RUN.task == "posterior"
    assert Run("posterior", "x").task == "posterior"


def test_each_kind_is_built_from_its_table() -> None:
    option = {"text": "a", "why": "b"}
    assert build("choice", {**QUESTION, "option": [option, {**option, "right": True}]}) == Choice(
        **QUESTION, options=(Option("a", "b"), Option("a", "b", right=True))
    )
    told = {"run": "posterior?prior=0.1", "measure": "posterior"}
    assert build("predict", {**QUESTION, **told, "option": [option]}) == Predict(
        **QUESTION, options=(Option("a", "b"),), run=RUN
    )
    number = build(
        "number",
        {**QUESTION, **told, "answer": 3, "right": "r", "wrong": "w",
         "mistake": [{"name": "m", "value": 4, "why": "y"}]},
    )  # fmt: skip
    assert isinstance(number, Number)
    assert number.mistakes == (KnownMistake("m", 4, "y"),)
    assert number.tolerance > 0
    guided = build("task", {**QUESTION, "check": "c", "solution": "s", "why": "w"})
    assert guided == Guided(**QUESTION, check="c", solution="s", why="w")


def test_a_table_is_not_changed_by_what_is_built_of_it() -> None:
    table = {**QUESTION, "run": "a?b=1", "measure": "m", "option": [{"text": "a", "why": "b"}]}
    before = dict(table)
    assert build("predict", table) == build("predict", table)
    assert table == before


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    "table",
    [
        {},
        {"id": "one"},
        {**QUESTION, "nonsense": 1},
        {**QUESTION, "run": "a"},
        {**QUESTION, "option": 3},
        {**QUESTION, "option": [3]},
        {**QUESTION, "option": [{"text": "a"}]},
        {**QUESTION, "option": [{"text": "a", "why": "b", "wright": True}]},
        {**QUESTION, "mistake": [{"name": "a"}]},
    ],
)
def test_a_table_that_lacks_something_or_has_too_much_is_refused(
    kind: str, table: dict[str, object]
) -> None:
    with pytest.raises((TypeError, KeyError, ValueError)):
        build(kind, table)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_activity_of_every_lesson_can_be_answered_rightly(language: str) -> None:
    answered = 0
    for lesson in catalog.lessons().values():
        assert isinstance(lesson, Lesson)
        for activity in load(lesson.package, language).activities:
            answered += 1
            if isinstance(activity, Choice):
                right = [index for index, one in enumerate(activity.options) if one.right]
                assert len(right) == 1
                assert activity.judge(right[0]).right
                assert all(activity.judge(index).why for index in range(len(activity.options)))
            elif isinstance(activity, Number):
                assert activity.judge_unrun(activity.answer).right
                for mistake in activity.mistakes:
                    assert activity.judge_unrun(mistake.value).mistake == mistake.name
            else:
                assert isinstance(activity, Guided)
                assert activity.check in catalog.checks(lesson)
    assert answered >= 20
