"""All that exists in projects, described so that two looks at it can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from reaper.sandbox.gce.world.kinds import COMPUTE, GLOBAL
from reaper.sandbox.gce.world.rest import Rest

# Kind, project and ID.
Seen = tuple[str, str, str]

# Further calls, whose answers belong to what something is.
_MEMBERS = {
    "instanceGroups": "listInstances",
    "instanceGroupManagers": "listManagedInstances",
    "networkEndpointGroups": "listNetworkEndpoints",
}


def everything(endpoint: str, projects: Iterable[str]) -> dict[Seen, str]:
    """Describe all that exists in these projects.

    Descriptions are JSON, equal as long as nothing about the thing has changed.

    Raises:
        Refusal: Something could not be listed: a look that is not whole is none.
    """
    seen: dict[Seen, str] = {}
    with Rest(endpoint) as rest:
        for project in projects:
            for kind, identity, described in (
                *_compute(rest, project),
                *_buckets(rest, project),
                *_keys(rest, project),
                *_others(rest, project),
            ):
                seen[kind, project, identity] = json.dumps(described, sort_keys=True)
    return seen


def _compute(rest: Rest, project: str) -> Iterator[tuple[str, str, Any]]:
    base = f"/compute/v1/projects/{project}/"
    for collection, kind in COMPUTE.items():
        place = "global" if collection in GLOBAL else "aggregated"
        for page in rest.pages(f"{base}{place}/{collection}"):
            for item in _items(page, collection):
                path = item["selfLink"].partition(f"/projects/{project}/")[2]
                members = {}
                if collection in _MEMBERS and not path.startswith("global/"):
                    asked: Any = {} if collection != "instanceGroupManagers" else None
                    members = rest.ask("POST", f"{base}{path}/{_MEMBERS[collection]}", asked)
                yield kind, path, [item, members]


def _items(page: dict[str, Any], collection: str) -> Iterator[dict[str, Any]]:
    if not isinstance(page.get("items", []), dict):
        yield from page.get("items", ())
        return
    for scoped in page["items"].values():
        yield from scoped.get(collection, ())


def _buckets(rest: Rest, project: str) -> Iterator[tuple[str, str, Any]]:
    for page in rest.pages("/storage/v1/b", project=project):
        for bucket in page.get("items", ()):
            objects = f"/storage/v1/b/{bucket['name']}/o"
            held = [
                each
                for listed in rest.pages(objects, versions=True)
                for each in listed.get("items", ())
            ]
            yield "gce:storage:bucket", bucket["name"], [bucket, held]


def _keys(rest: Rest, project: str) -> Iterator[tuple[str, str, Any]]:
    base = f"/v1/projects/{project}/"
    for location in _listed(rest, f"{base}locations", "locations"):
        for ring in _listed(rest, f"/v1/{location['name']}/keyRings", "keyRings"):
            for key in _listed(rest, f"/v1/{ring['name']}/cryptoKeys", "cryptoKeys"):
                versions = _listed(
                    rest, f"/v1/{key['name']}/cryptoKeyVersions", "cryptoKeyVersions"
                )
                path = key["name"].partition(f"projects/{project}/")[2]
                yield "gce:kms:key", path, [key, list(versions)]


def _others(rest: Rest, project: str) -> Iterator[tuple[str, str, Any]]:
    base = f"/v1/projects/{project}/"
    for cluster in _listed(rest, f"{base}locations/-/clusters", "clusters"):
        path = f"locations/{cluster['location']}/clusters/{cluster['name']}"
        yield "gce:container:cluster", path, cluster
    for account in _listed(rest, f"{base}serviceAccounts", "accounts"):
        keys = rest.ask("GET", f"/v1/{account['name']}/keys", keyTypes="USER_MANAGED")["keys"]
        yield "gce:iam:service-account", f"serviceAccounts/{account['email']}", [account, keys]
    for noun in ("topics", "subscriptions"):
        for each in _listed(rest, base + noun, noun):
            path = each["name"].partition(f"projects/{project}/")[2]
            yield f"gce:pubsub:{noun.removesuffix('s')}", path, each
    for secret in _listed(rest, f"{base}secrets", "secrets"):
        versions = list(_listed(rest, f"/v1/{secret['name']}/versions", "versions"))
        path = f"secrets/{secret['name'].rpartition('/')[2]}"
        yield "gce:secretmanager:secret", path, [secret, versions]


def _listed(rest: Rest, path: str, name: str) -> Iterator[dict[str, Any]]:
    for page in rest.pages(path):
        yield from page.get(name, ())
