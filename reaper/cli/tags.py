"""`reaper tags`: what the resources of a run must bear, for programs that create them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from reaper.cli import failures, options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tags)


def tags(
    run: options.RunId,
    *,
    image: Annotated[
        bool, typer.Option("--image", help="For a Docker image, whose labels containers inherit.")
    ] = False,
    config: options.ConfigFile = None,  # noqa: ARG001 - each command takes it
    as_json: options.AsJson = True,  # noqa: ARG001 - each command takes it, and this one writes nothing else
) -> None:
    """Print the tags that a resource of the run must bear, as a flat JSON mapping.

    RUN is REAPER_RUN_ID's where it is not given. The values are constant for a run.
    """
    from reaper.cli.registry import located  # noqa: PLC0415 - `--help` reads no run
    from reaper.client import Service  # noqa: PLC0415 - as above
    from reaper.tags import image_tags, run_tags  # noqa: PLC0415 - as above

    where = located(run)
    found = where.show(run) if isinstance(where, Service) else where.read()
    failures.write(json.dumps(image_tags(found) if image else run_tags(found), indent=2))
