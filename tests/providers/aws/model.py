"""AWS's own description of its API, as botocore ships it; no network, no account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name

from reaper.providers.aws.kind import At, AwsKind, Call

_FILTER_NAMES = re.compile(r"<code>([a-z][a-z0-9:.&;<>-]+)</code>")
_SCALARS: Mapping[str, Any] = {
    "string": "string",
    "character": "c",
    "boolean": True,
    "integer": 0,
    "long": 0,
    "double": 1.0,
    "float": 1.0,
    "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
    "blob": b"",
}

# What the model's documentation names in prose only.
_NAMED_KEYS = {"TopicAttributesMap": ["TopicArn"]}
_EXAMPLES = {"LoadBalancerAttributeKey": "deletion_protection.enabled"}


@cache
def operations(service: str) -> Mapping[str, Any]:
    """The operations of a service, as boto3 calls them."""
    model = botocore.session.Session().get_service_model(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


def example(shape: Any, depth: int = 9) -> Any:
    """A smallest full answer of a shape."""
    if depth == 0 or shape is None:
        return None
    if shape.type_name == "structure":
        return {name: example(member, depth - 1) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [example(shape.member, depth - 1)]
    if shape.type_name == "map":
        keys = getattr(shape.key, "enum", None) or _NAMED_KEYS.get(shape.name, ["string"])
        return {key: example(shape.value, depth - 1) for key in keys}
    if shape.name in _EXAMPLES:
        return _EXAMPLES[shape.name]
    return shape.enum[0] if getattr(shape, "enum", None) else _SCALARS[shape.type_name]


def answer(kind: AwsKind, call: Call) -> Any:
    """A full answer of a call."""
    return example(operations(call.service or kind.service)[call.operation].output_shape)


def refuse_unknown_arguments(kind: AwsKind, call: Call) -> None:
    """Hold a call's arguments against the model: each is known, and none that is required lacks."""
    operation = operations(call.service or kind.service)[call.operation]
    shape = operation.input_shape
    given = set(call.arguments) - {"PaginationConfig"}
    assert given <= set(shape.members), f"{call.operation} takes no {given - set(shape.members)}"
    assert set(shape.required_members) <= given, f"{call.operation} wants more than {given}"
    for name in ("Filters", "Filter"):
        for each in call.arguments.get(name, ()):
            if isinstance(each, Mapping) and "Name" in each and kind.service != "autoscaling":
                documented = _FILTER_NAMES.findall(shape.members[name].documentation)
                assert each["Name"] in documented, f"{call.operation} has no filter {each['Name']}"


def paths(value: Any) -> Iterator[str]:
    """The paths from which arguments are read."""
    if isinstance(value, At):
        yield value.path
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from paths(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from paths(each)
