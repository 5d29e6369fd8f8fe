"""Each kind's deletion: sent once, and on the condition of the etag where OCI takes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("oci")

from reaper.config.places import OciPlace
from reaper.providers.oci.deleting import delete
from reaper.providers.oci.kind import Deed, OciKind
from reaper.providers.oci.kinds import KINDS
from reaper.providers.oci.names import VNIC
from reaper.providers.oci.reach import Reach
from reaper.providers.oci.session import Connection
from reaper.providers.protocol import Reply as Replied
from reaper.sandbox.kernel.requests import Reply, Request, as_json
from reaper.sandbox.kernel.serving import serve
from reaper.sandbox.oci import OciSandbox

HOME = "us-ashburn-1"
TENANCY = "ocid1.tenancy.oc1..sandbox"
GOING = [each for each in KINDS.values() if each.delete or each.deletion]
Reaching = Callable[[Callable[[Request], Reply]], Reach]


@pytest.fixture
def reaching(tmp_path: Path) -> Iterator[Reaching]:
    OciSandbox().key.write(tmp_path / "config")
    with ExitStack() as exits:

        def open_reach(answer: Callable[[Request], Reply]) -> Reach:
            endpoint = serve(answer, port=0, name="oci-test", exits=exits)
            place = OciPlace.model_validate(
                {
                    "tenancy": TENANCY,
                    "compartments": [TENANCY],
                    "config_file": str(tmp_path / "config"),
                    "endpoint": endpoint,
                }
            )
            return Reach(
                connection=Connection(place, read_only=False),
                tenancy=TENANCY,
                region=HOME,
                home=HOME,
                compartments=(TENANCY,),
                regions=(HOME,),
                kinds=KINDS,
            )

        yield open_reach


def deed(reach: Reach, kind: OciKind, etag: str | None, **item: Any) -> Deed:
    own = f"ocid1.{kind.noun}.oc1.iad.x" if kind.noun else "data"
    ref = reach.ref(kind.name, TENANCY, own)
    return Deed(reach=reach, ref=ref, item=item, etag=etag, edges=())


@pytest.mark.parametrize("kind", GOING, ids=lambda kind: kind.name)
def test_a_deletion_is_on_the_condition_of_what_was_looked_at(
    reaching: Reaching, kind: OciKind
) -> None:
    sent: list[Request] = []

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            return as_json(200, "namespace")
        sent.append(request)
        return as_json(200, {})

    done = delete(replace(kind, before=()), deed(reaching(answer), kind, "the-etag"))

    assert done.reply in {Replied.DONE, Replied.STARTED, Replied.SCHEDULED}
    [request] = sent
    assert request.headers.get("if-match") == ("the-etag" if kind.conditional else None)


@pytest.mark.parametrize(
    "kind", [each for each in GOING if each.conditional], ids=lambda kind: kind.name
)
def test_without_an_etag_nothing_is_sent(reaching: Reaching, kind: OciKind) -> None:
    def answer(_: Request) -> Reply:
        raise AssertionError

    done = delete(kind, deed(reaching(answer), kind, None))

    assert done.reply is Replied.FAILED
    assert "nothing was sent" in done.detail


def test_what_goes_only_with_something_else_is_not_sent(reaching: Reaching) -> None:
    def answer(_: Request) -> Reply:
        raise AssertionError

    kind = KINDS[VNIC]

    assert delete(kind, deed(reaching(answer), kind, "e")).reply is Replied.IN_USE
