"""The command that removes what given runs made, because a person or the run's minter says so."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reaper.cli import failures, options

if TYPE_CHECKING:
    from reaper.cli.session import Session
    from reaper.cli.sweeping import Order, Swept
    from reaper.model import Run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(clean)


def clean(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Run IDs.", autocompletion=options.complete_run),
    ],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="End a run that is alive, then clean up after it.")
    ] = False,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    provider: options.Providers = None,
    scope: options.Scopes = None,
    kind: options.Kinds = None,
    full: options.Full = False,
    wait: options.Wait = None,
    yes: options.Yes = False,
) -> None:
    """Delete what these runs made, without waiting for the grace.

    Where REAPER_URL names the registry that knows them, its daemon is asked to clean up as well,
    in the places that it has.
    """
    from reaper.cli import registered, sweeping
    from reaper.cli.session import opened

    order = sweeping.Order(yes=yes, as_json=as_json, wait=options.waiting(wait))
    if not yes:
        sweeping.must_ask()
    narrowed = options.narrowed(provider, scope, runs, kind, full)
    with opened(config, narrowed, read_only=False) as session:
        if not make_sure_over(session, narrowed.runs, order, force=force):
            code = sweeping.finish(None, order)
        else:
            swept = _cleaned(session, order)
            if swept is not None:
                registered.ask_daemon(narrowed.runs)
            code = sweeping.finish(swept, order)
    raise typer.Exit(code)


def clean_run(run_id: str, *, config: Path | None) -> int:
    """Clean up after a run that its own minter has ended; give the exit code.

    For `reaper exec`: what is said goes to standard error, since the output is the command's.
    """
    from reaper.cli import render, sweeping
    from reaper.cli.session import opened

    order = sweeping.Order(yes=True, as_json=False)
    narrowed = options.narrowed(None, None, [run_id], None, full=False)
    with opened(config, narrowed, read_only=False) as session:
        make_sure_over(session, narrowed.runs, order, force=False)
        swept = _cleaned(session, order)
    assert swept is not None  # nobody was asked
    for line in render.result(swept.listed, swept.gaps, swept.skipped).splitlines():
        if line:
            failures.say(line)
    return swept.code


def _cleaned(session: Session, order: Order) -> Swept | None:
    from reaper.cli import sweeping

    return sweeping.carry_out(session, session.settings(named=session.narrowed.runs), order)


def make_sure_over(session: Session, run_ids: frozenset[str], order: Order, *, force: bool) -> bool:
    """Make sure that the runs are over; False: a person would not have one ended.

    Raises:
        UsageError: One is alive and `force` was not given; nothing was deleted.
    """
    from reaper.cli import registered
    from reaper.errors import UsageError

    fresh = session.directories.take_in(session.ledger)
    known = session.ledger.runs(run_ids)
    elsewhere = registered.at_service(run_ids - set(known))
    for run in elsewhere.values():
        if run.ended is not None:
            registered.take_home(session.ledger, run)
    for run_id in sorted(run_ids - set(known) - set(elsewhere)):
        failures.say(
            f"nobody registered the run {run_id} with this ledger: going by the tags of what it "
            "made, which keep it until they expire"
        )
    unfinished = [run for run in known.values() if run.ended is None]
    alive = [run for run in unfinished if not _end_lapsed(session, run, fresh)]
    alive += [run for run in elsewhere.values() if run.ended is None]
    if alive and not force:
        raise UsageError("\n".join(_living(run, session) for run in alive))
    if alive and not order.yes:
        from reaper.cli import sweeping

        names = "\n".join(f"  {_living(run, session)}" for run in alive)
        if not sweeping.ask(f"{names}\nEnd it, and delete what it made?"):
            return False
    for run in alive:
        if run.id in elsewhere:
            registered.take_home(session.ledger, registered.end(run))
        else:
            _end(session, run)
        failures.say(f"ended the run {run.id}")
    return True


def _end_lapsed(session: Session, run: Run, fresh: frozenset[str]) -> bool:
    """End a run whose lease has lapsed, without the grace that a sweep would give it.

    A run that did not promise to stop then may still be creating: it is a person who ends that.
    """
    from reaper.model import Beats

    at_once = timedelta(0)
    if not run.promised:
        return False
    if run.beats is Beats.DIRECTORY and (
        run.id not in fresh or not session.directories.end_lapsed(run.id, at_once)
    ):
        return False
    return session.ledger.end_lapsed(run.id, at_once) is not None


def _living(run: Run, session: Session) -> str:
    from reaper.cli.words import condition

    owner = run.owner or "nobody in particular"
    where = f" on {run.host}" if run.host else ""
    stands = condition(run, session.ledger.now())
    return (
        f"the run {run.id} of {owner}{where} was not finished ({stands}): finish it, or let "
        "--force end it"
    )


def _end(session: Session, run: Run) -> None:
    """End a run where its next beat finds that out, then in the ledger."""
    from reaper.client import RunDirectory
    from reaper.errors import RunUnknown
    from reaper.model import Ending

    with suppress(RunUnknown):  # it beats elsewhere, where its next beat is refused
        RunDirectory.open(run.id).end(Ending.FORCED, unless_alive=None)
    session.ledger.force_end(run.id)
