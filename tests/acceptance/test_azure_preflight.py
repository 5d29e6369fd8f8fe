"""A test suite puts something that is there already and somebody else's: it is never claimed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest

pytest.importorskip("azure.identity")
pytest.importorskip("azure.mgmt.network")

from azure.core.pipeline.transport import AsyncioRequestsTransport

from reaper.client import RunDirectory
from reaper.client.active import ActiveRun
from reaper.fixtures.hooks.tagging import tagging
from reaper.model import Phase
from reaper.sandbox.azure.arm.ids import GROUP, target
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.rest import Rest
from tests.acceptance.azure import bench as bench  # noqa: PLC0414 - a fixture
from tests.acceptance.azure import running as running  # noqa: PLC0414 - a fixture
from tests.azurebench import AzureBench
from tests.azuresdk import hooked, names_of, options, put, way_of
from tests.cloudbench import STRANGER

BASE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
NETWORK = "Microsoft.Network/virtualNetworks"
ACCOUNT = "Microsoft.Storage/storageAccounts"
VAULT = "Microsoft.KeyVault/vaults"
BODIES: dict[str, Any] = {
    GROUP: {},
    NETWORK: {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
    ACCOUNT: {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
    VAULT: {
        "properties": {
            "tenantId": "00000000-0000-0000-0000-0000000000aa",
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
        }
    },
}


def path_of(kind: str, group: str, name: str) -> str:
    return f"{BASE}/{group}" if kind == GROUP else f"{BASE}/{group}/providers/{kind}/{name}"


def put_async(endpoint: str, path: str, body: Any) -> None:
    """Put something by Azure's client that is awaited."""
    at = target(path)
    way = way_of(at)

    async def main() -> None:
        sort = getattr(import_module(f"azure.mgmt.{way.module}.aio"), way.client)
        transport = AsyncioRequestsTransport()
        async with sort(**options(endpoint, SUBSCRIPTION), transport=transport) as client:
            told = await way.of(client)(*names_of(at), body)
            if hasattr(told, "result"):
                await told.result()

    asyncio.run(main())


Put = Callable[[str, str, Any], object]
either = pytest.mark.parametrize("how", [put, put_async])


@contextmanager
def at_work(bench: AzureBench) -> Iterator[ActiveRun]:
    """Be a test suite whose hooks are on, and end."""
    with hooked(bench.sandbox.endpoint), bench.run() as started, tagging(started):
        yield started


def phases(bench: AzureBench, run: ActiveRun) -> dict[str, Phase]:
    """What the journal says last of each ID."""
    entries, unread = RunDirectory.open(run.id, state=bench.directory / "state").entries()
    assert unread == []
    return {entry.ref.id: entry.phase for entry in entries if entry.ref is not None}


def theirs(bench: AzureBench, kind: str) -> str:
    """Let a stranger make one in a group of theirs."""
    with Rest(bench.sandbox.endpoint) as rest:
        body = {"location": "westeurope", "tags": STRANGER}
        rest.put(f"{BASE}/theirs", body)
        path = path_of(kind, "theirs", "shared")
        if kind != GROUP:
            rest.put(path, {**BODIES[kind], **body})
    return path


def tags_of(bench: AzureBench, path: str) -> dict[str, str]:
    with Rest(bench.sandbox.endpoint) as rest:
        return dict(rest.ask("GET", path).get("tags") or {})


@either
@pytest.mark.parametrize("kind", [GROUP, NETWORK, ACCOUNT])
def test_what_was_a_strangers_is_put_without_tags_and_never_swept(
    bench: AzureBench, how: Put, kind: str
) -> None:
    path = theirs(bench, kind)
    spelt = path.replace("theirs", "Theirs")
    body = {**BODIES[kind], "location": "westeurope", "tags": {"put": "by a test"}}

    with at_work(bench) as run:
        how(bench.sandbox.endpoint, spelt, body)
    swept = bench.sweep()

    assert tags_of(bench, path) == {"put": "by a test"}
    assert phases(bench, run) == {path.lower(): Phase.EXISTED}
    assert swept.items == []
    assert not bench.deletions()


@either
@pytest.mark.parametrize("kind", [GROUP, NETWORK, ACCOUNT])
def test_what_a_test_puts_anew_is_the_runs_and_goes(bench: AzureBench, how: Put, kind: str) -> None:
    with Rest(bench.sandbox.endpoint) as rest:
        rest.put(f"{BASE}/theirs", {"location": "westeurope", "tags": STRANGER})
    before = bench.look()
    path = path_of(kind, "theirs" if kind != GROUP else "ours", "mine")

    with at_work(bench) as run:
        how(bench.sandbox.endpoint, path, {**BODIES[kind], "location": "westeurope"})
        tags = tags_of(bench, path)
    bench.sweep()

    assert tags == run.tags
    assert phases(bench, run) == {path.lower(): Phase.CREATED}
    assert bench.look() == before


@either
def test_what_nobody_may_read_is_put_without_tags(bench: AzureBench, how: Put) -> None:
    path = theirs(bench, NETWORK)
    bench.sandbox.lacking.add("microsoft.network/virtualnetworks/read")

    with at_work(bench) as run:
        how(bench.sandbox.endpoint, path, {**BODIES[NETWORK], "location": "westeurope"})

    bench.sandbox.lacking.clear()
    assert tags_of(bench, path) == {}
    assert phases(bench, run) == {path.lower(): Phase.EXISTED}


@either
def test_a_strangers_vault_that_a_test_has_back_is_not_the_runs(
    bench: AzureBench, how: Put
) -> None:
    bench.options = {"purge": True}
    path = theirs(bench, VAULT)
    with Rest(bench.sandbox.endpoint) as rest:
        rest.drop(path)
    body = {"location": "westeurope", **BODIES[VAULT]}
    body["properties"] = {**body["properties"], "createMode": "recover"}

    with at_work(bench) as run:
        how(bench.sandbox.endpoint, path, body)
    swept = bench.sweep()

    assert tags_of(bench, path) == STRANGER
    assert phases(bench, run) == {path.lower(): Phase.EXISTED}
    assert swept.items == []
