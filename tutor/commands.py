"""The command palette: every lesson and every action, in the reader's language."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tutor import catalog, i18n
from tutor.api import Lesson
from tutor.i18n import t
from tutor.safe import safe
from tutor.widgets.key_bar import key_name, keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Palette(CommandPalette):
    """A palette that closes nothing but itself."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the palette; a second click beside it would close the screen below, too."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Commands(Provider):
    """What can be done from here: open a lesson, or what a key of this screen does."""

    async def discover(self) -> Hits:
        """List everything."""
        for name, told, run in self._all():
            yield DiscoveryHit(Content(name), run, text=name, help=told)

    async def search(self, query: str) -> Hits:
        """List what matches, the best first."""
        matcher = self.matcher(query)
        for name, told, run in self._all():
            score, offsets = matcher.fuzzy_search.match(query, name)
            if score > 0:
                shown = Content(name)  # `matcher.highlight` would read the name as markup
                for offset in offsets:
                    shown = shown.stylize(matcher.match_style, offset, offset + 1)
                yield Hit(score, shown, run, text=name, help=told)

    def _all(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        """Yield a name, an explanation and an action for each command."""
        for lesson in catalog.lessons().values():
            if isinstance(lesson, Lesson):
                title = safe(i18n.localized(lesson.title))
                action = f"app.open_lesson({lesson.id!r})"
                yield title, t("palette.lesson"), partial(self.app.run_action, action)
        for binding in keys_of(self.screen):
            action = binding.action
            namespace = self.screen if "." not in action else None
            run = partial(self.app.run_action, action, namespace)
            key = key_name(binding, ascii_only=self.app.has_class("ascii"))
            yield t(binding.description), t("palette.key", key=key), run
