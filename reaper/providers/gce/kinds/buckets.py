"""Cloud Storage: buckets, emptied of every generation before they go."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import quote

from reaper.model import Backoff, Kind
from reaper.providers.gce.answers import CALL_ERRORS, absent, classify
from reaper.providers.gce.api import Api, at_once
from reaper.providers.gce.kind import Deed, Filter, GceKind, Guard, Item, Items, Users
from reaper.providers.gce.names import BACKEND_BUCKET, BUCKET
from reaper.providers.gce.reading import Reader, read_time
from reaper.providers.gce.services import SERVICES
from reaper.providers.protocol import Answer, Reply

_PAGE = "1000"
# How far a look at a labelled bucket goes; the rest is looked at when this much is gone.
_MOST_PAGES = 50
# How long one attempt empties a bucket before it lets the sweep go on; the next one continues.
_EMPTYING_S = 30.0
_FIELDS = (
    "nextPageToken,items(name,generation,updated,timeCreated,eventBasedHold,temporaryHold,"
    "retentionExpirationTime,retention)"
)


def _tell_objects(reader: Reader, buckets: Items) -> None:
    """Tell what is in a bucket: who wrote last, and what is held.

    Of one without labels, which is no run's, the first page suffices.
    """

    def ask(name: str) -> list[dict[str, Any]]:
        most = _MOST_PAGES if buckets[name].get("labels") else 1
        return [each for page in islice(_pages(reader.api, name), most) for each in page]

    now = datetime.now(UTC)
    for name, objects in zip(buckets, at_once(ask, buckets), strict=True):
        held = next((why for each in objects if (why := _held(each, now)) is not None), None)
        buckets[name] |= {"+written": _latest(objects), "+held": held}


def _pages(api: Api, bucket: str) -> Iterator[list[dict[str, Any]]]:
    """Every generation of every object, a page at a time."""
    parameters = {"versions": "true", "maxResults": _PAGE, "fields": _FIELDS}
    for page in api.pages(SERVICES["storage"], f"/storage/v1/b/{bucket}/o", parameters, []):
        yield page.get("items") or []


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

    What is newer than all that was looked at is judged first, by another look: somebody may be at
    work there.
    """
    deadline = time.monotonic() + _EMPTYING_S
    seen = _written(deed.item)
    # What was listed is gone by the time of the next page: each is the first one again.
    while objects := next(_pages(deed.api, deed.ref.id), []):
        written = _latest(objects)
        if written is not None and (seen is None or written > seen):
            detail = f"something was written to it at {written:%Y-%m-%d %H:%M:%S} UTC"
            return Answer(reply=Reply.IN_USE, detail=f"{detail}, after it was looked at")
        answers = at_once(lambda each: _delete_one(deed, each), objects)
        refused = next((each for each in answers if each is not None), None)
        if refused is not None:
            return refused
        if time.monotonic() > deadline:
            return Answer(reply=Reply.STARTED, detail="it is being emptied, and holds more")
    return None


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
        answer = classify(error, doing=f"deleting the object {found['name']} of {deed.ref.id}")
        # Whether one generation is gone, the next look sees: the bucket itself was not touched.
        uncertain = answer.reply is Reply.UNCERTAIN
        return replace(answer, reply=Reply.THROTTLED) if uncertain else answer
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
