import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import Lessons

from tutor import catalog
from tutor.activities import Choice, Guided, Number, Predict
from tutor.api import Lesson
from tutor.lesson_text import NUMBER_LINK, LessonTextError, load, parse

FRONT = '+++\n[words]\nprior = "prevalence"\n[errors]\nnone = "No {x}."\n+++\n'

TEXT = f"""{FRONT}
## First *step* {{#first}}

Some prose with [52.4 %](posterior?prior=0.1&false_alarm=0.1#posterior).

```lab
posterior?prior=0.1
&false_alarm=0.1
```

```python
import torch
```

More prose.

```choice
id = "c"
goal = "g"
question = "Which?"

[[option]]
text = "a"
why = "b"
right = true
```

## 둘째 {{#second-2}}

### Not a step

```number
id = "n"
goal = "g"
question = "How many?"
run = "posterior?prior=0.1"
measure = "posterior"
answer = 3
right = "r"
wrong = "w"
```
```task
id = "t"
goal = "g"
question = "Do."
check = "even"
solution = "posterior?prior=0.01"
why = "y"
```
"""


def test_a_text_is_read_step_by_step() -> None:
    text = parse(TEXT, "en")
    assert text.language == "en"
    assert text.words == {"prior": "prevalence"}
    assert text.errors == {"none": "No {x}."}
    assert text.sentences == {}
    first, second = text.steps
    assert (first.id, first.title) == ("first", "First *step*")
    assert first.lab == "posterior?prior=0.1&false_alarm=0.1"
    assert first.prose.startswith("Some prose")
    assert "```python\nimport torch\n```" in first.prose
    assert first.prose.endswith("More prose.")
    assert "choice" not in first.prose
    assert [type(one) for one in first.activities] == [Choice]
    assert (second.id, second.title, second.lab) == ("second-2", "둘째", "")
    assert second.prose == "### Not a step"
    assert [type(one) for one in second.activities] == [Number, Guided]
    assert [one.id for one in text.activities] == ["c", "n", "t"]
    assert text.step("second-2") is second
    with pytest.raises(KeyError):
        text.step("third")


def test_lines_may_end_as_on_windows() -> None:
    assert parse(TEXT.replace("\n", "\r\n"), "en") == parse(TEXT, "en")


def test_a_number_in_the_prose_names_its_run() -> None:
    (found,) = NUMBER_LINK.finditer(TEXT)
    assert found["shown"] == "52.4 %"
    assert found["query"] == "posterior?prior=0.1&false_alarm=0.1"
    assert found["measure"] == "posterior"


@pytest.mark.parametrize(
    "link", ["[a](https://x.y/z?a=b#c)", "[a](posterior#x)", "[a](posterior?a b#x)", "[](a?b#c)"]
)
def test_other_links_are_no_numbers(link: str) -> None:
    assert NUMBER_LINK.search(link) is None


def block(kind: str, *lines: str) -> str:
    return "\n".join([f"```{kind}", *lines, "```"])


STEP = f"{FRONT}## One {{#one}}\n"
"""The front is six lines long, the heading the seventh."""

CHOICE = ('id = "a"', 'goal = "g"', 'question = "?"', "[[option]]", 'text = "a"', 'why = "b"')


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("", "lesson.en.md:1:", "+++"),
        ("# Title\n+++\n+++\n", "lesson.en.md:1:", "+++"),
        ("+++\n[words]\n", "lesson.en.md:1:", "+++"),
        ("+++\nnonsense\n+++\n", "lesson.en.md:2:", "Expected"),
        (f"{FRONT}\n## No id\n", "lesson.en.md:8:", "{#id}"),
        (f"{FRONT}\n## Bad id {{#Bad_Id}}\n", "lesson.en.md:8:", "{#id}"),
        (f"{STEP}\n## Second\n", "lesson.en.md:9:", "{#id}"),
        (f"{STEP}\n```choice\nid = 1\n", "lesson.en.md:9:", "not closed"),
        (f"{STEP}\n```python\nx\n## Two {{#two}}\n", "lesson.en.md:9:", "not closed"),
        (STEP + block("choice", *CHOICE[:4], "oops"), "lesson.en.md:", "Expected"),
        (STEP + block("choice", *CHOICE[:2]), "lesson.en.md:8:", "question"),
        (STEP + block("choice", *CHOICE, "wright = true"), "lesson.en.md:8:", "wright"),
        (STEP + block("predict", *CHOICE), "lesson.en.md:8:", "run"),
        (STEP + block("predict", 'run = "a"', *CHOICE), "lesson.en.md:8:", "measure"),
        (STEP + block("number", *CHOICE[:3]), "lesson.en.md:8:", "run"),
        (STEP + block("task", *CHOICE[:3]), "lesson.en.md:8:", "check"),
        (STEP + "\n" + block("task", *CHOICE[:3]), "lesson.en.md:9:", "check"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_and_line(text: str, place: str, word: str) -> None:
    with pytest.raises(LessonTextError) as caught:
        parse(text, "en", "lesson.en.md")
    assert str(caught.value).startswith(place)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [FRONT, f"{FRONT}Only prose.\n", f"{FRONT}\n### Not a step\n"])
def test_a_text_without_a_step_is_told_so(text: str) -> None:
    with pytest.raises(LessonTextError, match=r"^lesson\.en\.md:.* step"):
        parse(text, "en", "lesson.en.md")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("+++\n[words]\na = 'b'\nnonsense\nc = 'd'\n+++\n", 4),
        ("+++\nwords\n[words]\n+++\n", 2),
        (STEP + block("choice", *CHOICE[:3], "oops", *CHOICE[3:]), 12),
        (STEP + "Prose.\n" + block("choice", "id = a", *CHOICE[1:]), 10),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_own_line_only(text: str, line: int) -> None:
    with pytest.raises(LessonTextError) as caught:
        parse(text, "en", "lesson.en.md")
    assert str(caught.value).startswith(f"lesson.en.md:{line}:")
    assert "at line" not in str(caught.value)


@pytest.mark.parametrize("kind", ["python", "", "text"])
def test_a_comment_in_a_block_of_code_is_no_heading(kind: str) -> None:
    code = block(kind, "x = 1", "## the second part", "y = 2")
    (step,) = parse(f"{STEP}\n{code}\nEnd.\n", "en").steps
    assert step.prose == f"{code}\nEnd."


def test_a_question_of_several_lines_may_have_a_heading() -> None:
    lines = ('id = "a"', 'goal = "g"', 'question = """', "## Data", '? """', *CHOICE[3:])
    (step,) = parse(STEP + block("choice", *lines), "en").steps
    assert step.activities[0].question == "## Data\n? "


@pytest.mark.parametrize("opening", ["``` python", "```c++", "```python title"])
def test_any_block_of_markdown_is_prose(opening: str) -> None:
    prose = f"{opening}\nx = 1\n```\nEnd."
    text = parse(f"{STEP}\n{prose}\n\n{block('choice', *CHOICE)}\n", "en")
    assert text.steps[0].prose == prose
    assert len(text.activities) == 1


@pytest.mark.parametrize("before", ["Some prose.", "# The lesson", block("choice", *CHOICE)])
def test_what_stands_before_the_first_step_is_refused(before: str) -> None:
    with pytest.raises(LessonTextError, match=r"^lesson\.en\.md:8: "):
        parse(f"{FRONT}\n{before}\n## One {{#one}}\n", "en", "lesson.en.md")


@pytest.mark.parametrize(
    "text",
    [
        f"{STEP}\n## Two {{#one}}\n",
        STEP + block("choice", *CHOICE) + "\n" + block("choice", *CHOICE),
    ],
)
def test_an_id_that_comes_twice_is_refused(text: str) -> None:
    with pytest.raises(LessonTextError):
        parse(text, "en")


@pytest.mark.parametrize("front", ["words = 3", "[words]\na = 3"])
def test_a_front_of_another_form_is_refused(front: str) -> None:
    with pytest.raises(LessonTextError):
        parse(f"+++\n{front}\n+++\n## One {{#one}}\n", "en")


LINES = st.sampled_from(
    ["+++", "## A {#a}", "## B", "```", "```choice", "```lab", "```python", "x?y=1", "[words]",
     'a = "b"', "[[option]]", "{", "", "text", "가"]
)  # fmt: skip


TEXTS = st.text() | st.lists(LINES, max_size=20).map("\n".join)


def refused_as_such(text: str) -> None:
    try:
        assert parse(text, "en").steps
    except LessonTextError as error:
        assert str(error).startswith("lesson")  # noqa: PT017 - either outcome is right


@given(TEXTS)
@example("```")
def test_any_step_is_read_or_refused(text: str) -> None:
    refused_as_such(f"{STEP}{text}")


@given(TEXTS)
@example("")
def test_any_text_is_read_or_refused(text: str) -> None:
    refused_as_such(text)
    refused_as_such(f"{FRONT}{text}")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_lesson_has_its_text(language: str) -> None:
    for lesson in catalog.lessons().values():
        assert isinstance(lesson, Lesson)
        text = load(lesson.package, language)
        assert text.language == language
        assert len(text.steps) >= 3
        assert any(isinstance(one, Predict) for one in text.activities)
        assert len({step.id for step in text.steps}) == len(text.steps)
        assert len({one.id for one in text.activities}) == len(text.activities)
        assert {one.goal for one in text.activities} == {goal.id for goal in lesson.goals}


def test_both_languages_have_the_same_steps_activities_and_words() -> None:
    for lesson in catalog.lessons().values():
        assert isinstance(lesson, Lesson)
        en, ko = load(lesson.package, "en"), load(lesson.package, "ko")
        assert [step.id for step in en.steps] == [step.id for step in ko.steps]
        assert [step.lab for step in en.steps] == [step.lab for step in ko.steps]
        assert [(type(a), a.id, a.goal) for a in en.activities] == [
            (type(a), a.id, a.goal) for a in ko.activities
        ]
        for table in ("words", "sentences", "errors"):
            assert getattr(en, table).keys() == getattr(ko, table).keys()


def test_english_serves_where_a_language_is_missing(lessons: Lessons) -> None:
    lessons.add("one")
    file = lessons.folder / "made_one" / "lesson.en.md"
    file.write_text(TEXT, encoding="utf-8")
    text = load("made_one", "ko")
    assert text.language == "en"
    assert text == load("made_one", "en")


def test_a_mistake_is_told_with_the_name_of_the_file(lessons: Lessons) -> None:
    lessons.add("two")
    (lessons.folder / "made_two" / "lesson.ko.md").write_text("nothing", encoding="utf-8")
    with pytest.raises(LessonTextError, match=r"^lesson\.ko\.md:1:"):
        load("made_two", "ko")


@pytest.mark.parametrize("content", [None, b"+++\n+++\n## \xff {#a}\n"])
def test_a_file_that_is_missing_or_not_utf_8_is_told(
    lessons: Lessons, content: bytes | None
) -> None:
    lessons.add("three")
    if content is not None:
        (lessons.folder / "made_three" / "lesson.en.md").write_bytes(content)
    with pytest.raises(LessonTextError, match=r"lesson\.en\.md"):
        load("made_three", "en")
