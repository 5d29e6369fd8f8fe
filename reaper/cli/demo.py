"""`reaper demo`: the whole life of a leak on the local Docker engine, with proof."""

from __future__ import annotations

import typer

from reaper.cli import log

FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="demo")(demo)


def demo() -> None:
    """Show the whole life of a leak: create, kill the run, sweep, and prove the rest untouched.

    It works on the local Docker engine (or the one that DOCKER_HOST names), in a realm of its
    own, takes less than a minute, needs no registry, and removes everything that it made.
    """
    log.configure()
    from reaper.cli.demo_engine import find_engine  # noqa: PLC0415 - `--help` does not need it

    found = find_engine()
    if found is None:
        raise typer.Exit(FAILED)

    from reaper.cli.demo_story import play  # noqa: PLC0415 - it needs docker-py, as just proven

    if not play(*found):
        raise typer.Exit(FAILED)
