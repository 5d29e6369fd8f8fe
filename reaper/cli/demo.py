"""`reaper demo`: the whole life of a leak, with proof, where that can be shown on this machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from reaper.cli import log

FAILED = 1


class Only(StrEnum):
    """The stage to play on alone."""

    AWS = "aws"
    DOCKER = "docker"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="demo")(demo)


def demo(
    *,
    only: Annotated[
        Only | None,
        typer.Option(help="Play on this alone; default: on both.", show_default=False),
    ] = None,
) -> None:
    """Show the whole life of a leak: create, kill the run, sweep, and prove the rest untouched.

    It plays in an AWS sandbox of its own and, if one answers, on the local Docker engine (or the
    one that DOCKER_HOST names), in a realm of its own. It needs no credentials, no registry and no
    network, takes less than a minute, and removes everything that it made.
    """
    log.configure()
    from reaper.cli.demo_stages import find_stages  # noqa: PLC0415 - `--help` does not need it

    stages = find_stages(only)
    if not stages:
        raise typer.Exit(FAILED)

    from reaper.cli.demo_story import play  # noqa: PLC0415 - as above

    if not play(stages):
        raise typer.Exit(FAILED)
