"""Runs that a service keeps, for the commands that clean up on this host as well."""

from __future__ import annotations

from collections.abc import Iterable

from reaper.cli.failures import say
from reaper.client import configured_service
from reaper.client.journal import read_journal
from reaper.client.registered import path_here
from reaper.client.service import Service, entry_of
from reaper.errors import RegistryRefused, RegistryUnreachable, RunUnknown
from reaper.ledger import Ledger
from reaper.model import Run


def at_service(run_ids: Iterable[str]) -> dict[str, Run]:
    """Ask the service that REAPER_URL names for runs that nobody knows here.

    Those that it does not know either, or cannot be asked for, are absent; the latter is said.
    """
    service = configured_service()
    known: dict[str, Run] = {}
    for run_id in sorted(run_ids) if service is not None else ():
        assert service is not None
        try:
            known[run_id] = service.show(run_id)
        except RunUnknown:
            continue
        except (RegistryRefused, RegistryUnreachable) as error:
            say(f"whether a registry knows the run {run_id} cannot be told: {error}")
    return known


def take_home(ledger: Ledger, run: Run) -> None:
    """Let this host's ledger know of a run that is over, and of what it created.

    Never of one that is alive: its beats do not come here, so that it would lapse here.

    Raises:
        RegistryUnreachable: Its journal could not be read.
    """
    assert run.ended is not None
    told = [entry_of(run.id, entry) for entry in _service().journal(run.id)]
    unsent, _ = read_journal(path_here(run.id), run.id)
    ledger.take_in(run)
    ledger.add_entries([*told, *unsent])


def end(run: Run, *, clean: bool = False) -> Run:
    """End a run where it beats; with `clean`, the daemon there removes what it left at once.

    Raises:
        RegistryRefused: The token may not.
        RegistryUnreachable: It may live on.
    """
    return _service().finish(run.id, clean=clean)


def ask_daemon(run_ids: Iterable[str]) -> None:
    """Let the service's daemon clean up after runs that are over, in the places that it has."""
    service = configured_service()
    for run_id in sorted(run_ids) if service is not None else ():
        assert service is not None
        try:
            if service.show(run_id).ended is None:
                continue  # nobody here has ended it
            service.finish(run_id, clean=True)
        except RunUnknown:
            continue
        except (RegistryRefused, RegistryUnreachable) as error:
            say(f"the daemon could not be asked to clean up after the run {run_id}: {error}")
        else:
            say(f"the daemon at {service.url} cleans up after the run {run_id} in its places")


def _service() -> Service:
    service = configured_service()
    assert service is not None  # it told of the run
    return service
