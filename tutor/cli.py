"""The `tutor` command; each subcommand imports what it needs when it is called."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tutor import __version__, i18n, launch
from tutor.command_line import DEVICES, FOLDER, completions, fail, show
from tutor.errors import TutorError
from tutor.i18n import t
from tutor.run_commands import runs, train
from tutor.safe import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

SHELLS = ("bash", "zsh", "fish")
"""The shells that can complete the command's words."""


@dataclass(slots=True)
class Options:
    """What was asked for before the subcommand."""

    plain: bool
    """Whether to show text instead of screens."""
    device: str
    """The device to compute on."""
    debug: bool
    """Whether errors come with a traceback."""


class Command(click.Group):
    """The group of subcommands; tells an error in one line and ends with status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except TutorError as error:
            if ctx.params.get("debug"):
                raise
            fail(str(error))
        except BrokenPipeError:
            # What reads our output has gone; leave nothing for the interpreter to flush into it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            fail(launch.unexpected(error), 1)


def start(options: Options, state: str | None) -> NoReturn:
    """Show the home screen, or the lesson in `state`, and end."""
    sys.exit(launch.start(state, options.device, plain=options.plain, debug=options.debug))


def lesson_names(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete a lesson's name."""
    from tutor import catalog  # noqa: PLC0415

    return completions(catalog.lessons(), begun)


def task_words(ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete a task's name, then its parameters."""
    from tutor import catalog  # noqa: PLC0415

    if name := ctx.params.get("task"):
        try:
            names = catalog.find_task(name)[1].params.names()
        except TutorError:
            return []
        return completions([f"{one}=" for one in names], begun)
    return completions(catalog.task_names(), begun)


@click.group(cls=Command, invoke_without_command=True, name="tutor")
@click.option(
    "--lang", type=click.Choice(list(i18n.LANGUAGES)), help="Language; else the locale's."
)
@click.option("--plain", is_flag=True, help="Show lessons as text: for pipes and screen readers.")
@click.option("--device", type=click.Choice(DEVICES), default="auto", help="Where to compute.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(__version__, prog_name="tutor")
@click.pass_context
def main(ctx: click.Context, lang: str | None, device: str, *, plain: bool, debug: bool) -> None:
    """Learn the mathematics and the PyTorch of deep learning in a terminal."""
    launch.choose_language(lang)
    ctx.obj = Options(plain, device, debug)
    if ctx.invoked_subcommand is None:
        start(ctx.obj, None)


main.add_command(train)
main.add_command(runs)


@main.command("open")
@click.argument("state", metavar="LESSON[?name=value&…]", shell_complete=lesson_names)
@click.pass_obj
def open_(options: Options, state: str) -> None:
    """Open a lesson, in a given state of its lab if one is named."""
    from tutor import catalog  # noqa: PLC0415
    from tutor.api import parse_query  # noqa: PLC0415

    name, _, query = state.partition("?")
    lesson = catalog.lesson(name)
    catalog.lab_params(lesson).from_strings(parse_query(query))
    start(options, state)


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_(*, as_json: bool) -> None:
    """List the lessons."""
    from tutor import headless  # noqa: PLC0415

    lessons = headless.list_lessons()
    if as_json:
        show(lessons)
    else:
        click.echo(headless.lesson_table(lessons))


@main.command()
@click.argument("task", metavar="TASK", shell_complete=task_words)
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]…", shell_complete=task_words)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def run(options: Options, task: str, values: tuple[str, ...], *, as_json: bool) -> None:
    """Run a compute task: tutor run bayes.posterior prior=0.1."""
    from tutor import headless  # noqa: PLC0415

    result = headless.run_task(task, values, options.device)
    if as_json:
        show(result)
    else:
        click.echo(headless.result_table(result))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def progress(*, as_json: bool) -> None:
    """Tell what has been learnt so far."""
    from tutor import headless  # noqa: PLC0415

    found = headless.progress()
    if as_json:
        show(found)
    else:
        click.echo(headless.progress_table(found))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def doctor(options: Options, *, as_json: bool) -> None:
    """Tell what this machine offers."""
    from tutor import doctor as examiner  # noqa: PLC0415
    from tutor import headless  # noqa: PLC0415

    facts = examiner.examine(lambda: headless.compute_facts(options.device))
    if as_json:
        show(facts)
    else:
        click.echo(examiner.report(facts))


@main.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of a shell: eval "$(tutor completion bash)"."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    kind = get_completion_class(shell)
    if kind is None:
        raise AssertionError(shell)
    click.echo(kind(main, {}, "tutor", "_TUTOR_COMPLETE").source())


@main.group()
def data() -> None:
    """Images to learn from: what there is, getting MNIST, checking it."""


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_data(*, as_json: bool) -> None:
    """List the data that can be trained on."""
    from tutor import data_report  # noqa: PLC0415
    from tutor.data.listing import available  # noqa: PLC0415

    found = available()
    if as_json:
        show(found)
    else:
        click.echo(data_report.data_table(found))


@data.command()
@click.argument("name", type=click.Choice(["mnist"]))
@click.option("--data", "folder", type=FOLDER, help="Where to; else TUTOR_DATA, else tutor's own.")
@click.option("--from", "sources", multiple=True, metavar="URL", help="A mirror; may be repeated.")
def fetch(name: str, folder: Path | None, sources: tuple[str, ...]) -> None:  # noqa: ARG001
    """Download what is missing of MNIST; what came before an interruption is used."""
    from tutor import data_report  # noqa: PLC0415

    place = data_report.fetch_mnist(folder, sources)
    click.echo(one_line(t("data.fetched", folder=place), 2000))


@data.command()
@click.option("--data", "folder", type=FOLDER, help="The folder; else TUTOR_DATA, else tutor's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def verify(folder: Path | None, *, as_json: bool) -> None:
    """Compare the files of MNIST with what was published; status 1 if one differs."""
    from tutor import data_report  # noqa: PLC0415
    from tutor.data import mnist  # noqa: PLC0415

    found = data_report.states(mnist.verify(folder))
    sound = all(one["sound"] for one in found)
    if as_json:
        show(found)
    else:
        click.echo(data_report.state_table(found))
        if not sound:
            click.echo(t("data.repair"), err=True)
    sys.exit(not sound)


@main.group()
def dev() -> None:
    """Tools for those who write lessons."""


@dev.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]…", shell_complete=lesson_names)
@click.pass_obj
def check(options: Options, lessons: tuple[str, ...]) -> None:
    """Check lessons, all if none is named: texts, answers, runs, tasks."""
    from tutor.devtools.check import check_lessons  # noqa: PLC0415

    sys.exit(check_lessons(lessons, options.device, click.echo))


@dev.command()
@click.argument("name")
def new(name: str) -> None:
    """Begin a lesson called NAME."""
    from tutor.devtools.new import begin_lesson  # noqa: PLC0415

    click.echo(begin_lesson(name))
