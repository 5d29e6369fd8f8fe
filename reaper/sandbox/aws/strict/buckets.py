"""S3: buckets are tagged as they are made, and listed in the index of their own region alone."""

from __future__ import annotations

from typing import Any

import xmltodict
from moto.core.exceptions import ServiceException
from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends
from moto.s3.responses import S3Response
from moto.utilities.utils import get_partition

from reaper.sandbox.aws.patching import Rules

RULES = Rules()


@RULES.add(FakeKey, "__deepcopy__")
def a_listed_version_shares_what_no_list_changes(key: Any, _memo: Any) -> Any:
    """Moto copies every version of a bucket for each page of its list, with all it consists of."""
    copied: Any = FakeKey.__new__(FakeKey)
    copied.__setstate__(key.__getstate__())
    return copied


@RULES.around(S3Response, "_bucket_response_put")
def a_bucket_is_tagged_when_it_is_made(
    original: Any, response: Any, request: Any, bucket_name: str, querystring: Any
) -> Any:
    answer = original(response, request, bucket_name, querystring)
    if not querystring and b"<Tags>" in request.get_data():
        asked = xmltodict.parse(request.get_data(), force_list=("Tag",))
        tags = asked["CreateBucketConfiguration"]["Tags"]["Tag"]
        response.backend.put_bucket_tagging(
            bucket_name, {tag["Key"]: tag["Value"] or "" for tag in tags}
        )
    return answer


@RULES.around(S3Backend, "delete_bucket")
def a_bucket_s_tags_go_with_it(original: Any, backend: Any, bucket_name: str) -> Any:
    bucket = backend.get_bucket(bucket_name)
    deleted = original(backend, bucket_name)
    if deleted:
        backend.tagger.delete_all_tags_for_resource(bucket.arn)
    return deleted


@RULES.around(FakeBucket, "delete_from_cloudformation_json")
def a_stack_s_bucket_stays_while_it_holds_something(
    original: Any, cls: Any, resource_name: str, resource: Any, account_id: str, region: str
) -> Any:
    buckets = s3_backends[account_id][get_partition(region)].buckets
    if resource_name in buckets and buckets[resource_name].keys:
        raise ServiceException("BucketNotEmpty", "The bucket you tried to delete is not empty")
    return original(cls, resource_name, resource, account_id, region)
