from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor.activities import Choice, Guided, Number, Predict, Verdict
from tutor.lesson_text import LessonText, parse
from tutor.progress import Progress
from tutor.standing import Given, Standing

TEXT = """\
+++
+++
## Read {#read}
Only prose.

## Answer {#answer}
```choice
id = "choice"
goal = "g"
question = "?"
[[option]]
text = "a"
why = "not a"
mistake = "mixed"
[[option]]
text = "b"
why = "b it is"
right = true
```
```number
id = "number"
goal = "g"
question = "?"
run = "posterior?"
measure = "posterior"
answer = 0.5
unit = "percent"
right = "half"
wrong = "not half"
[[mistake]]
name = "double"
value = 1.0
why = "twice"
```

## Do {#do}
```predict
id = "predict"
goal = "g"
question = "?"
run = "posterior?"
measure = "posterior"
[[option]]
text = "a"
value = 0.0
why = "it fell"
[[option]]
text = "b"
value = 1.0
why = "it rose"
right = true
```
```task
id = "task"
goal = "g"
question = "?"
check = "c"
solution = "posterior?prior=0.01"
why = "done so"
```
"""


@pytest.fixture
def text() -> LessonText:
    return parse(TEXT, "en")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "progress.sqlite3"


@pytest.fixture
def progress(file: Path) -> Iterator[Progress]:
    with_file = Progress.open(file)
    yield with_file
    with_file.close()


def again(text: LessonText, file: Path) -> Standing:
    """Return where the learner stands when the program is started anew."""
    progress = Progress.open(file)
    standing = Standing("one", text, progress)
    progress.close()
    return standing


def test_a_learner_begins_at_the_first_step(text: LessonText, progress: Progress) -> None:
    standing = Standing("one", text, progress)
    assert standing.start == (0, "")
    assert standing.steps() == [(False, False)] * 3
    assert all(standing.given(one) is None for one in text.activities)
    assert not any(standing.is_right(one) for one in text.activities)


def test_a_step_of_prose_is_done_when_it_was_seen(text: LessonText, progress: Progress) -> None:
    standing = Standing("one", text, progress)
    standing.visit(text.steps[0], "")
    standing.visit(text.steps[1], "")
    assert standing.steps() == [(True, True), (False, True), (False, False)]


def test_a_step_is_done_once_all_its_answers_are_right(
    text: LessonText, progress: Progress
) -> None:
    standing = Standing("one", text, progress)
    step = text.steps[1]
    choice, number = step.activities
    assert isinstance(choice, Choice)
    assert isinstance(number, Number)
    standing.visit(step, "")
    standing.answer(step, choice, 1, choice.judge(1))
    assert not standing.is_done(step)
    standing.answer(step, number, 1.0, number.judge_unrun(1.0))
    assert not standing.is_done(step)
    standing.answer(step, number, 0.5, number.judge_unrun(0.5))
    assert standing.is_done(step)
    standing.answer(step, choice, 0, choice.judge(0))
    assert standing.is_done(step)
    assert standing.is_right(choice)
    assert standing.given(choice) == Given(0, Verdict(right=False, why="not a", mistake="mixed"))


def test_answers_and_steps_are_there_on_the_next_day(
    text: LessonText, progress: Progress, file: Path
) -> None:
    standing = Standing("one", text, progress)
    choice, number, predict, task = text.activities
    assert isinstance(predict, Predict)
    assert isinstance(task, Guided)
    for step in text.steps:
        standing.visit(step, f"posterior?prior=0.{len(step.id)}")
    standing.answer(text.steps[1], choice, 0, Verdict(right=False, why="not a", mistake="mixed"))
    standing.answer(text.steps[1], number, 0.5, Verdict(right=True, why="half"))
    standing.answer(text.steps[2], predict, 1, predict.judge_run(1, 0.9))
    standing.answer(text.steps[2], task, "posterior?prior=0.01", Verdict(right=True, why="done so"))
    later = again(text, file)
    assert later.steps() == standing.steps() == [(True, True), (False, True), (True, True)]
    assert later.start == (2, "posterior?prior=0.2")
    for activity in text.activities:
        assert later.given(activity) == standing.given(activity)


def test_what_was_right_once_stays_right(text: LessonText, progress: Progress, file: Path) -> None:
    standing = Standing("one", text, progress)
    step = text.steps[1]
    choice, number = step.activities
    assert isinstance(choice, Choice)
    assert isinstance(number, Number)
    standing.visit(step, "")
    standing.answer(step, number, 0.5, number.judge_unrun(0.5))
    standing.answer(step, choice, 1, choice.judge(1))
    standing.answer(step, choice, 0, choice.judge(0))
    later = again(text, file)
    assert later.is_done(step)
    assert later.given(choice) == Given(0, choice.judge(0))


def test_lessons_do_not_see_each_other(text: LessonText, progress: Progress) -> None:
    standing = Standing("one", text, progress)
    standing.visit(text.steps[0], "")
    standing.answer(text.steps[1], text.activities[0], 1, Verdict(right=True, why=""))
    other = Standing("two", text, progress)
    assert other.start == (0, "")
    assert other.given(text.activities[0]) is None
    assert other.steps() == [(False, False)] * 3


def test_a_step_that_is_no_longer_there_is_begun_anew(
    text: LessonText, progress: Progress, file: Path
) -> None:
    Standing("one", text, progress).visit(text.steps[2], "posterior?prior=0.3")
    shorter = parse(TEXT.replace("{#do}", "{#renamed}"), "en")
    assert again(shorter, file).start == (0, "")
    assert again(shorter, file).steps() == [(False, False)] * 3


@pytest.mark.parametrize("answer", [7, 2, -1, -7, None, "b", 0.5, [1], {"a": 1}, True])
@pytest.mark.parametrize("index", range(4))
def test_a_strange_answer_in_the_progress_does_no_harm(
    text: LessonText, progress: Progress, file: Path, answer: object, index: int
) -> None:
    activity = text.activities[index]
    progress.record("one", "answer", activity=activity.id, answer=answer, right=False)
    progress.record("one", "answer", activity="of an older text", answer=answer)
    later = again(text, file)
    given = later.given(activity)
    assert given is None or given.verdict.right is False
    assert not later.is_right(activity)
    assert later.start == (0, "")


@pytest.mark.parametrize("answer", [7, -1, None, "b", [1]])
def test_an_answer_that_can_no_longer_be_judged_is_as_none(
    text: LessonText, progress: Progress, file: Path, answer: object
) -> None:
    choice = text.activities[0]
    progress.record("one", "answer", activity=choice.id, answer=answer, right=False)
    assert again(text, file).given(choice) is None


def test_a_prediction_stays_as_the_run_judged_it(
    text: LessonText, progress: Progress, file: Path
) -> None:
    standing = Standing("one", text, progress)
    predict = text.activities[2]
    assert isinstance(predict, Predict)
    verdict = predict.judge_run(0, 0.1)
    assert verdict.right
    standing.answer(text.steps[2], predict, 0, verdict)
    assert again(text, file).given(predict) == Given(0, verdict)


def test_a_number_stays_as_the_run_judged_it(
    text: LessonText, progress: Progress, file: Path
) -> None:
    standing = Standing("one", text, progress)
    number = text.activities[1]
    assert isinstance(number, Number)
    for value in (0.7, 1.0, 0.1):
        verdict = number.judge_run(value, 0.7)
        assert verdict.right == (value == 0.7)
        standing.answer(text.steps[1], number, value, verdict)
        assert again(text, file).given(number) == Given(value, verdict)
