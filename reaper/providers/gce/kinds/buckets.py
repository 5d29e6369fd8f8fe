"""Cloud Storage: buckets, emptied of every generation before they go."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from reaper.model import Backoff, Kind
from reaper.providers.gce.answers import CALL_ERRORS, absent, classify
from reaper.providers.gce.api import at_once
from reaper.providers.gce.kind import Deed, Filter, GceKind, Guard, Item, Items, Users
from reaper.providers.gce.names import BACKEND_BUCKET, BUCKET
from reaper.providers.gce.reading import Reader, read_time
from reaper.providers.protocol import Answer, Reply

_PAGE = "1000"
# How long one attempt empties a bucket before it lets the sweep go on; the next one continues.
_EMPTYING_S = 30.0
_FIELDS = (
    "nextPageToken,items(name,generation,updated,timeCreated,eventBasedHold,temporaryHold,"
    "retentionExpirationTime,retention)"
)


def _tell_objects(reader: Reader, buckets: Items) -> None:
    """Tell what is in a bucket, as far as the first page goes: who wrote last, what is held."""

    def ask(name: str) -> list[dict[str, Any]]:
        page = reader.api.connection.read(
            "storage",
            f"/storage/v1/b/{name}/o",
            {"versions": "true", "maxResults": _PAGE, "fields": _FIELDS},
        )
        return page.get("items") or []

    now = datetime.now(UTC)
    for name, objects in zip(buckets, at_once(ask, buckets), strict=True):
        held = next((why for each in objects if (why := _held(each, now)) is not None), None)
        buckets[name] |= {"+written": _latest(objects), "+held": held}


def _held(found: Mapping[str, Any], now: datetime) -> str | None:
    """Why an object cannot be deleted now."""
    name = found.get("name")
    if found.get("eventBasedHold") or found.get("temporaryHold"):
        return f"the object {name} is under a hold"
    retention = found.get("retention") or {}
    for moment in (found.get("retentionExpirationTime"), retention.get("retainUntilTime")):
        until = read_time(moment)
        if until is not None and until > now:
            return f"the object {name} is retained until {until:%Y-%m-%d %H:%M:%S} UTC"
    return None


def _latest(objects: list[dict[str, Any]]) -> datetime | None:
    times = [
        moment
        for each in objects
        if (moment := read_time(each.get("timeCreated") or each.get("updated"))) is not None
    ]
    return max(times, default=None)


def _written(bucket: Item) -> datetime | None:
    written: datetime | None = bucket.get("+written")
    return written


def _empty(deed: Deed) -> Answer | None:
    """Delete every generation of every object, a page at a time.

    What was written after the second look is somebody's who is at work there: it ends at once.
    """
    deadline = time.monotonic() + _EMPTYING_S
    seen = _written(deed.item)
    for objects in _pages(deed):
        written = _latest(objects)
        if written is not None and (seen is None or written > seen):
            return Answer(
                reply=Reply.IN_USE,
                detail=f"something was written to it at {written:%Y-%m-%d %H:%M:%S} UTC",
                blockers=(f"whoever wrote to {deed.ref.id}",),
            )
        answers = at_once(lambda each: _delete_one(deed, each), objects)
        refused = next((each for each in answers if each is not None), None)
        if refused is not None:
            return refused
        if time.monotonic() > deadline:
            return Answer(reply=Reply.STARTED, detail="it is being emptied, and holds more")
    return None


def _pages(deed: Deed) -> Iterator[list[dict[str, Any]]]:
    """What is there, from the beginning each time, as what was listed is gone."""
    while True:
        page = deed.api.connection.read(
            "storage",
            f"/storage/v1/b/{deed.ref.id}/o",
            {"versions": "true", "maxResults": _PAGE, "fields": _FIELDS},
        )
        objects = page.get("items") or []
        if not objects:
            return
        yield objects


def _delete_one(deed: Deed, found: Mapping[str, Any]) -> Answer | None:
    """Delete one generation; None where it is gone."""
    path = f"/storage/v1/b/{deed.ref.id}/o/{quote(str(found['name']), safe='')}"
    try:
        deed.api.connection.change(
            "DELETE", "storage", path, {"generation": str(found["generation"])}
        )
    except CALL_ERRORS as error:
        if absent(error):
            return None
        return classify(error, doing=f"deleting the object {found['name']} of {deed.ref.id}")
    return None


def _as_read(deed: Deed) -> Mapping[str, str]:
    """Let Google refuse if it was changed, or made anew, since the last look."""
    return {"ifMetagenerationMatch": str(deed.item["metageneration"])}


KINDS = (
    GceKind(
        kind=Kind(
            name=BUCKET,
            service="storage",
            after=(BACKEND_BUCKET,),
            deadline=timedelta(hours=24),
            backoff=Backoff(first=timedelta(seconds=1), most=timedelta(minutes=10)),
        ),
        service="storage",
        collection="b",
        form="[^/]+",
        lists=("",),
        filter=Filter.OURSELVES,
        # An older bucket may tell no generation.
        incarnation="generation || timeCreated",
        created="timeCreated",
        complete=(_tell_objects,),
        used=_written,
        guards=(Guard('"+held"'),),
        users=(Users(kind=BACKEND_BUCKET, of="bucketName", key="name"),),
        before=(_empty,),
        condition=_as_read,
        permissions=("storage.objects.delete", "storage.objects.list"),
    ),
)
