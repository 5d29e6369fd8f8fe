"""Why one resource stays or goes: every rule, the ground of its claim, and the ledger's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reaper.cli.render import STYLES, shown
from reaper.cli.report import SCHEMA, Entry, gap_records, record, time_text
from reaper.cli.session import Session
from reaper.cli.surveys import Found, unfound
from reaper.cli.words import ago, at, condition, parsed, plain, titled
from reaper.errors import LedgerError, UsageError
from reaper.ledger import Event
from reaper.model import Claim, Gap, Item, Outcome, Ref, Resource
from reaper.policy import Case, Evaluation, evaluate
from reaper.sweep.survey import Surveyor

_MOST_OUTCOMES = 10_000  # among which a name is looked for that nothing present has


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """All that is known of one resource.

    Attributes:
        resource: None where it is gone; then the ledger alone speaks.
        evaluation: None where it is gone.
        no_history: Why the ledger could not tell its history; None where it could.
    """

    ref: Ref
    resource: Resource | None = None
    claim: Claim | None = None
    case: Case | None = None
    evaluation: Evaluation | None = None
    item: Item | None = None
    outcome: Outcome | None = None
    history: tuple[Event, ...] = ()
    no_history: str | None = None


def present(found: Found, session: Session) -> Told:
    """Judge a resource that is there, aloud."""
    survey, resource = found.seen.survey, found.resource
    key = resource.ref.key
    surveyor = Surveyor(found.seen.site)
    case = survey.cases.get(key)
    if case is None:
        claim = surveyor.claim(resource, survey.memory, parent=survey.parents.get(key))
        cases = surveyor.cases({key: resource}, {key: claim}, survey.memory, survey.scan.skew)
        case = cases.get(key) or Case(
            resource=resource, claim=claim, run=None, now=survey.scan.at, skew=survey.scan.skew
        )
    outcome, history, no_history = _ledger_of(resource.ref, session)
    item = next((item for item in survey.plan.items if item.ref == resource.ref), None)
    return Told(
        ref=resource.ref,
        item=item,
        resource=resource,
        claim=case.claim,
        case=case,
        evaluation=evaluate(case, session.config.policy()),
        outcome=outcome,
        history=history,
        no_history=no_history,
    )


def gone(text: str, session: Session, gaps: tuple[Gap, ...]) -> Told:
    """Tell of a resource that is not there any more, from the ledger alone.

    Raises:
        UsageError: The ledger knows none either, or several.
        ScanIncomplete: The ledger knows none, and it may be where the scan could not look.
    """
    ref = parsed(text) or _remembered(text, session)
    outcome, history, no_history = _ledger_of(ref, session) if ref else (None, (), None)
    if ref is None or (outcome is None and not history and no_history is None):
        raise unfound(
            f"nothing that was found answers to {text!r}, and the ledger knows none: "
            "`reaper ls` and `reaper history` show names, --full finds what has no tags",
            gaps,
        )
    return Told(ref=ref, outcome=outcome, history=history, no_history=no_history)


def as_text(told: Told) -> str:
    """Write it for a person."""
    name = told.resource.name if told.resource else told.outcome.name if told.outcome else None
    parts: list[RenderableType] = [Text(plain(str(told.ref)), style="bold")]
    parts.append(Text(titled(told.ref, name)))
    if told.resource is not None and told.case is not None and told.evaluation is not None:
        parts.extend(_judged(told.resource, told.case, told.evaluation))
        parts.extend(_placed(told.item))
    else:
        parts.append(Text("not found now; what follows is from the ledger"))
    if told.outcome is not None:
        detail = f"{told.outcome.status.value} at {at(told.outcome.at)}: {told.outcome.detail}"
        parts.append(Text(plain(f"outcome: {detail}")))
        if told.evaluation is None:
            rule = told.outcome.rule.value if told.outcome.rule else "?"
            parts.append(Text(plain(f"rule: {rule}: {told.outcome.reason}")))
            parts.extend(_tags(told.outcome.tags))
    parts.append(Text("history", style="bold"))
    parts.extend(
        Text(plain(f"  {at(event.at)}  {event.kind}: {event.detail}  ({event.by or 'reaper'})"))
        for event in told.history
    )
    if told.no_history is not None:
        parts.append(Text(plain(f"  the ledger could not be asked: {told.no_history}")))
    elif not told.history:
        parts.append(Text("  nothing was ever done to it"))
    return shown(*parts)


def as_document(told: Told, gaps: Sequence[Gap]) -> dict[str, Any]:
    """Write it for a program, with what the scan could not see."""
    evaluation = told.evaluation
    item = (
        record(
            Entry(
                resource=told.resource,
                claim=told.claim,
                verdict=evaluation.verdict if evaluation else None,
                outcome=told.outcome,
            )
        )
        if told.resource is not None or told.outcome is not None
        else None
    )
    return {
        "schema": SCHEMA,
        "complete": not gaps,
        "gaps": gap_records(gaps),
        "ref": str(told.ref),
        "present": told.resource is not None,
        "item": item,
        "basis": told.claim.basis.value if told.claim and told.claim.basis else None,
        "claim": told.claim.reason if told.claim else None,
        "considered": [
            {"rule": asked.rule.value, "met": asked.met, "note": asked.note}
            for asked in (evaluation.considered if evaluation else ())
        ],
        "edges": [
            {"relation": edge.relation.value, "other": str(edge.other), "name": edge.name}
            for edge in (told.resource.edges if told.resource else ())
        ],
        "used": time_text(told.resource.used) if told.resource else None,
        "held_by": list(told.resource.held_by) if told.resource else [],
        "history": [
            {
                "at": time_text(event.at),
                "event": event.kind,
                "run": event.run,
                "by": event.by,
                "detail": event.detail,
            }
            for event in told.history
        ],
        "ledger": told.no_history,
    }


def _remembered(text: str, session: Session) -> Ref | None:
    try:
        outcomes = session.ledger.outcomes(limit=_MOST_OUTCOMES)
    except LedgerError as error:
        raise UsageError(
            f"nothing that was found answers to {text!r}, and the ledger could not be asked: "
            f"{error}"
        ) from error
    exact = {o.ref for o in outcomes if text in {o.name, o.ref.id, o.ref.key}}
    found = exact or {o.ref for o in outcomes if o.ref.id.removeprefix("sha256:").startswith(text)}
    if len(found) > 1:
        names = "\n".join(f"  {ref}" for ref in sorted(found, key=str)[:20])
        raise UsageError(f"{text!r} can be {len(found)} that are gone; name one of them:\n{names}")
    return next(iter(found), None)


def _ledger_of(ref: Ref, session: Session) -> tuple[Outcome | None, tuple[Event, ...], str | None]:
    try:
        outcomes = session.ledger.outcomes(ref=ref, limit=1)
        return next(iter(outcomes), None), tuple(session.ledger.events(ref=ref)), None
    except LedgerError as error:
        return None, (), str(error)


def _judged(resource: Resource, case: Case, evaluation: Evaluation) -> list[RenderableType]:
    claim, verdict, now = case.claim, evaluation.verdict, case.now
    created = ago(resource.created, now) if resource.created else "at an unknown time"
    used = f", last used {ago(resource.used, now)}" if resource.used else ""
    decision = verdict.decision.value if verdict.decision else "not ours to decide about"
    parts: list[RenderableType] = [
        Text(plain(f"created {created}{used}, state {resource.state or 'unknown'}")),
        Text(plain(f"run: {claim.run or 'none'}, {condition(case.run, now)}")),
        Text(plain(f"owner: {claim.owner or 'unknown'}")),
        Text(plain(f"claim: by {claim.basis.value if claim.basis else 'nothing'}: {claim.reason}")),
        *_tags(resource.tags),
    ]
    if case.mark is not None:
        said = f"a word of {case.mark.by} at {at(case.mark.at)}"
        parts.append(Text(plain(f"{said}: {case.mark.resolution or 'keep'}")))
    for edge in resource.edges:
        name = f" ({edge.name})" if edge.name else ""
        parts.append(Text(plain(f"  {edge.relation.value} {edge.other}{name}")))
    parts.extend(Text(plain(f"  used from elsewhere by {other}")) for other in resource.held_by)
    if resource.protection is not None:
        parts.append(Text(plain(f"protection: {resource.protection}")))
    parts.append(Text(f"verdict: {decision}", style=STYLES.get(decision, "bold")))
    for asked in evaluation.considered:
        mark = "✓" if asked.met else "✗"
        parts.append(Text(plain(f"  {mark} {asked.rule.value}: {asked.note}")))
    return parts


def _placed(item: Item | None) -> list[RenderableType]:
    if item is None or (item.wave is None and item.status is None):
        return []
    place = f"wave {item.wave + 1}" if item.wave is not None else str(item.status)
    along = f", goes with {item.taken_by}" if item.taken_by else ""
    detail = f": {item.detail}" if item.detail else ""
    return [Text(plain(f"plan: {place}{along}{detail}"))]


def _tags(tags: Any) -> list[RenderableType]:
    return [Text(plain(f"  tag {key}={value}")) for key, value in sorted(tags.items())]
