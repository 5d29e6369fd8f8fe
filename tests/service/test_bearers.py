"""Who may ask what, how much, and how often."""

from __future__ import annotations

import http.client
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from reaper.ledger import Role
from reaper.service.bearers import KNOWN_FOR_S
from reaper.service.limits import MOST_BYTES, Rate
from tests.service.conftest import Api, ManualClock

EVERYTHING = [
    ("POST", "/v1/runs"),
    ("GET", "/v1/runs"),
    ("GET", "/v1/runs/r-1"),
    ("GET", "/v1/runs/r-1/journal"),
    ("POST", "/v1/runs/r-1/join"),
    ("POST", "/v1/runs/r-1/beat"),
    ("POST", "/v1/runs/r-1/finish"),
    ("POST", "/v1/runs/r-1/journal"),
    ("GET", "/v1/plans"),
    ("GET", "/v1/plans/p"),
    ("POST", "/v1/plans/p/release"),
    ("GET", "/v1/outcomes"),
    ("GET", "/v1/explain?ref=docker:volume@E/v"),
    ("POST", "/v1/keep"),
    ("POST", "/v1/resolve"),
    ("GET", "/v1/cells"),
    ("GET", "/v1/pause"),
    ("POST", "/v1/pause"),
    ("POST", "/v1/resume"),
    ("POST", "/v1/sweeps"),
]
OPERATORS = [
    ("POST", "/v1/plans/p/release"),
    ("POST", "/v1/keep"),
    ("POST", "/v1/resolve"),
    ("POST", "/v1/pause"),
    ("POST", "/v1/resume"),
    ("POST", "/v1/sweeps"),
]
BODIES: dict[str, dict[str, Any]] = {
    "/v1/runs": {"id": "r-1"},
    "/v1/runs/r-1/journal": {"entries": []},
    "/v1/keep": {"kind": "docker:volume", "scope": "E", "id": "v", "until": None},
    "/v1/resolve": {"kind": "docker:volume", "scope": "E", "id": "v", "resolution": "adopt"},
}


def ask(api: Api, method: str, path: str, **who: Any) -> tuple[int, Any]:
    return api.ask(method, path, BODIES.get(path) if method == "POST" else None, **who)


def test_every_route_is_in_the_list(api: Api) -> None:
    _, description = api.ask("GET", "/openapi.json", role=None)

    routes = {
        (method.upper(), path)
        for path, methods in description["paths"].items()
        for method in methods
        if path.startswith("/v1")
    }
    listed = {(m, p.partition("?")[0].replace("r-1", "{run_id}")) for m, p in EVERYTHING}
    assert {(m, p.replace("/plans/p", "/plans/{plan}")) for m, p in listed} == routes


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_nobody_does_anything_without_a_token(api: Api, method: str, path: str) -> None:
    status, problem = ask(api, method, path, role=None)

    assert status == 401
    assert problem["type"] == "urn:reaper:problem:unauthenticated"


@pytest.mark.parametrize("token", ["x", "reaper_00_x", "reaper_0123456789_" + "a" * 43])
def test_a_wrong_token_is_refused(api: Api, token: str) -> None:
    assert api.ask("GET", "/v1/runs", token=token)[0] == 401


@pytest.mark.parametrize(("method", "path"), OPERATORS)
@pytest.mark.parametrize("role", [Role.FIXTURE, Role.VIEWER])
def test_a_token_that_is_too_weak_is_refused(api: Api, method: str, path: str, role: Role) -> None:
    status, problem = ask(api, method, path, role=role)

    assert status == 403
    assert f"has the role {role.value}" in problem["detail"]
    assert api.ledger.paused() is None
    assert api.sweeping.orders == []


def test_a_token_that_expired_is_refused(api: Api) -> None:
    _, text = api.ledger.add_token("short", Role.VIEWER, by="test", lasts=timedelta(hours=1))
    before = api.ask("GET", "/v1/runs", token=text)
    api.clock.forward(timedelta(hours=1))

    status, problem = api.ask("GET", "/v1/runs", token=text)

    assert before[0] == 200
    assert (status, problem["detail"]) == (401, "the token has expired")


def test_a_revoked_token_is_refused_within_seconds(api: Api) -> None:
    before = api.ask("GET", "/v1/runs", role=Role.VIEWER)
    api.ledger.revoke_token("viewer", by="test")
    api.clock.forward(timedelta(seconds=KNOWN_FOR_S))

    status, problem = api.ask("GET", "/v1/runs", role=Role.VIEWER)

    assert before[0] == 200
    assert (status, problem["detail"]) == (401, "the token was revoked")


def test_who_guesses_is_slowed_down(api: Api) -> None:
    statuses = [api.ask("GET", "/v1/runs", token=f"reaper_{n}_x")[0] for n in range(30)]

    assert set(statuses) == {401, 429}
    assert api.ask("GET", "/v1/runs")[0] == 200


class TestOften:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"requests_per_second": 2}

    def test_who_asks_too_often_is_told_when_to_come_back(self, api: Api) -> None:
        statuses = [api.ask("GET", "/v1/pause")[0] for _ in range(6)]
        other = api.ask("GET", "/v1/pause", role=Role.VIEWER)[0]
        api.clock.forward(timedelta(seconds=1))
        later = [api.ask("GET", "/v1/pause")[0] for _ in range(3)]

        assert statuses == [200] * 4 + [429] * 2
        assert other == 200
        assert later == [200, 200, 429]


def test_a_bucket_fills_by_its_rate(clock: ManualClock) -> None:
    rate = Rate(2, clock.elapsed)

    taken = [rate.take("a") for _ in range(5)]

    assert taken == [None, None, None, None, 0.5]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_refused(api: Api, *, announced: bool) -> None:
    def chunks() -> Any:
        for _ in range(MOST_BYTES // 65536 + 2):
            yield b" " * 65536

    body = b"".join(chunks()) if announced else chunks()
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {api.tokens[Role.OPERATOR]}"}

    connection.request("POST", "/v1/runs", body, headers, encode_chunked=not announced)
    answer = connection.getresponse()

    assert answer.status == 413
    assert b"urn:reaper:problem:too-large" in answer.read()
    connection.close()
