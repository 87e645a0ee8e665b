"""The text of one step and its activities, in a pane that scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from tutor.activities import Number
from tutor.widgets.card import Card

if TYPE_CHECKING:
    from textual import events

    from tutor.activities import Activity
    from tutor.lesson_text import Step
    from tutor.standing import Standing


class StepView(VerticalScroll, can_focus=True):
    """A step: its prose, then a card for each activity; digits answer the current one."""

    DEFAULT_CSS = """
    StepView { padding: 0 1; scrollbar-size-vertical: 1; }
    StepView > Markdown { margin: 0; padding: 0; height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "answer(0)", "keys.answer_digits", key_display="1–4"),
        Binding("2", "answer(1)", "", show=False),
        Binding("3", "answer(2)", "", show=False),
        Binding("4", "answer(3)", "", show=False),
        Binding("5", "answer(4)", "", show=False),
    ]

    def __init__(self, words: dict[str, str], standing: Standing, *, ascii_only: bool) -> None:
        """Show steps with the lesson's `words`, and what was answered by `standing`."""
        super().__init__(id="step")
        self._words = words
        self._standing = standing
        self._ascii_only = ascii_only

    def watch_has_focus(self, _has_focus: bool) -> None:  # noqa: FBT001 - Textual's
        """Leave the styles as they are: the focus shows in the heading, and restyling is slow."""

    async def show(self, step: Step) -> None:
        """Show a step from its beginning."""
        cards = [Card(one, self._words, ascii_only=self._ascii_only) for one in step.activities]
        for card in cards:
            if given := self._standing.given(card.activity):
                card.set_reactive(Card.verdict, given.verdict)
                if isinstance(given.answer, int):
                    card.set_reactive(Card.chosen, given.answer)
        async with self.batch():
            await self.remove_children()
            await self.mount_all([Markdown(step.prose, open_links=False), *cards])
        self.scroll_home(animate=False)
        self.mark_current()

    @property
    def current(self) -> Card | None:
        """The first card without a right answer, else the last one."""
        cards = list(self.query(Card))
        for card in cards:
            if not card.done:
                return card
        return cards[-1] if cards else None

    def card(self, activity: Activity) -> Card:
        """Return the card of an activity of this step."""
        return self.query_one(f"#card-{activity.id}", Card)

    def mark_current(self) -> None:
        """Mark the card that digits answer."""
        current = self.current
        for card in self.query(Card):
            card.set_class(card is current and not card.done, "current")

    def action_answer(self, index: int) -> None:
        """Answer the current card by option, or begin its number."""
        card = self.current
        if card is None:
            return
        if isinstance(card.activity, Number):
            card.type_number(str(index + 1))
        else:
            card.answer(index)
        self.reveal(card)

    def on_key(self, event: events.Key) -> None:
        """Begin a number with any digit."""
        card = self.current
        digit = event.character is not None and event.character in "06789."
        if digit and card is not None and isinstance(card.activity, Number):
            event.stop()
            card.type_number(event.character or "")

    def reveal(self, card: Card) -> None:
        """Scroll so that the card and its verdict can be read."""
        self.call_after_refresh(card.scroll_visible, animate=False)
