"""The connection: what is tried again, what is refused before it is sent, and where it leads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

pytest.importorskip("azure.identity")

from reaper.config.places import AzurePlace
from reaper.errors import IdentityMismatch, PlaceUnreachable, ReadOnlyViolation
from reaper.model import Cell, Ref, Resource
from reaper.providers.azure import names, open_azure
from reaper.providers.azure.answers import ArmError, NoCredentials
from reaper.providers.azure.credentials import credential_of
from reaper.providers.azure.graph import wait_s
from reaper.providers.azure.session import Connection
from reaper.providers.failures import Unanswered
from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.rest import Rest
from reaper.sandbox.kernel.requests import Reply, Request, as_json
from reaper.sandbox.kernel.serving import serve

Served = Callable[[Callable[[Request], Reply | None]], str]


@pytest.fixture
def served() -> Iterator[Served]:
    with ExitStack() as exits:
        yield lambda answer: serve(answer, port=0, name="azure-test", exits=exits)


def place(endpoint: str, **more: Any) -> AzurePlace:
    return AzurePlace(subscription=SUBSCRIPTION, endpoint=endpoint, **more)


def test_a_read_is_tried_again_and_a_change_is_not(served: Served) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.method)
        if asked.count(request.method) == 1:
            error = {"error": {"code": "TooManyRequests", "message": "slow down"}}
            told = as_json(429, error)
            return Reply(status=429, body=told.body, headers=(*told.headers, ("Retry-After", "0")))
        return as_json(200, {"id": "x"})

    connection = Connection(place(served(answer)), read_only=False)

    assert connection.read("/x", "1").body == {"id": "x"}
    with pytest.raises(ArmError):
        connection.change("DELETE", "/x", "1")
    assert asked == ["GET", "GET", "DELETE"]


def test_a_broken_connection_may_have_carried_it_out(served: Served) -> None:
    connection = Connection(place(served(lambda _: None)), read_only=False)

    with pytest.raises(Unanswered) as caught:
        connection.change("DELETE", "/x", "1")

    assert caught.value.sent


def test_nobody_there_means_that_nothing_was_sent() -> None:
    connection = Connection(place("http://127.0.0.1:1"), read_only=False)

    with pytest.raises(Unanswered) as caught:
        connection.change("DELETE", "/x", "1")

    assert not caught.value.sent


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_an_answer_that_is_not_as_documented_is_none(served: Served, body: bytes) -> None:
    connection = Connection(place(served(lambda _: Reply(status=200, body=body))), read_only=False)

    with pytest.raises(Unanswered):
        connection.change("DELETE", "/x", "1")


def test_a_read_only_connection_changes_nothing(served: Served) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Reply:
        asked.append(request)
        return as_json(200, {})

    connection = Connection(place(served(answer)), read_only=True)

    with pytest.raises(ReadOnlyViolation):
        connection.change("DELETE", "/x", "1")
    with pytest.raises(ReadOnlyViolation):
        connection.read("/x", "1", body={})
    assert not asked


@pytest.mark.parametrize(
    ("link", "ours"),
    [
        ("https://management.azure.com/x?y=1", True),
        ("https://management.azure.com:443/x", True),
        ("https://westeurope.management.azure.com/x", True),
        ("https://management.azure.com.evil.example/x", False),
        ("https://evil.example/x", False),
        ("http://management.azure.com/x", False),
        ("https://management.azure.com:8443/x", False),
    ],
)
def test_no_link_leads_our_credentials_away(link: str, ours: bool) -> None:  # noqa: FBT001 - a table
    connection = Connection(AzurePlace(subscription=SUBSCRIPTION), read_only=True)

    assert connection.leads_here(link) is ours
    if not ours:
        with pytest.raises(Unanswered, match="leads away"):
            connection.follow(link)


def test_each_way_to_credentials_is_azure_identitys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    made = {
        each: type(credential_of(AzurePlace(subscription=SUBSCRIPTION, credentials=each))).__name__
        for each in ("auto", "environment", "managed-identity", "cli")
    }

    assert made == {
        "auto": "DefaultAzureCredential",
        "environment": "EnvironmentCredential",
        "managed-identity": "ManagedIdentityCredential",
        "cli": "AzureCliCredential",
    }
    with pytest.raises(NoCredentials):
        credential_of(AzurePlace(subscription=SUBSCRIPTION, credentials="workload-identity"))


def test_without_credentials_the_place_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    opened = open_azure(
        AzurePlace(subscription=SUBSCRIPTION, credentials="environment"), read_only=True
    )

    with pytest.raises(PlaceUnreachable, match="credentials"):
        opened.identity()


def test_another_tenant_or_subscription_is_refused() -> None:
    with AzureSandbox() as sandbox:
        right = open_azure(place(sandbox.endpoint, tenant=sandbox.tenant), read_only=True)
        wrong = open_azure(
            place(sandbox.endpoint, tenant="0" * 8 + SUBSCRIPTION[8:]), read_only=True
        )
        other = AzurePlace(subscription="1" * 8 + SUBSCRIPTION[8:], endpoint=sandbox.endpoint)

        identity = right.identity()
        with pytest.raises(IdentityMismatch, match="the configuration wants"):
            wrong.identity()
        with pytest.raises(PlaceUnreachable, match="SubscriptionNotFound"):
            open_azure(other, read_only=True).identity()

    assert identity.id == SUBSCRIPTION
    assert identity.notes["tenant"] == sandbox.tenant


def test_a_read_only_place_deletes_nothing() -> None:
    with AzureSandbox() as sandbox, Rest(sandbox.endpoint) as rest:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
        rest.put(group, {"location": "westeurope"})
        opened = open_azure(place(sandbox.endpoint), read_only=True)
        cell = Cell(provider="azure", scope=SUBSCRIPTION, label="x")
        ref = Ref(kind=names.GROUP, scope=SUBSCRIPTION, id=group.lower())
        [found] = opened.read(cell, [ref]).values()
        assert isinstance(found, Resource)

        with pytest.raises(ReadOnlyViolation):
            opened.delete(cell, found)


@pytest.mark.parametrize(
    ("remaining", "after", "seconds"),
    [("14", "00:00:05", 0.0), ("0", "00:00:05", 5.0), ("0", "soon", 1.0), ("0", "01:00:00", 15.0)],
)
def test_the_graphs_quota_is_waited_for(remaining: str, after: str, seconds: float) -> None:
    headers = {"x-ms-user-quota-remaining": remaining, "x-ms-user-quota-resets-after": after}

    assert wait_s(headers) == seconds


def test_the_typed_client_is_loaded_only_where_it_is_used() -> None:
    text = (
        "import sys; import reaper.providers.azure.subscription; "
        "print([m for m in sys.modules if m.startswith(('azure.mgmt.compute', "
        "'azure.mgmt.network', 'azure.identity'))])"
    )

    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
