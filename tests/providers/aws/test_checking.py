"""What IAM's and EC2's answers say about a permission."""

from __future__ import annotations

from typing import Any

import pytest

from reaper.providers.aws.checking import _merge, _read
from reaper.providers.aws.kinds import KINDS
from reaper.providers.protocol import Allowance, Held
from tests.providers.aws.model import operations


def told(decision: str, **more: Any) -> dict[str, Any]:
    return {"EvalActionName": "s3:DeleteBucket", "EvalDecision": decision, **more}


@pytest.mark.parametrize(
    ("answer", "bare", "held", "reason"),
    [
        (told("allowed"), False, Held.ALLOWED, ""),
        (told("implicitDeny"), False, Held.DENIED, "no policy allows it"),
        (told("explicitDeny"), False, Held.DENIED, "a policy denies it"),
        (told("explicitDeny"), True, Held.DENIED, "a policy denies it"),
        (told("implicitDeny"), True, Held.UNKNOWN, "narrowed"),
        (
            told("implicitDeny", MissingContextValues=["aws:RequestedRegion"]),
            False,
            Held.UNKNOWN,
            "condition on aws:RequestedRegion",
        ),
        (
            told("implicitDeny", OrganizationsDecisionDetail={"AllowedByOrganizations": False}),
            False,
            Held.DENIED,
            "a policy of the organization does not allow it",
        ),
        (
            told(
                "implicitDeny",
                OrganizationsDecisionDetail={"AllowedByOrganizations": True},
                PermissionsBoundaryDecisionDetail={"AllowedByPermissionsBoundary": False},
            ),
            False,
            Held.DENIED,
            "a permissions boundary does not allow it",
        ),
    ],
)
def test_a_simulation_s_answer_is_read(
    answer: dict[str, Any], *, bare: bool, held: Held, reason: str
) -> None:
    found = _read(answer, bare=bare)

    assert found.held is held
    assert reason in found.reason


def test_of_two_answers_the_worse_one_counts() -> None:
    found: dict[str, Allowance] = {}

    for held in (Held.ALLOWED, Held.DENIED, Held.UNKNOWN):
        _merge(found, Allowance(action="kms:DeleteAlias", held=held))

    assert found["kms:DeleteAlias"].held is Held.DENIED


@pytest.mark.parametrize(
    "operation", [kind.delete.operation for kind in KINDS.values() if kind.service == "ec2"]
)
def test_ec2_can_rehearse_each_deletion(operation: str) -> None:
    assert "DryRun" in operations("ec2")[operation].input_shape.members
