"""S3 buckets, emptied before they go, and DynamoDB tables."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from reaper.model import Backoff, Kind, Relation
from reaper.providers.aws.kind import (
    Also,
    Arg,
    At,
    AwsKind,
    Call,
    Deed,
    Guard,
    Item,
    Link,
    Many,
    One,
)
from reaper.providers.aws.names import BUCKET, STACK, TABLE
from reaper.providers.protocol import Answer, Reply

_BATCH = 1000  # the most that one DeleteObjects takes, and that one page lists
_LOOKED_AT = 5 * _BATCH  # how many versions are looked at before a bucket is emptied
# How long one attempt empties a bucket before it lets the sweep go on; the next one continues.
_EMPTYING_S = 30.0
_STACK = Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"')


def _last_written(bucket: Item) -> datetime | None:
    """When something was last put there, as far as its first pages of versions tell."""
    return _latest(bucket.get("+versions") or [])


def _looked_at(bucket: Item) -> datetime | None:
    """When that was, by AWS's clock, to the second; None where its answer does not say."""
    dates = [
        page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        for page in bucket.get("+versions") or []
    ]
    return min((parsedate_to_datetime(date) for date in dates if date), default=None)


def _latest(pages: list[Mapping[str, Any]]) -> datetime | None:
    times = [
        entry["LastModified"]
        for page in pages
        for entry in (*(page.get("Versions") or ()), *(page.get("DeleteMarkers") or ()))
    ]
    return max(times, default=None)


def _empty(deed: Deed) -> Answer | None:
    """Delete every version, delete marker and unfinished upload, a page at a time.

    What is newer than all that was looked at is judged first, by another look. What was written
    after the look is somebody's who is at work there. Either way it ends at once.
    """
    deadline = time.monotonic() + _EMPTYING_S
    latest, looked = _last_written(deed.item), _looked_at(deed.item)
    for page in _pages(deed):
        written = _latest([page])
        if written is not None and (latest is None or written > latest):
            if looked is not None and written <= looked:
                return Answer(reply=Reply.STARTED, detail="it holds more than was looked at yet")
            return Answer(
                reply=Reply.IN_USE,
                detail=f"something was written to it at {written:%Y-%m-%d %H:%M:%S} UTC",
                blockers=(f"whoever wrote to {deed.ref.id}",),
            )
        refused = _delete_page(deed, page)
        if refused is not None:
            return refused
        if time.monotonic() > deadline:
            return Answer(reply=Reply.STARTED, detail="it is being emptied, and holds more")
    _abort_uploads(deed)
    return None


def _pages(deed: Deed) -> Iterator[Mapping[str, Any]]:
    """The versions that are there, from the beginning each time, as what was listed is gone."""
    while True:
        page = deed.api.read("s3", "list_object_versions", Bucket=deed.ref.id, MaxKeys=_BATCH)
        if not page.get("Versions") and not page.get("DeleteMarkers"):
            return
        yield page
        if not page.get("IsTruncated"):
            return


def _delete_page(deed: Deed, page: Mapping[str, Any]) -> Answer | None:
    entries = [
        {"Key": entry["Key"], "VersionId": entry["VersionId"]}
        for entry in (*(page.get("Versions") or ()), *(page.get("DeleteMarkers") or ()))
    ]
    told = deed.api.change(
        "s3", "delete_objects", Bucket=deed.ref.id, Delete={"Objects": entries, "Quiet": True}
    )
    errors = told.get("Errors") or []
    if not errors:
        return None
    first = errors[0]
    detail = (
        f"{len(errors)} objects cannot be deleted, the first is {first.get('Key')}: "
        f"{first.get('Code')}: {first.get('Message')}"
    )
    slow = {"SlowDown", "InternalError", "ServiceUnavailable"}
    if all(error.get("Code") in slow for error in errors):
        return Answer(reply=Reply.THROTTLED, detail=detail)
    # Object lock and legal holds are refused as AccessDenied too.
    return Answer(reply=Reply.PROTECTED, detail=f"{detail} (object lock, or no permission)")


def _abort_uploads(deed: Deed) -> None:
    call = Call(operation="list_multipart_uploads", arguments={"Bucket": Arg.ID}, items="Uploads[]")
    for upload in deed.api.items("s3", call, id=deed.ref.id):
        deed.api.change(
            "s3",
            "abort_multipart_upload",
            Bucket=deed.ref.id,
            Key=upload["Key"],
            UploadId=upload["UploadId"],
        )


KINDS = (
    AwsKind(
        kind=Kind(
            name=BUCKET,
            reused=True,
            service="s3",
            deadline=timedelta(hours=24),
            backoff=Backoff(first=timedelta(seconds=1), most=timedelta(minutes=10)),
        ),
        service="s3",
        arn="s3:::{id}",
        id_form="[^/]+",
        listing=Call(
            operation="list_buckets", arguments={"BucketRegion": Arg.REGION}, items="Buckets[]"
        ),
        id="Name",
        # One list tells of all; its CreationDate changes with a bucket's policy, so it is not used.
        read=Many(
            call=Call(
                operation="list_buckets",
                arguments={"BucketRegion": Arg.REGION},
                items="Buckets[]",
            ),
            size=100_000,
        ),
        also=(
            Also(
                call=Call(
                    operation="get_bucket_tagging", arguments={"Bucket": Arg.ID}, items="TagSet[]"
                ),
                into="+tag-set",
                absent=("NoSuchTagSet", "NoSuchBucket"),
            ),
            Also(
                call=Call(
                    operation="list_object_versions",
                    arguments={
                        "Bucket": Arg.ID,
                        "PaginationConfig": {"MaxItems": _LOOKED_AT, "PageSize": _BATCH},
                    },
                ),
                into="+versions",
                absent=("NoSuchBucket",),
            ),
        ),
        tags='"+tag-set"',
        name="Name",
        used=_last_written,
        links=(_STACK,),
        before=(_empty,),
        delete=Call(operation="delete_bucket", arguments={"Bucket": Arg.ID}),
        gone=("NoSuchBucket",),
        actions=(
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:ListBucketVersions",
            "s3:ListBucketMultipartUploads",
            "s3:AbortMultipartUpload",
        ),
    ),
    AwsKind(
        kind=Kind(name=TABLE, service="dynamodb"),
        service="dynamodb",
        arn="dynamodb:{region}:{account}:table/{id}",
        id_form="[^/]+",
        listing=Call(operation="list_tables", items="TableNames[]"),
        listed="@",
        id="TableName",
        read=One(
            call=Call(operation="describe_table", arguments={"TableName": Arg.ID}, items="Table"),
            absent=("ResourceNotFoundException",),
        ),
        also=(
            Also(
                call=Call(
                    operation="list_tags_of_resource",
                    arguments={"ResourceArn": At("TableArn")},
                    items="Tags[]",
                ),
                into="+table-tags",
                absent=("ResourceNotFoundException",),
            ),
        ),
        tags='"+table-tags"',
        name="TableName",
        created="CreationDateTime",
        incarnation="TableId || CreationDateTime",
        state="TableStatus",
        going=frozenset({"DELETING"}),
        guards=(Guard("DeletionProtectionEnabled", "deletion protection is on"),),
        links=(_STACK,),
        delete=Call(operation="delete_table", arguments={"TableName": Arg.ID}),
        gone=("ResourceNotFoundException",),
        slow=True,
    ),
)
