"""`reaper clean` for runs that only a registry over HTTP knows."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import reaper.client
from reaper.cli import clean, registered
from reaper.cli.options import Narrowed
from reaper.cli.session import Session
from reaper.cli.sweeping import Order
from reaper.client.service import TOKEN_VARIABLE, URL_VARIABLE
from reaper.config import Config
from reaper.errors import RunEnded, UsageError
from reaper.ledger import Role
from reaper.model import Ref
from reaper.sandbox.memory import MemoryProvider
from tests.service.conftest import Api, serving
from tests.sweep.lab import Lab, new_lab

YES = Order(yes=True, as_json=False)


@dataclass
class Host:
    """A host with places and a ledger of its own, beside the registry that its runs are kept by."""

    api: Api
    lab: Lab

    def session(self, run_id: str) -> Session:
        provider = MemoryProvider(self.lab.world, faults=self.lab.faults)
        return Session(
            config=Config.model_validate({"providers": {}}),
            ledger=self.lab.ledger,
            narrowed=Narrowed(runs=frozenset({run_id})),
            providers=[provider],
            read_only=False,
            clock=self.lab.clock,
            directories=self.lab.hosts,
        )

    def make_sure_over(self, run_id: str, *, force: bool = False) -> bool:
        session = self.session(run_id)
        return clean.make_sure_over(session, frozenset({run_id}), YES, force=force)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with serving(tmp_path, {"requests_per_second": 100_000}) as api:
        monkeypatch.setenv(URL_VARIABLE, api.url)
        monkeypatch.setenv(TOKEN_VARIABLE, api.tokens[Role.FIXTURE])
        monkeypatch.setenv("REAPER_REALM", "test")
        yield Host(api=api, lab=new_lab())


def finished() -> tuple[str, Ref]:
    """A run that its service knows to be over, and what it made and journaled."""
    with reaper.client.run() as active:
        ref = Ref(kind="memory:plain", scope="lab", id="untagged")
        active.created(kind=ref.kind, scope=ref.scope, id=ref.id)
    return active.id, ref


def test_a_run_that_is_over_is_taken_home_with_its_journal(host: Host) -> None:
    run_id, ref = finished()

    assert host.make_sure_over(run_id)

    known = host.lab.ledger.runs([run_id])[run_id]
    assert known.ended is not None
    assert [entry.ref for entry in host.lab.ledger.run_entries(run_id)] == [ref]


def test_one_that_is_alive_there_is_not_taken_home_and_not_cleaned(host: Host) -> None:
    with reaper.client.run() as active:
        with pytest.raises(UsageError, match=f"the run {active.id} .* was not finished"):
            host.make_sure_over(active.id)

        # Its beats do not come here: known here, it would lapse here.
        assert host.lab.ledger.runs([active.id]) == {}
        registered.ask_daemon([active.id])
        assert host.api.ledger.runs([active.id])[active.id].ended is None
    assert host.api.sweeping.orders == []


def test_force_ends_it_where_it_beats(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    with reaper.client.run() as active:
        assert host.make_sure_over(active.id, force=True)
        assert host.api.ledger.runs([active.id])[active.id].ended is not None
        assert host.lab.ledger.runs([active.id])[active.id].ended is not None
        service = reaper.client.configured_service()
        assert service is not None
        with pytest.raises(RunEnded):
            service.beat(active.id)
    assert f"ended the run {active.id}" in capsys.readouterr().err


def test_the_daemon_is_asked_to_clean_what_is_over(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id, _ = finished()

    registered.ask_daemon([run_id, "r-unknown"])

    assert host.api.sweeping.orders == [(None, frozenset({run_id}))]
    assert f"cleans up after the run {run_id} in its places" in capsys.readouterr().err


def test_a_service_that_is_away_is_said_and_leaves_it_to_the_tags(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id, _ = finished()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv(URL_VARIABLE, f"http://127.0.0.1:{port}")

    assert host.make_sure_over(run_id)

    assert host.lab.ledger.runs([run_id]) == {}
    said = capsys.readouterr().err
    assert f"whether a registry knows the run {run_id} cannot be told" in said
    assert "going by the tags" in said
