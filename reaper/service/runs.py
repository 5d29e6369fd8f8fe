"""The registry of runs over HTTP: start, join, beat, finish, list, show, and their journals."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from reaper.cli.registry import run_item
from reaper.cli.run_lists import entry_item
from reaper.errors import RunEnded, RunUnknown
from reaper.ledger import Role
from reaper.model import Beats, Lease, Run
from reaper.service.asking import Backed, Beating, ByAnybody, ByFixture, problems
from reaper.service.backend import Backend, shortest_lease
from reaper.service.bearers import Bearer
from reaper.service.problems import Problem
from reaper.service.pulse import Pulse, unknown
from reaper.service.sent import JournalSent, RunFinish, RunId, RunStart
from reaper.service.told import JournalTaken, JournalTold, RunsTold, RunTold

router = APIRouter(prefix="/v1/runs", tags=["runs"])

OneRun = Annotated[RunId, Path(description="The run's ID.")]


@router.post("", status_code=201, response_model=RunTold, responses=problems(409))
def start(asked: RunStart, backend: Backed, bearer: ByFixture) -> JSONResponse:
    """Register a run. What is answered is what its tags must be made from."""
    run = backend.ledger.start_run(
        _begun(asked, backend), minter=bearer.token.id, request=asked.request
    )
    return _answer(run, backend, status=201)


@router.get("", response_model=RunsTold, responses=problems())
def list_runs(
    backend: Backed,
    bearer: ByAnybody,
    *,
    alive: Annotated[bool | None, Query(description="Only those; null: all.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> JSONResponse:
    """List runs, those that started last first; a fixture's token lists those it started."""
    minter = None if bearer.may(Role.VIEWER) else bearer.token.id
    found = backend.ledger.list_runs(alive=alive, minter=minter, limit=limit)
    now = backend.ledger.now()
    return JSONResponse({"items": [run_item(run, now) for run in found]})


@router.get("/{run_id}", response_model=RunTold, responses=problems(404))
def show(run_id: OneRun, backend: Backed, bearer: ByAnybody) -> JSONResponse:
    """Show a run."""
    return _answer(_known(run_id, backend, bearer), backend)


@router.post("/{run_id}/join", response_model=RunTold, responses=problems(404, 410))
async def join(run_id: OneRun, backend: Backed, pulse: Beating, bearer: ByFixture) -> JSONResponse:
    """Take part in a run that was handed down: it is kept alive by beats, and not finished."""
    return await _beat(run_id, backend, pulse, bearer)


@router.post("/{run_id}/beat", response_model=RunTold, responses=problems(404, 410))
async def beat(run_id: OneRun, backend: Backed, pulse: Beating, bearer: ByFixture) -> JSONResponse:
    """Renew a run's lease. After the run's end that is refused: create nothing more then."""
    return await _beat(run_id, backend, pulse, bearer)


@router.post("/{run_id}/finish", response_model=RunTold, responses=problems(404))
def finish(
    run_id: OneRun, backend: Backed, bearer: ByFixture, asked: RunFinish | None = None
) -> JSONResponse:
    """End a run: what it left may be removed. To finish it again changes nothing."""
    _own(run_id, backend, bearer)
    run = backend.ledger.finish_run(run_id)
    if asked is not None and asked.clean:
        backend.sweeping.ask(None, frozenset({run_id}))
    return _answer(run, backend)


@router.post("/{run_id}/journal", response_model=JournalTaken, responses=problems(404))
def journal(run_id: OneRun, sent: JournalSent, backend: Backed, bearer: ByFixture) -> JSONResponse:
    """Take in what a run intended to create and did create; also after its end."""
    _own(run_id, backend, bearer)
    _show(run_id, backend)
    backend.ledger.add_entries(entry.entry(run_id) for entry in sent.entries)
    return JSONResponse({"taken": len(sent.entries)})


@router.get("/{run_id}/journal", response_model=JournalTold, responses=problems(404))
def show_journal(run_id: OneRun, backend: Backed, bearer: ByAnybody) -> JSONResponse:
    """Show what a run intended to create and did create."""
    _known(run_id, backend, bearer)
    entries = backend.ledger.run_entries(run_id)
    return JSONResponse({"items": [entry_item(entry) for entry in entries]})


def _begun(asked: RunStart, backend: Backend) -> Run:
    """Say what is to be registered; the ledger moves it to its own clock.

    Raises:
        Problem: It would be a run that nobody here ever looks for, or that is never over.
    """
    config = backend.config
    if asked.realm is not None and asked.realm != config.realm:
        detail = f"this is the registry of the realm {config.realm!r}, not of {asked.realm!r}"
        raise Problem(422, "invalid", detail)
    lease = config.runs.lease if asked.lease_s is None else timedelta(seconds=asked.lease_s)
    most = config.runs.max if asked.max_s is None else timedelta(seconds=asked.max_s)
    shortest = shortest_lease(config)
    if not shortest <= lease <= most <= config.runs.max:
        detail = (
            f"lease_s must be at least {shortest.total_seconds():g}, and at most max_s; max_s at "
            f"most {config.runs.max.total_seconds():g} (runs.max)"
        )
        raise Problem(422, "invalid", detail)
    now = backend.ledger.now()
    return Run(
        id=asked.id,
        realm=config.realm,
        started=now,
        expires=now + most,
        lease=Lease(length=lease, until=now + lease),
        beats=Beats.SERVICE,
        promised=asked.promised,
        owner=asked.owner,
        origin=asked.origin,
        host=asked.host,
    )


async def _beat(run_id: str, backend: Backend, pulse: Pulse, bearer: Bearer) -> JSONResponse:
    beats = backend.metrics.beats
    minter = None if bearer.may(Role.OPERATOR) else bearer.token.id
    try:
        run = await pulse.beat(run_id, minter)
    except RunEnded as error:
        beats.labels("ended").inc()
        raise await run_in_threadpool(_refused, run_id, backend, error) from error
    except RunUnknown:
        beats.labels("unknown").inc()
        raise
    beats.labels("taken").inc()
    # It is alive by this beat; to ask the ledger for the time would cost as much as the beat.
    return JSONResponse(run_item(run, run.lease.until - run.lease.length))


def _refused(run_id: str, backend: Backend, error: RunEnded) -> Problem:
    ended = run_item(_show(run_id, backend), backend.ledger.now())
    return Problem(
        410, "run-ended", str(error), run=run_id, ended=ended["ended"], ending=ended["ending"]
    )


def _own(run_id: str, backend: Backend, bearer: Bearer) -> None:
    """Make sure that the run is the bearer's to keep alive and to end.

    Raises:
        RunUnknown: It is not; whether there is such a run, others are not told.
    """
    if not bearer.may(Role.OPERATOR) and backend.minters.of(run_id) != bearer.token.id:
        raise unknown(run_id)


def _show(run_id: str, backend: Backend) -> Run:
    run = backend.ledger.runs([run_id]).get(run_id)
    if run is None:
        raise RunUnknown(f"nobody registered a run {run_id} with this ledger")
    return run


def _known(run_id: str, backend: Backend, bearer: Bearer) -> Run:
    if not bearer.may(Role.VIEWER):
        _own(run_id, backend, bearer)
    return _show(run_id, backend)


def _answer(run: Run, backend: Backend, *, status: int = 200) -> JSONResponse:
    content: dict[str, Any] = run_item(run, backend.ledger.now())
    return JSONResponse(content, status_code=status)
