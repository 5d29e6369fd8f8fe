"""A compartment in which a run and a stranger are at work, each with things of its own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from reaper.client.active import ActiveRun
from reaper.sandbox.oci.world import Clients
from reaper.sandbox.oci.world.clients import pages
from tests.cloudbench import STRANGER
from tests.ocibench import HOME, OciBench
from tests.results import Result, Seen, same

DOMAIN = "SbOx:US-ASHBURN-1-AD-1"
IMAGE = {"sourceType": "image", "imageId": "ocid1.image.oc1..platform"}
MARK = '"owner": "somebody"'


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Makes things of one owner, who is known by the tags."""

    clients: Clients
    root: str
    compartment: str
    tags: Mapping[str, str]

    def body(self, **more: Any) -> dict[str, Any]:
        return {"compartmentId": self.compartment, "freeformTags": dict(self.tags), **more}

    def vcn(self, **more: Any) -> dict[str, Any]:
        asked = self.body(cidrBlock="10.0.0.0/16", **more)
        return dict(self.clients.network.create_vcn(asked).data)

    def subnet(self, vcn: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        asked = self.body(vcnId=vcn["id"], cidrBlock="10.0.1.0/24", **more)
        return dict(self.clients.network.create_subnet(asked).data)

    def table(self, vcn: Mapping[str, Any], target: str) -> dict[str, Any]:
        asked = self.body(vcnId=vcn["id"], routeRules=[rule(target)])
        return dict(self.clients.network.create_route_table(asked).data)

    def group(self, vcn: Mapping[str, Any]) -> dict[str, Any]:
        asked = self.body(vcnId=vcn["id"])
        return dict(self.clients.network.create_network_security_group(asked).data)

    def instance(
        self,
        subnet: Mapping[str, Any],
        source: Mapping[str, Any] = IMAGE,
        vnic: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        details = {"subnetId": subnet["id"], "freeformTags": dict(self.tags), **(vnic or {})}
        asked = self.body(
            availabilityDomain=DOMAIN,
            shape="VM.Standard.E4.Flex",
            sourceDetails=dict(source),
            createVnicDetails=details,
            **more,
        )
        return dict(self.clients.compute.launch_instance(asked).data)

    def volume(self, **more: Any) -> dict[str, Any]:
        asked = self.body(availabilityDomain=DOMAIN, **more)
        return dict(self.clients.storage.create_volume(asked).data)

    def volumes(self, *members: Mapping[str, Any]) -> dict[str, Any]:
        source = {"type": "volumeIds", "volumeIds": [each["id"] for each in members]}
        asked = self.body(availabilityDomain=DOMAIN, sourceDetails=source)
        return dict(self.clients.storage.create_volume_group(asked).data)

    def attach(self, instance: Mapping[str, Any], volume: Mapping[str, Any]) -> dict[str, Any]:
        asked = {
            "type": "paravirtualized",
            "instanceId": instance["id"],
            "volumeId": volume["id"],
        }
        return dict(self.clients.compute.attach_volume(asked).data)

    def configuration(self, **launch: Any) -> dict[str, Any]:
        details = {
            "compartmentId": self.compartment,
            "shape": "VM.Standard.E4.Flex",
            "sourceDetails": dict(IMAGE),
            **launch,
        }
        asked = self.body(
            source="NONE", instanceDetails={"instanceType": "compute", "launchDetails": details}
        )
        return dict(self.clients.pools.create_instance_configuration(asked).data)

    def pool(
        self, configuration: Mapping[str, Any], subnet: Mapping[str, Any], size: int
    ) -> dict[str, Any]:
        places = [{"availabilityDomain": DOMAIN, "primarySubnetId": subnet["id"]}]
        asked = self.body(
            instanceConfigurationId=configuration["id"], size=size, placementConfigurations=places
        )
        return dict(self.clients.pools.create_instance_pool(asked).data)

    def public_ip(self, private: str | None = None) -> dict[str, Any]:
        to = {"privateIpId": private} if private else {}
        asked = self.body(lifetime="RESERVED", **to)
        return dict(self.clients.network.create_public_ip(asked).data)

    def balancer(self, subnet: Mapping[str, Any], name: str, **more: Any) -> dict[str, Any]:
        asked = self.body(displayName=name, shapeName="flexible", subnetIds=[subnet["id"]], **more)
        self.clients.balancers.create_load_balancer(asked)
        listed = pages(self.clients.balancers.list_load_balancers, self.compartment)
        return next(each for each in listed if each["displayName"] == name)

    def network_balancer(self, subnet: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        asked = self.body(displayName="nlb", subnetId=subnet["id"], **more)
        return dict(self.clients.network_balancers.create_network_load_balancer(asked).data)

    def bucket(self, name: str, **more: Any) -> str:
        api = self.clients.objects
        api.create_bucket(api.get_namespace().data, self.body(name=name, **more))
        return name

    def write(self, bucket: str, name: str) -> None:
        api = self.clients.objects
        api.put_object(api.get_namespace().data, bucket, name, io.BytesIO(b"x"))

    def named(self, kind: str, name: str, *, root: bool = True, **more: Any) -> dict[str, Any]:
        """Create something of Identity's."""
        where = self.root if root else self.compartment
        asked = {**self.body(name=name, description=name, **more), "compartmentId": where}
        return dict(getattr(self.clients.identity, f"create_{kind}")(asked).data)


def rule(target: str, destination: str = "10.9.0.0/16") -> dict[str, Any]:
    return {
        "destination": destination,
        "destinationType": "CIDR_BLOCK",
        "networkEntityId": target,
    }


@dataclass(frozen=True, kw_only=True)
class Site:
    """Two compartments of one tenancy, a run at work in one and a stranger in both.

    Attributes:
        over: Ends the run.
    """

    bench: OciBench
    run: ActiveRun
    over: Callable[[], None]
    clients: Clients

    @cached_property
    def ours(self) -> Owner:
        return self._owner(self.run.tags, "ci")

    @cached_property
    def theirs(self) -> Owner:
        return self._owner(STRANGER, "shared")

    def _owner(self, tags: Mapping[str, str], compartment: str) -> Owner:
        sandbox = self.bench.sandbox
        return Owner(
            clients=self.clients,
            root=sandbox.tenancy,
            compartment=sandbox.compartments[compartment],
            tags=tags,
        )

    def vnic(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        """The first VNIC of an instance."""
        compute = self.clients.compute
        where = instance["compartmentId"]
        attached = next(pages(compute.list_vnic_attachments, where, instance_id=instance["id"]))
        return dict(self.clients.network.get_vnic(attached["vnicId"]).data)

    def address(self, instance: Mapping[str, Any]) -> str:
        """The OCID of an instance's first private address."""
        vnic = self.vnic(instance)["id"]
        return str(next(pages(self.clients.network.list_private_ips, vnic_id=vnic))["id"])

    def boot(self, instance: Mapping[str, Any]) -> str:
        """The OCID of the volume that an instance boots from."""
        compute, where = self.clients.compute, instance["compartmentId"]
        listing = compute.list_boot_volume_attachments
        return str(next(pages(listing, DOMAIN, where, instance_id=instance["id"]))["bootVolumeId"])

    def swept(self) -> Result:
        """End the run and sweep: nothing of the stranger's is changed, whatever becomes of ours."""
        self.over()
        before = self._strangers()
        told = self.bench.sweep()

        lost = same(self.bench.look(), before)
        assert lost == {}, [(key, before[key], now) for key, now in lost.items()]
        assert told.gaps == [], told.gaps
        return told

    def _strangers(self) -> dict[Seen, str]:
        return {key: each for key, each in self.bench.look().items() if MARK in each}


def outcomes(told: Result) -> dict[str, tuple[str | None, str]]:
    """What became of each thing by its ID, and why."""
    return {
        item["id"]: (item["outcome"], f"{item['detail']} {item['reason']} {item['blocked_by']}")
        for item in told.items
    }


def stays(told: Result, item: Mapping[str, Any], *because: str) -> None:
    """Check that something is blocked, and that those in its way are named."""
    became, why = outcomes(told)[str(item.get("id") or item["name"])]

    assert became == "blocked", (became, why)
    for each in because:
        assert each in why, why


@pytest.fixture
def site(bench: OciBench) -> Iterator[Site]:
    """A run at work; it is over when the test sweeps."""
    with ExitStack() as exits:
        run = exits.enter_context(bench.run())
        clients = Clients(bench.sandbox.endpoint, bench.sandbox.key.config(), HOME)
        yield Site(bench=bench, run=run, over=exits.close, clients=clients)
