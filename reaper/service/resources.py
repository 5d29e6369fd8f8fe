"""Plans, outcomes and single resources over HTTP, told from the ledger; and a person's word."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime

from reaper.cli.report import Entry, document, record, time_text
from reaper.errors import InvalidRef
from reaper.ledger import Event
from reaper.model import FOREVER, Decision, Mark, Ref, Rule, Status
from reaper.service.asking import Backed, ByOperator, ByViewer, problems
from reaper.service.backend import Backend
from reaper.service.problems import Problem
from reaper.service.seen import Seen, document_of, find
from reaper.service.sent import KeepSent, RefSent, ResolveSent
from reaper.service.told import ExplainTold, MarkTold, PlansTold, Released, ResourcesTold

router = APIRouter(prefix="/v1", tags=["resources"])

PlanId = Annotated[str, Path(min_length=1, max_length=100, description="The plan's ID.")]
RefQuery = Annotated[str, Query(min_length=1, max_length=2000, description="As KIND@SCOPE/ID.")]
RunQuery = Annotated[str | None, Query(min_length=1, max_length=200, description="Only its.")]


@router.get("/plans", response_model=PlansTold, responses=problems())
def plans(backend: Backed, _bearer: ByViewer) -> JSONResponse:
    """List the last plan of each cell."""
    items = [
        {
            "plan": sweep.plan,
            "cell": sweep.cell,
            "label": sweep.label,
            "at": time_text(sweep.finished),
            "held": sweep.held,
        }
        for sweep in backend.ledger.sweeps()
        if sweep.plan is not None
    ]
    return JSONResponse({"items": items})


@router.get("/plans/{plan}", response_model=ResourcesTold, responses=problems(404))
def show_plan(plan: PlanId, backend: Backed, _bearer: ByViewer) -> JSONResponse:
    """Show the last plan of a cell, with what became of it."""
    for sweep in backend.ledger.sweeps():
        if sweep.plan == plan:
            content = document_of(backend.ledger, sweep.cell)
            if content is not None:
                return JSONResponse(content)
    detail = f"{plan} is not the last plan of any cell: GET /v1/plans lists those"
    raise Problem(404, "plan-unknown", detail)


@router.post("/plans/{plan}/release", response_model=Released, responses=problems(404))
def release(plan: PlanId, backend: Backed, bearer: ByOperator) -> JSONResponse:
    """Lift the brake from a plan that it holds, for 24 hours."""
    released = backend.ledger.release_plan(plan, bearer.name)
    backend.sweeping.ask([released.cell], frozenset())
    return JSONResponse(
        {
            "released": released.id,
            "by": released.released_by,
            "at": time_text(released.released_at),
        }
    )


@router.get("/outcomes", response_model=ResourcesTold, responses=problems())
def outcomes(
    backend: Backed,
    _bearer: ByViewer,
    *,
    run: RunQuery = None,
    status: Annotated[list[Status] | None, Query(description="Only these.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Only later ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> JSONResponse:
    """List what became of resources that were to go, the newest first."""
    found = backend.ledger.outcomes(since=since, run=run, statuses=status, limit=limit)
    return JSONResponse(document([Entry(outcome=outcome) for outcome in found], ()))


@router.get("/explain", response_model=ExplainTold, responses=problems(404))
def explain(
    ref: RefQuery,
    backend: Backed,
    _bearer: ByViewer,
    incarnation: Annotated[str | None, Query(max_length=1000)] = None,
) -> JSONResponse:
    """Tell all that the ledger knows of one resource: the last verdict, the outcome, the history.

    `reaper explain` looks at the place anew, and tells every rule that was asked.
    """
    wanted = _parsed(ref, incarnation)
    seen = find(backend.ledger, wanted)
    outcome = next(iter(backend.ledger.outcomes(ref=wanted, limit=1)), None)
    history = backend.ledger.events(ref=wanted)
    if seen is None and outcome is None and not history:
        raise _not_found(wanted)
    return JSONResponse(
        {
            "ref": str(wanted),
            "item": None if seen is None else seen.item,
            "seen": None if seen is None else time_text(seen.sweep.finished),
            "outcome": None if outcome is None else record(Entry(outcome=outcome)),
            "history": [_event(event) for event in history],
        }
    )


@router.post("/keep", response_model=MarkTold, responses=problems(404))
def keep(asked: KeepSent, backend: Backed, bearer: ByOperator) -> JSONResponse:
    """Keep one resource, whatever becomes of its run."""
    seen = _seen(asked, backend)
    until = FOREVER if asked.until is None else asked.until
    mark = Mark(by=bearer.name, at=backend.ledger.now(), keep_until=until)
    return _marked(seen, mark, backend)


@router.post("/resolve", response_model=MarkTold, responses=problems(404, 409))
def resolve(asked: ResolveSent, backend: Backed, bearer: ByOperator) -> JSONResponse:
    """End a quarantine: the resource is the run's (adopt), or it stays (dismiss)."""
    seen = _seen(asked, backend)
    verdict, rule, reason = (seen.item[key] for key in ("verdict", "rule", "reason"))
    if verdict != Decision.QUARANTINE.value:
        raise Problem(409, "not-quarantined", f"{seen.ref} is not quarantined: {reason}")
    if rule == Rule.UNSURE.value:
        detail = f"something could not be told ({reason}): that ends by itself when it can"
        raise Problem(409, "resolution-refused", detail)
    mark = Mark(
        by=bearer.name,
        at=backend.ledger.now(),
        resolution=asked.resolution.value,
        rule=Rule(rule),
    )
    return _marked(seen, mark, backend)


def _seen(asked: RefSent, backend: Backend) -> Seen:
    """Find what is meant in what was seen: a word is about one incarnation.

    Raises:
        Problem: The last sweep did not see it.
    """
    seen = find(backend.ledger, asked.ref())
    if seen is None:
        raise _not_found(asked.ref())
    return seen


def _marked(seen: Seen, mark: Mark, backend: Backend) -> JSONResponse:
    backend.ledger.mark(seen.ref, mark)
    until = mark.keep_until
    return JSONResponse(
        {
            "ref": str(seen.ref),
            "incarnation": seen.ref.incarnation,
            "by": mark.by,
            "at": time_text(mark.at),
            "keep_until": until if isinstance(until, str) else time_text(until),
            "resolution": mark.resolution,
            "rule": None if mark.rule is None else mark.rule.value,
        }
    )


def _parsed(text: str, incarnation: str | None) -> Ref:
    try:
        ref = Ref.parse(text)
    except InvalidRef as error:
        raise Problem(422, "invalid", str(error)) from error
    return Ref(kind=ref.kind, scope=ref.scope, id=ref.id, incarnation=incarnation)


def _not_found(ref: Ref) -> Problem:
    return Problem(404, "not-found", f"no sweep saw {ref}, and the ledger knows nothing of it")


def _event(event: Event) -> dict[str, Any]:
    return {
        "at": time_text(event.at),
        "event": event.kind,
        "run": event.run,
        "by": event.by,
        "detail": event.detail,
    }
