"""The lab as text: what is set in it, and the picture of that as a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor import catalog, headless, lab_state
from tutor.errors import ImpossibleError, TutorError
from tutor.i18n import t
from tutor.numbers import formatted
from tutor.sentence import SentenceError, sentence

if TYPE_CHECKING:
    from tutor.api import Frame, Lesson, Params
    from tutor.lesson_text import LessonText
    from tutor.plain.computer import Computer
    from tutor.plain.voice import Voice


class Lab:
    """What is set in a lesson's lab, and what comes of it."""

    def __init__(self, lesson: Lesson, text: LessonText, computer: Computer, voice: Voice) -> None:
        """Set nothing yet."""
        self._lesson = lesson
        self._text = text
        self._computer = computer
        self._voice = voice
        self._missed = False
        self.params: Params = catalog.lab_params(lesson)()

    @property
    def view(self) -> str:
        """The task whose picture is told."""
        return str(self.params.values()["view"])

    @property
    def unavailable(self) -> bool:
        """Whether it is known that nothing can be computed."""
        return self._computer.unavailable

    def set(self, query: str) -> None:
        """Set the lab to `view?name=value&…`; what is not named takes its default.

        Raises:
            TutorError: if that is no state of the lab.
        """
        self.params = lab_state.at(type(self.params), query)

    def change(self, typed: str) -> None:
        """Make the changes that were typed: a view's name first, then `name=value` ….

        Raises:
            TutorError: if a name or a value is none.
        """
        self.params = lab_state.changed(self.params, typed, self._text.words)

    def tell(self) -> Frame | None:
        """Say what comes of what is set; return it, None if nothing does."""
        frame = self.run(self.params)
        if frame is not None:
            self.tell_frame(frame)
        return frame

    def tell_frame(self, frame: Frame) -> None:
        """Say a frame that came of what is set."""
        try:
            told = sentence(self._text.sentences.get(self.view, ""), self.params, frame)
        except SentenceError as error:
            told = str(error)
        self._voice.say(t("plain.lab", told=told or t("plain.no_sentence", task=self.view)))

    def run(self, params: Params) -> Frame | None:
        """Return what comes of some parameters; None, and say why, if nothing does."""
        task = f"{self._lesson.id}.{params.values()['view']}"
        try:
            return self._computer.call(task, params, lambda: self._voice.say(t("plain.computing")))
        except ImpossibleError as error:
            self._voice.say(t("plain.lab", told=headless.sentence_of(self._lesson, error)))
        except TutorError as error:
            if not (self.unavailable and self._missed):
                self._voice.say(str(error))
            self._missed = self.unavailable
        return None

    def tell_settings(self) -> None:
        """Say what can be set and how it stands, for the view that is told."""
        words, tasks = self._text.words, catalog.tasks(self._lesson)
        for name in tasks[self.view].params.names():
            self._voice.say(
                t(
                    "plain.setting",
                    name=name,
                    word=words.get(name, name),
                    value=self._shown(name, self.params.values()[name]),
                    range=self._range(name),
                ),
                "  ",
                "    ",
            )
        views = self.params.setting("view").options
        if len(views) > 1:
            told = ", ".join(f"{view} ({words.get(f'view.{view}', view)})" for view in views)
            self._voice.say(t("plain.views", views=told), "  ", "    ")

    def _shown(self, name: str, value: float | str) -> str:
        if isinstance(value, str):
            return value or t("plain.empty")
        return formatted(value, self.params.setting(name).unit)

    def _range(self, name: str) -> str:
        setting = self.params.setting(name)
        if setting.options:
            return ", ".join(setting.options)
        if setting.pattern:
            return setting.pattern
        low, high = self._shown(name, setting.low), self._shown(name, setting.high)
        return t("plain.range", low=low, high=high)
