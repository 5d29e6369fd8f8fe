"""Sweeping over HTTP: the cells, the pause, and the order to sweep now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from reaper.cli.report import gap_records, time_text
from reaper.ledger import CellSweep, Pause
from reaper.service.asking import Backed, ByOperator, ByViewer, problems
from reaper.service.backend import Standing
from reaper.service.problems import Problem
from reaper.service.sent import PauseSent, SweepSent
from reaper.service.told import CellsTold, Paused, SweepTold

router = APIRouter(prefix="/v1", tags=["sweeping"])


@router.get("/cells", response_model=CellsTold, responses=problems())
def cells(backend: Backed, _bearer: ByViewer) -> JSONResponse:
    """List the cells: their last sweep by any daemon, and when this one sweeps them next."""
    standings = {each.cell: each for each in backend.sweeping.standings()}
    sweeps = {each.cell: each for each in backend.ledger.sweeps()}
    items = [
        _cell(cell, sweeps.get(cell), standings.get(cell))
        for cell in sorted(standings.keys() | sweeps.keys())
    ]
    return JSONResponse(
        {
            "mode": backend.config.daemon.mode.value,
            "unreachable": gap_records(backend.sweeping.unreachable()),
            "items": items,
        }
    )


@router.get("/pause", response_model=Paused, responses=problems())
def show_pause(backend: Backed, _bearer: ByViewer) -> JSONResponse:
    """Tell whether sweeping is paused."""
    return _paused(backend.ledger.paused())


@router.post("/pause", response_model=Paused, responses=problems())
def pause(backend: Backed, bearer: ByOperator, asked: PauseSent | None = None) -> JSONResponse:
    """Stop all sweeping of this ledger at once, by all daemons and commands."""
    reason = (asked or PauseSent()).reason
    return _paused(backend.ledger.pause(bearer.name, reason))


@router.post("/resume", response_model=Paused, responses=problems())
def resume(backend: Backed, bearer: ByOperator) -> JSONResponse:
    """Let sweeping go on."""
    backend.ledger.resume(bearer.name)
    return _paused(None)


@router.post("/sweeps", status_code=202, response_model=SweepTold, responses=problems(404))
def sweep(backend: Backed, _bearer: ByOperator, asked: SweepSent | None = None) -> JSONResponse:
    """Sweep cells as soon as there is a worker, as far as the daemon's mode goes."""
    wanted = None if asked is None else asked.cells
    known = {each.cell for each in backend.sweeping.standings()}
    unknown = sorted(set(wanted or ()) - known)
    if unknown:
        detail = f"this daemon has no cell {unknown[0]!r}: GET /v1/cells lists them"
        raise Problem(404, "not-found", detail)
    asked_for = backend.sweeping.ask(wanted, frozenset())
    mode = backend.config.daemon.mode.value
    return JSONResponse({"cells": list(asked_for), "mode": mode}, status_code=202)


def _cell(cell: str, sweep: CellSweep | None, standing: Standing | None) -> dict[str, Any]:
    label = standing.label if standing is not None else sweep.label if sweep is not None else cell
    told: dict[str, Any] = {
        "cell": cell,
        "label": label,
        "next": time_text(standing.next) if standing is not None else None,
        "doing": standing.doing if standing is not None else None,
    }
    if sweep is None:
        never = ("daemon", "mode", "started", "finished", "result", "failing_since", "plan", "held")
        return told | dict.fromkeys(never) | {"detail": "", "failures": 0, "starved": False}
    return told | {
        "daemon": sweep.daemon,
        "mode": sweep.mode,
        "started": time_text(sweep.started),
        "finished": time_text(sweep.finished),
        "result": None if sweep.result is None else sweep.result.value,
        "detail": sweep.detail,
        "failures": sweep.failures,
        "failing_since": time_text(sweep.failing_since),
        "starved": sweep.starved,
        "plan": sweep.plan,
        "held": sweep.held,
    }


def _paused(pause: Pause | None) -> JSONResponse:
    told = None
    if pause is not None:
        told = {"by": pause.by, "reason": pause.reason, "at": time_text(pause.at)}
    return JSONResponse({"paused": told})
