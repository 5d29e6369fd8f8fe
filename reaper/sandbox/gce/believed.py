"""What the sandbox's rules stand on belief: nobody here has seen Google Cloud do it.

The rest is from Google's documentation and discovery documents, from recorded answers, or from
what users of other tools report. Whoever has a project to try it in should begin here.
"""

from __future__ import annotations

from collections.abc import Mapping

_ORDER = "It is the order in which everybody deletes; the refusal has not been seen."
_AT_ONCE = f"{_ORDER} That it comes at once, and not from the operation, is a guess."
_LATE = f"{_ORDER} That it comes from the operation is known of firewall rules."

# By the rule's name, or the part of the sandbox that does it.
BELIEVED: Mapping[str, str] = {
    "a managed group goes with its manager only": (
        "Deleting the instance group of a manager is refused as in use by the manager."
    ),
    "a group forgets an instance that goes": "It is so for unmanaged groups, too.",
    "an endpoint goes with its instance": "A group forgets endpoints at the instance's end.",
    "a target pool forgets an instance that goes": (
        "Users report that a pool keeps the link of an instance that is gone; which matters little."
    ),
    **dict.fromkeys(
        (
            "a health check that heals a group stays",
            "what a forwarding rule leads to stays",
            "a service behind a forwarding rule stays",
            "a map behind targetHttpProxies stays",
            "a map behind targetHttpsProxies stays",
            "a map behind targetGrpcProxies stays",
            "a service behind targetTcpProxies stays",
            "a service behind targetSslProxies stays",
            "a certificate of targetHttpsProxies stays",
            "a certificate of targetSslProxies stays",
            "what a map leads to at defaultService stays",
            "what a map leads to at pathMatchers[].defaultService stays",
            "what a map leads to at pathMatchers[].pathRules[].service stays",
            "a health check of a service stays",
            "a health check of a target pool stays",
            "an endpoint group that serves stays",
            "an address of a forwarding rule stays",
            "a public address of an instance stays",
            "an internal address of an instance stays",
            "an address of a NAT stays",
            "a subnet with instances stays",
            "a subnet with forwardingRules stays",
            "a subnet with addresses stays",
            "a subnet with networkEndpointGroups stays",
            "a subnet with routers stays",
            "what a tunnel has as targetVpnGateway stays",
            "what a tunnel has as vpnGateway stays",
            "what a tunnel has as peerExternalGateway stays",
            "what a tunnel has as router stays",
            "a tunnel with routes stays",
            "a tunnel that a router uses stays",
        ),
        _AT_ONCE,
    ),
    **dict.fromkeys(
        (
            "a network with instances stays",
            "a network with subnetworks stays",
            "a network with routers stays",
            "a network with vpnGateways stays",
            "a network with targetVpnGateways stays",
            "a network with forwardingRules stays",
            "a network with networks stays",
            "a network with addresses stays",
        ),
        _LATE,
    ),
    "a network s own routes go with it": (
        "The default route to the Internet goes by itself, too, and not only those to subnets."
    ),
    "a subnet s own route goes with it": "It cannot be deleted by anybody: `invalid`.",
    "compute: what is being deleted": (
        "Deleting it again is refused with resourceNotReady; its `deletionProtection` cannot be"
        " set meanwhile, which is not imitated."
    ),
    "compute: subnets of an auto network": (
        "They go with the network only; the refusal's reason is invalidResourceUsage."
    ),
    "compute: names that are not there": "A request that names them is refused with notFound.",
    "compute: lists": (
        "They may hear late of what is new and gone when a fault says so; a plain list that is not"
        " whole bears a `warning`, as an aggregated one does in the scope that is missing."
    ),
    "compute: page tokens": "An expired one is `invalid`; how long one lasts is not documented.",
    "compute: late failures": "Those that a fault calls for are INTERNAL_ERROR with status 500.",
    "compute: managed groups": (
        "They make members anew as soon as these are gone; the random part of a member's name is"
        " of any form."
    ),
    "storage: lists": "`unreachable` names buckets, and only where partial success is asked for.",
    "storage: throttling": "It is 429 rateLimitExceeded.",
    "kms: rings and keys": (
        "Newer documents have methods to delete them when all versions are gone; they are not here,"
        " and neither is that of versions."
    ),
    "kms: locations": "There are three regions and `global`, and no list of all locations at once.",
    "gke: members": (
        "Node tags, groups, templates and firewall rules bear the first eight digits of the"
        " cluster's ID; the cluster's labels are on nodes and their disks."
    ),
    "gke: leftovers": (
        "What Kubernetes makes bears none of the owner's labels; a claimed disk has the cluster's"
        " ID as `goog-gke-cluster-id-base32`, an endpoint group nothing but the cluster's nodes."
    ),
    "gke: a second deletion": "It is FAILED_PRECONDITION while the first one runs.",
    "assets: types": "Regional variants are types of their own for disks and backend services.",
    "assets: lag": "It is none unless a fault says so; Google promises nothing.",
    "services: disabled": "The message is that of recorded answers of other services.",
}
