"""The command `reaper`."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

from typing import Annotated

import typer

from reaper.cli import (
    act,
    clean,
    config,
    demo,
    exec_,
    iam,
    inspect,
    ledger,
    log,
    people,
    run,
    setup,
    tags,
)
from reaper.cli.failures import Commands, write

app = typer.Typer(
    name="reaper",
    cls=Commands,
    help="Find what integration tests left behind and remove it, and never anything else.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line."""
    app(prog_name="reaper")


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer's signature of a callback
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("leak-reaper")
    except PackageNotFoundError:
        number = "unknown (not installed)"
    write(f"reaper {number}")
    raise typer.Exit


@app.callback()
def _program(
    *,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Log every decision on standard error."),
    ] = False,
    _version_wanted: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    log.verbose.set(verbose)


for group in (demo, inspect, act, clean, people, exec_, tags, setup, iam):
    group.register(app)
app.add_typer(run.app, name="run", cls=Commands)
app.add_typer(config.app, name="config", cls=Commands)
app.add_typer(ledger.app, name="ledger", cls=Commands)
