"""`reaper demo`: the whole life of a leak, in clouds' sandboxes and on a Docker engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from reaper.cli import log

if TYPE_CHECKING:
    from reaper.sandbox.demo.stage import Stage

FAILED = 1


class Place(StrEnum):
    """Where the demo can be played."""

    AWS = "aws"
    GCE = "gce"
    AZURE = "azure"
    OCI = "oci"
    DOCKER = "docker"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="demo")(demo)


def demo(
    only: Annotated[
        Place | None,
        typer.Option(help="Play one chapter alone: in a cloud's sandbox, or on a Docker engine."),
    ] = None,
) -> None:
    """Show the whole life of a leak: create, kill the run, sweep, and prove the rest untouched.

    It is played in sandboxes of AWS, Google Cloud, Azure and OCI within this process, and on the
    local Docker engine (or the one that DOCKER_HOST names) if one answers, in a realm of its own.
    It takes about a minute, needs no credentials and no registry, and removes all that it made.
    """
    log.configure()
    from reaper.cli.demo_story import play  # noqa: PLC0415 - `--help` does not need it
    from reaper.cli.failures import write  # noqa: PLC0415 - as above

    played = []
    for stage in stages(only):
        with stage() as ready:
            played.append(play(ready))
        write("Everything that the demo made has been removed again.\n\n")
    if not played or not all(played):
        raise typer.Exit(FAILED)
    write(_NEXT)


def stages(only: Place | None) -> Iterator[Callable[[], AbstractContextManager[Stage]]]:
    """The chapters that can be played here; what cannot is said, and what it needs."""
    from reaper.cli.demo_places import find_engine, has_sandbox  # noqa: PLC0415 - as above

    sandboxes = 0
    if only in {None, Place.AWS} and has_sandbox("AWS"):
        from reaper.sandbox.demo_aws.stage import aws_stage  # noqa: PLC0415 - as just proven

        sandboxes += 1
        yield aws_stage
    if only in {None, Place.GCE} and has_sandbox("Google"):
        from reaper.sandbox.demo_gce.stage import google_stage  # noqa: PLC0415 - as just proven

        sandboxes += 1
        yield google_stage
    if only in {None, Place.AZURE} and has_sandbox("Azure"):
        from reaper.sandbox.demo_azure.stage import azure_stage  # noqa: PLC0415 - as just proven

        sandboxes += 1
        yield azure_stage
    if only in {None, Place.OCI} and has_sandbox("OCI"):
        from reaper.sandbox.demo_oci.stage import oci_stage  # noqa: PLC0415 - as just proven

        sandboxes += 1
        yield oci_stage
    if only in {None, Place.DOCKER}:
        found = find_engine(needed=not sandboxes)
        if found is not None:
            from reaper.sandbox.demo_docker.stage import docker_stage  # noqa: PLC0415 - as above

            yield partial(docker_stage, *found)


_NEXT = """\
To try it with your own tests:
  reaper init     write a configuration from the engines and credentials found here, observing only
  reaper plan     what would be done on them, and why
  reaper sweep    do it
"""
