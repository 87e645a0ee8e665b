"""One activity on the screen: its question, the ways to answer, and what came of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Markdown, Static

from tutor.activities import Choice, Guided, Number, Predict, Verdict
from tutor.errors import TutorError
from tutor.i18n import t
from tutor.safe import safe

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from tutor.activities import Activity


class Marks(NamedTuple):
    """The signs that say what colours say too."""

    asked: str
    chosen: str
    right: str
    wrong: str
    open: str
    ticked: str
    dash: str


SIGNS = Marks("?", "▸", "✓", "✗", "☐", "☑", "·")
ASCII = Marks("?", ">", "v", "x", "[ ]", "[x]", "-")


class Card(Vertical):
    """An activity; it asks, and is told the verdict."""

    DEFAULT_CSS = """
    Card {
        height: auto;
        margin: 0 0 1 0;
        padding: 0 1;
        border-left: outer $faint;
        &.current { border-left: outer $accent; }
        &.right { border-left: outer $success; }
        &.wrong { border-left: outer $error; }
        & > .kind { color: $muted; }
        &.current > .kind { color: $accent; text-style: bold; }
        & > .question { height: auto; margin: 0; padding: 0; }
        & > Option { height: auto; }
        & > .verdict { height: auto; margin-top: 1; display: none; }
        & > .verdict.shown { display: block; }
        & > Input { border: none; height: 1; padding: 0 1; background: $panel; width: 24; }
    }
    """

    verdict: reactive[Verdict | None] = reactive(None)
    """What the last answer was worth."""
    chosen: reactive[int | None] = reactive(None)
    """The index of the option last chosen."""

    @dataclass
    class Answered(Message):
        """The learner has answered."""

        activity: Activity
        """What was asked."""
        answer: int | float
        """The index of the option, or the number."""

    def __init__(self, activity: Activity, words: dict[str, str], *, ascii_only: bool) -> None:
        """Ask `activity`, naming known mistakes by the lesson's `words`."""
        super().__init__(id=f"card-{activity.id}")
        self.activity = activity
        self._words = words
        self._marks = ASCII if ascii_only else SIGNS

    def compose(self) -> ComposeResult:
        """Lay out the question, the options or the input, and the room for the verdict."""
        yield Static(classes="kind")
        yield Markdown(self.activity.question, classes="question", open_links=False)
        match self.activity:
            case Choice(options=options):
                for index, option in enumerate(options):
                    yield Option(index, option.text)
            case Number():
                yield NumberInput(placeholder=t("card.type_number"))
        yield Static(classes="verdict")

    def on_mount(self) -> None:
        """Draw the state that the card was given before it was on the screen."""
        self.refresh_state()

    @property
    def done(self) -> bool:
        """Whether the last answer was right."""
        return self.verdict is not None and self.verdict.right

    def answer(self, index: int) -> None:
        """Answer with the option at `index`, if the activity has one."""
        if isinstance(self.activity, Choice) and index < len(self.activity.options):
            self.post_message(self.Answered(self.activity, index))

    def type_number(self, begun: str) -> None:
        """Begin to type a number."""
        field = self.query_one(NumberInput)
        field.focus()
        field.value += begun  # the keys of a fast typist may come before the focus does
        field.cursor_position = len(field.value)

    def on_option_chosen(self, event: Option.Chosen) -> None:
        """Answer with the option that was clicked."""
        event.stop()
        self.answer(event.index)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the number that was typed, or say why it is none."""
        event.stop()
        if not event.value.strip() or not isinstance(self.activity, Number):
            return
        try:
            value = self.activity.read(event.value)
        except TutorError as problem:
            self.tell(str(problem))
            return
        event.input.value = ""
        self.post_message(self.Answered(self.activity, value))

    def tell(self, told: str) -> None:
        """Show a line that is no verdict."""
        line = self.query_one(".verdict", Static)
        line.update(Content(safe(told)))
        line.add_class("shown")

    def show_verdict(self, chosen: int | None, verdict: Verdict, measured: str = "") -> None:
        """Show what an answer was worth, and what the run measured."""
        self.chosen, self.verdict, self._measured = chosen, verdict, measured
        self.refresh_state()

    _measured = ""

    def refresh_state(self) -> None:
        """Draw the marks and the verdict."""
        verdict = self.verdict
        self.set_class(verdict is not None and verdict.right, "right")
        self.set_class(verdict is not None and not verdict.right, "wrong")
        self.query_one(".kind", Static).update(self._kind())
        for option in self.query(Option):
            mark = self._marks.chosen if option.index == self.chosen else " "
            if option.index == self.chosen and verdict is not None:
                mark = self._marks.right if verdict.right else self._marks.wrong
            option.mark = mark
        line = self.query_one(".verdict", Static)
        line.set_class(verdict is not None, "shown")
        if verdict is not None:
            line.update(self._explained(verdict))

    def _kind(self) -> Content:
        kinds = {Predict: "predict", Guided: "task", Number: "number"}
        kind = t(f"card.{kinds.get(type(self.activity), 'choice')}")
        mark = self._marks.right if self.done else self._marks.asked
        if isinstance(self.activity, Guided):
            mark = self._marks.ticked if self.done else self._marks.open
        return Content(f"{mark} {kind}")

    def _explained(self, verdict: Verdict) -> Content:
        mark = self._marks.right if verdict.right else self._marks.wrong
        head = t("card.right") if verdict.right else t("card.wrong")
        if verdict.mistake:
            mistake = self._words.get(f"mistake.{verdict.mistake}", verdict.mistake)
            head = f"{head} {self._marks.dash} {mistake}"
        measured = f"{self._measured}\n" if self._measured else ""
        style = "$success bold" if verdict.right else "$error bold"
        return Content.assemble(
            (f"{mark} {safe(head)}\n", style), (safe(measured), "bold"), safe(verdict.why)
        )


class Option(Static):
    """One option of a choice."""

    mark: reactive[str] = reactive(" ")
    """The sign before the number."""

    @dataclass
    class Chosen(Message):
        """The option was clicked."""

        index: int
        """Its place among the options."""

    def __init__(self, index: int, told: str) -> None:
        """Show the option `told` under the number `index` + 1."""
        super().__init__()
        self.index = index
        self._told = safe(told)

    def render(self) -> Content:
        """Draw the mark, the number and the text, its further lines indented."""
        return Content.assemble(
            (f"{self.mark} ", "bold"), (f"{self.index + 1}  ", "$accent bold"), self._told
        )

    def on_click(self, event: events.Click) -> None:
        """Choose this option."""
        event.stop()
        self.post_message(self.Chosen(self.index))


class NumberInput(Input):
    """Where a number is typed; Escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keys.answer"),
        Binding("escape", "screen.focus_text", "keys.leave"),
    ]
