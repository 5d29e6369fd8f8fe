"""Which collections there are: where they answer, and which states a thing goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_HOUR = 3600.0
_DAY = 86400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """The states of a thing: while it is made, is used, goes, and when it is over.

    None: it has no such state.
    """

    made: str | None
    there: str | None
    going: str | None
    over: str | None


_LIFE = Life(made="PROVISIONING", there="AVAILABLE", going="TERMINATING", over="TERMINATED")
_ACTIVE = Life(made="CREATING", there="ACTIVE", going="DELETING", over="DELETED")
_ATTACHED = Life(made="ATTACHING", there="ATTACHED", going="DETACHING", over="DETACHED")
_STATELESS = Life(made=None, there=None, going=None, over=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sort:
    """One collection.

    Attributes:
        service: As the sandbox calls it.
        collection: As it stands in paths.
        noun: As it stands in OCIDs.
        words: What messages call one.
        root: What its paths begin with.
        model: Of the SDK, in which one is shown; empty: the SDK has none.
        summary: In which a list shows it, where that is another one.
        fields: What the list shows of it; empty: everything.
        searched: As Resource Search calls it; None: it is not indexed.
        shown_s: How long it is shown when it is over.
        wants: What its list must be asked for.
        narrows: What its list may be asked for besides.
        conditional: Its deletion takes an if-match.
        home: It has no region, and is changed in the home region only.
        enveloped: Its list is below `items`.
        request: Its creation and deletion are accepted only, and a work request tells the rest.
    """

    service: str
    collection: str
    noun: str
    words: str
    root: str = "/20160918"
    life: Life = _LIFE
    model: str = ""
    summary: str = ""
    fields: tuple[str, ...] = ()
    searched: str | None = None
    shown_s: float = 0.0
    wants: tuple[str, ...] = ("compartmentId",)
    narrows: tuple[str, ...] = ()
    conditional: bool = True
    home: bool = False
    enveloped: bool = False
    request: bool = False

    @property
    def kind(self) -> str:
        """What the graph calls it."""
        return f"{self.service}.{self.collection}"


def _core(collection: str, noun: str, model: str, searched: str | None, **more: object) -> Sort:
    given: dict[str, object] = {"words": model, "service": "core", **more}
    return Sort(
        collection=collection,
        noun=noun,
        model=f"core.{model}",
        searched=searched,
        **given,  # type: ignore[arg-type]  # the fields of Sort, by name
    )


_IN_VCN = {"narrows": ("vcnId",)}
_OF_HOST = ("instanceId", "volumeId", "bootVolumeId", "vnicId")
_SUMMARY = (
    "id",
    "compartmentId",
    "displayName",
    "freeformTags",
    "definedTags",
    "lifecycleState",
    "timeCreated",
)

_CORE = (
    _core(
        "instances",
        "instance",
        "Instance",
        "Instance",
        life=Life(made="PROVISIONING", there="RUNNING", going="TERMINATING", over="TERMINATED"),
        shown_s=12 * _HOUR,
    ),
    _core(
        "bootVolumeAttachments",
        "bootvolumeattachment",
        "BootVolumeAttachment",
        None,
        life=_ATTACHED,
        shown_s=_HOUR,
        wants=("compartmentId", "availabilityDomain"),
        narrows=_OF_HOST,
    ),
    _core(
        "volumeAttachments",
        "volumeattachment",
        "VolumeAttachment",
        None,
        life=_ATTACHED,
        shown_s=_HOUR,
        narrows=_OF_HOST,
    ),
    _core(
        "vnicAttachments",
        "vnicattachment",
        "VnicAttachment",
        None,
        life=_ATTACHED,
        shown_s=_HOUR,
        narrows=_OF_HOST,
        conditional=True,
    ),
    _core(
        "images",
        "image",
        "Image",
        "Image",
        life=Life(made="PROVISIONING", there="AVAILABLE", going=None, over="DELETED"),
        shown_s=_HOUR,
    ),
    _core(
        "dedicatedVmHosts",
        "dedicatedvmhost",
        "DedicatedVmHost",
        "DedicatedVmHost",
        life=_ACTIVE,
        shown_s=_HOUR,
        summary="core.DedicatedVmHostSummary",
        fields=(
            "id",
            "compartmentId",
            "displayName",
            "lifecycleState",
            "timeCreated",
            "availabilityDomain",
            "dedicatedVmHostShape",
            "faultDomain",
            "remainingOcpus",
            "totalOcpus",
        ),
        conditional=False,
    ),
    _core(
        "instanceConfigurations",
        "instanceconfiguration",
        "InstanceConfiguration",
        "InstanceConfiguration",
        life=_STATELESS,
        summary="core.InstanceConfigurationSummary",
        fields=(
            "id",
            "compartmentId",
            "displayName",
            "freeformTags",
            "definedTags",
            "timeCreated",
        ),
    ),
    _core(
        "instancePools",
        "instancepool",
        "InstancePool",
        "InstancePool",
        life=Life(made="PROVISIONING", there="RUNNING", going="TERMINATING", over="TERMINATED"),
        shown_s=_HOUR,
        summary="core.InstancePoolSummary",
        fields=(*_SUMMARY, "instanceConfigurationId", "availabilityDomains", "size"),
    ),
    _core("vcns", "vcn", "Vcn", "Vcn"),
    _core("subnets", "subnet", "Subnet", "Subnet", **_IN_VCN),
    _core("vnics", "vnic", "Vnic", "Vnic", wants=("never",)),
    _core(
        "privateIps",
        "privateip",
        "PrivateIp",
        "PrivateIp",
        life=_STATELESS,
        wants=(),
        narrows=("subnetId", "vnicId", "ipAddress"),
    ),
    _core(
        "publicIps",
        "publicip",
        "PublicIp",
        "PublicIp",
        wants=("compartmentId", "scope"),
        narrows=("lifetime",),
    ),
    _core("internetGateways", "internetgateway", "InternetGateway", "InternetGateway", **_IN_VCN),
    _core("natGateways", "natgateway", "NatGateway", "NatGateway", **_IN_VCN),
    _core("serviceGateways", "servicegateway", "ServiceGateway", "ServiceGateway", **_IN_VCN),
    _core(
        "localPeeringGateways",
        "localpeeringgateway",
        "LocalPeeringGateway",
        "LocalPeeringGateway",
        **_IN_VCN,
    ),
    _core("drgs", "drg", "Drg", "Drg"),
    _core(
        "drgAttachments",
        "drgattachment",
        "DrgAttachment",
        "DrgAttachment",
        life=_ATTACHED,
        narrows=("vcnId", "drgId", "attachmentType"),
    ),
    _core("routeTables", "routetable", "RouteTable", "RouteTable", **_IN_VCN),
    _core("securityLists", "securitylist", "SecurityList", "SecurityList", **_IN_VCN),
    _core(
        "networkSecurityGroups",
        "networksecuritygroup",
        "NetworkSecurityGroup",
        "NetworkSecurityGroup",
        **_IN_VCN,
    ),
    _core("dhcps", "dhcpoptions", "DhcpOptions", "DHCPOptions", **_IN_VCN),
    _core("volumes", "volume", "Volume", "Volume", shown_s=_HOUR, narrows=("volumeGroupId",)),
    _core(
        "bootVolumes",
        "bootvolume",
        "BootVolume",
        "BootVolume",
        shown_s=_HOUR,
        narrows=("volumeGroupId", "availabilityDomain"),
    ),
    _core(
        "volumeBackups",
        "volumebackup",
        "VolumeBackup",
        "VolumeBackup",
        life=Life(made="CREATING", there="AVAILABLE", going="TERMINATING", over="TERMINATED"),
        shown_s=_HOUR,
        narrows=("volumeId",),
    ),
    _core(
        "bootVolumeBackups",
        "bootvolumebackup",
        "BootVolumeBackup",
        "BootVolumeBackup",
        life=Life(made="CREATING", there="AVAILABLE", going="TERMINATING", over="TERMINATED"),
        shown_s=_HOUR,
        narrows=("bootVolumeId",),
    ),
    _core("volumeGroups", "volumegroup", "VolumeGroup", "VolumeGroup", shown_s=_HOUR),
    _core(
        "volumeGroupBackups",
        "volumegroupbackup",
        "VolumeGroupBackup",
        "VolumeGroupBackup",
        life=Life(made="CREATING", there="AVAILABLE", going="TERMINATING", over="TERMINATED"),
        shown_s=_HOUR,
        narrows=("volumeGroupId",),
    ),
)


def _identity(collection: str, noun: str, model: str, searched: str | None, **more: object) -> Sort:
    given: dict[str, object] = {"words": model, "life": _ACTIVE, "home": True, **more}
    return Sort(
        service="identity",
        collection=collection,
        noun=noun,
        model=f"identity.{model}",
        searched=searched,
        **given,  # type: ignore[arg-type]  # the fields of Sort, by name
    )


_OTHERS = (
    Sort(
        service="loadbalancer",
        collection="loadBalancers",
        noun="loadbalancer",
        words="LoadBalancer",
        root="/20170115",
        life=_ACTIVE,
        model="load_balancer.LoadBalancer",
        searched="LoadBalancer",
        shown_s=_HOUR,
        request=True,
    ),
    Sort(
        service="networkloadbalancer",
        collection="networkLoadBalancers",
        noun="networkloadbalancer",
        words="NetworkLoadBalancer",
        root="/20200501",
        life=_ACTIVE,
        model="network_load_balancer.NetworkLoadBalancer",
        searched="NetworkLoadBalancer",
        enveloped=True,
        shown_s=_HOUR,
        request=True,
    ),
    _identity(
        "compartments",
        "compartment",
        "Compartment",
        "Compartment",
        shown_s=365 * _DAY,
        request=True,
    ),
    _identity("policies", "policy", "Policy", "Policy"),
    _identity("dynamicGroups", "dynamicgroup", "DynamicGroup", "DynamicResourceGroup"),
    _identity("groups", "group", "Group", "Group"),
    _identity("users", "user", "User", "User"),
    _identity(
        "userGroupMemberships",
        "groupmembership",
        "UserGroupMembership",
        None,
        narrows=("userId", "groupId"),
    ),
    _identity(
        "tagNamespaces",
        "tagnamespace",
        "TagNamespace",
        "TagNamespace",
        life=Life(made=None, there="ACTIVE", going="DELETING", over="DELETED"),
        summary="identity.TagNamespaceSummary",
        fields=(
            "id",
            "compartmentId",
            "name",
            "description",
            "freeformTags",
            "definedTags",
            "isRetired",
            "timeCreated",
            "lifecycleState",
        ),
    ),
    Sort(
        service="kms",
        collection="vaults",
        noun="vault",
        words="Vault",
        root="/20180608",
        life=Life(made="CREATING", there="ACTIVE", going="PENDING_DELETION", over="DELETED"),
        model="key_management.Vault",
        summary="key_management.VaultSummary",
        fields=(*_SUMMARY, "cryptoEndpoint", "managementEndpoint", "vaultType"),
        searched="Vault",
        shown_s=_DAY,
    ),
    Sort(
        service="kms",
        collection="keys",
        noun="key",
        words="Key",
        root="/20180608",
        life=Life(made="CREATING", there="ENABLED", going="PENDING_DELETION", over="DELETED"),
        model="key_management.Key",
        summary="key_management.KeySummary",
        fields=(*_SUMMARY, "vaultId", "protectionMode"),
        searched="Key",
        shown_s=_DAY,
    ),
)

SORTS: Mapping[str, Sort] = {each.kind: each for each in (*_CORE, *_OTHERS)}
# By root and collection, as paths have them.
AT: Mapping[tuple[str, str], Sort] = {(each.root, each.collection): each for each in SORTS.values()}
