"""The commands `tutor train` and `tutor runs`; each imports what it needs when it is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutor.command_line import DEVICES, completions, fail, show
from tutor.errors import TutorError
from tutor.i18n import t

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

INTERRUPTED = 130
"""The exit status of a command that Ctrl+C has ended."""


def run_names(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete a run's id."""
    from tutor import runs_report  # noqa: PLC0415

    return completions([*runs_report.names(), "last"], begun)


def run_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument RUN."""
    return click.argument("name", metavar="RUN", shell_complete=run_names)(command)


@click.command()
@click.option("--data", metavar="NAME", help="digits (the default), mnist, or a folder.")
@click.option("--model", metavar="NAME", help="The network: mlp.")
@click.option("--hidden", metavar="WIDTHS", help='Widths of the hidden layers: 256, or "256,128".')
@click.option("--epochs", metavar="N", help="How often every image is seen: 5.")
@click.option("--batch-size", metavar="N", help="How many images a step takes: 64.")
@click.option("--lr", metavar="RATE", help="The learning rate: 0.001.")
@click.option(
    "--optimizer",
    metavar="NAME",
    help="adam (the default), adamw, sgd, momentum, nesterov, adagrad or rmsprop.",
)
@click.option("--momentum", metavar="SHARE", help="For momentum and nesterov: 0.9.")
@click.option("--weight-decay", metavar="X", help="How strongly weights are drawn to zero: 0.")
@click.option("--dropout", metavar="SHARE", help="The share of hidden units left out: 0.")
@click.option("--seed", metavar="N", help="What all random numbers start from: 0.")
@click.option("--device", type=click.Choice(DEVICES), help="Where to compute.")
@click.option("--resume", metavar="RUN", shell_complete=run_names, help="Go on with a run.")
@click.option("--detach", is_flag=True, help="Train in the background, and print the run's id.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.pass_obj
def train(
    options: Any, /, *, resume: str | None, detach: bool, as_json: bool, **given: str | None
) -> None:
    """Train a network, with progress on stderr.

    Ctrl+C stops the run with a checkpoint; --resume goes on with it. If the terminal goes, the run
    goes on: see "tutor runs".
    """
    from tutor import training_report  # noqa: PLC0415

    if options.device != "auto":
        given["device"] = given["device"] or options.device
    told = {name: value for name, value in given.items() if value is not None}
    wish = training_report.wish(told, resume)
    try:
        if detach:
            run = training_report.detached(wish)
            show({"run": run}) if as_json else click.echo(run)
            click.echo(t("train.detached", run=run), err=True)
            return
        outcome = training_report.train(wish)
    except TutorError as error:
        if options.debug:
            raise
        fail(str(error), 1)
    if as_json and outcome.result:
        show(outcome.result)
    click.echo(outcome.told, err=as_json or bool(outcome.code))
    sys.exit(outcome.code)


@click.group()
def runs() -> None:
    """Training runs: what there is, how they stand, what they hold.

    RUN is a run's id, the beginning of one, or "last".
    """


@runs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_runs(*, as_json: bool) -> None:
    """List the runs, the oldest first."""
    from tutor import runs_report  # noqa: PLC0415

    found = runs_report.overview()
    if as_json:
        show(found)
    else:
        click.echo(runs_report.overview_table(found))


@runs.command("show")
@run_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_run(name: str, *, as_json: bool) -> None:
    """Show what a run was told, how it stands, and what is kept of it."""
    from tutor import runs_report  # noqa: PLC0415

    found = runs_report.facts(runs_report.find(name))
    if as_json:
        show(found)
    else:
        click.echo(runs_report.facts_table(found))


@runs.command()
@run_argument
def follow(name: str) -> None:
    """Print a run's epochs as they come, until it ends; Ctrl+C leaves it going."""
    from tutor import runs_report  # noqa: PLC0415

    run = runs_report.find(name)
    try:
        status = runs_report.follow(run, click.echo)
    except KeyboardInterrupt:
        click.echo(t("runs.left", run=run.id), err=True)
        sys.exit(INTERRUPTED)
    sys.exit(int(status.state in ("failed", "interrupted")))


@runs.command()
@run_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "tensorboard"]),
    default="csv",
    show_default=True,
    help="The form.",
)
@click.option(
    "-o", "--output", metavar="PATH", type=click.Path(path_type=Path), help="A file or a folder."
)
def export(name: str, form: str, output: Path | None) -> None:
    """Write a run's curves for other programs; without -o to stdout."""
    from tutor import runs_report  # noqa: PLC0415

    written = runs_report.export(runs_report.find(name), form, output)
    if written is not None:
        click.echo(t("runs.exported", path=written), err=True)


@runs.command("rm")
@run_argument
def remove(name: str) -> None:
    """Delete a run with all it holds; not one that is executed."""
    from tutor import runs_report  # noqa: PLC0415

    run = runs_report.find(name)
    runs_report.remove(run)
    click.echo(t("runs.removed", run=run.id))
