"""Object Storage: buckets, emptied of every version, upload and request before they go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from reaper.model import Backoff, Kind
from reaper.providers.oci.answers import CALL_ERRORS, absent, classify
from reaper.providers.oci.kind import Deed, Guard, Item, Items, OciKind
from reaper.providers.oci.names import BUCKET
from reaper.providers.oci.reach import Reach, at_once
from reaper.providers.oci.reading import read_time
from reaper.providers.protocol import Answer, Reply

# How far a look goes; the rest is looked at when this much is gone.
_MOST_SEEN = 50_000
# How long one attempt empties a bucket before it lets the sweep go on; the next one continues.
_EMPTYING_S = 30.0
_BATCH = 1000


def _within(reach: Reach, name: str) -> dict[str, Any]:
    return {"namespace_name": reach.namespace(), "bucket_name": name}


def _versions(reach: Reach, name: str) -> Iterable[dict[str, Any]]:
    return reach.pages("objects", "list_object_versions", **_within(reach, name))


def _tell_content(reach: Reach, buckets: Items) -> None:
    """Tell what is in a bucket: when it was last written to or shared, and what retains it."""

    def ask(name: str) -> None:
        written = [
            moment
            for each in islice(_versions(reach, name), _MOST_SEEN)
            if (moment := read_time(each.get("timeModified"))) is not None
        ]
        uploads = reach.pages("objects", "list_multipart_uploads", **_within(reach, name))
        written += [at for each in uploads if (at := read_time(each["timeCreated"])) is not None]
        shared = reach.pages("objects", "list_preauthenticated_requests", **_within(reach, name))
        written += [at for each in shared if (at := read_time(each["timeCreated"])) is not None]
        rules = list(reach.pages("objects", "list_retention_rules", **_within(reach, name)))
        buckets[name] |= {"+written": max(written, default=None), "+rules": bool(rules)}

    at_once(ask, buckets)


def _written(bucket: Item) -> datetime | None:
    written: datetime | None = bucket.get("+written")
    return written


def _empty(deed: Deed) -> Answer | None:
    """Take away requests, uploads, and every version of every object.

    What is newer than all that was looked at is judged first, by another look: somebody may be at
    work there.
    """
    clock = deed.reach.connection.clock
    deadline = clock.elapsed() + _EMPTYING_S
    within = _within(deed.reach, deed.ref.id)
    for each in deed.reach.pages("objects", "list_preauthenticated_requests", **within):
        if (answer := _newer(deed, each.get("timeCreated"))) is not None:
            return answer
        _drop(deed, "delete_preauthenticated_request", par_id=each["id"])
    for each in deed.reach.pages("objects", "list_multipart_uploads", **within):
        if (answer := _newer(deed, each.get("timeCreated"))) is not None:
            return answer
        _drop(
            deed,
            "abort_multipart_upload",
            object_name=each["object"],
            upload_id=each["uploadId"],
        )
    while versions := list(islice(_versions(deed.reach, deed.ref.id), _BATCH)):
        latest = max(str(each["timeModified"]) for each in versions)
        if (answer := _newer(deed, latest)) is not None:
            return answer
        refused = [
            each for each in at_once(lambda one: _delete(deed, one), versions) if each is not None
        ]
        if refused:
            return refused[0]
        if clock.elapsed() > deadline:
            return Answer(reply=Reply.STARTED, detail="it is being emptied, and holds more")
    return None


def _newer(deed: Deed, told: Any) -> Answer | None:
    at, seen = read_time(told), _written(deed.item)
    if at is None or (seen is not None and at <= seen):
        return None
    detail = f"something was written to it, or it was shared, at {at:%Y-%m-%d %H:%M:%S} UTC"
    return Answer(reply=Reply.IN_USE, detail=f"{detail}, after it was looked at")


def _drop(deed: Deed, operation: str, **what: Any) -> None:
    reach = deed.reach
    try:
        reach.connection.change(
            "objects", reach.region, operation, **_within(reach, deed.ref.id), **what
        )
    except CALL_ERRORS as error:
        if not absent(error):
            raise


def _delete(deed: Deed, version: Mapping[str, Any]) -> Answer | None:
    """Delete one version; None where it is gone."""
    name = str(version["name"])
    try:
        _drop(deed, "delete_object", object_name=name, version_id=version["versionId"])
    except CALL_ERRORS as error:
        answer = classify(error, doing=f"deleting the object {name} of {deed.ref.id}")
        # Whether one version is gone, the next look sees: the bucket itself was not touched.
        uncertain = answer.reply is Reply.UNCERTAIN
        return replace(answer, reply=Reply.THROTTLED) if uncertain else answer
    return None


KINDS = (
    OciKind(
        kind=Kind(
            name=BUCKET,
            service="objects",
            deadline=timedelta(hours=24),
            backoff=Backoff(first=timedelta(seconds=1), most=timedelta(minutes=10)),
        ),
        client="objects",
        noun="",
        get="get_bucket",
        own="bucket_name",
        list="list_buckets",
        listing={"fields": ["tags"]},
        whole=False,
        delete="delete_bucket",
        searched="Bucket",
        family="buckets",
        title="name",
        # A bucket's ID is its name, which can be used again.
        incarnation="timeCreated",
        going=frozenset(),
        complete=(_tell_content,),
        used=_written,
        guards=(
            Guard('"+rules"', "a retention rule is on it"),
            Guard("isReadOnly", "another bucket is replicated to it"),
            Guard("replicationEnabled", "it is replicated to another bucket"),
        ),
        before=(_empty,),
    ),
)
