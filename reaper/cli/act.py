"""Commands that delete by plan: sweep and apply."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reaper.cli import failures, options

if TYPE_CHECKING:
    from reaper.cli.sweeping import Swept


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (sweep, apply):
        app.command()(command)


def sweep(
    *,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    provider: options.Providers = None,
    scope: options.Scopes = None,
    run: options.Runs = None,
    kind: options.Kinds = None,
    full: options.Full = False,
    wait: options.Wait = None,
    yes: options.Yes = False,
) -> None:
    """Delete what runs that are over have left behind."""
    from reaper.cli import sweeping
    from reaper.cli.session import opened

    order = sweeping.Order(yes=yes, as_json=as_json, wait=options.waiting(wait))
    if not yes:
        sweeping.must_ask()
    narrowed = options.narrowed(provider, scope, run, kind, full)
    with opened(config, narrowed, read_only=False) as session:
        swept = sweeping.carry_out(session, session.settings(), order)
        code = sweeping.finish(swept, order)
    raise typer.Exit(code)


def apply(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A plan that `reaper plan -o` saved.")
    ],
    *,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    wait: options.Wait = None,
    yes: options.Yes = False,
) -> None:
    """Carry out what still holds of a saved plan."""
    from reaper.cli import saved, sweeping
    from reaper.cli.session import opened
    from reaper.sweep.site import Narrowing

    order = sweeping.Order(yes=yes, as_json=as_json, wait=options.waiting(wait))
    if not yes:
        sweeping.must_ask()
    with opened(config, read_only=False) as session:
        approved = saved.approved(file, session.ledger)
        narrowed = replace(session.narrowed, scopes=approved.cells, full=approved.full)
        session = replace(session, narrowed=narrowed)  # noqa: PLW2901 - the same one, narrowed
        settings = session.settings(narrowing=Narrowing(approved=approved.keys))
        swept = sweeping.carry_out(session, settings, order)
        code = sweeping.finish(swept, order)
        _tell_missing(approved.keys, swept)
    raise typer.Exit(code)


def _tell_missing(approved: frozenset[str], swept: Swept | None) -> None:
    """Tell how much of a plan was not found any more: nothing stands about it in the result."""
    from reaper.ledger import identity

    if swept is not None:
        missing = len(approved - {identity(entry.ref) for entry in swept.listed})
        if missing:
            failures.say(f"{missing} of the {len(approved)} in the plan are not there any more")
