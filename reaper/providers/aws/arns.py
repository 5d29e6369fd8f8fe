"""ARNs and IDs: what the index and other resources call a thing, as this package calls it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from reaper.providers.aws.kind import AwsKind
from reaper.providers.aws.names import GLOBAL, PARAMETER

_HOLES = {
    "{region}": r"(?P<region>[a-z0-9-]*)",
    "{account}": r"(?P<account>[0-9]*)",
}


def scope_of(account: str, region: str) -> str:
    """A cell's scope: `<account>/<region>`, with `global` for what has no region."""
    return f"{account}/{region}"


def region_of(scope: str) -> str:
    """The region of a scope, or `global`."""
    return scope.partition("/")[2]


def account_of(scope: str) -> str:
    """The account of a scope."""
    return scope.partition("/")[0]


def arn_of(kind: AwsKind, scope: str, resource_id: str, partition: str = "aws") -> str:
    """Write a resource's ARN."""
    if resource_id.startswith("arn:"):
        return resource_id
    region = region_of(scope)
    rest = kind.arn.format(
        id=resource_id.lstrip("/") if kind.name_of_kind == PARAMETER else resource_id,
        region="" if region == GLOBAL else region,
        account=account_of(scope),
    )
    return f"arn:{partition}:{rest}"


def id_in(kind: AwsKind, told: str) -> str | None:
    """Read the ID out of what AWS calls a resource of this kind: an ID, an ARN, a queue's URL.

    None where it is no resource of the kind.
    """
    if told.startswith(("http://", "https://")):
        return told.rpartition("/")[2] or None
    if not told.startswith("arn:"):
        return told
    match = _pattern(kind.arn, kind.id_form).fullmatch(told)
    if match is None:
        return None
    if kind.id_is_arn:
        return told
    return _named(kind, match["id"])


def kind_of(kinds: Iterable[AwsKind], arn: str) -> AwsKind | None:
    """The kind whose ARNs look so; None for one that reaper does not know."""
    return next((kind for kind in kinds if _pattern(kind.arn, kind.id_form).fullmatch(arn)), None)


def unknown_kind(arn: str) -> str:
    """Name a kind that reaper does not know, by the service and noun of its ARN."""
    parts = arn.split(":", 5)
    service, rest = parts[2] if len(parts) > 2 else "unknown", parts[-1]  # noqa: PLR2004
    noun = re.split(r"[/:]", rest, maxsplit=1)[0]
    return f"aws:{service}:{noun or 'unknown'}"


def _named(kind: AwsKind, text: str) -> str:
    """A parameter's ARN has lost the slash with which a hierarchical name begins."""
    if kind.name_of_kind == PARAMETER and "/" in text:
        return f"/{text}"
    # IAM's ARNs have the path before the name; log groups' may end in a star for their streams.
    name = text.rpartition("/")[2] if kind.service == "iam" else text
    return name.removesuffix(":*")


@lru_cache(maxsize=256)
def _pattern(template: str, id_form: str) -> re.Pattern[str]:
    pattern = re.escape(template).replace(re.escape("*"), ".*")
    for hole, group in (*_HOLES.items(), ("{id}", f"(?P<id>{id_form})")):
        pattern = pattern.replace(re.escape(hole), group)
    return re.compile(f"arn:[a-z-]+:{pattern}")
