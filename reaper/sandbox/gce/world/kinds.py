"""What the collections of Google's APIs are called as kinds."""

from __future__ import annotations

from collections.abc import Mapping

_COMPUTE = (
    ("instances", "instance"),
    ("disks", "disk"),
    ("snapshots", "snapshot"),
    ("images", "image"),
    ("machineImages", "machine-image"),
    ("instanceTemplates", "instance-template"),
    ("instanceGroupManagers", "instance-group-manager"),
    ("instanceGroups", "instance-group"),
    ("autoscalers", "autoscaler"),
    ("reservations", "reservation"),
    ("addresses", "address"),
    ("forwardingRules", "forwarding-rule"),
    ("targetHttpProxies", "target-http-proxy"),
    ("targetHttpsProxies", "target-https-proxy"),
    ("targetTcpProxies", "target-tcp-proxy"),
    ("targetSslProxies", "target-ssl-proxy"),
    ("targetGrpcProxies", "target-grpc-proxy"),
    ("targetPools", "target-pool"),
    ("urlMaps", "url-map"),
    ("backendServices", "backend-service"),
    ("backendBuckets", "backend-bucket"),
    ("healthChecks", "health-check"),
    ("networkEndpointGroups", "network-endpoint-group"),
    ("sslCertificates", "ssl-certificate"),
    ("firewalls", "firewall"),
    ("routes", "route"),
    ("routers", "router"),
    ("vpnTunnels", "vpn-tunnel"),
    ("vpnGateways", "vpn-gateway"),
    ("targetVpnGateways", "target-vpn-gateway"),
    ("externalVpnGateways", "external-vpn-gateway"),
    ("subnetworks", "subnetwork"),
    ("networks", "network"),
)
COMPUTE: Mapping[str, str] = {name: f"gce:compute:{noun}" for name, noun in _COMPUTE}

# These can be listed in the global scope only; the others, in all scopes at once.
GLOBAL = frozenset(
    {
        "snapshots",
        "images",
        "machineImages",
        "targetSslProxies",
        "targetGrpcProxies",
        "firewalls",
        "routes",
        "externalVpnGateways",
        "networks",
    }
)

LABELLED = frozenset(
    {
        "instances",
        "disks",
        "snapshots",
        "images",
        "machineImages",
        "addresses",
        "forwardingRules",
        "vpnTunnels",
        "vpnGateways",
        "targetVpnGateways",
        "externalVpnGateways",
    }
)
