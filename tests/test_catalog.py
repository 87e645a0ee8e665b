import sys

import pytest
from support import STATE, Lessons, metadata

from tutor import catalog, headless, i18n
from tutor.api import Lesson, Params, Task
from tutor.catalog import Broken
from tutor.errors import TutorError, UnknownNameError


def reason(name: str) -> str:
    found = catalog.lessons()[name]
    assert isinstance(found, Broken)
    assert found.id == name
    return found.reason


def all_else_is_well() -> None:
    """Check that the built-in lessons are there and that everything that lists lessons works."""
    assert isinstance(catalog.lessons()["bayes"], Lesson)
    assert "bayes.posterior" in catalog.task_names()
    assert catalog.find_task("bayes.trial")[1].streams
    for language in i18n.LANGUAGES:
        i18n.use(language)
        listed = {one["id"]: one for one in headless.list_lessons()}
        assert listed.keys() == catalog.lessons().keys()
        assert listed["bayes"]["broken"] is None
        assert headless.lesson_table(list(listed.values())).count("\n") == len(listed) - 1


def test_the_built_in_lessons_are_found_and_sound() -> None:
    for id_, lesson in catalog.lessons().items():
        assert isinstance(lesson, Lesson)
        assert lesson.id == id_
        assert catalog.lesson(id_) is lesson
        for texts in (lesson.module, lesson.title, lesson.summary, lesson.out_of_scope):
            assert texts.keys() == i18n.LANGUAGES.keys()
            assert all(texts.values())
        assert issubclass(catalog.lab_params(lesson), Params)
        for name, task in catalog.tasks(lesson).items():
            assert isinstance(task, Task)
            assert catalog.find_task(f"{id_}.{name}") == (lesson, task)
            assert set(task.params.names()) <= set(catalog.lab_params(lesson).names())
    all_else_is_well()


def test_a_lesson_of_anyone_is_found_in_its_order(lessons: Lessons) -> None:
    lessons.add("mine")
    lessons.add("first", init=metadata("first").replace("order=900", "order=-1"))
    ids = list(catalog.lessons())
    assert ids[0] == "first"
    assert ids[-1] == "mine"
    assert "mine.half" in catalog.task_names()
    assert catalog.lab_params(catalog.lesson("mine"))().values() == {"share": 0.5}
    all_else_is_well()


BROKEN = [
    ("raise ImportError('no such thing')", "ImportError: no such thing"),
    ("raise SystemExit(3)", "SystemExit: 3"),
    ("raise GeneratorExit", "GeneratorExit"),
    ("import a_module_that_is_not_there", "ModuleNotFoundError"),
    ("LESSON = = 1", "SyntaxError"),
    ("x = '\0'", "null bytes"),
    ("raise ValueError('one\\ntwo')", "ValueError: one"),
    ("raise ValueError('\\x1b]52;c;aGk=\\x07[/red]')", "[/red]"),
    ("raise ValueError", "ValueError"),
    ("def deep(): deep()\ndeep()", "RecursionError"),
    ("LESSON = None", "is no tutor.api.Lesson"),
    ("LESSON = 'made_bad'", "is no tutor.api.Lesson"),
    ("from tutor.api import Lesson as LESSON", "is no tutor.api.Lesson"),
    ("x = 1", "AttributeError"),
    ("from tutor.api import Lesson\nLESSON = Lesson(id='bad')", "TypeError"),
    (metadata("bad", id="other"), "its id is 'other', its entry point 'bad'"),
]


@pytest.mark.parametrize(("init", "why"), BROKEN)
def test_a_lesson_that_cannot_be_loaded_is_listed_as_broken(
    lessons: Lessons, init: str, why: str
) -> None:
    lessons.add("bad", init=init)
    assert why in reason("bad")
    assert "\n" not in reason("bad")
    assert list(catalog.lessons())[-1] == "bad"
    all_else_is_well()
    with pytest.raises(TutorError) as caught:
        catalog.lesson("bad")
    assert caught.value.key == "error.broken_lesson"
    assert "bad" in str(caught.value)
    with pytest.raises(UnknownNameError):
        catalog.find_task("bad.half")


def test_a_lesson_whose_error_cannot_be_told_is_broken(lessons: Lessons) -> None:
    lessons.add("bad", init="class E(Exception):\n    def __str__(self): 1 / 0\nraise E")
    assert reason("bad")
    all_else_is_well()


@pytest.mark.parametrize(
    "value",
    ["nowhere:LESSON", "nowhere", "made_bad", "made_bad:a:b", "made_bad:", ":", "!", "a b c"],
)
def test_an_entry_point_that_leads_nowhere_is_broken(lessons: Lessons, value: str) -> None:
    lessons.enter("bad", value)
    assert reason("bad")
    all_else_is_well()


def test_an_interrupt_while_a_lesson_is_loaded_ends_the_program(lessons: Lessons) -> None:
    lessons.add("bad", init="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        catalog.lessons()


@pytest.mark.parametrize("state", ["raise ImportError('x\\ny')", "import nowhere", "1 = 2"])
def test_a_lesson_whose_state_cannot_be_imported_harms_nothing_else(
    lessons: Lessons, state: str
) -> None:
    lessons.add("bad", state=state)
    all_else_is_well()
    with pytest.raises(TutorError) as caught:
        catalog.find_task("bad.half")
    assert caught.value.key == "error.broken_lesson"
    assert "\n" not in str(caught.value)


def test_a_state_that_ends_the_program_harms_nothing_else(lessons: Lessons) -> None:
    lessons.add("bad", state="raise SystemExit(3)")
    all_else_is_well()


@pytest.mark.parametrize("state", ["", "TASKS = None", "TASKS = 1"])
def test_a_state_without_tasks_harms_nothing_else(lessons: Lessons, state: str) -> None:
    lessons.add("bad", state=state)
    all_else_is_well()


def test_a_lesson_with_no_lab_is_told_when_it_is_opened(lessons: Lessons) -> None:
    lessons.add("bad", state=STATE.replace("Lab", "Hall"))
    all_else_is_well()


def test_a_lesson_in_english_only_is_shown_in_english(lessons: Lessons) -> None:
    lessons.add("bad", init=metadata("bad").replace(', "ko":', ', "xx":'))
    i18n.use("ko")
    (title,) = [one["title"] for one in headless.list_lessons() if one["id"] == "bad"]
    assert title == "Lesson bad"


@pytest.mark.parametrize("last", [False, True])
def test_a_lesson_that_takes_the_name_of_a_built_in_one_does_not_replace_it(
    lessons: Lessons, last: object
) -> None:
    lessons.add("clash", init=metadata("clash", id="bayes"))
    lessons.enter("bayes", "made_clash:LESSON", "another")
    if last:
        sys.path.append(sys.path.pop(sys.path.index(str(lessons.folder))))
    found = catalog.lessons()["bayes"]
    assert isinstance(found, Lesson)
    assert found.package == "lessons.bayes"


def test_a_distribution_that_is_installed_twice_is_listed_once(lessons: Lessons) -> None:
    lessons.add("mine")
    lessons.enter("mine", "made_mine:LESSON", "mine_again")
    assert list(catalog.lessons()).count("mine") == 1
    all_else_is_well()


@pytest.mark.parametrize("name", ["byes", "", "BAYES", "bayes.posterior", "../bayes", "x" * 1000])
def test_a_lesson_that_is_not_there_is_told_with_the_nearest(name: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        catalog.lesson(name)
    assert "bayes" in caught.value.values["nearest"]


@pytest.mark.parametrize("name", ["bayes", "bayes.", ".posterior", "bayes.posterio", "", "a.b.c"])
def test_a_task_that_is_not_there_is_told_with_the_nearest(name: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        catalog.find_task(name)
    assert caught.value.values["name"] == name
    assert caught.value.values["nearest"].startswith("bayes.")


def test_looking_for_lessons_imports_none_of_their_parts() -> None:
    parts = [name for name in sys.modules if name.startswith("made_")]
    assert parts == []
