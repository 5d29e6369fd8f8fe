"""A world's identities: a role that a profile holds, a user with a key, a policy with versions."""

from __future__ import annotations

import json

from reaper.sandbox.aws.world.builder import Builder

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]},
            }
        ],
    }
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
    }
)


def add_identities(builder: Builder) -> tuple[str, str]:
    """Create them, and hand back the profile's name and the role's ARN."""
    iam = builder.client("iam")
    tags = builder.pairs
    policy = iam.create_policy(
        PolicyName=f"{builder.name}-policy", PolicyDocument=POLICY, Tags=tags
    )["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=POLICY, SetAsDefault=True)
    builder.note("aws:iam:policy", policy, policy)

    role = iam.create_role(
        RoleName=f"{builder.name}-role", AssumeRolePolicyDocument=TRUST, Tags=tags
    )["Role"]
    iam.attach_role_policy(RoleName=role["RoleName"], PolicyArn=policy)
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="inline", PolicyDocument=POLICY)
    builder.note("aws:iam:role", role["RoleName"], role["Arn"])

    profile = iam.create_instance_profile(InstanceProfileName=f"{builder.name}-profile", Tags=tags)[
        "InstanceProfile"
    ]
    iam.add_role_to_instance_profile(
        InstanceProfileName=profile["InstanceProfileName"], RoleName=role["RoleName"]
    )
    builder.note("aws:iam:instance-profile", profile["InstanceProfileName"], profile["Arn"])

    user = iam.create_user(UserName=f"{builder.name}-user", Tags=tags)["User"]
    iam.create_access_key(UserName=user["UserName"])
    builder.note("aws:iam:user", user["UserName"], user["Arn"])
    return str(profile["InstanceProfileName"]), str(role["Arn"])
