"""The ledger's housekeeping: migrate and prune."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

import json
from typing import Annotated

import typer

from reaper.cli import failures, options

app = typer.Typer(
    help="The database of runs, sightings and deletions.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command()
def migrate(*, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """Bring the ledger's tables to this reaper's schema."""
    from reaper.cli.session import configuration
    from reaper.ledger import Ledger

    with Ledger.open(configuration(config).ledger, migrate=True) as ledger:
        shown = ledger.url_shown
    if as_json:
        failures.write(json.dumps({"schema": 1, "migrated": shown}, indent=2))
    failures.say(f"the ledger {shown} has this reaper's schema")


@app.command()
def prune(
    *,
    before: Annotated[
        str,
        typer.Option(
            "--before",
            metavar="DURATION",
            help="Forget what was over and closed for longer than this.",
        ),
    ] = "90d",
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Forget what is long over: nothing that is waited for, kept or quarantined."""
    from reaper.cli.session import opened_ledger

    age = options.duration("--before", before)
    with opened_ledger(config) as ledger:
        forgotten = ledger.prune(ledger.now() - age)
    if as_json:
        failures.write(json.dumps({"schema": 1, "forgotten": forgotten}, indent=2))
        return
    told = ", ".join(f"{count} {table}" for table, count in sorted(forgotten.items()) if count)
    failures.say(f"forgot {told or 'nothing'}")
