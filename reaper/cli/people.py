"""Commands by which a person has the last word: release, pause, resume, keep, resolve."""
# ruff: noqa: PLC0415 - `reaper --help` must not wait for what only a running command needs

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from reaper.cli import failures, options

if TYPE_CHECKING:
    from reaper.cli.report import Entry
    from reaper.cli.session import Session
    from reaper.cli.surveys import Found
    from reaper.ledger import Pause
    from reaper.model import Mark

By = Annotated[
    str | None,
    typer.Option("--by", metavar="WHO", help="Who says so; you, if not given.", show_default=False),
]


class Resolution(StrEnum):
    """How a quarantine ends."""

    ADOPT = "adopt"  # it is a run's, so judge it as one
    DISMISS = "dismiss"  # it stays, and is no longer reported


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (keep, resolve, pause, resume, release):
        app.command()(command)


def keep(
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="A reference, a name, or an ID's beginning.")
    ],
    *,
    until: Annotated[
        str, typer.Option("--until", metavar="WHEN", help="2d, 2030-01-31, or forever.")
    ],
    by: By = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    provider: options.Providers = None,
    scope: options.Scopes = None,
    full: options.Full = False,
) -> None:
    """Keep one resource, whatever becomes of its run."""
    from reaper.cli.session import opened
    from reaper.cli.words import at
    from reaper.model import Mark

    narrowed = options.narrowed(provider, scope, None, None, full)
    with opened(config, narrowed, read_only=True) as session:
        found = _found(session, ref)
        now = session.ledger.now()
        time = options.until(until, now)
        mark = Mark(by=by or whoever(), at=now, keep_until=time)
        session.ledger.mark(found.resource.ref, mark)
        _tell(_judged(found, mark, session), as_json=as_json)
    how_long = "for ever" if isinstance(time, str) else f"until {at(time)}"
    failures.say(f"{found.resource.ref} is kept {how_long}")


def resolve(
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="A reference, a name, or an ID's beginning.")
    ],
    resolution: Annotated[Resolution, typer.Argument(help="It is the run's, or it stays.")],
    *,
    by: By = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
    provider: options.Providers = None,
    scope: options.Scopes = None,
    full: options.Full = False,
) -> None:
    """End a quarantine: adopt what it is about, or dismiss it."""
    from reaper.cli.session import opened
    from reaper.errors import ResolutionRefused
    from reaper.model import Decision, Mark, Rule
    from reaper.policy import judge

    narrowed = options.narrowed(provider, scope, None, None, full)
    with opened(config, narrowed, read_only=True) as session:
        found = _found(session, ref)
        name = found.resource.ref
        case = found.seen.survey.cases.get(name.key)
        policy = session.config.policy()
        verdict = judge(case, policy) if case is not None else None
        if case is None or verdict is None or verdict.decision is not Decision.QUARANTINE:
            why = verdict.reason if verdict is not None else "it bears no run of this realm"
            raise ResolutionRefused(f"{name} is not quarantined: {why}")
        if verdict.rule is Rule.UNSURE:
            raise ResolutionRefused(
                f"{name} is quarantined because something could not be told ({verdict.reason}): "
                "that ends by itself when it can"
            )
        mark = Mark(
            by=by or whoever(),
            at=session.ledger.now(),
            resolution=resolution.value,
            rule=verdict.rule,
        )
        entry = _judged(found, mark, session)
        after = entry.verdict
        assert after is not None  # it has a case
        stays = (after.decision, after.rule) == (verdict.decision, verdict.rule)
        if resolution is Resolution.ADOPT and stays:
            raise ResolutionRefused(
                f"{name} cannot be adopted: {after.reason}. Mend its tags, or dismiss it"
            )
        session.ledger.mark(name, mark)
        _tell(entry, as_json=as_json)
    failures.say(f"{name}: {after.decision}, {after.rule}: {after.reason}")


def pause(
    *,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for whoever wonders.")
    ] = "no reason was given",
    by: By = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Stop all sweeping of this ledger at once."""
    from reaper.cli.session import opened_ledger

    with opened_ledger(config) as ledger:
        made = ledger.pause(by or whoever(), reason)
        if as_json:
            _write_json({"ledger": ledger.url_shown, "paused": _told(made)})
        failures.say(f"sweeping of {ledger.url_shown} is paused; `reaper resume` goes on")


def resume(
    *,
    by: By = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Let sweeping go on."""
    from reaper.cli.session import opened_ledger

    with opened_ledger(config) as ledger:
        paused = ledger.paused()
        ledger.resume(by or whoever())
        if as_json:
            _write_json(
                {"ledger": ledger.url_shown, "paused": None, "was": paused and _told(paused)}
            )
        was = f"; {paused.by} had paused it: {paused.reason}" if paused else "; it was not paused"
        failures.say(f"sweeping of {ledger.url_shown} goes on{was}")


def release(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="The ID that `reaper plan` or a sweep showed.")
    ],
    *,
    by: By = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Lift the brake from a plan that it holds."""
    from reaper.cli.session import opened_ledger

    who = by or whoever()
    with opened_ledger(config) as ledger:
        ledger.release_plan(plan, who)
    if as_json:
        _write_json({"released": plan, "by": who})
    failures.say(f"released the plan {plan}: the next sweep within 24 hours carries it out")


def whoever() -> str:
    """Name the person at the keyboard: user and host."""
    import getpass
    import os
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid{os.getuid()}"  # a container's user without a name
    return f"{user}@{socket.gethostname()}"


def _found(session: Session, ref: str) -> Found:
    """Find what was named; the ledger must be there to keep what is said of it.

    Raises:
        LedgerUnreachable: It is not.
        UsageError: Nothing answers to the name.
        ScanIncomplete: Nothing does, but it may be where the scan could not look.
    """
    from reaper.cli import surveys
    from reaper.errors import LedgerUnreachable

    if session.ledger_missing is not None:
        raise LedgerUnreachable(session.ledger_missing)
    seen, gaps = surveys.survey(session)
    found = surveys.find(ref, seen)
    if found is None:
        raise surveys.unfound(
            f"nothing that was found answers to {ref!r}: `reaper ls` shows names", gaps
        )
    return found


def _judged(found: Found, mark: Mark, session: Session) -> Entry:
    """Judge the resource as it will be with the mark beside what was said of it before."""
    from dataclasses import replace

    from reaper.cli.report import Entry
    from reaper.policy import judge

    case = found.seen.survey.cases.get(found.resource.ref.key)
    if case is None:
        return Entry(resource=found.resource)
    said = case.mark or mark
    marked = replace(
        mark,
        at=mark.at if mark.resolution or not said.resolution else said.at,
        keep_until=mark.keep_until or said.keep_until,
        resolution=mark.resolution or said.resolution,
        rule=mark.rule or said.rule,
    )
    verdict = judge(replace(case, mark=marked), session.config.policy())
    return Entry(resource=found.resource, claim=case.claim, verdict=verdict)


def _told(pause: Pause) -> dict[str, str | None]:
    from reaper.cli.report import time_text

    return {"by": pause.by, "reason": pause.reason, "at": time_text(pause.at)}


def _write_json(content: dict[str, object]) -> None:
    from reaper.cli.report import SCHEMA

    failures.write(json.dumps({"schema": SCHEMA} | content, indent=2, ensure_ascii=False))


def _tell(entry: Entry, *, as_json: bool) -> None:
    from reaper.cli.report import document

    if as_json:
        failures.write(json.dumps(document([entry], ()), indent=2, ensure_ascii=False))
