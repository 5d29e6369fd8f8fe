"""Creating in Compute: from a draft to what is there."""

from __future__ import annotations

from typing import Any

from reaper.sandbox.gce.compute.asking import Ask
from reaper.sandbox.gce.compute.drafts import Draft
from reaper.sandbox.gce.compute.links import link
from reaper.sandbox.gce.compute.shapes import SHAPES
from reaper.sandbox.gce.estate import Estate, fingerprint, pacific
from reaper.sandbox.kernel.graph import Node

# The state in which something is created, and the one in which it then is.
STATES = {
    "instances": ("PROVISIONING", "RUNNING"),
    "disks": ("CREATING", "READY"),
    "snapshots": ("CREATING", "READY"),
    "images": ("PENDING", "READY"),
    "machineImages": ("CREATING", "READY"),
    "reservations": ("CREATING", "READY"),
    "autoscalers": ("PENDING", "ACTIVE"),
    "targetVpnGateways": ("CREATING", "READY"),
    "vpnTunnels": ("PROVISIONING", "WAITING_FOR_FULL_CONFIG"),
}


def shaped(draft: Draft) -> Draft:
    """Give a draft its defaults, and what comes with it."""
    if shape := SHAPES.get(draft.collection.name):
        shape(draft)
    return draft


def make(estate: Estate, ask: Ask, path: str, body: dict[str, Any], **facts: Any) -> Node:
    """Make something beside what was asked for, at once and without an operation."""
    draft = Draft(estate=estate, ask=ask, path=path, body=body, facts=facts)
    return bring_forth(shaped(draft))


def bring_forth(draft: Draft) -> Node:
    """Let a thing that was drafted be there, with what comes with it."""
    estate, collection = draft.estate, draft.collection
    number = estate.number()
    place, _, name = draft.path.rpartition(f"/{collection.name}/")
    _, _, sort, *where = place.split("/")
    body: dict[str, Any] = {
        "kind": f"compute#{collection.noun}",
        "id": number,
        "creationTimestamp": pacific(estate.clock.now()),
        "name": name,
        "description": "",
        "selfLink": link(draft.path),
    }
    if where:
        body[sort.removesuffix("s")] = link(place)
    if states := STATES.get(collection.name):
        body["status"] = states[0] if estate.lags.create_s else states[1]
    body |= {key: value for key, value in draft.body.items() if value not in ({}, None)}
    if collection.labelled:
        body["labelFingerprint"] = fingerprint(body.get("labels"))
    node = estate.node(collection.kind, draft.path, body, facts=draft.facts)
    for each in draft.beside:
        make(estate, draft.ask, each.path, each.body, **each.facts)
    return node
