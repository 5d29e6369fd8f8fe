"""Cloud KMS: keys, of which only the versions can go, and those after a time.

Google keeps a key and its ring for ever; what is left of one without versions costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from reaper.model import Kind
from reaper.providers.gce.api import Api, at_once
from reaper.providers.gce.kind import BORN, Deed, Filter, GceKind, Items, tell_born
from reaper.providers.gce.names import KMS_KEY
from reaper.providers.gce.reading import Reader, read_time
from reaper.providers.protocol import Answer, Reply

_BASE = "/v1/projects/{}/"
# A version in one of these can be used, or will be able to.
_LIVE = frozenset({"ENABLED", "DISABLED", "PENDING_GENERATION", "PENDING_IMPORT"})
_SCHEDULED = frozenset({"DESTROY_SCHEDULED", "PENDING_EXTERNAL_DESTRUCTION"})


def _lists(api: Api) -> Iterable[str]:
    """The lists of keys: each ring of each location has one."""
    base = _BASE.format(api.project)
    locations = api.all_of("cloudkms", f"{base}locations", "locations")

    def rings(location: dict[str, Any]) -> list[str]:
        path = f"{base}locations/{location['locationId']}"
        return [
            f"locations/{location['locationId']}/keyRings/{ring['name'].rpartition('/')[2]}/cryptoKeys"
            for ring in api.all_of("cloudkms", f"{path}/keyRings", "keyRings")
        ]

    return [path for paths in at_once(rings, locations) for path in paths]


def _tell_versions(reader: Reader, keys: Items) -> None:
    """Tell a key's versions, and what becomes of it as a whole."""
    kind = reader.kinds[KMS_KEY]

    def ask(key: str) -> list[dict[str, Any]]:
        path = f"{reader.api.path(kind, key)}/cryptoKeyVersions"
        return reader.api.all_of("cloudkms", path, "cryptoKeyVersions")

    for key, versions in zip(keys, at_once(ask, keys), strict=True):
        states = {str(each.get("state")) for each in versions}
        item = keys[key]
        item["+versions"] = versions
        if states & _LIVE or item.get("rotationPeriod"):
            item["+state"] = "in use"
        elif states & _SCHEDULED:
            item["+state"] = "scheduled"
            item["+purge"] = max(
                (str(each["destroyTime"]) for each in versions if each.get("destroyTime")),
                default=None,
            )
        else:
            item["+state"] = "without versions"


def _destroy(deed: Deed) -> Answer:
    """Stop its rotation, then schedule each version for destruction."""
    path = _BASE.format(deed.api.project) + deed.ref.id
    if deed.item.get("rotationPeriod"):
        deed.api.connection.change(
            "PATCH", "cloudkms", path, {"updateMask": "rotationPeriod,nextRotationTime"}, body={}
        )
    times = list(_scheduled(deed, path))
    return Answer(
        reply=Reply.SCHEDULED,
        detail="its versions are destroyed then; Google keeps the key and its ring for ever",
        until=max((time for time in times if time is not None), default=None),
    )


def _scheduled(deed: Deed, path: str) -> Iterator[datetime | None]:
    for version in deed.item["+versions"]:
        if version.get("state") in _LIVE:
            number = str(version["name"]).rpartition("/")[2]
            told = deed.api.connection.change(
                "POST", "cloudkms", f"{path}/cryptoKeyVersions/{number}:destroy", body={}
            )
            yield read_time(told.get("destroyTime"))
        elif version.get("state") in _SCHEDULED:
            yield read_time(version.get("destroyTime"))


KINDS = (
    GceKind(
        # Nobody can list what was encrypted with a key.
        kind=Kind(name=KMS_KEY, service="cloudkms", report_only=True),
        service="cloudkms",
        collection="cryptoKeys",
        form="locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+",
        lists=_lists,
        listed="cryptoKeys",
        filter=Filter.OURSELVES,
        refine=tell_born,
        incarnation=BORN,
        created="createTime",
        state='"+state"',
        over=frozenset({"without versions"}),
        going=frozenset({"scheduled"}),
        purge='"+purge"',
        complete=(_tell_versions,),
        delete=_destroy,
        permissions=(
            "cloudkms.cryptoKeyVersions.destroy",
            "cloudkms.cryptoKeyVersions.list",
            "cloudkms.cryptoKeys.update",
            "cloudkms.keyRings.list",
            "cloudkms.locations.list",
        ),
    ),
)
