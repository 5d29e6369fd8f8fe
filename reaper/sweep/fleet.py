"""Every cell of a configuration: who is there, and one job for each, which fails alone."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.errors import IdentityMismatch, LedgerError, PlaceUnreachable, ReaperError
from reaper.ledger import Ledger
from reaper.model import Gap
from reaper.providers.protocol import Identity, Provider
from reaper.sweep.site import Directories, NoDirectories, Observer, Settings, Site, Unobserved, gap

log = structlog.get_logger()

T = TypeVar("T")

_MOST_CELLS_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """The cells that can be worked on, and the places that cannot, as gaps."""

    sites: tuple[Site, ...]
    gaps: tuple[Gap, ...]


def assemble(
    providers: Iterable[Provider],
    ledger: Ledger,
    settings: Settings,
    *,
    clock: Clock = SYSTEM_CLOCK,
    directories: Directories | None = None,
    observer: Observer | None = None,
    scopes: frozenset[str] | None = None,
) -> Fleet:
    """Ask each place who it is, compare that with the ledger's pin, and enumerate its cells.

    Two places that turn out to be the same cell (an engine by socket and by TCP) are worked on
    once.

    Raises:
        IdentityMismatch: A place is not the one that was configured or pinned; nothing is done
            anywhere then.
    """
    sites: dict[str, Site] = {}
    gaps: list[Gap] = []
    for number, provider in enumerate(providers):
        try:
            identity = provider.identity()
            unsure = check_pin(ledger, provider.name, identity)
            cells = provider.cells()
        except PlaceUnreachable as error:
            gaps.append(Gap(provider=provider.name, scope="?", kind=None, reason=str(error)))
            continue
        for cell in cells:
            if scopes is None or {cell.scope, cell.label, str(cell)} & scopes:
                sites.setdefault(
                    str(cell),
                    Site(
                        provider=provider,
                        cell=cell,
                        ledger=ledger,
                        settings=settings,
                        clock=clock,
                        holder=holder(clock, number),
                        directories=directories or NoDirectories(),
                        observer=observer or Unobserved(),
                        unsure=unsure,
                    ),
                )
    return Fleet(sites=tuple(sites.values()), gaps=tuple(gaps))


def check_pin(ledger: Ledger, provider: str, identity: Identity) -> str | None:
    """Compare who a place says it is with what it said at first use.

    Returns:
        Why that could not be compared, so that nothing may be deleted there; None: it is the same.

    Raises:
        IdentityMismatch: It is another one now.
    """
    if not identity.pin:
        return None
    try:
        pinned = ledger.pin(pin_name(provider, identity), identity.id)
    except LedgerError as error:
        log.warning("pin not checked", place=identity.place, reason=str(error))
        return f"whether {identity.place} is the place that it was cannot be told: {error}"
    if pinned != identity.id:
        raise IdentityMismatch(
            f"{provider} at {identity.place} is {identity.id} now, and was {pinned} when reaper "
            "first saw it: nothing was done. If you replaced it on purpose, say so with "
            f"`reaper doctor --accept {identity.id}`, or name it in the configuration"
        )
    return None


def pin_name(provider: str, identity: Identity) -> str:
    """Name a place for the ledger's pin."""
    return f"{provider} {identity.place}"


def holder(clock: Clock, number: int = 0) -> str:
    """Name this process among all that ever sweep: host, process, and the moment."""
    moment = int(clock.now().timestamp() * 1000)
    return f"{socket.gethostname()}:{os.getpid()}:{moment}:{number}:{os.urandom(3).hex()}"


def each(fleet: Fleet, job: Callable[[Site], T]) -> tuple[tuple[T, ...], tuple[Gap, ...]]:
    """Do a job in every cell, several at once; one that fails is a gap, and the others go on.

    Cells of a higher rank wait for those of a lower one, which use what they have.
    """
    results: list[T] = []
    gaps: list[Gap] = list(fleet.gaps)
    for rank in sorted({site.cell.rank for site in fleet.sites}):
        sites = [site for site in fleet.sites if site.cell.rank == rank]
        for outcome in _in_parallel(sites, lambda site: _alone(site, job)):
            if isinstance(outcome, _Broken):
                gaps.append(outcome.gap)
            else:
                results.append(outcome.value)
    return tuple(results), tuple(gaps)


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _Broken:
    gap: Gap


def _in_parallel(sites: Sequence[Site], job: Callable[[Site], T]) -> Iterable[T]:
    if len(sites) <= 1:
        return [job(site) for site in sites]
    with ThreadPoolExecutor(max_workers=_MOST_CELLS_AT_ONCE, thread_name_prefix="cell") as pool:
        return list(pool.map(job, sites))


def _alone(site: Site, job: Callable[[Site], T]) -> _Done[T] | _Broken:
    try:
        return _Done(job(site))
    except ReaperError as error:
        log.warning("cell failed", cell=str(site.cell), reason=str(error))
        return _Broken(gap(site.cell, None, str(error)))
    except Exception as error:  # one cell's defect must not end the sweep of the others
        log.exception("cell broke", cell=str(site.cell))
        return _Broken(gap(site.cell, None, f"a defect of reaper: {type(error).__name__}: {error}"))
