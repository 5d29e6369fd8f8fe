"""Which collections Compute has here, where they are, and what its methods for them are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """Where a resource is."""

    ZONE = "zones"
    REGION = "regions"
    GLOBAL = "global"


Z, R, G = Scope.ZONE, Scope.REGION, Scope.GLOBAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """One collection.

    Attributes:
        name: As it stands in paths: `instances`.
        noun: One of them: `instance`.
        scopes: The first is the one whose methods bear its name.
        labelled: Its resources can bear labels.
        aggregated: All scopes can be listed at once.
        list_noun: As `kind` of an aggregated list has it, where that is irregular.
        methods: What its methods are called by scope, where that is irregular.
    """

    name: str
    noun: str
    scopes: tuple[Scope, ...]
    labelled: bool = False
    aggregated: bool = True
    list_noun: str = ""
    methods: Mapping[Scope, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What the graph calls it."""
        return f"compute.{self.name}"

    @property
    def words(self) -> str:
        """What messages call one: `target_http_proxy`."""
        return "".join(f"_{each.lower()}" if each.isupper() else each for each in self.noun)

    def resource(self, scope: Scope) -> str:
        """Tell by what name its methods go in a scope: `regionDisks`."""
        if scope in self.methods:
            return self.methods[scope]
        if scope is self.scopes[0]:
            return self.name
        return f"{scope.value.removesuffix('s')}{self.name[0].upper()}{self.name[1:]}"

    def list_kind(self, scope: Scope) -> str:
        """Tell what `kind` a list of a scope has."""
        grouped = {"instanceGroupManagers", "instanceGroups", "autoscalers"}
        if scope is R and self.name in grouped:
            return f"compute#region{self.noun[0].upper()}{self.noun[1:]}List"
        return f"compute#{self.noun}List"


_ALL = (
    Collection(name="instances", noun="instance", scopes=(Z,), labelled=True),
    Collection(name="disks", noun="disk", scopes=(Z, R), labelled=True),
    Collection(name="snapshots", noun="snapshot", scopes=(G,), labelled=True, aggregated=False),
    Collection(name="images", noun="image", scopes=(G,), labelled=True, aggregated=False),
    Collection(
        name="machineImages", noun="machineImage", scopes=(G,), labelled=True, aggregated=False
    ),
    Collection(name="instanceTemplates", noun="instanceTemplate", scopes=(G, R)),
    Collection(name="instanceGroupManagers", noun="instanceGroupManager", scopes=(Z, R)),
    Collection(name="instanceGroups", noun="instanceGroup", scopes=(Z, R)),
    Collection(name="autoscalers", noun="autoscaler", scopes=(Z, R)),
    Collection(name="reservations", noun="reservation", scopes=(Z,)),
    Collection(name="addresses", noun="address", scopes=(R, G), labelled=True),
    Collection(name="forwardingRules", noun="forwardingRule", scopes=(R, G), labelled=True),
    Collection(name="targetHttpProxies", noun="targetHttpProxy", scopes=(G, R)),
    Collection(name="targetHttpsProxies", noun="targetHttpsProxy", scopes=(G, R)),
    Collection(name="targetTcpProxies", noun="targetTcpProxy", scopes=(G, R)),
    Collection(name="targetSslProxies", noun="targetSslProxy", scopes=(G,), aggregated=False),
    Collection(name="targetGrpcProxies", noun="targetGrpcProxy", scopes=(G,), aggregated=False),
    Collection(name="targetPools", noun="targetPool", scopes=(R,)),
    Collection(name="urlMaps", noun="urlMap", scopes=(G, R), list_noun="urlMaps"),
    Collection(name="backendServices", noun="backendService", scopes=(G, R)),
    Collection(name="backendBuckets", noun="backendBucket", scopes=(G,)),
    Collection(name="healthChecks", noun="healthCheck", scopes=(G, R), list_noun="healthChecks"),
    Collection(
        name="networkEndpointGroups",
        noun="networkEndpointGroup",
        scopes=(Z, R, G),
    ),
    Collection(name="sslCertificates", noun="sslCertificate", scopes=(G, R)),
    Collection(name="firewalls", noun="firewall", scopes=(G,), aggregated=False),
    Collection(name="routes", noun="route", scopes=(G,), aggregated=False),
    Collection(name="routers", noun="router", scopes=(R,)),
    Collection(name="vpnTunnels", noun="vpnTunnel", scopes=(R,), labelled=True),
    Collection(name="vpnGateways", noun="vpnGateway", scopes=(R,), labelled=True),
    Collection(name="targetVpnGateways", noun="targetVpnGateway", scopes=(R,), labelled=True),
    Collection(
        name="externalVpnGateways",
        noun="externalVpnGateway",
        scopes=(G,),
        labelled=True,
        aggregated=False,
    ),
    Collection(name="subnetworks", noun="subnetwork", scopes=(R,)),
    Collection(name="networks", noun="network", scopes=(G,), aggregated=False),
)
COLLECTIONS: Mapping[str, Collection] = {each.name: each for each in _ALL}

OPERATIONS = Collection(
    name="operations",
    noun="operation",
    scopes=(Z, R, G),
    methods={Z: "zoneOperations", R: "regionOperations", G: "globalOperations"},
)
