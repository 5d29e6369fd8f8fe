"""The permissions that each kind needs, as IAM calls them: read from the kinds' own declarations.

What cannot be derived from an operation's name stands in tables, which tests hold to botocore's
models and to the Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reaper.providers.aws.kind import AwsKind, Call

# IAM's prefix of a service that boto3 calls otherwise.
_PREFIXES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}

# The actions of an operation whose own name is no action, or needs others beside.
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    # With VersionId for each object, as reaper sends it, both are asked about.
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
}

# What botocore writes otherwise than by capitals at the underscores.
_WORDS = {"Mfa": "MFA", "Ssh": "SSH"}

_READING = ("Describe", "Get", "List", "Simulate")

# How candidates are found, whatever their kinds.
INDEX = ("tag:GetResources", "ec2:DescribeTags")
REGIONS = "ec2:DescribeRegions"
SIMULATE = "iam:SimulatePrincipalPolicy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bare:
    """Why a change cannot be conditioned on the run's tag, and what it is limited to instead.

    Attributes:
        resources: Patterns of ARNs, after the partition.
        tagged: Something else that the action is asked about does bear the tag, or some of what it
            is for: it stands among those that are conditioned too.
    """

    resources: tuple[str, ...]
    why: str
    tagged: bool = False


_NO_ABAC = "S3 looks at a bucket's tags only where ABAC is enabled on the bucket"

BARE: Mapping[str, Bare] = {
    "s3:AbortMultipartUpload": Bare(resources=("s3:::*/*",), why=_NO_ABAC),
    "s3:DeleteBucket": Bare(resources=("s3:::*",), why=_NO_ABAC),
    "s3:DeleteObject": Bare(resources=("s3:::*/*",), why=_NO_ABAC),
    "s3:DeleteObjectVersion": Bare(resources=("s3:::*/*",), why=_NO_ABAC),
    "iam:RemoveUserFromGroup": Bare(
        resources=("iam::*:group/*",), why="it is asked about the group, which can bear no tags"
    ),
    "kms:DeleteAlias": Bare(
        resources=("kms:*:*:alias/*",),
        why="it is asked about the alias, which can bear no tags; the key must bear the run's",
        tagged=True,
    ),
    "logs:DeleteLogGroup": Bare(
        resources=("logs:*:*:log-group:/aws/lambda/*",),
        why="Lambda makes a function's log group, and gives it no tags",
        tagged=True,
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a kind needs: for looking, and for deleting."""

    reads: frozenset[str]
    changes: frozenset[str]


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The actions that a call of boto3's (`s3`, `delete_objects`) needs."""
    words = (part.capitalize() for part in operation.split("_"))
    name = "".join(_WORDS.get(word, word) for word in words)
    action = f"{_PREFIXES.get(service, service)}:{name}"
    return _ACTIONS.get(action, (action,))


def needs_of(kind: AwsKind) -> Needs:
    """What a kind's declaration calls for."""
    actions = {action for call in _calls(kind) for action in _of(kind, call)} | set(kind.actions)
    reads = frozenset(action for action in actions if is_reading(action))
    return Needs(reads=reads, changes=frozenset(actions - reads))


def is_reading(action: str) -> bool:
    """Whether an action changes nothing."""
    return action.partition(":")[2].startswith(_READING)


def services(actions: Iterable[str]) -> dict[str, list[str]]:
    """Group actions by their services, both in order."""
    grouped: dict[str, list[str]] = {}
    for action in sorted(actions):
        grouped.setdefault(action.partition(":")[0], []).append(action)
    return grouped


def _calls(kind: AwsKind) -> Iterator[Call]:
    yield from (kind.listing, kind.read.call, kind.delete)
    yield from (also.call for also in kind.also)
    yield from (users.call for users in (*kind.users, *kind.blockers))


def _of(kind: AwsKind, call: Call) -> tuple[str, ...]:
    return actions_of(call.service or kind.service, call.operation)
