"""The least-privilege policy for the kinds that a configuration lets reaper look at and delete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reaper.model import Kind
from reaper.policy import Policy
from reaper.providers.aws.kind import AwsKind
from reaper.providers.aws.kinds import KINDS
from reaper.providers.aws.permissions import BARE, INDEX, REGIONS, SIMULATE, needs_of, services
from reaper.providers.aws.session import partition_of
from reaper.providers.protocol import Permissions
from reaper.tags import DEFAULT_REALM, REALM, RUN, TagRules

if TYPE_CHECKING:
    from reaper.config import Config
    from reaper.config.places import AwsPlace

# What a managed policy may have at most; AWS does not count white space.
MOST_CHARACTERS = 6144

Statement = dict[str, Any]
Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What is to be allowed.

    Attributes:
        looks: Kinds to list and read.
        deletes: Kinds to delete too.
        rules: Whose tags make a resource one that may be deleted.
        partitions: Where the accounts are: `aws`, `aws-cn`.
        regions: Whether AWS must be asked which regions are enabled.
        simulate: Whether `reaper doctor` may ask IAM what is allowed.
    """

    looks: tuple[AwsKind, ...]
    deletes: tuple[AwsKind, ...]
    rules: TagRules
    partitions: tuple[str, ...] = ("aws",)
    regions: bool = True
    simulate: bool = False

    @property
    def reads(self) -> frozenset[str]:
        """The actions that change nothing."""
        extra = [REGIONS] * self.regions + [SIMULATE] * self.simulate
        needed = (needs_of(kind).reads for kind in self.looks)
        return frozenset((*INDEX, *extra)).union(*needed)

    @property
    def changes(self) -> frozenset[str]:
        """The actions that delete, and those that must come before."""
        return frozenset().union(*(needs_of(kind).changes for kind in self.deletes))


def permitted(
    config: Config, *, kinds: frozenset[str], read_only: bool, simulate: bool
) -> Permissions:
    """Write the policy for what a configuration lets reaper do with these kinds."""
    places = config.providers.aws
    grant = grant_for(
        config.policy(),
        config.tag_rules(),
        kinds=[kind for name, kind in KINDS.items() if name in kinds],
        read_only=read_only,
        partitions=tuple(dict.fromkeys(map(_partition, places))) or ("aws",),
        regions=not places or any(place.regions == "all" for place in places),
        simulate=simulate,
    )
    bare = {action: BARE[action].why for action in sorted(grant.changes & set(BARE))}
    return Permissions(documents=tuple(documents(grant)), unconditioned=bare)


def grant_for(
    policy: Policy,
    rules: TagRules,
    *,
    kinds: Iterable[AwsKind] = KINDS.values(),
    read_only: bool = False,
    **more: Any,
) -> Grant:
    """Say what is to be allowed for these kinds; those that never go are looked at only."""
    looks = tuple(kinds)
    deletes = () if read_only else tuple(each for each in looks if _may_go(policy, each.kind))
    return Grant(looks=looks, deletes=deletes, rules=rules, **more)


def _may_go(policy: Policy, kind: Kind) -> bool:
    """Whether the policy lets anything of this kind be deleted."""
    if kind.report_only and kind.name not in policy.enabled:
        return False
    return not any(
        each.kind is not None
        and each.scope is None
        and each.name is None
        and fnmatchcase(kind.name, each.kind)
        for each in policy.protect
    )


def documents(grant: Grant) -> list[Document]:
    """Write the policy; as several documents where one would be larger than a managed policy.

    All of them together are the policy; each is one by itself.
    """
    parts: list[list[Statement]] = [[]]
    for statement in _statements(grant):
        rest: Statement | None = statement
        while rest is not None:
            fitting, rest = _cut(parts[-1], rest)
            if fitting is not None:
                parts[-1].append(fitting)
            if rest is not None:
                parts.append([])
    return [_document(part) for part in parts]


def characters(document: Document) -> int:
    """How many characters AWS counts."""
    return len(json.dumps(document, separators=(",", ":")))


def _partition(place: AwsPlace) -> str:
    if place.regions != "all":
        return partition_of(place.regions[0])
    return "aws" if place.role_arn is None else place.role_arn.split(":")[1]


def _statements(grant: Grant) -> list[Statement]:
    statements = [_statement("Look", grant.reads, ["*"])]
    changes = grant.changes
    tagged = {action for action in changes if action not in BARE or BARE[action].tagged}
    if tagged:
        statements += [
            _statement(sid, tagged, ["*"], condition)
            for sid, condition in _conditions(grant.rules).items()
        ]
    for sid, actions in _bare(changes).items():
        patterns = sorted({each for action in actions for each in BARE[action].resources})
        resources = [f"arn:{part}:{each}" for part in grant.partitions for each in patterns]
        statements.append(_statement(sid, actions, resources))
    return statements


def _conditions(rules: TagRules) -> dict[str, Mapping[str, Any]]:
    """The tags by which a resource may be deleted; each is enough, so each is a statement."""
    run = {"StringLike": {f"aws:ResourceTag/{RUN}": "*"}}
    # A resource of the default realm need not name it; one of another realm must.
    own = "StringEqualsIfExists" if rules.realm == DEFAULT_REALM else "StringEquals"
    conditions: dict[str, Mapping[str, Any]] = {
        "DeleteByRunTag": {**run, own: {f"aws:ResourceTag/{REALM}": rules.realm}}
    }
    for key in dict.fromkeys(each.run for each in rules.profiles if not each.report_only):
        sid = "DeleteByTag" + re.sub(r"[^A-Za-z0-9]", "", key)
        conditions[sid] = {"StringLike": {f"aws:ResourceTag/{key}": "*"}}
    return conditions


def _bare(changes: Iterable[str]) -> dict[str, list[str]]:
    """What cannot be conditioned, a statement for each service, which its Sid says."""
    bare = services(action for action in changes if action in BARE)
    return {
        f"NotConditionedOnTags{service.capitalize()}": actions for service, actions in bare.items()
    }


def _statement(
    sid: str,
    actions: Iterable[str],
    resources: Sequence[str],
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }
    return statement if condition is None else {**statement, "Condition": dict(condition)}


def _document(statements: Sequence[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _cut(there: list[Statement], statement: Statement) -> tuple[Statement | None, Statement | None]:
    """Divide a statement into what fits into the document yet, and the rest."""
    actions = statement["Action"]
    count = len(actions)
    while count and not _fits(there, {**statement, "Action": actions[:count]}):
        count -= 1
    assert count or there, "one action fits into an empty document"
    fitting = {**statement, "Action": actions[:count]} if count else None
    rest = {**statement, "Action": actions[count:]} if count < len(actions) else None
    return fitting, rest


def _fits(there: list[Statement], statement: Statement) -> bool:
    return characters(_document([*there, statement])) <= MOST_CHARACTERS
