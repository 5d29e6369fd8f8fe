"""Elastic Load Balancing v2: a protected balancer stays, and has interfaces while it is there."""

from __future__ import annotations

from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.strict.interfaces import lend, take_back
from reaper.sandbox.aws.timetable import TIMETABLE

RULES = Rules()

_ARN_SORTS = {"application": "app", "network": "net", "gateway": "gwy"}


@RULES.around(ELBv2Backend, "create_load_balancer")
def a_balancer_has_interfaces_lent_to_it(
    original: Any, backend: Any, *args: Any, **kwargs: Any
) -> Any:
    balancer = original(backend, *args, **kwargs)
    sort = _ARN_SORTS[balancer.type]
    balancer.lent = [
        lend(
            backend.ec2_backend,
            subnet.id,
            description=f"ELB {sort}/{balancer.name}/{balancer.arn.rpartition('/')[2]}",
            sort="network_load_balancer" if sort == "net" else "interface",
            groups=list(balancer.security_groups or ()),
        )
        for subnet in balancer.subnets
    ]
    return balancer


@RULES.around(ELBv2Backend, "delete_load_balancer")
def a_protected_balancer_stays(original: Any, backend: Any, arn: str) -> Any:
    balancer = backend.load_balancers.get(arn)
    if balancer is None:
        return original(backend, arn)
    if balancer.attrs.get("deletion_protection.enabled") == "true":
        raise ELBClientError(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
    gone = original(backend, arn)

    def finish() -> None:
        for interface in balancer.lent:
            take_back(backend.ec2_backend, interface)

    TIMETABLE.after(TIMETABLE.lags.load_balancer_s, finish)
    return gone
