"""What a new Google project has before anybody creates anything in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from reaper.sandbox.gce.compute.asking import ROOT, Ask, target
from reaper.sandbox.gce.compute.links import link
from reaper.sandbox.gce.compute.making import make
from reaper.sandbox.gce.estate import Estate
from reaper.sandbox.gce.services.identities import add_account
from reaper.sandbox.kernel.requests import Request

_FIREWALLS = {
    "default-allow-icmp": ("0.0.0.0/0", [{"IPProtocol": "icmp"}]),
    "default-allow-internal": (
        "10.128.0.0/9",
        [
            {"IPProtocol": "tcp", "ports": ["0-65535"]},
            {"IPProtocol": "udp", "ports": ["0-65535"]},
            {"IPProtocol": "icmp"},
        ],
    ),
    "default-allow-rdp": ("0.0.0.0/0", [{"IPProtocol": "tcp", "ports": ["3389"]}]),
    "default-allow-ssh": ("0.0.0.0/0", [{"IPProtocol": "tcp", "ports": ["22"]}]),
}


def found(estate: Estate, projects: Sequence[str]) -> None:
    """Found projects, each with the network `default`, its subnets, routes and firewall rules."""
    for project in projects:
        digest = hashlib.sha256(project.encode()).hexdigest()
        estate.projects[project] = str(10**11 + int(digest[:9], 16))
        _add_network(estate, project)
        number = estate.projects[project]
        email = f"{number}-compute@developer.gserviceaccount.com"
        shown = {"displayName": "Compute Engine default service account"}
        add_account(estate, project, email, shown)


def _add_network(estate: Estate, project: str) -> None:
    path = f"projects/{project}/global/networks/default"
    asked = Request(method="POST", path=ROOT + project, query={}, headers={}, body=b"")
    ask = Ask(request=asked, target=target(asked))
    make(estate, ask, path, {"description": "Default network for the project"})
    for name, (source, allowed) in _FIREWALLS.items():
        body = {"network": link(path), "sourceRanges": [source], "allowed": allowed}
        body["priority"] = 65534
        make(estate, ask, f"projects/{project}/global/firewalls/{name}", body)
