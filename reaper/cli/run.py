"""`reaper run`: the registry of runs, for programs that are not pytest."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

from typing import Annotated

import typer

from reaper.cli import options

app = typer.Typer(
    name="run",
    help="The registry of runs, for programs that are not pytest.",
    no_args_is_help=True,
)


@app.command()
def start(
    *,
    owner: options.Owner = None,
    prefix: options.Prefix = None,
    lease: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Such as 10m; the configuration's where it is not given.",
            show_default=False,
        ),
    ] = None,
    max_: Annotated[
        str | None,
        typer.Option(
            "--max",
            metavar="DURATION",
            help="How long the run may last, if nobody knows it any more.",
            show_default=False,
        ),
    ] = None,
    promise: Annotated[
        bool,
        typer.Option(
            "--promise/--no-promise",
            help="Promise that nothing more is created under the run once its lease has lapsed.",
        ),
    ] = False,
    origin: Annotated[
        str | None, typer.Option(help="What starts it: a command line, a job's address.")
    ] = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Start a run and print its ID.

    Keep it alive by `reaper run beat`, more often than its lease is long, and end it by
    `reaper run finish`. What it creates must bear the tags that `reaper tags` prints.

    A script that creates by other programs cannot stop them once its lease has lapsed, so it
    does not promise to: if it dies, what it left goes when the run expires (--max after its
    start), and when it is finished, at once. With --promise, the end of its lease ends the run.
    """
    from reaper.cli import registry

    registry.start(
        owner=owner,
        prefix=prefix,
        origin=origin,
        lease=None if lease is None else options.duration("--lease", lease),
        most=None if max_ is None else options.duration("--max", max_),
        promise=promise,
        config=config,
        as_json=as_json,
    )


@app.command()
def beat(
    run: options.RunId,
    *,
    config: options.ConfigFile = None,  # noqa: ARG001 - each command takes it
    as_json: options.AsJson = False,
) -> None:
    """Renew a run's lease; after the run's end it is refused, and nothing more may be created."""
    from reaper.cli import registry

    registry.beat(run, as_json=as_json)


@app.command()
def finish(
    run: options.RunId,
    *,
    config: options.ConfigFile = None,  # noqa: ARG001 - each command takes it
    as_json: options.AsJson = False,
) -> None:
    """End a run: what it left may be removed from now on. To finish it again changes nothing."""
    from reaper.cli import registry

    registry.finish(run, as_json=as_json)


@app.command("ls")
def list_runs(*, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """List the runs of this host and those that the ledger knows, the oldest first."""
    from reaper.cli import run_lists

    raise typer.Exit(run_lists.list_runs(config, as_json=as_json))


@app.command()
def show(
    run: options.RunId, *, config: options.ConfigFile = None, as_json: options.AsJson = False
) -> None:
    """Show a run, and what it intended to create and did create."""
    from reaper.cli import run_lists

    raise typer.Exit(run_lists.show(run, config, as_json=as_json))
