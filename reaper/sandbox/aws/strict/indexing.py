"""The indexes: the Resource Groups Tagging API and EC2's DescribeTags, as AWS has them.

moto's first lacks kinds that AWS's has, and its second never forgets what is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.core.resource_tagging import (
    TaggedResource,
    iter_taggable_backends,
    make_tag_matcher,
    match_resource_type,
)
from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidKeyPairNameError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses import EC2Response
from moto.elbv2.models import ELBv2Backend
from moto.moto_api._internal import mock_random
from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from reaper.sandbox.aws.history import Entry
from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.timetable import TIMETABLE, sight

RULES = Rules()


def observe(account: str, region: str) -> None:
    """Remember what the indexes of a region would show now."""
    TIMETABLE.history.observe((account, region), _there(account, region), TIMETABLE.now())


def _shown(account: str, region: str) -> Mapping[str, Entry]:
    """What the indexes show of a region, as late as the faults make them."""
    there = _there(account, region)
    asked = sight.get()
    if asked is None:
        return there
    TIMETABLE.history.observe((account, region), there, TIMETABLE.now())
    return TIMETABLE.history.seen(
        (account, region), TIMETABLE.now(), lag=asked.lag, ghost=asked.ghost
    )


def _there(account: str, region: str) -> dict[str, Entry]:
    buckets = s3_backends[account][get_partition(region)].buckets
    return {
        resource.arn: Entry(
            arn=resource.arn,
            type=resource.resource_type,
            id=resource.extra.get("id") or resource.arn.rpartition("/")[2],
            tags=tuple(resource.tags.items()),
        )
        for backend in iter_taggable_backends(account, region)
        for resource in backend.iter_tagged_resources()
        if resource.tags
        and (
            resource.resource_type != "s3:bucket"
            or buckets[resource.arn.rpartition(":")[2]].region_name == region
        )
    }


@RULES.around(EC2Backend, "iter_tagged_resources")
def the_index_has_all_of_ec2_s_kinds(original: Any, backend: Any) -> Iterator[TaggedResource]:
    yield from original(backend)
    more = {
        "elastic-ip": backend.addresses,
        "key-pair": backend.key_pairs.values(),
        "launch-template": backend.launch_templates.values(),
        "vpc-endpoint": backend.vpc_end_points.values(),
        "network-acl": backend.network_acls.values(),
        "dhcp-options": backend.dhcp_options_sets.values(),
        "egress-only-internet-gateway": backend.egress_only_internet_gateways.values(),
        "placement-group": backend.placement_groups.values(),
    }
    for kind, resources in more.items():
        for resource in resources:
            name = resource.group_name if kind == "placement-group" else resource.id
            yield TaggedResource(
                arn=f"arn:{backend.partition}:ec2:{backend.region_name}:{backend.account_id}"
                f":{kind}/{name}",
                tags=dict(backend.tags.get(resource.id, {})),
                resource_type=f"ec2:{kind}",
                extra={"id": resource.id},
            )


@RULES.around(ELBv2Backend, "iter_tagged_resources")
def the_index_has_listeners(original: Any, backend: Any) -> Iterator[TaggedResource]:
    yield from original(backend)
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            yield TaggedResource(
                arn=listener.arn,
                tags=backend.tagging_service.get_tag_dict_for_resource(listener.arn),
                resource_type="elasticloadbalancing:listener",
            )


@RULES.around(ResourceGroupsTaggingAPIBackend, "get_resources")
def the_index_answers_in_full_pages(
    _: Any,
    backend: Any,
    pagination_token: str | None = None,
    resources_per_page: int = 50,
    tags_per_page: int = 100,  # noqa: ARG001 - moto always gives it, AWS recommends the other
    tag_filters: Any = None,
    resource_type_filters: Any = None,
    resource_arn_list: Any = None,
) -> tuple[str | None, Sequence[TaggedResource]]:
    if pagination_token and pagination_token not in backend._pages:
        raise ResourceGroupsTaggingAPIError(
            "PaginationTokenExpiredException", "A PaginationToken is valid for 15 minutes."
        )
    if pagination_token:
        found = backend._pages[pagination_token]
    else:
        matches = make_tag_matcher(tag_filters)
        found = [
            TaggedResource(arn=entry.arn, tags=dict(entry.tags), resource_type=entry.type)
            for entry in _shown(backend.account_id, backend.region_name).values()
            if match_resource_type(entry.type, resource_type_filters)
            and matches(dict(entry.tags))
            and (not resource_arn_list or entry.arn in resource_arn_list)
        ]
    page, rest = found[:resources_per_page], found[resources_per_page:]
    token = ""
    if rest:
        token = str(mock_random.uuid4())
        backend._pages[token] = rest
    return token, page


@RULES.around(EC2Response, "describe_tags")
def describe_tags_shows_what_is_there(_: Any, response: Any) -> Any:
    filters = {
        name: [_pattern(value) for value in values]
        for name, values in response._filters_from_querystring().items()
    }
    rows = [
        {
            "ResourceId": entry.id,
            "ResourceType": entry.type.partition(":")[2],
            "Key": key,
            "Value": value,
        }
        for entry in _shown(response.current_account, response.region).values()
        if entry.type.startswith("ec2:")
        for key, value in entry.tags
    ]
    found = [row for row in rows if all(_passes(row, *each) for each in filters.items())]
    begin = int(response._get_param("NextToken") or 0)
    end = begin + (response._get_int_param("MaxResults") or len(found))
    token = str(end) if end < len(found) else None
    return ActionResult({"Tags": found[begin:end], "NextToken": token})


def _passes(row: Mapping[str, str], name: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    columns = {
        "key": "Key",
        "value": "Value",
        "resource-id": "ResourceId",
        "resource-type": "ResourceType",
    }
    if name.startswith("tag:"):
        return row["Key"] == name[4:] and any(each.fullmatch(row["Value"]) for each in patterns)
    return any(each.fullmatch(row[columns[name]]) for each in patterns)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


@RULES.around(TaggedEC2Resource, "get_tags")
def a_resource_s_tags_are_looked_up_by_its_id(_: Any, resource: Any) -> Any:
    """Moto tries each tag of the region against a pattern instead: a minute for a big world."""
    tags = resource.ec2_backend.tags.get(resource.id, {})
    return [{"key": k, "value": v, "resource_id": resource.id} for k, v in tags.items()]


@RULES.around(EC2Response, "delete_key_pair")
def a_key_pair_is_deleted_by_its_id_too(original: Any, response: Any) -> Any:
    wanted = response._get_param("KeyPairId")
    if wanted and not response._get_param("KeyName"):
        for pair in list(response.ec2_backend.key_pairs.values()):
            if pair.id == wanted:
                response.ec2_backend.delete_key_pair(pair.key_name)
        return ActionResult({"Return": True, "KeyPairId": wanted})
    return original(response)


@RULES.around(EC2Response, "describe_key_pairs")
def key_pairs_are_described_by_their_ids_too(original: Any, response: Any) -> Any:
    wanted = response._get_param("KeyPairIds", [])
    answer = original(response)
    if wanted:
        pairs = {pair.id: pair for pair in answer.result["KeyPairs"]}
        if missing := [each for each in wanted if each not in pairs]:
            raise InvalidKeyPairNameError(missing)
        answer.result["KeyPairs"] = [pairs[each] for each in wanted]
    return answer
