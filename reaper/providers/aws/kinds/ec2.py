"""What several kinds of EC2 have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reaper.model import Backoff, Relation
from reaper.providers.aws.answers import CALL_ERRORS, is_any
from reaper.providers.aws.kind import Call, Deed, Link, Users, by_filter
from reaper.providers.aws.names import INTERFACE, STACK

OF_STACK = Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"')
# Interfaces that AWS made for a function or a balancer go 20 to 45 minutes after it.
LINGERING = timedelta(hours=2)
PATIENT = Backoff(first=timedelta(seconds=15), most=timedelta(minutes=5))


def interfaces_by(filter_name: str, of: str) -> Users:
    """Whose interfaces are in the way; those that AWS manages go by themselves, and are left out.

    Named as blockers they would have to go first, and nobody can delete them.
    """
    return Users(
        relations=(Relation.USED_BY,),
        kind=INTERFACE,
        call=Call(
            operation="describe_network_interfaces",
            arguments=by_filter(filter_name),
            items="NetworkInterfaces[?!RequesterManaged]",
        ),
        id="NetworkInterfaceId",
        of=of,
    )


def undo(deed: Deed, operation: str, gone: tuple[str, ...], **arguments: Any) -> None:
    """Make a call that undoes something; that there was nothing to undo is success."""
    try:
        deed.api.change("ec2", operation, **arguments)
    except CALL_ERRORS as error:
        if not is_any(error, gone):
            raise
