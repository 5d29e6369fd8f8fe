"""What the caller may do, by calls that change nothing: EC2's dry runs, IAM's simulation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reaper.providers.aws.answers import CALL_ERRORS, code_of, denied, tell
from reaper.providers.aws.api import Api, at_once, batches
from reaper.providers.aws.granting import Grant
from reaper.providers.aws.kind import AwsKind, Call, fill
from reaper.providers.aws.permissions import BARE, SIMULATE, actions_of
from reaper.providers.protocol import Allowance, Held
from reaper.tags import DEFAULT_REALM, REALM, RUN, TagRules

_MADE_UP = "reaper-doctor"
_AT_A_TIME = 50
# What EC2 says of a call that it would carry out.
_WOULD = "DryRunOperation"
_REFUSED = "EC2 refuses a dry run of it"
_NOTHING_TO_TRY = "nothing is there that bears a run's tag, to try it on"
_NARROWED = (
    "it is not allowed for every name; where its Resource is narrowed to your tests' names, that "
    "is meant"
)
_ASK = "print a policy with `reaper iam aws --simulate`, by which IAM can be asked"

# How an ID begins, where not with the noun.
_PREFIXES = {
    "elastic-ip": "eipalloc",
    "image": "ami",
    "instance": "i",
    "internet-gateway": "igw",
    "key-pair": "key",
    "launch-template": "lt",
    "natgateway": "nat",
    "network-interface": "eni",
    "route-table": "rtb",
    "security-group": "sg",
    "snapshot": "snap",
    "volume": "vol",
    "vpc-endpoint": "vpce",
}


class Simulation:
    """What IAM says that the caller may do; asked once for an account."""

    def __init__(self, api: Api, caller: str, rules: TagRules) -> None:
        self._api = api
        self._caller = caller
        self._rules = rules

    def ask(self, actions: Iterable[str]) -> dict[str, Allowance]:
        """Ask about each action, of something that bears a run's tag."""
        found: dict[str, Allowance] = {}
        try:
            source = self._source()
            for resource, asked in self._by_resource(actions).items():
                for batch in batches(sorted(asked), _AT_A_TIME):
                    for told in self._simulate(source, batch, resource):
                        _merge(found, _read(told, bare=resource != "*"))
        except CALL_ERRORS as error:
            remedy = _ASK if denied(error) else None
            for action in actions:
                found[action] = Allowance(
                    action=action, held=Held.UNKNOWN, reason=tell(error), remedy=remedy
                )
        return found

    def _simulate(
        self, source: str, actions: Sequence[str], resource: str
    ) -> list[Mapping[str, Any]]:
        tags = {f"aws:ResourceTag/{RUN}": _MADE_UP, f"aws:ResourceTag/{REALM}": self._rules.realm}
        call = Call(
            operation="simulate_principal_policy",
            arguments={
                "PolicySourceArn": source,
                "ActionNames": list(actions),
                "ResourceArns": [resource],
                "ContextEntries": [
                    {
                        "ContextKeyName": key,
                        "ContextKeyValues": [value],
                        "ContextKeyType": "string",
                    }
                    for key, value in tags.items()
                ],
            },
            items="EvaluationResults[]",
        )
        return self._api.items("iam", call)

    def _source(self) -> str:
        """The user or role whose policies count: of a role's session, the role."""
        head, _, rest = self._caller.partition(":assumed-role/")
        if not rest:
            return self._caller
        name = rest.partition("/")[0]
        try:
            return str(self._api.read("iam", "get_role", RoleName=name)["Role"]["Arn"])
        except CALL_ERRORS:  # its path is not known then
            return f"{head.replace(':sts:', ':iam:')}:role/{name}"

    def _by_resource(self, actions: Iterable[str]) -> dict[str, set[str]]:
        """What to ask about which resource; a limited permission answers for no `*`."""
        asked: dict[str, set[str]] = {}
        partition = self._caller.split(":")[1]
        for action in actions:
            bare = BARE.get(action)
            if bare is None or bare.tagged:
                asked.setdefault("*", set()).add(action)
            for pattern in () if bare is None else bare.resources:
                arn = f"arn:{partition}:{self._example(pattern)}"
                asked.setdefault(arn, set()).add(action)
        return asked

    def _example(self, pattern: str) -> str:
        service, region, account, rest = pattern.split(":", 3)
        region = self._api.region if region else ""
        account = self._api.account if account else ""
        return f"{service}:{region}:{account}:{rest.replace('*', _MADE_UP)}"


def rehearse(
    api: Api, kinds: Iterable[AwsKind], rules: TagRules, simulated: Mapping[str, Allowance]
) -> list[Allowance]:
    """Try EC2's deletions in a region by dry runs, on what bears a run's tag if anything does.

    A refusal on a made-up ID means nothing where the permission is conditioned on tags: then what
    IAM's simulation says is taken.
    """
    known = _tagged(api, rules)

    def try_one(kind: AwsKind) -> Allowance:
        [action] = _deletion(kind)
        real = known.get(_noun(kind))
        code, said = _dry_run(api, kind, real or _made_up(kind))
        if code == _WOULD:
            return Allowance(action=action, held=Held.ALLOWED)
        if real is not None and code == "UnauthorizedOperation":
            return Allowance(action=action, held=Held.DENIED, reason=_REFUSED)
        settled = simulated.get(action)
        if settled is not None and settled.held is not Held.UNKNOWN:
            return settled
        return Allowance(
            action=action,
            held=Held.UNKNOWN,
            reason=_NOTHING_TO_TRY if code == "UnauthorizedOperation" else said,
            remedy=None if settled is None else settled.remedy,
        )

    return at_once(try_one, [kind for kind in kinds if kind.service == "ec2"])


def deletions(kinds: Iterable[AwsKind]) -> frozenset[str]:
    """The actions that dry runs tell of."""
    return frozenset().union(*(_deletion(kind) for kind in kinds if kind.service == "ec2"))


def wanted(grant: Grant) -> frozenset[str]:
    """All that is needed, save what doctor itself asks by."""
    return (grant.reads | grant.changes) - {SIMULATE}


def _read(told: Mapping[str, Any], *, bare: bool) -> Allowance:
    action, decision = str(told["EvalActionName"]), told["EvalDecision"]
    if decision == "allowed":
        return Allowance(action=action, held=Held.ALLOWED)
    if missing := told.get("MissingContextValues"):
        depends = f"a policy's condition on {', '.join(missing)} decides, which is not known here"
        return Allowance(action=action, held=Held.UNKNOWN, reason=depends)
    if bare and decision == "implicitDeny":
        return Allowance(action=action, held=Held.UNKNOWN, reason=_NARROWED)
    return Allowance(action=action, held=Held.DENIED, reason=_why(told))


def _why(told: Mapping[str, Any]) -> str:
    for detail, allowed, whose in (
        ("OrganizationsDecisionDetail", "AllowedByOrganizations", "a policy of the organization"),
        (
            "PermissionsBoundaryDecisionDetail",
            "AllowedByPermissionsBoundary",
            "a permissions boundary",
        ),
    ):
        if (told.get(detail) or {}).get(allowed) is False:
            return f"{whose} does not allow it"
    return "a policy denies it" if told["EvalDecision"] == "explicitDeny" else "no policy allows it"


def _merge(found: dict[str, Allowance], told: Allowance) -> None:
    """Of an action that is asked about two things, the worse answer counts."""
    order = (Held.ALLOWED, Held.UNKNOWN, Held.DENIED)
    known = found.setdefault(told.action, told)
    found[told.action] = max(known, told, key=lambda each: order.index(each.held))


def _tagged(api: Api, rules: TagRules) -> dict[str, str]:
    """Of each sort of thing one ID that bears a run's tag of this realm, by EC2's word for it."""
    call = Call(
        operation="describe_tags",
        arguments={"Filters": [{"Name": "key", "Values": [RUN, REALM]}]},
        items="Tags[]",
    )
    tags: dict[tuple[str, str], dict[str, str]] = {}
    try:
        for tag in api.items("ec2", call):
            bearer = tags.setdefault((str(tag["ResourceType"]), str(tag["ResourceId"])), {})
            bearer[str(tag["Key"])] = str(tag["Value"])
    except CALL_ERRORS:
        return {}  # the listing tells of it
    return {
        noun: identity
        for (noun, identity), own in tags.items()
        if RUN in own and own.get(REALM, DEFAULT_REALM) == rules.realm
    }


def _dry_run(api: Api, kind: AwsKind, resource_id: str) -> tuple[str, str]:
    """EC2's code for a deletion that is only rehearsed, and its sentence."""
    arguments = fill(
        kind.delete.arguments,
        id=resource_id,
        ids=[resource_id],
        arn="",
        item={kind.id: resource_id},
        region=api.region,
    )
    try:
        api.read("ec2", kind.delete.operation, **arguments, DryRun=True)
    except CALL_ERRORS as error:
        return code_of(error), tell(error)
    return "", f"{kind.delete.operation} answered a dry run as if it were none"


def _deletion(kind: AwsKind) -> frozenset[str]:
    return frozenset(actions_of(kind.delete.service or kind.service, kind.delete.operation))


def _noun(kind: AwsKind) -> str:
    """As EC2's tags call the kind, for those that its deletion names by ID."""
    return kind.name_of_kind.rpartition(":")[2] if kind.id.endswith("Id") else ""


def _made_up(kind: AwsKind) -> str:
    noun = kind.name_of_kind.rpartition(":")[2]
    return f"{_PREFIXES.get(noun, noun)}-0123456789abcdef0"
