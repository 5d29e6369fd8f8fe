"""The connection: what is tried again, what is refused before it is sent, and as whom it comes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("oci")

from reaper.config.places import OciPlace
from reaper.errors import IdentityMismatch, PlaceUnreachable, ReadOnlyViolation
from reaper.providers.failures import Unanswered
from reaper.providers.oci import open_oci
from reaper.providers.oci.answers import OciError
from reaper.providers.oci.session import Connection
from reaper.providers.oci.told import Told
from reaper.sandbox.kernel.requests import Reply, Request, as_json
from reaper.sandbox.kernel.serving import serve
from reaper.sandbox.oci import OciSandbox
from tests.hasty import HastyClock

HOME = "us-ashburn-1"
VCN = "ocid1.vcn.oc1.iad.x"
Served = Callable[[Callable[[Request], Reply | None]], str]


@pytest.fixture
def served() -> Iterator[Served]:
    with ExitStack() as exits:
        yield lambda answer: serve(answer, port=0, name="oci-test", exits=exits)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("oci") / "config"
    OciSandbox().key.write(path)
    return path


def place(key_file: Path, endpoint: str | None, **more: Any) -> OciPlace:
    tenancy = "ocid1.tenancy.oc1..sandbox"
    return OciPlace.model_validate(
        {
            "tenancy": tenancy,
            "compartments": [tenancy],
            "regions": [HOME],
            "config_file": str(key_file),
            "endpoint": endpoint,
            **more,
        }
    )


def refused(status: int, code: str, **headers: str) -> Reply:
    told = as_json(status, {"code": code, "message": "no"})
    more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status=status, body=told.body, headers=(*told.headers, *more))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_read_is_tried_again_by_us_only_and_a_change_is_not(
    served: Served, key_file: Path, status: int
) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.method)
        return refused(status, "Busy")

    clock = HastyClock()
    connection = Connection(place(key_file, served(answer)), read_only=False, clock=clock)
    began = clock.elapsed()

    with pytest.raises(OciError):
        connection.read("network", HOME, "get_vcn", vcn_id=VCN)
    with pytest.raises(OciError):
        connection.change("network", HOME, "delete_vcn", vcn_id=VCN, if_match="e")

    assert asked == ["GET"] * 6 + ["DELETE"], "the SDK's own attempts would multiply ours"
    assert clock.elapsed() - began > 2


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("network", "delete_vcn", {"vcn_id": VCN}),
        ("identity", "delete_group", {"group_id": "ocid1.group.oc1..x"}),
        ("objects", "delete_bucket", {"namespace_name": "n", "bucket_name": "b"}),
        ("balancers", "delete_load_balancer", {"load_balancer_id": "ocid1.loadbalancer.oc1..x"}),
    ],
)
def test_the_sdk_sends_each_change_once_however_many_failed(
    served: Served, key_file: Path, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.method)
        return refused(503, "ServiceUnavailable")

    connection = Connection(place(key_file, served(answer)), read_only=False)

    for _ in range(15):  # its circuit breakers open after ten
        with pytest.raises(OciError):
            connection.change(service, HOME, operation, **arguments)

    assert asked == ["DELETE"] * 15


def test_what_is_not_there_is_asked_for_once(served: Served, key_file: Path) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.path)
        return refused(404, "NotAuthorizedOrNotFound")

    connection = Connection(place(key_file, served(answer)), read_only=False)

    with pytest.raises(OciError):
        connection.read("network", HOME, "get_vcn", vcn_id=VCN)
    assert len(asked) == 1


def test_throttling_is_waited_for_as_long_as_oci_says(served: Served, key_file: Path) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.method)
        if len(asked) == 1:
            return refused(429, "TooManyRequests", retry_after="7")
        return as_json(200, {"id": VCN})

    clock = HastyClock()
    connection = Connection(place(key_file, served(answer)), read_only=True, clock=clock)
    began = clock.elapsed()

    assert connection.read("network", HOME, "get_vcn", vcn_id=VCN).body == {"id": VCN}
    assert 5 < clock.elapsed() - began < 10


def test_a_broken_connection_may_have_carried_it_out(served: Served, key_file: Path) -> None:
    connection = Connection(place(key_file, served(lambda _: None)), read_only=False)

    with pytest.raises(Unanswered) as caught:
        connection.change("network", HOME, "delete_vcn", vcn_id=VCN)

    assert caught.value.sent


def test_what_is_read_only_sends_nothing_that_changes(served: Served, key_file: Path) -> None:
    asked: list[Request] = []
    endpoint = served(asked.append)
    connection = Connection(place(key_file, endpoint), read_only=True)

    with pytest.raises(ReadOnlyViolation):
        connection.change("network", HOME, "delete_vcn", vcn_id=VCN)
    with pytest.raises(ReadOnlyViolation):
        connection.read("network", HOME, "delete_vcn", vcn_id=VCN)

    assert asked == []


def test_credentials_that_are_missing_say_how_to_get_some(tmp_path: Path) -> None:
    connection = Connection(place(tmp_path / "none", None), read_only=True)

    with pytest.raises(PlaceUnreachable, match="oci setup config"):
        _ = connection.credentials


def test_another_tenancys_key_is_refused_before_anything_is_asked(
    served: Served, tmp_path: Path
) -> None:
    asked: list[Request] = []
    path = tmp_path / "config"
    replace(OciSandbox().key, tenancy="ocid1.tenancy.oc1..another").write(path)
    endpoint = served(asked.append)

    with pytest.raises(IdentityMismatch, match="the configuration wants"):
        open_oci(place(path, endpoint), read_only=True).identity()

    assert asked == []


def test_a_session_token_signs_with_the_token(
    served: Served, key_file: Path, tmp_path: Path
) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Reply:
        seen.append(request.headers["authorization"])
        return as_json(200, {"id": VCN})

    token = tmp_path / "token"
    token.write_text("the-token")
    config = tmp_path / "config"
    config.write_text(f"{key_file.read_text()}security_token_file={token}\n")
    options = {"credentials": "security-token"}
    connection = Connection(place(config, served(answer), **options), read_only=True)

    connection.read("network", HOME, "get_vcn", vcn_id=VCN)

    assert 'keyId="ST$the-token"' in seen[0]


def test_what_was_told_long_ago_is_asked_anew() -> None:
    clock = HastyClock()
    told, asked = Told(clock), iter(range(9))

    first = [told.shared("users", lambda: next(asked)) for _ in range(2)]
    clock.sleep(3600.0)
    later = told.shared("users", lambda: next(asked))

    assert (first, later) == ([0, 0], 1)


def test_what_reads_together_are_held_against_is_asked_once_however_long_they_take() -> None:
    clock = HastyClock()
    told, asked = Told(clock), iter(range(9))

    before = told.shared("users", lambda: next(asked))
    with told.together():
        first = told.shared("users", lambda: next(asked))
        clock.sleep(3600.0)
        later = told.shared("users", lambda: next(asked))
    after = told.shared("users", lambda: next(asked))
    with told.together():
        anew = told.shared("users", lambda: next(asked))

    assert (before, first, later, after, anew) == (0, 1, 1, 2, 3)


def test_what_was_not_answered_is_asked_again() -> None:
    told, asked = Told(HastyClock()), iter([ValueError("late"), None])

    def ask() -> str:
        error = next(asked)
        if error is not None:
            raise error
        return "users"

    with told.together():
        with pytest.raises(ValueError, match="late"):
            told.shared("users", ask)

        assert told.shared("users", ask) == "users"


def test_nothing_is_a_preview_while_reads_decide() -> None:
    told = Told(HastyClock())

    with told.together(preview=True):
        alone = told.preview
        with told.together():
            both = told.preview

    assert (alone, both, told.preview) == (True, False, False)


@pytest.mark.parametrize("provider", ["docker", "aws", "gce", "azure"])
def test_the_sdk_is_loaded_only_where_a_place_of_oci_is_configured(
    provider: str, tmp_path: Path
) -> None:
    places = {
        "docker": "[{host: 'unix:///nowhere'}]",
        "aws": '[{account: "123456789012", regions: [us-east-1]}]',
        "gce": "[{project: my-project}]",
        "azure": "[{subscription: 00000000-0000-0000-0000-000000000000}]",
    }
    config = tmp_path / "reaper.yaml"
    config.write_text(
        f"ledger: sqlite:///{tmp_path}/l.db\nproviders: {{{provider}: {places[provider]}}}\n"
    )
    text = (
        "import sys; from pathlib import Path; from reaper.config import load; "
        "from reaper.providers.opening import open_places; "
        f"open_places(load(Path({str(config)!r}), {{}}), read_only=True); "
        "print([name for name in sys.modules if name.split('.')[0] == 'oci'])"
    )

    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_sdk_is_loaded_where_one_is(tmp_path: Path, key_file: Path) -> None:
    text = (
        "import sys; from reaper.config.places import OciPlace; "
        "from reaper.providers.oci import open_oci; before = 'oci' in sys.modules; "
        "t = 'ocid1.tenancy.oc1..sandbox'; "
        "open_oci(OciPlace(tenancy=t, compartments=(t,)), read_only=True); "
        "print(before, 'oci' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False True"
