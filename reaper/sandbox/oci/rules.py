"""The dependency rules: what keeps what from going, and what goes along with what."""

from __future__ import annotations

from reaper.sandbox.kernel.rules import Bond, Rule
from reaper.sandbox.oci.sorts import SORTS

_SDK = "the SDK's own documentation of the deletion (oci 2.189.0)"
_GATEWAYS = (
    "internetGateways",
    "natGateways",
    "serviceGateways",
    "localPeeringGateways",
    "drgs",
)
# What is in a VCN and keeps it from going.
_IN_VCN = (
    "subnets",
    "internetGateways",
    "natGateways",
    "serviceGateways",
    "localPeeringGateways",
    "networkSecurityGroups",
    "routeTables",
    "securityLists",
    "dhcps",
)


def _kinds(*collections: str) -> frozenset[str]:
    return frozenset(f"core.{each}" for each in collections)


def _pins(
    name: str, kind: str, field: str, *held: str, source: str = "", late: bool = False
) -> Rule:
    return Rule(
        name=name,
        kind=kind,
        field=field,
        held=frozenset(held),
        bond=Bond.PINS,
        source=source,
        late=late,
    )


def _core_pins(name: str, kind: str, field: str, *held: str, source: str = "") -> Rule:
    return _pins(name, f"core.{kind}", field, *_kinds(*held), source=source)


def _follows(name: str, kind: str, field: str, *held: str, source: str = "") -> Rule:
    return Rule(
        name=name,
        kind=f"core.{kind}",
        field=field,
        held=_kinds(*held),
        bond=Bond.FOLLOWS,
        source=source,
    )


_OF_INSTANCES = (
    Rule(
        name="an instance takes the volumes that are not to be preserved",
        kind="core.instances",
        field="~takes[]",
        held=_kinds("bootVolumes", "volumes"),
        bond=Bond.TAKES,
        source=_SDK,
    ),
    *(
        _follows(f"{each} go with their instance", each, "instanceId", "instances", source=_SDK)
        for each in ("bootVolumeAttachments", "volumeAttachments", "vnicAttachments")
    ),
    _follows("a vnic goes with its attachment", "vnics", "~attachment", "vnicAttachments"),
    _follows("a private ip goes with its vnic", "privateIps", "vnicId", "vnics", source=_SDK),
    _follows(
        "an ephemeral public ip goes with its private ip",
        "publicIps",
        "~ephemeralOf",
        "privateIps",
        source=_SDK,
    ),
    _core_pins(
        "an attached volume stays",
        "volumeAttachments",
        "volumeId",
        "volumes",
        source=_SDK,
    ),
    _core_pins(
        "an attached boot volume stays",
        "bootVolumeAttachments",
        "bootVolumeId",
        "bootVolumes",
        source=_SDK,
    ),
    _core_pins(
        "a dedicated host with instances stays",
        "instances",
        "dedicatedVmHostId",
        "dedicatedVmHosts",
        source=_SDK,
    ),
    _core_pins(
        "a configuration of a pool stays",
        "instancePools",
        "instanceConfigurationId",
        "instanceConfigurations",
    ),
    _follows(
        "an instance of a pool goes with it", "instances", "~pool", "instancePools", source=_SDK
    ),
)

_OF_NETWORKS = (
    *(
        _core_pins(
            f"a vcn with {each} stays",
            each,
            "~inVcn",
            "vcns",
            source=_SDK,
        )
        for each in _IN_VCN
    ),
    *(
        _follows(f"the default {each} go with their vcn", each, "~defaultOf", "vcns", source=_SDK)
        for each in ("routeTables", "securityLists", "dhcps")
    ),
    _core_pins(
        "a vcn that a drg is attached to stays", "drgAttachments", "vcnId", "vcns", source=_SDK
    ),
    _core_pins("an attached drg stays", "drgAttachments", "drgId", "drgs", source=_SDK),
    _core_pins(
        "a gateway that is a target stays",
        "routeTables",
        "routeRules[].networkEntityId",
        *_GATEWAYS,
        source=_SDK,
    ),
    _core_pins(
        "a route table of a subnet stays",
        "subnets",
        "routeTableId",
        "routeTables",
        source=_SDK,
    ),
    _core_pins(
        "a security list of a subnet stays",
        "subnets",
        "securityListIds[]",
        "securityLists",
        source=_SDK,
    ),
    _core_pins("dhcp options of a subnet stay", "subnets", "dhcpOptionsId", "dhcps", source=_SDK),
    _core_pins("a subnet with vnics stays", "vnics", "subnetId", "subnets", source=_SDK),
    _core_pins(
        "a group with vnics stays",
        "vnics",
        "nsgIds[]",
        "networkSecurityGroups",
        source=_SDK,
    ),
    _core_pins("a route table of a vnic stays", "vnics", "routeTableId", "routeTables"),
    _core_pins("a public ip of a nat gateway stays", "natGateways", "~reservedIp", "publicIps"),
)

_OF_VOLUMES = (
    _core_pins(
        "a volume of a group stays", "volumeGroups", "volumeIds[]", "volumes", "bootVolumes"
    ),
    Rule(
        name="a group's backup takes those of its volumes",
        kind="core.volumeGroupBackups",
        field="volumeBackupIds[]",
        held=_kinds("volumeBackups", "bootVolumeBackups"),
        bond=Bond.TAKES,
        source=_SDK,
    ),
)

_OF_OTHERS = (
    *(
        _pins(name, kind, field, held)
        for name, kind, field, held in (
            (
                "a subnet of a load balancer stays",
                "loadbalancer.loadBalancers",
                "subnetIds[]",
                "core.subnets",
            ),
            (
                "a group of a load balancer stays",
                "loadbalancer.loadBalancers",
                "networkSecurityGroupIds[]",
                "core.networkSecurityGroups",
            ),
            (
                "a public ip of a load balancer stays",
                "loadbalancer.loadBalancers",
                "~reservedIps[]",
                "core.publicIps",
            ),
            (
                "a public ip of a network load balancer stays",
                "networkloadbalancer.networkLoadBalancers",
                "~reservedIps[]",
                "core.publicIps",
            ),
            (
                "a subnet of a network load balancer stays",
                "networkloadbalancer.networkLoadBalancers",
                "subnetId",
                "core.subnets",
            ),
            (
                "a group of a network load balancer stays",
                "networkloadbalancer.networkLoadBalancers",
                "networkSecurityGroupIds[]",
                "core.networkSecurityGroups",
            ),
        )
    ),
    _pins(
        "a group with members stays",
        "identity.userGroupMemberships",
        "groupId",
        "identity.groups",
        source=_SDK,
    ),
    _pins(
        "a user in a group stays",
        "identity.userGroupMemberships",
        "userId",
        "identity.users",
        source=_SDK,
    ),
    Rule(
        name="a key goes with its vault",
        kind="kms.keys",
        field="vaultId",
        held=frozenset({"kms.vaults"}),
        bond=Bond.FOLLOWS,
        source=_SDK,
    ),
    *(
        _pins(
            f"a compartment with {each} stays",
            each,
            "compartmentId",
            "identity.compartments",
            source=_SDK,
            late=True,
        )
        for each in (*SORTS, "objectstorage.buckets")
    ),
)

RULES = (*_OF_INSTANCES, *_OF_NETWORKS, *_OF_VOLUMES, *_OF_OTHERS)
