"""EC2: what lets traffic through, and what others' rules say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Arg, AwsKind, Call, Deed, Guard, Link, Many, Users, by_filter
from reaper.providers.aws.kinds.ec2 import LINGERING, OF_STACK, PATIENT, interfaces_by, undo
from reaper.providers.aws.names import (
    AUTO_SCALING_GROUP,
    FUNCTION,
    INSTANCE,
    INTERFACE,
    LOAD_BALANCER,
    NETWORK_ACL,
    SECURITY_GROUP,
    SUBNET,
    VPC,
    VPC_ENDPOINT,
)
from reaper.providers.protocol import Answer, Reply


def _rules_for(filter_name: str, path: str) -> Users:
    return Users(
        relations=(Relation.ALTERS,),
        kind=SECURITY_GROUP,
        call=Call(
            operation="describe_security_groups",
            arguments=by_filter(filter_name),
            items="SecurityGroups[]",
        ),
        id="GroupId",
        of=f"{path}[].UserIdGroupPairs[].GroupId",
    )


def _revoke_rules(deed: Deed) -> Answer | None:
    """Revoke what other groups' rules say of this one, if the second look saw each of them.

    They are in this plan too, or the look would not have let us come here.
    """
    allowed = deed.others(Relation.ALTERS)
    found = list(_rules_that_name(deed))
    strangers = sorted({group for group, _, _ in found} - allowed - {deed.ref.id})
    if strangers:
        return Answer(
            reply=Reply.IN_USE,
            detail=f"rules of {', '.join(strangers)} have come to name it since it was looked at",
            blockers=tuple(strangers),
        )
    for group, egress, permission in found:
        verb = "revoke_security_group_egress" if egress else "revoke_security_group_ingress"
        gone = ("InvalidGroup.NotFound", "InvalidPermission.NotFound")
        undo(deed, verb, gone, GroupId=group, IpPermissions=[permission])
    return None


def _rules_that_name(deed: Deed) -> Iterator[tuple[str, bool, Mapping[str, Any]]]:
    """Each permission that names this group: of which group, and whether it is an outgoing one."""
    if not deed.others(Relation.ALTERS):
        return  # and should one have come since the look, AWS refuses
    for egress, key, name in (
        (False, "IpPermissions", "ip-permission.group-id"),
        (True, "IpPermissionsEgress", "egress.ip-permission.group-id"),
    ):
        call = Call(
            operation="describe_security_groups",
            arguments=by_filter(name),
            items="SecurityGroups[]",
        )
        for group in deed.api.items("ec2", call, ids=[deed.ref.id]):
            if group["GroupId"] == deed.ref.id:
                continue  # its own rules go with it
            for permission in group.get(key) or []:
                pairs = [
                    {"GroupId": pair["GroupId"]}
                    for pair in permission.get("UserIdGroupPairs") or []
                    if pair.get("GroupId") == deed.ref.id
                ]
                if pairs:
                    narrowed = {
                        part: permission[part]
                        for part in ("IpProtocol", "FromPort", "ToPort")
                        if part in permission
                    }
                    yield group["GroupId"], egress, {**narrowed, "UserIdGroupPairs": pairs}


KINDS = (
    AwsKind(
        kind=Kind(
            name=SECURITY_GROUP,
            service="ec2",
            after=(INSTANCE, INTERFACE, LOAD_BALANCER, FUNCTION, VPC_ENDPOINT, AUTO_SCALING_GROUP),
            deadline=LINGERING,
            backoff=PATIENT,
        ),
        service="ec2",
        arn="ec2:{region}:{account}:security-group/{id}",
        listing=Call(operation="describe_security_groups", items="SecurityGroups[]"),
        id="GroupId",
        read=Many(
            call=Call(
                operation="describe_security_groups",
                arguments=by_filter("group-id"),
                items="SecurityGroups[]",
            )
        ),
        name="GroupName",
        guards=(Guard("GroupName == 'default'", "it is its network's default group"),),
        links=(Link(Relation.USES, VPC, "VpcId"), OF_STACK),
        # Rules that name it are revoked, in groups that are to go too.
        users=(
            _rules_for("ip-permission.group-id", "IpPermissions"),
            _rules_for("egress.ip-permission.group-id", "IpPermissionsEgress"),
        ),
        before=(_revoke_rules,),
        delete=Call(operation="delete_security_group", arguments={"GroupId": Arg.ID}),
        gone=("InvalidGroup.NotFound", "InvalidGroupId.Malformed"),
        blockers=(interfaces_by("group-id", "Groups[].GroupId"),),
        actions=("ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"),
    ),
    AwsKind(
        kind=Kind(name=NETWORK_ACL, service="ec2", after=(SUBNET,)),
        service="ec2",
        arn="ec2:{region}:{account}:network-acl/{id}",
        listing=Call(operation="describe_network_acls", items="NetworkAcls[]"),
        id="NetworkAclId",
        read=Many(
            call=Call(
                operation="describe_network_acls",
                arguments=by_filter("network-acl-id"),
                items="NetworkAcls[]",
            )
        ),
        guards=(Guard("IsDefault", "it is its network's default"),),
        links=(
            Link(Relation.USED_BY, SUBNET, "Associations[].SubnetId"),
            Link(Relation.USES, VPC, "VpcId"),
            OF_STACK,
        ),
        delete=Call(operation="delete_network_acl", arguments={"NetworkAclId": Arg.ID}),
        gone=("InvalidNetworkAclID.NotFound",),
    ),
)
