"""What `reaper doctor` looks at, place by place; a finding says what to do about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from rich.text import Text

from reaper.cli.people import whoever
from reaper.cli.render import shown, table
from reaper.cli.report import SCHEMA
from reaper.cli.session import Session
from reaper.cli.words import plain
from reaper.client import directories
from reaper.durations import describe_duration
from reaper.errors import IdentityMismatch, LedgerError, PlaceUnreachable, ReaperError
from reaper.model import Cell, Gap
from reaper.providers.protocol import Allowance, Held, Identity, Permitting, Provider, Query
from reaper.sweep.fleet import pin_name
from reaper.sweep.site import sentence
from reaper.tags import marker_keys

_EXIT_CODE = {"ok": 0, "bad": 1, "wrong": 2}
_MARKS = {"ok": ("✓", "green"), "unknown": ("?", "yellow")}
_NOT_OK = ("✗", "bold red")
# So many kinds are still read one by one; of more, their services are counted.
_FEW_KINDS = 8


class Health(StrEnum):
    """How something stands."""

    OK = "ok"
    UNKNOWN = "unknown"  # it could not be looked at
    BAD = "bad"  # it does not work
    WRONG = "wrong"  # it is not what was configured or pinned


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        remedy: What to do; None where nothing is to be done.
        names: All that the detail is about, where it names only some.
    """

    subject: str
    check: str
    health: Health
    detail: str
    remedy: str | None = None
    names: tuple[str, ...] = ()


def examine(session: Session, *, accepted: frozenset[str]) -> tuple[Finding, ...]:
    """Look at everything that a sweep needs; nothing is deleted."""
    findings = [*_configuration(session), *_ledger(session), *_directories()]
    for provider in session.providers:
        findings.extend(_place(session, provider, accepted))
    return tuple(findings)


def code(findings: Sequence[Finding]) -> int:
    """Say it by exit code: 2 for a place that is another, 1 for what does not work."""
    healths = {finding.health for finding in findings}
    if Health.WRONG in healths:
        return _EXIT_CODE[Health.WRONG]
    return _EXIT_CODE[Health.BAD if Health.BAD in healths else Health.OK]


def as_text(findings: Sequence[Finding]) -> str:
    """Write it for a person."""
    grid = table("", "what", "check", "finding", "what to do")
    for finding in findings:
        mark, style = _MARKS.get(finding.health, _NOT_OK)
        grid.add_row(
            Text(mark, style=style),
            Text(plain(finding.subject)),
            Text(finding.check),
            Text(plain(finding.detail)),
            Text(plain(finding.remedy or "")),
        )
    return shown(grid)


def as_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Write it for a program."""
    return {
        "schema": SCHEMA,
        "healthy": code(findings) == 0,
        "findings": [
            {
                "subject": finding.subject,
                "check": finding.check,
                "health": finding.health.value,
                "detail": finding.detail,
                "remedy": finding.remedy,
                "names": list(finding.names),
            }
            for finding in findings
        ],
    }


def _configuration(session: Session) -> Iterator[Finding]:
    source = session.config.source
    yield Finding(
        subject="configuration",
        check="read",
        health=Health.OK,
        detail=str(source) if source is not None else "no file: the defaults",
        remedy=None if source is not None else "`reaper init` writes one",
    )
    if not session.providers:
        yield Finding(
            subject="configuration",
            check="places",
            health=Health.BAD,
            detail="no place is configured",
            remedy="`reaper init` finds the engines that answer here",
        )


def _ledger(session: Session) -> Iterator[Finding]:
    if session.ledger_missing is not None:
        yield _no_ledger(session.ledger_missing)
        return
    try:
        apart = abs(session.ledger.now() - session.clock.now())
        paused = session.ledger.paused()
    except LedgerError as error:
        yield _no_ledger(str(error))
        return
    subject = f"ledger {session.ledger.url_shown}"
    yield Finding(
        subject=subject,
        check="reachable",
        health=Health.OK,
        detail="it answers, and its schema is this reaper's",
    )
    yield _clock(subject, apart, session.config.policy().max_skew)
    if paused is not None:
        detail = f"paused by {paused.by}: {paused.reason}"
        yield _bad(subject, "sweeping", detail, "`reaper resume` goes on")


def _no_ledger(reason: str) -> Finding:
    remedy = "start its database, or correct `ledger`; until then nothing is deleted"
    return _bad("ledger", "reachable", reason, remedy)


def _clock(subject: str, apart: timedelta, most: timedelta) -> Finding:
    detail = f"its clock and this host's are {describe_duration(apart)} apart"
    if apart <= most:
        return Finding(subject=subject, check="clock", health=Health.OK, detail=detail)
    return Finding(
        subject=subject,
        check="clock",
        health=Health.BAD,
        detail=f"{detail}, more than policy.max_skew ({describe_duration(most)})",
        remedy="set the clocks right: nothing is judged across such a difference",
    )


def _directories() -> Iterator[Finding]:
    count = 0
    try:
        for directory in directories():
            count += 1
            yield from _unreadable(directory)
    except ReaperError as error:
        yield Finding(
            subject="runs of this host",
            check="readable",
            health=Health.BAD,
            detail=str(error),
            remedy="give this user its state directory, or name another by REAPER_STATE",
        )
        return
    yield Finding(
        subject="runs of this host", check="readable", health=Health.OK, detail=f"{count} runs"
    )


def _unreadable(directory: Any) -> Iterator[Finding]:
    try:
        directory.read()
        problems = directory.entries()[1]
    except ReaperError as error:
        problems = [str(error)]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield Finding(
            subject=f"run {directory.path.name}",
            check="readable",
            health=Health.BAD,
            detail=f"{problems[0]}{more}",
            remedy=f"look into {directory.path}; what it made is kept until then",
        )


def _place(session: Session, provider: Provider, accepted: frozenset[str]) -> Iterator[Finding]:
    try:
        identity = provider.identity()
        cells = provider.cells()
    except PlaceUnreachable as error:
        remedy = "see that it runs and takes the credentials, or correct its place"
        yield _bad(provider.name, "reachable", str(error), remedy)
        return
    except IdentityMismatch as error:
        yield Finding(
            subject=provider.name,
            check="identity",
            health=Health.WRONG,
            detail=str(error),
            remedy="correct its place in the configuration",
        )
        return
    subject = f"{provider.name} {identity.place}"
    notes = "".join(f", {name} {value}" for name, value in identity.notes.items())
    caller = f" as {identity.caller}" if identity.caller else ""
    answers = f"it answers{caller}: {identity.id}{notes}"
    yield Finding(subject=subject, check="reachable", health=Health.OK, detail=answers)
    yield from _pin(session, provider, identity, accepted)
    for cell in cells:
        yield from _cell(session, provider, cell)
        yield from _permissions(session, provider, cell)


def _pin(
    session: Session, provider: Provider, identity: Identity, accepted: frozenset[str]
) -> Iterator[Finding]:
    if not identity.pin or session.ledger_missing is not None:
        return
    place = pin_name(provider.name, identity)
    subject = f"{provider.name} {identity.place}"
    try:
        pinned = session.ledger.pin(place, identity.id)
        if pinned != identity.id and identity.id in accepted:
            session.ledger.repin(place, identity.id, by=whoever())
            pinned = identity.id
    except LedgerError as error:
        yield _bad(subject, "identity", f"its pin could not be read: {error}", None)
        return
    if pinned == identity.id:
        detail = f"it is {identity.id}, as at first use"
        yield Finding(subject=subject, check="identity", health=Health.OK, detail=detail)
        return
    yield Finding(
        subject=subject,
        check="identity",
        health=Health.WRONG,
        detail=f"it is {identity.id} now, and was {pinned} at first use",
        remedy=f"if that is meant: `reaper doctor --accept {identity.id}`",
    )


def _cell(session: Session, provider: Provider, cell: Cell) -> Iterator[Finding]:
    """Make the widest listing that a sweep makes; its gaps are what may not or cannot be read."""
    subject = f"{cell.provider} {cell.label}"
    keys = marker_keys(session.config.tag_rules())
    before = session.clock.now()
    index = provider.index(cell, Query(keys=keys, full=True))
    after = session.clock.now()
    yield from _unlisted(subject, index.gaps)
    unlisted = {gap.kind for gap in index.gaps} | index.not_offered
    # Where kinds have gaps of their own, each was asked for by itself, and one of no kind is an
    # index's; else it is the whole place's.
    whole = bool(index.gaps) and all(gap.kind is None for gap in index.gaps)
    listed = [kind for kind in provider.kinds if kind not in unlisted and not whole]
    if listed:
        yield Finding(
            subject=subject,
            check="list",
            health=Health.OK,
            detail=_counted(listed),
            names=tuple(listed),
        )
    if index.clock is not None:
        clock = min(max(index.clock, before), after)  # it told the time somewhere in between
        apart = abs(index.clock - clock)
        yield _clock(subject, apart, session.config.policy().max_skew)


def _unlisted(subject: str, gaps: Sequence[Gap]) -> Iterator[Finding]:
    """Say what cannot be listed, a line for each service."""
    grouped: dict[str | None, list[Gap]] = {}
    for gap in gaps:
        grouped.setdefault(gap.kind and gap.kind.split(":")[1], []).append(gap)
    for service, several in grouped.items():
        first, *rest = several
        more = f" (and {len(rest)} more)" if rest else ""
        yield Finding(
            subject=subject,
            check=f"list {(service if rest else first.kind) or 'it'}",
            health=Health.BAD,
            detail=f"{first.reason}{more}",
            remedy="give the caller the permission to list it, or see why it does not answer",
            names=tuple(dict.fromkeys(gap.kind for gap in several if gap.kind is not None)),
        )


def _counted(kinds: Sequence[str]) -> str:
    """Name the kinds; of many, count those of each service."""
    if len(kinds) <= _FEW_KINDS:
        return ", ".join(kinds)
    services = Counter(kind.split(":")[1] for kind in kinds)
    return f"{len(kinds)} kinds: " + ", ".join(
        name if count == 1 else f"{name} {count}" for name, count in sorted(services.items())
    )


def _permissions(session: Session, provider: Provider, cell: Cell) -> Iterator[Finding]:
    """Say which permissions are missing, a line for each service, and which cannot be told."""
    if not isinstance(provider, Permitting):
        return
    config = session.config
    told = provider.allowances(cell, config.policy(), config.tag_rules())
    subject = f"{cell.provider} {cell.label}"
    if allowed := _named(told, Held.ALLOWED):
        detail = f"{len(allowed)} of {len(told)} are there"
        yield Finding(
            subject=subject,
            check="permissions",
            health=Health.OK,
            detail=detail,
            names=allowed,
        )
    for service, denied in _by(told, Held.DENIED, lambda each: _service(each, provider)).items():
        reasons = dict.fromkeys(each.reason for each in denied)
        actions = tuple(each.action for each in denied)
        missing = ", ".join(action.partition(":")[2] or action for action in actions)
        yield Finding(
            subject=subject,
            check=f"permissions of {service}",
            health=Health.BAD,
            detail=f"missing: {missing}: {'; '.join(reasons)}",
            remedy=f"attach what `reaper iam {provider.name}` prints",
            names=actions,
        )
    for reason, unknown in _by(told, Held.UNKNOWN, lambda each: each.reason).items():
        actions = tuple(each.action for each in unknown)
        yield Finding(
            subject=subject,
            check="permissions",
            health=Health.UNKNOWN,
            detail=f"not checked: {sentence(actions)}: {reason}",
            remedy=unknown[0].remedy,
            names=actions,
        )


def _service(allowance: Allowance, provider: Provider) -> str:
    """Whose permission it is, as far as its name tells: `ec2:…`, `compute.…`, `Microsoft.X/…`."""
    match = re.match(r"([\w-]+)[:.]|([\w.]+)/", allowance.action)
    return (match[1] or match[2]) if match is not None else provider.name


def _named(told: Iterable[Allowance], held: Held) -> tuple[str, ...]:
    return tuple(each.action for each in told if each.held is held)


def _by(
    told: Iterable[Allowance], held: Held, key: Callable[[Allowance], str]
) -> dict[str, list[Allowance]]:
    grouped: dict[str, list[Allowance]] = {}
    for each in told:
        if each.held is held:
            grouped.setdefault(key(each), []).append(each)
    return grouped


def _bad(subject: str, check: str, detail: str, remedy: str | None) -> Finding:
    return Finding(subject=subject, check=check, health=Health.BAD, detail=detail, remedy=remedy)
