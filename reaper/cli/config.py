"""`reaper config`: is the configuration right, and what may stand in it."""

from __future__ import annotations

import json
import os

import typer

from reaper.cli import options
from reaper.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Check the configuration, or describe it.")


@app.command()
def check(*, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """Read the configuration and say what is wrong with it. Nothing is contacted."""
    from reaper.config import load  # noqa: PLC0415 - `--help` does not need it

    try:
        loaded = load(config, os.environ)
    except ConfigurationError as error:
        if not as_json:
            raise
        _print_json(source=None, notices=(), problems=error.args)
        raise typer.Exit(2) from error
    source = None if loaded.source is None else str(loaded.source)
    if as_json:
        _print_json(source=source, notices=loaded.notices, problems=())
        return
    for notice in loaded.notices:
        typer.echo(notice, err=True)
    if source is None:
        typer.echo("There is no configuration file: the local Docker engine is the one place.")
    else:
        typer.echo(f"{source} is right.")


@app.command()
def schema(
    *,
    as_json: options.AsJson = True,  # noqa: ARG001 - each command takes it, and this one writes nothing else
) -> None:
    """Print the configuration's JSON schema, for editors."""
    from reaper.config import json_schema  # noqa: PLC0415 - `--help` does not need it

    typer.echo(json.dumps(json_schema(), indent=2))


def _print_json(*, source: str | None, notices: tuple[str, ...], problems: tuple[str, ...]) -> None:
    typer.echo(
        json.dumps(
            {
                "schema": 1,
                "valid": not problems,
                "source": source,
                "notices": list(notices),
                "problems": list(problems),
            }
        )
    )
