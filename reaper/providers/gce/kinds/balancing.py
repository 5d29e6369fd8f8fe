"""Compute Engine: load balancing, from forwarding rules down to health checks."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.gce.kind import Filter, GceKind, Link, Place, Users
from reaper.providers.gce.names import (
    ADDRESS,
    BACKEND_BUCKET,
    BACKEND_SERVICE,
    CERTIFICATE,
    ENDPOINT_GROUP,
    FORWARDING_RULE,
    GROUP_MANAGER,
    GRPC_PROXY,
    HEALTH_CHECK,
    HTTP_PROXY,
    HTTPS_PROXY,
    INSTANCE,
    ROUTE,
    ROUTER,
    SSL_PROXY,
    TARGET_POOL,
    TCP_PROXY,
    URL_MAP,
)

_PROXIES = (HTTP_PROXY, HTTPS_PROXY, TCP_PROXY, SSL_PROXY, GRPC_PROXY)
_GLOBAL_FIRST = (Place.GLOBAL, Place.REGION)


def _bare(
    name: str,
    collection: str,
    *,
    after: tuple[str, ...],
    places: tuple[Place, ...] = _GLOBAL_FIRST,
    aggregated: bool = True,
    links: tuple[Link, ...] = (),
    users: tuple[Users, ...] = (),
    noun: dict[Place, str] | None = None,
) -> GceKind:
    """Declare a kind without labels."""
    return GceKind(
        kind=Kind(name=name, service="compute", after=after, taggable=False),
        service="compute",
        collection=collection,
        places=places,
        aggregated=aggregated,
        filter=Filter.NONE,
        labels=None,
        links=links,
        users=users,
        noun=noun or {},
    )


def _uses(*paths: str) -> tuple[Link, ...]:
    return tuple(Link(Relation.USES, path) for path in paths)


# What a map leads to, wherever it says so.
_LED_TO = (
    "defaultService",
    "defaultRouteAction.weightedBackendServices[].backendService",
    "defaultRouteAction.requestMirrorPolicy.backendService",
    "pathMatchers[].defaultService",
    "pathMatchers[].defaultRouteAction.weightedBackendServices[].backendService",
    "pathMatchers[].pathRules[].service",
    "pathMatchers[].pathRules[].routeAction.weightedBackendServices[].backendService",
    "pathMatchers[].routeRules[].service",
    "pathMatchers[].routeRules[].routeAction.weightedBackendServices[].backendService",
)

KINDS = (
    GceKind(
        kind=Kind(name=FORWARDING_RULE, service="compute"),
        service="compute",
        collection="forwardingRules",
        places=(Place.REGION, Place.GLOBAL),
        links=_uses("target", "backendService", "network", "subnetwork"),
        users=(Users(kind=ROUTE, of="nextHopIlb"),),
        noun={Place.GLOBAL: "globalForwardingRules"},
    ),
    _bare(
        HTTP_PROXY,
        "targetHttpProxies",
        after=(FORWARDING_RULE,),
        links=_uses("urlMap"),
        noun={Place.REGION: "regionTargetHttpProxies"},
    ),
    _bare(
        HTTPS_PROXY,
        "targetHttpsProxies",
        after=(FORWARDING_RULE,),
        links=_uses("urlMap", "sslCertificates[]"),
        noun={Place.REGION: "regionTargetHttpsProxies"},
    ),
    _bare(
        TCP_PROXY,
        "targetTcpProxies",
        after=(FORWARDING_RULE,),
        links=_uses("service"),
        noun={Place.REGION: "regionTargetTcpProxies"},
    ),
    _bare(
        SSL_PROXY,
        "targetSslProxies",
        after=(FORWARDING_RULE,),
        places=(Place.GLOBAL,),
        aggregated=False,
        links=_uses("service", "sslCertificates[]"),
    ),
    _bare(
        GRPC_PROXY,
        "targetGrpcProxies",
        after=(FORWARDING_RULE,),
        places=(Place.GLOBAL,),
        aggregated=False,
        links=_uses("urlMap"),
    ),
    _bare(
        TARGET_POOL,
        "targetPools",
        after=(FORWARDING_RULE, GROUP_MANAGER),
        places=(Place.REGION,),
        links=_uses("healthChecks[]", "backupPool"),
        users=(
            Users(kind=GROUP_MANAGER, of="targetPools[]"),
            Users(kind=FORWARDING_RULE, of="target"),
            Users(kind=TARGET_POOL, of="backupPool"),
        ),
    ),
    _bare(
        URL_MAP,
        "urlMaps",
        after=_PROXIES,
        links=_uses(*_LED_TO),
        noun={Place.REGION: "regionUrlMaps"},
    ),
    _bare(
        BACKEND_SERVICE,
        "backendServices",
        after=(URL_MAP, *_PROXIES, FORWARDING_RULE),
        links=(
            *_uses("healthChecks[]", "backends[].group", "network"),
            Link(Relation.USED_BY, "usedBy[].reference"),
        ),
        noun={Place.REGION: "regionBackendServices"},
    ),
    _bare(
        BACKEND_BUCKET,
        "backendBuckets",
        after=(URL_MAP,),
        links=(
            Link(Relation.USES, "bucketName", form="{}"),
            Link(Relation.USED_BY, "usedBy[].reference"),
        ),
    ),
    _bare(
        HEALTH_CHECK,
        "healthChecks",
        after=(BACKEND_SERVICE, TARGET_POOL, GROUP_MANAGER),
        users=(Users(kind=GROUP_MANAGER, of="autoHealingPolicies[].healthCheck"),),
        noun={Place.REGION: "regionHealthChecks"},
    ),
    _bare(
        ENDPOINT_GROUP,
        "networkEndpointGroups",
        after=(BACKEND_SERVICE,),
        places=(Place.ZONE, Place.REGION, Place.GLOBAL),
        links=_uses("network", "subnetwork"),
        users=(Users(kind=BACKEND_SERVICE, of="backends[].group"),),
        noun={
            Place.REGION: "regionNetworkEndpointGroups",
            Place.GLOBAL: "globalNetworkEndpointGroups",
        },
    ),
    _bare(
        CERTIFICATE,
        "sslCertificates",
        after=(HTTPS_PROXY, SSL_PROXY),
        noun={Place.REGION: "regionSslCertificates"},
    ),
    GceKind(
        kind=Kind(name=ADDRESS, service="compute", after=(INSTANCE, FORWARDING_RULE, ROUTER)),
        service="compute",
        collection="addresses",
        places=(Place.REGION, Place.GLOBAL),
        state="status",
        links=(
            Link(Relation.USED_BY, "users"),
            Link(Relation.USES, "subnetwork"),
            Link(Relation.USES, "network"),
        ),
        noun={Place.GLOBAL: "globalAddresses"},
    ),
)
