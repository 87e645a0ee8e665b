"""The lessons by module with the learner's progress, a filter above them, and a preview of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tutor import catalog, i18n, lesson_text
from tutor.api import Lesson
from tutor.i18n import t
from tutor.safe import one_line, safe
from tutor.standing import Standing

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from tutor.catalog import Broken
    from tutor.session import Session

WIDE = 100
"""From how many columns on the list and the preview stand side by side."""

PASSED = frozenset("123456789?")
"""The characters that are keys of the screen and not part of a filter."""


class Filter(Input):
    """Where the list is filtered; digits and the list's keys go past it."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Leave digits and `?` to the screen, take everything else."""
        return character not in PASSED and super().check_consume_key(key, character)

    def on_key(self, event: events.Key) -> None:
        """Keep what is not part of a filter from being typed."""
        if event.character in PASSED:
            event.prevent_default()


class Chooser(Horizontal):
    """Choose a lesson: arrows, digits, or a few letters of its name."""

    DEFAULT_CSS = """
    Chooser {
        layout: vertical;
        height: 1fr;
        & #choose {
            border: round $border-blurred; border-title-color: $muted; height: 1fr;
            &:focus-within { border: round $primary; border-title-color: $primary; }
        }
        & #filter { border: none; height: 1; padding: 0 1; margin: 0 1; background: $panel; }
        & #lessons {
            border: none; height: 1fr; padding: 0; margin-top: 1;
            background: transparent; scrollbar-size-vertical: 1;
        }
        & #preview {
            border: round $border-blurred; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1;
        }
        & #told { height: auto; }
        &.wide {
            layout: horizontal;
            & #choose { width: 2fr; }
            & #preview { width: 3fr; padding: 1 2; }
        }
        &.ascii {
            & #choose, & #preview { border: ascii $border-blurred; }
            & #choose:focus-within { border: ascii $primary; }
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "keys.open", priority=True),
        Binding("up", "move(-1)", "keys.up", show=False),
        Binding("down", "move(1)", "keys.down", show=False),
        Binding("1", "open_nth(1)", "keys.open_nth", key_display="1–9"),
        *(Binding(str(digit), f"open_nth({digit})", "", show=False) for digit in range(2, 10)),
        Binding("escape", "clear", "keys.clear", show=False),
    ]

    @dataclass
    class Opened(Message):
        """The learner has chosen a lesson."""

        lesson: str
        """Its id."""

    def __init__(self, session: Session) -> None:
        """List the installed lessons."""
        super().__init__(classes="ascii" if session.ascii_only else "")
        self._session = session

    def compose(self) -> ComposeResult:
        """Lay out the filter, the list and the preview."""
        with Vertical(id="choose"):
            yield Filter(placeholder=t("home.filter"), id="filter")
            yield OptionList(id="lessons", markup=False)
        with VerticalScroll(id="preview", can_focus=False):
            yield Static(id="told")

    def on_mount(self) -> None:
        """List everything."""
        self.query_one("#choose").border_title = t("home.lessons")
        self.query_one(Filter).focus()
        self._list("")

    def on_resize(self) -> None:
        """Stand the list and the preview side by side when there is room."""
        self.set_class(self.size.width >= WIDE, "wide")

    def list_anew(self) -> None:
        """Show the progress made since."""
        self._list(self.query_one(Filter).value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what matches."""
        event.stop()
        self._list(event.value)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Preview the lesson under the cursor."""
        event.stop()
        self._preview(event.option.id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the lesson that was clicked."""
        event.stop()
        self._open(event.option.id)

    def action_move(self, by: int) -> None:
        """Move the cursor in the list."""
        lessons = self.query_one(OptionList)
        if by > 0:
            lessons.action_cursor_down()
        else:
            lessons.action_cursor_up()

    def action_open(self) -> None:
        """Open the lesson under the cursor."""
        lessons = self.query_one(OptionList)
        if lessons.highlighted is not None:
            self._open(lessons.get_option_at_index(lessons.highlighted).id)

    def action_open_nth(self, nth: int) -> None:
        """Open the lesson with the number `nth`."""
        ids = list(catalog.lessons())
        if nth <= len(ids):
            self._open(ids[nth - 1])

    def action_clear(self) -> None:
        """Drop the filter."""
        self.query_one(Filter).value = ""

    def _open(self, id_: str | None) -> None:
        if id_ is not None:
            self.post_message(self.Opened(id_))

    def _list(self, wanted: str) -> None:
        """List the lessons that match, under the names of their modules."""
        options: list[Option] = []
        module = ""
        first = None
        for number, found in enumerate(catalog.lessons().values(), start=1):
            if not _matches(found, wanted):
                continue
            named = i18n.localized(found.module) if isinstance(found, Lesson) else t("home.broken")
            if named != module:
                module = named
                options.append(Option(Content.styled(safe(module), "$muted bold"), disabled=True))
            first = len(options) if first is None else first
            options.append(Option(self._line(number, found), id=found.id))
        lessons = self.query_one(OptionList)
        lessons.clear_options()
        lessons.add_options(options)
        lessons.highlighted = first
        if first is None:
            told = t("home.no_match", wanted=one_line(wanted))
            self.query_one("#told", Static).update(Content(told))

    def _line(self, number: int, found: Lesson | Broken) -> Content:
        if not isinstance(found, Lesson):
            return Content.assemble((f"{number:>2}  ", "$muted"), (safe(found.id), "$error"))
        summary = self._session.progress.lessons().get(found.id)
        mark = " "
        if summary is not None:
            mark = "+" if self._session.ascii_only else "◐"
        title = safe(i18n.localized(found.title))
        return Content.assemble((f"{number:>2} ", "$accent bold"), (f"{mark} ", "$accent"), title)

    def _preview(self, id_: str | None) -> None:
        found = catalog.lessons().get(id_ or "")
        told = self.query_one("#told", Static)
        if isinstance(found, Lesson):
            told.update(self._about(found))
        elif found is not None:
            reason = t("error.broken_lesson", name=safe(found.id), reason=safe(found.reason))
            told.update(Content(reason))

    def _about(self, lesson: Lesson) -> Content:
        """Return the preview of a lesson."""
        bullet = "-" if self._session.ascii_only else "•"
        title, summary, out_of_scope = (
            safe(i18n.localized(told))
            for told in (lesson.title, lesson.summary, lesson.out_of_scope)
        )
        parts: list[tuple[str, str] | str] = [
            (f"{title}\n", "bold $primary"),
            (f"{t('list.minutes', minutes=lesson.minutes)}{self._standing(lesson)}\n\n", "$muted"),
            f"{summary}\n\n",
            (f"{t('home.goals')}\n", "bold"),
        ]
        parts += [f" {bullet} {safe(i18n.localized(goal.text))}\n" for goal in lesson.goals]
        if lesson.requires:
            required = safe(", ".join(lesson.requires))
            parts.append(f"\n{t('home.requires', lessons=required)}\n")
        parts += ["\n", (t("home.out_of_scope"), "bold"), f" {out_of_scope}"]
        return Content.assemble(*parts)

    def _standing(self, lesson: Lesson) -> str:
        if lesson.id not in self._session.progress.lessons():
            return ""
        text = lesson_text.load(lesson.package, i18n.language())
        standing = Standing(lesson.id, text, self._session.progress)
        right = sum(standing.is_right(one) for one in text.activities)
        return " · " + t(
            "home.standing",
            step=standing.start[0] + 1,
            steps=len(text.steps),
            right=right,
            activities=len(text.activities),
        )


def _matches(found: Lesson | Broken, wanted: str) -> bool:
    """Return whether each word that was typed is in the lesson's names."""
    names = [found.id]
    if isinstance(found, Lesson):
        names += [*found.title.values(), *found.module.values()]
    told = " ".join(names).casefold()
    return all(word in told for word in wanted.casefold().split())
