"""How the demo's things are made in the sandbox: tagged from their creation, told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reaper.providers.aws.names import INSTANCE, INTERFACE, VOLUME
from reaper.sandbox.aws.world.builder import clients
from reaper.sandbox.aws.world.compute import IMAGE
from reaper.sandbox.demo.things import Part, Role, Tell, Thing

REGION = "us-east-1"


def _always() -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Maker:
    """Makes the things of one part.

    Attributes:
        tags: The run's; empty for strangers.
        client: Gives the client of a service.
        go_on: Asked before each thing; it raises where no more is wanted.
    """

    part: Part
    tags: Mapping[str, str]
    client: Callable[[str], Any]
    tell: Tell
    go_on: Callable[[], None] = field(default=_always)

    @classmethod
    def at(
        cls,
        endpoint: str,
        part: Part,
        tell: Tell,
        *,
        tags: Mapping[str, str] | None = None,
        go_on: Callable[[], None] = _always,
    ) -> Maker:
        """Make one that asks this endpoint."""
        client = clients(endpoint, REGION)
        return cls(part=part, tags=tags or {}, client=client, tell=tell, go_on=go_on)

    def pairs(self, extra: Mapping[str, str] | None = None) -> list[dict[str, str]]:
        """The run's tags as most services take them, and further ones."""
        tags = {**self.tags, **(extra or {})}
        return [{"Key": key, "Value": value} for key, value in tags.items()]

    def named(
        self, *sorts: str, name: str, extra: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """The tags as EC2 takes them, and the name: one of them too, by EC2's custom."""
        pairs = self.pairs({"Name": name, **(extra or {})})
        return [{"ResourceType": sort, "Tags": pairs} for sort in sorts]

    def note(
        self,
        kind: str,
        id_: str,
        about: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        seen: str = "",
    ) -> str:
        """Tell what was made, and hand back its ID; without a name that is its name."""
        self.tell(
            Thing(
                part=self.part,
                kind=kind,
                id=id_,
                name=name or id_,
                about=about,
                role=role,
                seen=seen,
            )
        )
        self.go_on()
        return id_

    def instance(
        self,
        name: str,
        about: str,
        *,
        subnet: str,
        groups: Sequence[str],
        profile: str | None = None,
        role: Role | None = None,
    ) -> str:
        """Start an instance with a disk of its own, and give its ID."""
        with_profile = {"IamInstanceProfile": {"Name": profile}} if profile else {}
        made = self.client("ec2").run_instances(
            ImageId=IMAGE,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            SecurityGroupIds=list(groups),
            TagSpecifications=self.named("instance", "volume", "network-interface", name=name),
            **with_profile,
        )["Instances"][0]
        id_ = self.note(INSTANCE, str(made["InstanceId"]), about, name=name, role=role)
        self.parts(id_, name)
        return id_

    def parts(self, instance: str, name: str) -> None:
        """Tell of what came with an instance."""
        answer = self.client("ec2").describe_instances(InstanceIds=[instance])
        [described] = answer["Reservations"][0]["Instances"]
        for disk in described["BlockDeviceMappings"]:
            self.note(VOLUME, disk["Ebs"]["VolumeId"], "came with the instance", name=name)
        for interface in described["NetworkInterfaces"]:
            id_ = interface["NetworkInterfaceId"]
            self.note(INTERFACE, id_, "came with the instance", name=name)
