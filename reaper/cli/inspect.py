"""Commands that only look: ls, plan, explain, history."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reaper.cli import failures, options

if TYPE_CHECKING:
    from reaper.cli.report import Entry
    from reaper.cli.session import Session
    from reaper.cli.surveys import Seen
    from reaper.ledger import Ledger
    from reaper.model import Gap


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (ls, plan, explain, history):
        app.command()(command)


def ls(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="List everything there, also what bears no run.")
    ] = False,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    provider: options.Providers = None,
    scope: options.Scopes = None,
    run: options.Runs = None,
    kind: options.Kinds = None,
    full: options.Full = False,
) -> None:
    """List what is tagged, by run, owner and age."""
    from reaper.cli import render, report, surveys
    from reaper.cli.session import opened

    narrowed = options.narrowed(provider, scope, run, kind, full or everything)
    with opened(config, narrowed, read_only=True) as session:
        seen, gaps = surveys.survey(session)
        if everything:
            views = [surveys.view(each, surveys.everything(each)) for each in seen]
        else:
            views = [surveys.view(each) for each in seen]
        if as_json:
            _write_json(report.document([e for v in views for e in v.listed], gaps))
        else:
            failures.write(render.listing(views, gaps))
    raise typer.Exit(report.Exit.GAPS if gaps else report.Exit.CLEAN)


def plan(
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Save it for `reaper apply`.", show_default=False
        ),
    ] = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    provider: options.Providers = None,
    scope: options.Scopes = None,
    run: options.Runs = None,
    kind: options.Kinds = None,
    full: options.Full = False,
) -> None:
    """Show what would go, what would stay, and why; nothing is deleted."""
    from reaper.cli import render, report, surveys
    from reaper.cli.session import opened

    narrowed = options.narrowed(provider, scope, run, kind, full)
    with opened(config, narrowed, read_only=True) as session:
        seen, gaps = surveys.survey(session)
        views = [surveys.view(each) for each in seen]
        listed = [entry for view in views for entry in view.listed]
        if as_json:
            _write_json(report.document(listed, gaps))
        else:
            failures.write(render.plans(views, gaps))
        _keep(session, seen, gaps, output)
    raise typer.Exit(report.plan_code(listed, gaps))


def explain(
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="A reference, a name, or an ID's beginning.")
    ],
    *,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    provider: options.Providers = None,
    scope: options.Scopes = None,
    full: options.Full = False,
) -> None:
    """Show why one resource stays or goes, and its history."""
    from reaper.cli import explaining, render, report, surveys
    from reaper.cli.session import opened

    narrowed = options.narrowed(provider, scope, None, None, full)
    with opened(config, narrowed, read_only=True) as session:
        seen, gaps = surveys.survey(session)
        found = surveys.find(ref, seen)
        told = (
            explaining.present(found, session)
            if found is not None
            else explaining.gone(ref, session, gaps)
        )
        if as_json:
            _write_json(explaining.as_document(told, gaps))
        else:
            failures.write(explaining.as_text(told) + render.shown(*render.gap_lines(gaps)))
    raise typer.Exit(report.Exit.GAPS if gaps else report.Exit.CLEAN)


def history(
    *,
    since: Annotated[
        str, typer.Option("--since", metavar="DURATION", help="How far back, such as 7d.")
    ] = "7d",
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="ID", help="Only this run's.", autocompletion=options.complete_run
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show also what was to go and did not (yet).")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 1000,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what was deleted, when, why, and by which sweep."""
    from reaper.cli import render, report
    from reaper.cli.session import opened_ledger
    from reaper.model import Status

    with opened_ledger(config) as ledger:
        outcomes = ledger.outcomes(
            since=_before(ledger.now(), options.duration("--since", since)),
            run=run,
            statuses=None if everything else (Status.GONE, Status.SCHEDULED),
            limit=limit,
        )
        sweeps = _sweeps(ledger, run, limit)
        tests = _tests(ledger, {outcome.run for outcome in outcomes})
    if as_json:
        listed: list[Entry] = [report.Entry(outcome=outcome) for outcome in outcomes]
        content = report.document(listed, ())
        for item, outcome in zip(content["items"], outcomes, strict=True):
            item["at"] = report.time_text(outcome.at)
            item["sweep"] = sweeps.get((outcome.ref.key, outcome.ref.incarnation))
            item["test"] = tests.get(outcome.ref.key)
        _write_json(content)
        return
    past = [
        render.Past(
            outcome=outcome,
            sweep=sweeps.get((outcome.ref.key, outcome.ref.incarnation)),
            test=tests.get(outcome.ref.key),
        )
        for outcome in outcomes
    ]
    failures.write(render.past(past))


def _write_json(content: dict[str, Any]) -> None:
    failures.write(json.dumps(content, indent=2, ensure_ascii=False))


def _before(now: datetime, since: timedelta) -> datetime:
    try:
        return now - since
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)


def _keep(
    session: Session, seen: tuple[Seen, ...], gaps: tuple[Gap, ...], output: Path | None
) -> None:
    """Save the plans where that was asked for; note what is held, so that it can be released."""
    from reaper.cli import saved
    from reaper.sweep.cell import note_held

    if session.ledger_missing is None:
        for each in seen:
            note_held(session.ledger, each.survey.plan)
    if output is not None:
        plans = [each.survey.plan for each in seen]
        saved.save(output, plans, gaps, session.ledger, full=session.narrowed.full)
        failures.say(f"saved {output}: `reaper apply {output}` carries out what then still holds")


def _sweeps(ledger: Ledger, run: str | None, limit: int) -> dict[tuple[str, str | None], str]:
    """Tell which sweep brought about each resource's last outcome."""
    return {
        (event.ref.key, event.ref.incarnation): event.by
        for event in ledger.events(run=run, limit=limit * 10)
        if event.kind == "outcome" and event.ref is not None and event.by is not None
    }


def _tests(ledger: Ledger, runs: set[str]) -> dict[str, str]:
    """Tell which test or fixture made each resource, as its run's journal has it."""
    from reaper.model import Phase

    return {
        entry.ref.key: entry.test
        for run in sorted(runs)
        for entry in ledger.run_entries(run)
        if entry.phase is Phase.CREATED and entry.ref is not None and entry.test is not None
    }
