"""What a command works with: configuration, ledger and cells, opened for it and closed after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, TypeVar, cast

import structlog

from reaper.cli.log import configure
from reaper.cli.options import Narrowed
from reaper.cli.progress import watching
from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.config import Config, load
from reaper.errors import ConfigurationError, LedgerUnreachable, UsageError
from reaper.ledger import Ledger
from reaper.model import Gap
from reaper.providers.opening import open_places
from reaper.providers.protocol import Provider
from reaper.sweep.fleet import Fleet, assemble, each
from reaper.sweep.intake import HostDirectories
from reaper.sweep.site import Directories, Narrowing, Observer, Settings, Site
from reaper.tags import check_run_id

log = structlog.get_logger()

T = TypeVar("T")


class UnreachableLedger:
    """Stands for a ledger that did not answer: whatever is asked of it raises why.

    A command that only looks goes on with it. The sweep then calls every verdict unsure, so that
    nothing can follow from it.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def refuse(*_args: object, **_named: object) -> NoReturn:
            raise LedgerUnreachable(self.reason)

        return refuse

    def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One command's configuration, ledger and places.

    Attributes:
        ledger_missing: Why the ledger could not be opened, where the command goes on without it.
    """

    config: Config
    ledger: Ledger
    narrowed: Narrowed
    providers: Sequence[Provider]
    read_only: bool
    ledger_missing: str | None = None
    clock: Clock = SYSTEM_CLOCK
    directories: Directories = field(default_factory=HostDirectories)

    def settings(
        self,
        *,
        named: frozenset[str] = frozenset(),
        narrowing: Narrowing | None = None,
    ) -> Settings:
        """Say how to judge, by the configuration and what the command was narrowed to."""
        config = self.config
        return Settings(
            policy=config.policy(),
            rules=config.tag_rules(),
            brake=config.brake(),
            named=named,
            full=self.narrowed.full,
            narrowing=narrowing
            or Narrowing(
                runs=self.narrowed.runs or None,
                kinds=self.narrowed.kinds or None,
            ),
        )

    def fleet(self, settings: Settings, observer: Observer) -> Fleet:
        """Find the cells that the command is about.

        Raises:
            IdentityMismatch: A place is not the one that was configured or pinned.
            UsageError: No place that answers has a scope that was asked for.
        """
        scopes = self.narrowed.scopes
        fleet = assemble(
            self.providers,
            self.ledger,
            settings,
            clock=self.clock,
            directories=self.directories,
            observer=observer,
            scopes=scopes or None,
        )
        if scopes and not fleet.sites and not fleet.gaps:
            raise UsageError(
                f"no configured place has the scope {', '.join(sorted(scopes))}: `reaper doctor` "
                "shows those there are"
            )
        return fleet

    def each(
        self, settings: Settings, job: Callable[[Site], T]
    ) -> tuple[tuple[T, ...], tuple[Gap, ...]]:
        """Do a job in every cell while somebody watches; one that fails is a gap."""
        with watching() as observer:
            return each(self.fleet(settings, observer), job)


@contextmanager
def opened(
    config_file: Path | None,
    narrowed: Narrowed | None = None,
    *,
    read_only: bool,
    nowhere: bool = False,
) -> Iterator[Session]:
    """Open what a command needs. A command that only looks goes on without the ledger.

    `nowhere` says that it goes on also where no place is configured to look at.

    Raises:
        ConfigurationError: The configuration has an error, or no place, and one is needed.
        LedgerError: The ledger cannot be used, and the command needs it.
        UsageError: A provider or kind that was asked for is not known, or a run's ID is none.
    """
    narrowed = narrowed or Narrowed()
    config = configuration(config_file)
    ledger, missing = _ledger(config, needed=not read_only)
    providers: Sequence[Provider] = ()
    try:
        _check_runs(config, narrowed)
        _check_providers(config, narrowed)
        providers = open_places(config, read_only=read_only, only=narrowed.providers or None)
        if not providers and not nowhere:
            raise ConfigurationError(
                f"{config.source or 'the configuration'}: providers has no place, so nothing can "
                "be looked at: add one, such as `providers: {docker: [{}]}` for the local engine"
            )
        _check_kinds(providers, narrowed)
        yield Session(
            config=config,
            ledger=ledger,
            narrowed=narrowed,
            providers=providers,
            read_only=read_only,
            ledger_missing=missing,
        )
    finally:
        for provider in providers:
            provider.close()
        ledger.close()


@contextmanager
def opened_ledger(config_file: Path | None) -> Iterator[Ledger]:
    """Open the ledger alone, for what concerns no place."""
    ledger = Ledger.open(configuration(config_file).ledger)
    try:
        yield ledger
    finally:
        ledger.close()


def configuration(config_file: Path | None) -> Config:
    """Read the configuration, and tell what a person should know about how it was found."""
    configure()
    config = load(config_file, os.environ)
    for notice in config.notices:
        log.warning("configuration", notice=notice)
    return config


def _ledger(config: Config, *, needed: bool) -> tuple[Ledger, str | None]:
    try:
        return Ledger.open(config.ledger), None
    except LedgerUnreachable as error:
        if needed:
            raise
        # It has the methods of a ledger by refusing each of them.
        return cast(Ledger, UnreachableLedger(str(error))), str(error)


def _check_runs(config: Config, narrowed: Narrowed) -> None:
    """Refuse what no run can be called; with profiles, an ID is whatever others made it."""
    if not config.tags.profiles:
        for run_id in sorted(narrowed.runs):
            check_run_id(run_id)


def _check_providers(config: Config, narrowed: Narrowed) -> None:
    places = {name: getattr(config.providers, name) for name in type(config.providers).model_fields}
    configured = {name for name, found in places.items() if found}
    for name in sorted(narrowed.providers - configured):
        known = ", ".join(sorted(configured)) or "none"
        raise UsageError(f"no place of the provider {name!r} is configured; configured: {known}")


def _check_kinds(providers: Sequence[Provider], narrowed: Narrowed) -> None:
    known = {name for provider in providers for name in provider.kinds}
    for kind in sorted(narrowed.kinds - known):
        near = get_close_matches(kind, sorted(known), n=1)
        meant = f": did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(known))}"
        raise UsageError(f"no configured provider has the kind {kind!r}{meant}")
