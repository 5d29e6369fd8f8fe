"""A world's load balancing: one chain for each sort of target proxy, and those without one."""

from __future__ import annotations

from reaper.sandbox.gce.world.builder import Builder
from reaper.sandbox.gce.world.machines import Machines
from reaper.sandbox.gce.world.network import Network


def add_balancing(builder: Builder, network: Network, machines: Machines, bucket: str) -> None:
    """Create the chains; the bucket is what the backend bucket shows."""
    check = builder.link(
        builder.add("global", "healthChecks", "serving", type="HTTP", httpHealthCheck={"port": 80})
    )
    endpoints = builder.add(
        builder.zone,
        "networkEndpointGroups",
        network=network.network,
        subnetwork=network.subnet,
        networkEndpointType="GCE_VM_IP_PORT",
    )
    endpoint = {"instance": builder.link(machines.instance), "port": 80}
    builder.change(endpoints, "attachNetworkEndpoints", networkEndpoints=[endpoint])
    services = {
        part: builder.link(
            builder.add(
                "global",
                "backendServices",
                part,
                backends=[{"group": builder.link(group)}],
                healthChecks=[check],
                protocol=protocol,
            )
        )
        for part, group, protocol in (
            ("http", machines.managed, "HTTP"),
            ("tcp", machines.unmanaged, "TCP"),
            ("grpc", endpoints, "GRPC"),
        )
    }
    _add_proxies(builder, services, bucket)
    _add_target_pool(builder, machines)
    _add_internal(builder, network, machines)


def _add_proxies(builder: Builder, services: dict[str, str], bucket: str) -> None:
    shown = builder.link(builder.add("global", "backendBuckets", bucketName=bucket))
    http = builder.link(
        builder.add(
            "global",
            "urlMaps",
            "http",
            defaultService=services["http"],
            hostRules=[{"hosts": ["*"], "pathMatcher": "files"}],
            pathMatchers=[
                {
                    "name": "files",
                    "defaultService": services["http"],
                    "pathRules": [{"paths": ["/files/*"], "service": shown}],
                }
            ],
        )
    )
    grpc = builder.link(builder.add("global", "urlMaps", "grpc", defaultService=services["grpc"]))
    certificate = builder.link(
        builder.add("global", "sslCertificates", certificate="none", privateKey="none")
    )
    proxies = (
        builder.add("global", "targetHttpProxies", urlMap=http),
        builder.add("global", "targetHttpsProxies", urlMap=http, sslCertificates=[certificate]),
        builder.add("global", "targetTcpProxies", service=services["tcp"]),
        builder.add(
            "global", "targetSslProxies", service=services["tcp"], sslCertificates=[certificate]
        ),
        builder.add("global", "targetGrpcProxies", urlMap=grpc),
    )
    address = builder.link(builder.add("global", "addresses", "serving"))
    for number, proxy in enumerate(proxies):
        builder.add(
            "global",
            "forwardingRules",
            f"proxy{number}",
            target=builder.link(proxy),
            IPAddress=address,
            portRange=str(8080 + number),
        )


def _add_target_pool(builder: Builder, machines: Machines) -> None:
    pool = builder.add(builder.region, "targetPools", instances=[builder.link(machines.instance)])
    builder.add(
        builder.region, "forwardingRules", "pool", target=builder.link(pool), portRange="80"
    )


def _add_internal(builder: Builder, network: Network, machines: Machines) -> None:
    check = builder.add(
        builder.region, "healthChecks", "internal", type="TCP", tcpHealthCheck={"port": 80}
    )
    service = builder.add(
        builder.region,
        "backendServices",
        "internal",
        loadBalancingScheme="INTERNAL",
        backends=[{"group": builder.link(machines.managed)}],
        healthChecks=[builder.link(check)],
    )
    builder.add(
        builder.region,
        "forwardingRules",
        "internal",
        loadBalancingScheme="INTERNAL",
        backendService=builder.link(service),
        network=network.network,
        subnetwork=network.subnet,
        ports=["80"],
    )
