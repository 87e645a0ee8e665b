"""The Textual application: what is shared by the screens, and the keys that work everywhere."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.console import Console
from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.scrollbar import ScrollBar
from textual.signal import Signal

from tutor import hangul, i18n, locations, settings, terminal
from tutor.compute.status import State, Status
from tutor.driver import FrugalDriver
from tutor.errors import TutorError
from tutor.guard import CRASHED
from tutor.i18n import t
from tutor.keyboard import LAYOUT, Keyboard
from tutor.safe import safe
from tutor.screens.home import HomeScreen
from tutor.screens.too_small import LEAST, TooSmallScreen
from tutor.session import Session
from tutor.themes import DARK, MONO, THEMES
from tutor.widgets.ascii_bars import AsciiBars
from tutor.widgets.key_bar import key_name, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import SystemCommand
    from textual.command import Provider
    from textual.screen import Screen

    from tutor.settings import Settings
    from tutor.widgets.chooser import Chooser


LONGEST_PASTE = 1_000
"""How many characters are taken of a paste; a field lays out all that it holds at every key."""

TOLD_FOR = 8.0
"""How many seconds a warning stays on the screen."""


def _commands() -> type[Provider]:
    from tutor.commands import Commands  # noqa: PLC0415 - when the palette opens

    return Commands


class TutorApp(App[None]):
    """The tutor on a terminal."""

    TITLE = "tutor"
    CSS_PATH = "tutor.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar = {_commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "keys.palette"),
        Binding("ctrl+t", "next_theme", "keys.theme", show=False),
        Binding("ctrl+l", "next_language", "keys.language", show=False),
        Binding("ctrl+z", "suspend_process", "keys.suspend", show=False),
        Binding("ctrl+q", "quit", "keys.quit", priority=True),
    ]

    def __init__(self, state: str | None, device: str, chosen: Settings) -> None:
        """Open on the home screen, or on the lesson and lab in `state` (`lesson?name=value&…`)."""
        super().__init__(driver_class=FrugalDriver)
        self._state = state
        self._chosen = chosen
        self._keyboard = Keyboard(self, super().on_event)
        ascii_only = chosen.ascii
        if ascii_only is None:
            ascii_only = terminal.ascii_only(os.environ, sys.stdout.encoding)
        self.session = Session(device, ascii_only, Signal(self, "compute status"))
        if ascii_only:
            ScrollBar.renderer = AsciiBars
            self.add_class("ascii")
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = chosen.theme if chosen.theme in {one.name for one in THEMES} else DARK.name
        if self.no_color:
            self.register_theme(MONO)
            self.theme = MONO.name

    def on_mount(self) -> None:
        """Show the first screen, and start the compute side once it is painted."""
        self.app_resume_signal.subscribe(self, self._paint_anew)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end_by, number)
        self.session.changed.subscribe(self, self._status_changed)
        home = HomeScreen(self.session)
        self.push_screen(home)
        self.call_after_refresh(self._go_on, home)

    async def on_event(self, event: events.Event) -> None:
        """Let each key from the terminal wait for the effect of those before it."""
        if isinstance(event, events.Paste) and not event.is_forwarded:
            await self._keyboard.take(events.Paste(event.text[:LONGEST_PASTE]))
        elif isinstance(event, events.Key) and not event.is_forwarded:
            await self._keyboard.take(event)
        else:
            await super().on_event(event)

    async def on_key(self, event: events.Key) -> None:
        """Take a Korean letter that nobody wanted for the key it lies on."""
        if event.character in hangul.KEYS:
            event.stop()
            await super().on_event(events.Key(hangul.KEYS[event.character], None))

    def on_resize(self, event: events.Resize) -> None:
        """Cover what has no room."""
        too_small = event.size.width < LEAST[0] or event.size.height < LEAST[1]
        covered = isinstance(self.screen, TooSmallScreen)
        if too_small and not covered:
            self.push_screen(TooSmallScreen())
        elif covered and not too_small:
            self.pop_screen()

    async def on_unmount(self) -> None:
        """Leave no process behind."""
        await self.session.close()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """Leave the palette to `Commands`, which speaks the reader's language."""
        return ()

    def action_command_palette(self) -> None:
        """Open the palette over any screen but itself."""
        from tutor.commands import Palette  # noqa: PLC0415 - when it opens

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(placeholder=t("palette.placeholder")))

    def action_keys(self) -> None:
        """List the keys of the screen."""
        from tutor.screens.keys import KeysScreen  # noqa: PLC0415 - when it is asked for

        ascii_only = self.session.ascii_only
        keys = [
            (key_name(one, ascii_only=ascii_only), t(one.description))
            for one in keys_of(self.screen)
        ]
        self.push_screen(KeysScreen(keys))

    def action_help_quit(self) -> None:
        """Tell whoever presses Ctrl+C how to quit."""
        self.clear_notifications()
        self.notify(t("keys.quit_hint"), markup=False, timeout=TOLD_FOR)

    def action_next_theme(self) -> None:
        """Change between dark and light."""
        names = [theme.name for theme in THEMES]
        if self.theme not in names:
            return
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self._keep(replace(self._chosen, theme=self.theme))

    def action_next_language(self) -> None:
        """Change between the languages; every screen is laid out anew."""
        codes = list(i18n.LANGUAGES)
        i18n.use(codes[(codes.index(i18n.language()) + 1) % len(codes)])
        self._keep(replace(self._chosen, language=i18n.language()))
        self.run_worker(self._lay_out_anew(), group=LAYOUT, exclusive=True)

    def on_chooser_opened(self, event: Chooser.Opened) -> None:
        """Open the lesson that was chosen."""
        self._open_state(event.lesson)

    def action_open_lesson(self, id_: str) -> None:
        """Open a lesson over the home screen."""
        self._open_state(id_)

    async def _lay_out_anew(self) -> None:
        """Replace the screens by new ones in the language in use."""
        lessons = [one.lesson_id for one in self.screen_stack if hasattr(one, "lesson_id")]
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        home = HomeScreen(self.session)
        await self.push_screen(home)
        await home.fill()
        for id_ in lessons:
            self._open_state(id_)

    def _keep(self, chosen: Settings) -> None:
        self._chosen = chosen
        try:
            settings.save(chosen)
        except TutorError as problem:
            self.warn(problem)

    def _open_state(self, state: str) -> None:
        from tutor import catalog  # noqa: PLC0415 - as the next
        from tutor.screens.lesson import LessonScreen  # noqa: PLC0415 - when a lesson opens

        name, _, query = state.partition("?")
        try:
            screen = LessonScreen(catalog.lesson(name), self.session, query)
        except TutorError as problem:
            self.warn(problem)
            return
        except Exception as error:  # noqa: BLE001 - a lesson's text or screen may raise anything
            reason = f"{type(error).__name__}: {error}"
            self.warn(TutorError("error.broken_lesson", name=name, reason=reason))
            return
        while len(self.screen_stack) > 2:  # noqa: PLR2004 - Textual's own and the home screen
            self.pop_screen()
        self.push_screen(screen)

    def _paint_anew(self, _: App[object]) -> None:
        """Paint everything after the shell has had the terminal."""
        self.screen.refresh(layout=True)

    def _end_by(self, number: int) -> None:
        """Quit as if asked to, with the status of a process that a signal ended."""
        self.exit(return_code=128 + number)

    async def _go_on(self, home: HomeScreen) -> None:
        """Do what the first paint need not wait for."""
        await home.fill()
        if self._state is not None:
            self._open_state(self._state)
        if self.session.progress.notice is not None:
            self.warn(self.session.progress.notice)
        await self.session.client.start()

    def _status_changed(self, status: Status) -> None:
        lost = status.state in (State.LOST, State.UNAVAILABLE)
        if lost and status.problem is not None and not self.session.client.calls:
            self.warn(status.problem)

    def warn(self, problem: TutorError) -> None:
        """Say what happened, in the place of what was said before.

        What was computing says it where it computed.
        """
        self.clear_notifications()
        self.notify(safe(str(problem)), severity="warning", markup=False, timeout=TOLD_FOR)


def run_app(state: str | None, device: str, *, debug: bool) -> int:
    """Run the tutor until the learner quits; return the exit status."""
    chosen, problem = settings.load()
    app = TutorApp(state, device, chosen)
    if problem is not None:
        app.call_later(app.warn, problem)
    log_file = locations.open_log_or_nothing()
    with os.fdopen(log_file, "a", encoding="utf-8", errors="backslashreplace") as log:
        if not debug:
            app.error_console = Console(file=log, markup=False, highlight=False, width=120)
        app.run(mouse=chosen.mouse)
    return CRASHED if app.return_code == 1 else app.return_code or 0
