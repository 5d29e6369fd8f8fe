"""A built world can be cleaned as at Google: in one order, and strangers stay as they were."""

from __future__ import annotations

import pytest

from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world import Made, build, everything
from reaper.sandbox.gce.world.rest import OperationFailed, Refusal, Rest
from tests.sandbox.gce.asking import refused

# Controllers before what they would make anew; then from what leads to what is led to.
ORDER = (
    "gce:container:cluster",
    "gce:compute:forwarding-rule",
    "gce:compute:target-http-proxy",
    "gce:compute:target-https-proxy",
    "gce:compute:target-tcp-proxy",
    "gce:compute:target-ssl-proxy",
    "gce:compute:target-grpc-proxy",
    "gce:compute:target-pool",
    "gce:compute:url-map",
    "gce:compute:ssl-certificate",
    "gce:compute:backend-service",
    "gce:compute:backend-bucket",
    "gce:compute:instance-group-manager",
    "gce:compute:instance-group",
    "gce:compute:network-endpoint-group",
    "gce:compute:instance",
    "gce:compute:instance-template",
    "gce:compute:health-check",
    "gce:compute:reservation",
    "gce:compute:machine-image",
    "gce:compute:image",
    "gce:compute:snapshot",
    "gce:compute:disk",
    "gce:compute:route",
    "gce:compute:vpn-tunnel",
    "gce:compute:vpn-gateway",
    "gce:compute:target-vpn-gateway",
    "gce:compute:external-vpn-gateway",
    "gce:compute:router",
    "gce:compute:address",
    "gce:compute:firewall",
    "gce:compute:subnetwork",
    "gce:compute:network",
    "gce:storage:bucket",
    "gce:kms:key",
    "gce:iam:service-account",
    "gce:pubsub:subscription",
    "gce:pubsub:topic",
    "gce:secretmanager:secret",
)
BESIDE = {"gce:compute:autoscaler"}  # they go with their managers


def test_what_is_cleaned_in_order_goes_and_leaves_a_stranger_as_it_was(
    sandbox: GoogleSandbox, rest: Rest
) -> None:
    build(sandbox.endpoint, {"owner": "somebody"}, name="theirs")
    before = everything(sandbox.endpoint, ["sandbox"])
    ours = build(sandbox.endpoint, {"reaper-run": "r-1"}, name="ours")
    assert ours.kinds == {*ORDER, *BESIDE}

    for kind in ORDER:
        for made in ours.made:
            if made.kind == kind:
                _delete(rest, made)

    after = everything(sandbox.endpoint, ["sandbox"])
    assert {each: after.get(each) for each in before} == before
    assert {kind for kind, _, _ in after.keys() - before.keys()} == {"gce:kms:key"}


def test_hardly_anything_goes_in_the_opposite_order(sandbox: GoogleSandbox, rest: Rest) -> None:
    ours = build(sandbox.endpoint, {"reaper-run": "r-1"}, name="ours")

    stayed = set()
    for kind in ("gce:compute:network", "gce:compute:subnetwork", "gce:compute:disk"):
        for made in ours.made:
            if made.kind == kind and made.part not in {"free", "regional", "of kubernetes"}:
                with pytest.raises((Refusal, OperationFailed)):
                    _delete(rest, made)
                stayed.add(made.id)

    assert len(stayed) == 6
    [bucket] = ours.ids("gce:storage:bucket")
    refused(409, "conflict", lambda: rest.ask("DELETE", f"/storage/v1/b/{bucket}"))


def _delete(rest: Rest, made: Made) -> None:
    """Delete it, unless it went with another one."""
    service = made.kind.split(":")[1]
    match service:
        case "compute":
            path = f"/compute/v1/projects/sandbox/{made.id}"
            try:
                if rest.ask("GET", path)["id"] == made.number:
                    rest.done(rest.ask("DELETE", path))
            except Refusal as refusal:
                if refusal.status != 404:
                    raise
        case "storage":
            objects = f"/storage/v1/b/{made.id}/o"
            for each in rest.ask("GET", objects, versions=True).get("items", ()):
                path = f"{objects}/{each['name']}"
                rest.ask("DELETE", path, generation=each["generation"])
            rest.ask("DELETE", f"/storage/v1/b/{made.id}")
        case "kms":
            versions = f"/v1/projects/sandbox/{made.id}/cryptoKeyVersions"
            for each in rest.ask("GET", versions)["cryptoKeyVersions"]:
                rest.ask("POST", f"/v1/{each['name']}:destroy", {})
        case _:
            rest.ask("DELETE", f"/v1/projects/sandbox/{made.id}")
