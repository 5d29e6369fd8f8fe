"""`reaper exec -- COMMAND`: a run around a command that knows nothing of reaper."""

from __future__ import annotations

from typing import Annotated

import typer

from reaper.cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    # What follows COMMAND is its own, also what looks like an option of ours.
    app.command("exec", context_settings={"allow_interspersed_args": False})(execute)


def execute(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="What to run.")],
    *,
    owner: options.Owner = None,
    prefix: options.Prefix = None,
    clean: Annotated[
        bool, typer.Option("--clean/--no-clean", help="Remove what is left once COMMAND is over.")
    ] = True,
    compose: Annotated[
        bool,
        typer.Option(
            "--compose",
            help="Let `docker compose` label what it creates, in a project named as the run.",
        ),
    ] = False,
    config: options.ConfigFile = None,
) -> None:
    """Start a run, keep its lease while COMMAND runs, finish it, and clean up.

    COMMAND finds the run's ID in REAPER_RUN_ID. Its exit code is returned: 128 and the signal's
    number if a signal ended it, 127 if it was not found. What cleaning up cannot do is told on
    standard error and does not change the code; `reaper clean` goes on with it.

    If the run is ended while COMMAND runs (its lease lapsed because the machine did not get to
    renew it, or a person ended it), COMMAND is stopped, for what it creates is being removed.
    It is also told to stop (SIGTERM, on Linux) when reaper itself is killed.

    Where REAPER_RUN_ID names a run already, that one is joined: whoever started it finishes it
    and cleans up.
    """
    from reaper.cli import executing  # noqa: PLC0415 - `--help` starts nothing

    raise typer.Exit(
        executing.execute(
            command, owner=owner, prefix=prefix, clean=clean, compose=compose, config=config
        )
    )
