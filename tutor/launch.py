"""Starts the screens or the plain mode; with no words after `tutor`, without the command line.

Start-up counts: reading a command line takes a tenth of a second that a bare `tutor` does not need.
"""

from __future__ import annotations

import io
import os
import sys

from tutor import i18n, locations, settings, terminal
from tutor.errors import TutorError, brief
from tutor.i18n import t


def main() -> None:
    """Run the `tutor` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what its encoding lacks is spelt out
    if len(sys.argv) > 1 or "_TUTOR_COMPLETE" in os.environ:
        from tutor.cli import main as command  # noqa: PLC0415 - only with words to read

        command(prog_name="tutor")
    choose_language(None)
    try:
        sys.exit(start(None, "auto", plain=False, debug=False))
    except TutorError as error:
        print(f"tutor: {error}", file=sys.stderr)  # noqa: T201 - as the command line does
        sys.exit(2)


def unexpected(error: Exception) -> str:
    """Write the traceback of an error that nobody foresaw to the log; return what to say."""
    import traceback  # noqa: PLC0415 - hardly ever

    with os.fdopen(locations.open_log_or_nothing(), "a", errors="backslashreplace") as log:
        traceback.print_exception(error, file=log)
    return t("error.unexpected", told=brief(error), log=locations.log_file())


def choose_language(wanted: str | None) -> None:
    """Use the language that was asked for, else the one chosen earlier, else the locale's."""
    i18n.use(wanted or settings.load()[0].spoken())


def start(state: str | None, device: str, *, plain: bool, debug: bool) -> int:
    """Show the home screen, or the lesson in `state`, until the learner quits.

    Raises:
        TutorError: if there is no terminal that can show a screen.
    """
    if plain:
        from tutor.plain import run_plain  # noqa: PLC0415 - one of two

        return run_plain(state, device)
    drawable = sys.stdout.isatty() and sys.stderr.isatty()
    if reason := terminal.unsuitable(os.environ, sys.stdin.isatty(), drawable):
        raise TutorError(reason)
    if terminal.no_color(os.environ):
        os.environ["TEXTUAL_THEME"] = "ansi-dark"  # with any other, Textual paints NO_COLOR grey
    from tutor.guard import run_guarded  # noqa: PLC0415 - as above

    def show() -> int:
        from tutor.app import run_app  # noqa: PLC0415 - in the guarded process

        return run_app(state, device, debug=debug)

    return run_guarded(show)
