"""The API on loopback, over a real ledger, for a daemon that only remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reaper.clock import SYSTEM_CLOCK
from reaper.config import Config
from reaper.daemon.presence import Presence
from reaper.daemon.web import Web
from reaper.ledger import Ledger, Role
from reaper.model import Gap
from reaper.service.app import build
from reaper.service.backend import Backend, Minters, Standing
from reaper.service.metrics import Metrics
from tests.daemon.processes import ask
from tests.ledger.conftest import ManualClock, clock, volume

__all__ = ["ManualClock", "clock", "volume"]

CELL = "docker/ENGINE"


@dataclass
class Asked:
    """A daemon with one cell."""

    orders: list[tuple[Sequence[str] | None, frozenset[str]]] = field(default_factory=list)
    problem: str | None = None
    illness: str | None = None

    def standings(self) -> Sequence[Standing]:
        return [Standing(cell=CELL, label="the engine", next=None, doing="scanning")]

    def unreachable(self) -> Sequence[Gap]:
        return [Gap(provider="docker", scope="?", kind=None, reason="no answer")]

    def ask(self, cells: Sequence[str] | None, named: frozenset[str]) -> Sequence[str]:
        self.orders.append((cells, named))
        return [CELL]

    def sick(self) -> str | None:
        return self.illness

    def unready(self) -> str | None:
        return self.problem


@dataclass
class Api:
    """A served API, and tokens for it by role."""

    url: str
    ledger: Ledger
    clock: ManualClock
    sweeping: Asked
    metrics: Metrics
    tokens: Mapping[Role, str]

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        role: Role | None = Role.OPERATOR,
        token: str | None = None,
    ) -> tuple[int, Any]:
        """Send a request as somebody; the status and what was answered."""
        token = token or (None if role is None else self.tokens[role])
        return ask(self.url + path, token=token, body=body, method=method)

    def start(self, run_id: str, *, role: Role = Role.FIXTURE, **more: Any) -> dict[str, Any]:
        """Start a run."""
        status, run = self.ask("POST", "/v1/runs", {"id": run_id, **more}, role=role)
        assert status == 201, run
        told: dict[str, Any] = run
        return told


def text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture
def settings() -> dict[str, Any]:
    """The part `daemon` of the configuration; a test may put more into it."""
    return {"requests_per_second": 100_000}


@contextmanager
def serving(
    directory: Path, settings: Mapping[str, Any], clock: ManualClock | None = None
) -> Iterator[Api]:
    """Serve the API over a ledger in a directory; without a clock, by this machine's."""
    config = Config.model_validate({"realm": "test", "daemon": settings})
    with Ledger.open(f"sqlite:///{directory}/ledger.db", clock=clock) as ledger:
        metrics, sweeping = Metrics(), Asked()
        backend = Backend(
            config=config,
            ledger=ledger,
            minters=Minters(ledger),
            sweeping=sweeping,
            metrics=metrics,
            clock=clock or SYSTEM_CLOCK,
        )
        Presence(ledger, backend.clock, metrics, grace=config.policy().grace)._say()
        web = Web(build(backend), "127.0.0.1:0")
        web.begin()
        tokens = {role: ledger.add_token(role.value, role, by="test")[1] for role in Role}
        yield Api(
            url=f"http://{web.address}",
            ledger=ledger,
            clock=clock or ManualClock(),
            sweeping=sweeping,
            metrics=metrics,
            tokens=tokens,
        )
        web.end()


@pytest.fixture
def api(tmp_path: Path, clock: ManualClock, settings: dict[str, Any]) -> Iterator[Api]:
    with serving(tmp_path, settings, clock) as api:
        yield api
