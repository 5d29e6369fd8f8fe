"""What is undone before a deletion, by real calls: all that is its own, and nothing of others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reaper.errors import ReadOnlyViolation
from reaper.model import Resource
from reaper.providers.aws import names
from reaper.providers.aws.account import Account
from reaper.providers.aws.kinds import storage
from reaper.providers.aws.kinds.routing import _deleted_endpoint
from reaper.providers.protocol import Absent, Reply
from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.aws.world.identities import POLICY, TRUST
from reaper.sandbox.faults import Effect, Fault, Operation
from tests.acceptance.aws_traps import Hands
from tests.providers.aws.conftest import TAGS, Desk, place_of

RULE = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}


def ours(desk: Desk) -> Hands:
    return Hands(client=desk.client, tags=TAGS)


def theirs(desk: Desk) -> Hands:
    return Hands(client=desk.client, tags={"owner": "somebody"})


def let_in(desk: Desk, group: str, other: str, **more: Any) -> None:
    permissions = [{**RULE, "UserIdGroupPairs": [{"GroupId": other}], **more}]
    desk.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)


def rules(desk: Desk, group: str) -> list[Any]:
    [found] = desk.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    permissions: list[Any] = found["IpPermissions"]
    return permissions


def gone(desk: Desk, kind: str, resource_id: str) -> bool:
    return isinstance(desk.read(kind, resource_id)[resource_id], Absent)


# --- security groups ----------------------------------------------------------------------------


def test_rules_that_name_a_group_are_revoked_and_other_rules_stay(desk: Desk) -> None:
    vpc = ours(desk).network("10.1")[0]
    one, other, third = (ours(desk).group(vpc, name) for name in ("one", "other", "third"))
    let_in(desk, other, one, IpRanges=[{"CidrIp": "10.0.0.0/8"}])
    let_in(desk, other, third)

    answer = desk.delete(names.SECURITY_GROUP, one)

    assert answer.reply is Reply.DONE
    assert gone(desk, names.SECURITY_GROUP, one)
    [left] = rules(desk, other)
    assert [pair["GroupId"] for pair in left["UserIdGroupPairs"]] == [third]
    assert left["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}]


def test_outgoing_rules_that_name_a_group_are_revoked_too(desk: Desk) -> None:
    vpc = ours(desk).network("10.1")[0]
    one, other = (ours(desk).group(vpc, name) for name in ("one", "other"))
    desk.client("ec2").authorize_security_group_egress(
        GroupId=other, IpPermissions=[{**RULE, "UserIdGroupPairs": [{"GroupId": one}]}]
    )

    assert desk.delete(names.SECURITY_GROUP, one).reply is Reply.DONE


def test_a_rule_that_came_after_the_look_stops_it_and_none_is_revoked(desk: Desk) -> None:
    vpc = ours(desk).network("10.1")[0]
    one, other = (ours(desk).group(vpc, name) for name in ("one", "other"))
    late = theirs(desk).group(vpc, "late")
    let_in(desk, other, one)
    seen = desk.one(names.SECURITY_GROUP, one)
    let_in(desk, late, one)

    answer = desk.account.delete(desk.regional, seen)

    assert answer.reply is Reply.IN_USE
    assert answer.blockers == (late,)
    assert len(rules(desk, other)) == len(rules(desk, late)) == 1


def test_a_group_that_aws_refuses_names_the_interfaces_that_have_it(desk: Desk) -> None:
    vpc, subnet = ours(desk).network("10.1")
    group = ours(desk).group(vpc, "one")
    interface = theirs(desk).interface(subnet, group)

    answer = desk.delete(names.SECURITY_GROUP, group)

    assert answer.reply is Reply.IN_USE
    assert [blocker.rpartition("/")[2] for blocker in answer.blockers] == [interface]


def test_where_nobody_can_tell_who_is_in_the_way_the_answer_says_so(desk: Desk) -> None:
    vpc, subnet = ours(desk).network("10.1")
    group = ours(desk).group(vpc, "one")
    theirs(desk).interface(subnet, group)
    seen = desk.one(names.SECURITY_GROUP, group)
    operations = frozenset({Operation.READ})
    desk.sandbox.faults.add(
        Fault(effect=Effect.DENY, operations=operations, kind="ec2:DescribeNetworkInterfaces")
    )

    answer = desk.account.delete(desk.regional, seen)

    assert answer.reply is Reply.IN_USE
    assert "who uses it cannot be told" in answer.detail


# --- networks -----------------------------------------------------------------------------------


def test_a_gateway_is_detached_first(desk: Desk) -> None:
    vpc, gateway = ours(desk).network("10.1")[0], ours(desk).gateway()
    desk.client("ec2").attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    assert desk.delete(names.INTERNET_GATEWAY, gateway).reply is Reply.DONE
    assert gone(desk, names.INTERNET_GATEWAY, gateway)


def test_a_gateway_that_was_detached_since_the_look_goes_all_the_same(desk: Desk) -> None:
    vpc, gateway = ours(desk).network("10.1")[0], ours(desk).gateway()
    ec2 = desk.client("ec2")
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    seen = desk.one(names.INTERNET_GATEWAY, gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    assert desk.account.delete(desk.regional, seen).reply is Reply.DONE


def test_a_route_table_is_taken_off_its_subnets(desk: Desk) -> None:
    vpc, subnet = ours(desk).network("10.1")
    table = ours(desk).table(vpc)
    desk.client("ec2").associate_route_table(RouteTableId=table, SubnetId=subnet)

    assert desk.delete(names.ROUTE_TABLE, table).reply is Reply.DONE
    assert gone(desk, names.ROUTE_TABLE, table)


@pytest.mark.parametrize(
    ("told", "reply"),
    [
        ({}, Reply.STARTED),
        ({"Unsuccessful": []}, Reply.STARTED),
        ({"Unsuccessful": [{"Error": {"Code": "InvalidVpcEndpoint.NotFound"}}]}, Reply.ABSENT),
        ({"Unsuccessful": [{"Error": {"Code": "Any", "Message": "why"}}]}, Reply.FAILED),
        ({"Unsuccessful": [{}]}, Reply.FAILED),
    ],
)
def test_an_endpoint_that_was_not_deleted_is_told_in_a_good_answer(
    told: dict[str, Any], reply: Reply
) -> None:
    assert _deleted_endpoint(told).reply is reply


# --- identities ---------------------------------------------------------------------------------


def test_a_role_is_stripped_of_its_policies(desk: Desk) -> None:
    iam = desk.client("iam")
    ours(desk).role("one")
    policy = iam.create_policy(PolicyName="p", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="one", PolicyArn=policy)
    iam.put_role_policy(RoleName="one", PolicyName="inline", PolicyDocument=POLICY)

    assert desk.delete(names.ROLE, "one").reply is Reply.DONE
    assert gone(desk, names.ROLE, "one")
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 0


def test_a_user_is_stripped_of_everything(desk: Desk) -> None:
    iam = desk.client("iam")
    iam.create_user(UserName="one")
    policy = iam.create_policy(PolicyName="p", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="one", PolicyArn=policy)
    iam.put_user_policy(UserName="one", PolicyName="inline", PolicyDocument=POLICY)
    iam.create_access_key(UserName="one")
    iam.create_group(GroupName="people")
    iam.add_user_to_group(GroupName="people", UserName="one")
    iam.create_login_profile(UserName="one", Password="A-long-enough-1")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="device")["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName="one",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    iam.upload_ssh_public_key(UserName="one", SSHPublicKeyBody="ssh-rsa AAAA one")
    iam.create_service_specific_credential(UserName="one", ServiceName="codecommit.amazonaws.com")

    assert desk.delete(names.USER, "one").reply is Reply.DONE
    assert gone(desk, names.USER, "one")
    assert iam.get_group(GroupName="people")["Users"] == []


def test_a_profile_lets_its_role_go(desk: Desk) -> None:
    ours(desk).role("one")
    ours(desk).profile("worn", role="one")

    assert desk.delete(names.INSTANCE_PROFILE, "worn").reply is Reply.DONE
    assert not gone(desk, names.ROLE, "one")


def test_a_policy_goes_with_all_its_versions(desk: Desk) -> None:
    iam = desk.client("iam")
    policy = iam.create_policy(PolicyName="p", PolicyDocument=POLICY)["Policy"]["Arn"]
    for _ in range(3):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=POLICY, SetAsDefault=True)

    assert desk.delete(names.POLICY, policy).reply is Reply.DONE
    assert gone(desk, names.POLICY, policy)


def test_a_service_s_own_role_is_protected(desk: Desk) -> None:
    iam = desk.client("iam")
    iam.create_role(
        RoleName="one", Path="/aws-service-role/a.amazonaws.com/", AssumeRolePolicyDocument=TRUST
    )

    assert desk.one(names.ROLE, "one").protection == "a service of AWS owns it"


# --- buckets ------------------------------------------------------------------------------------


def bucket(desk: Desk, *, objects: int = 0) -> str:
    s3 = desk.client("s3")
    s3.create_bucket(Bucket="one")
    s3.put_bucket_versioning(Bucket="one", VersioningConfiguration={"Status": "Enabled"})
    for number in range(objects):
        s3.put_object(Bucket="one", Key=f"{number}", Body=b"x")
    return "one"


def rewrite(desk: Desk, key: str, *, seconds: float) -> None:
    """Let an object have been written so much later, as S3 tells whole seconds only."""
    from moto.s3.models import s3_backends  # noqa: PLC0415 - the sandbox has loaded it

    found = s3_backends[desk.sandbox.account]["aws"].get_object("one", key)
    assert found is not None
    found.last_modified += timedelta(seconds=seconds)


def test_a_bucket_is_emptied_of_versions_markers_and_uploads(desk: Desk) -> None:
    s3 = desk.client("s3")
    bucket(desk, objects=3)
    s3.delete_object(Bucket="one", Key="0")
    s3.create_multipart_upload(Bucket="one", Key="never-completed")

    assert desk.delete(names.BUCKET, "one").reply is Reply.DONE
    assert gone(desk, names.BUCKET, "one")


def test_a_bucket_that_is_written_to_after_the_look_is_left_alone(desk: Desk) -> None:
    bucket(desk, objects=2)
    seen = desk.one(names.BUCKET, "one")
    desk.client("s3").put_object(Bucket="one", Key="new", Body=b"x")
    rewrite(desk, "new", seconds=5)

    answer = desk.account.delete(desk.regional, seen)

    assert answer.reply is Reply.IN_USE
    assert answer.blockers == ("whoever wrote to one",)
    assert len(desk.client("s3").list_object_versions(Bucket="one")["Versions"]) == 3


def test_what_no_look_has_seen_is_looked_at_before_it_goes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_BATCH", 2)
    bucket(desk, objects=4)
    for key, seconds in (("0", -90), ("1", -90), ("2", -9), ("3", -9)):
        rewrite(desk, key, seconds=seconds)
    seen = desk.one(names.BUCKET, "one")
    item = desk.account._evidence.last(seen.ref)
    assert item is not None
    [page] = item["+versions"]  # as of a bucket with more than one
    page["Versions"] = page["Versions"][:2]

    first = desk.account.delete(desk.regional, seen)
    left = desk.client("s3").list_object_versions(Bucket="one")["Versions"]
    second = desk.delete(names.BUCKET, "one")

    assert first.reply is Reply.STARTED
    assert [each["Key"] for each in left] == ["2", "3"]
    assert second.reply is Reply.DONE


def test_a_bucket_that_takes_too_long_goes_on_another_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_EMPTYING_S", -1.0)
    bucket(desk, objects=2)

    answer = desk.delete(names.BUCKET, "one")

    assert (answer.reply, answer.detail) == (
        Reply.STARTED,
        "it is being emptied, and holds more",
    )


def test_locked_objects_are_protected(desk: Desk) -> None:
    s3 = desk.client("s3")
    s3.create_bucket(Bucket="one", ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket="one", Key="held", Body=b"x", ObjectLockLegalHoldStatus="ON")

    answer = desk.delete(names.BUCKET, "one")

    assert answer.reply is Reply.PROTECTED
    assert "held" in answer.detail


# --- others -------------------------------------------------------------------------------------


def test_a_key_loses_its_aliases_and_is_scheduled(desk: Desk) -> None:
    kms = desk.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/one", TargetKeyId=key)

    answer = desk.delete(names.KMS_KEY, key)

    assert answer.reply is Reply.SCHEDULED
    assert answer.until is not None
    assert kms.list_aliases(KeyId=key)["Aliases"] == []
    assert desk.one(names.KMS_KEY, key).purge is not None


def test_what_was_never_read_is_not_deleted(desk: Desk) -> None:
    ref = desk.ref(names.VOLUME, ours(desk).volume())

    answer = desk.account.delete(desk.regional, Resource(ref=ref))

    assert answer.reply is Reply.FAILED
    assert answer.detail.startswith("nothing was sent")
    assert not gone(desk, names.VOLUME, ref.id)


def test_what_is_of_another_cell_is_not_deleted(desk: Desk) -> None:
    volume = ours(desk).volume()

    answer = desk.account.delete(desk.everywhere, desk.one(names.VOLUME, volume))

    assert answer.reply is Reply.FAILED
    assert not gone(desk, names.VOLUME, volume)


def test_what_is_gone_already_is_absent(desk: Desk) -> None:
    volume = ours(desk).volume()
    seen = desk.one(names.VOLUME, volume)
    desk.client("ec2").delete_volume(VolumeId=volume)

    assert desk.account.delete(desk.regional, seen).reply is Reply.ABSENT


def test_a_read_only_place_refuses_to_delete(desk: Desk, aws_sandbox: AwsSandbox) -> None:
    volume = ours(desk).volume()
    account = Account(place_of(aws_sandbox), read_only=True)
    [cell, _] = account.cells()
    ref = desk.ref(names.VOLUME, volume)
    seen = account.read(cell, [ref])[ref.key]
    assert isinstance(seen, Resource)

    with pytest.raises(ReadOnlyViolation):
        account.delete(cell, seen)

    account.close()
    assert not gone(desk, names.VOLUME, volume)
