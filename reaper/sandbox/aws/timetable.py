"""What is still to happen in the sandbox, and how long its changes take.

moto keeps its world in the process's memory, once for all; so does this module its timetable.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import timedelta

from reaper.sandbox.aws.history import History
from reaper.sandbox.faults import Fault
from reaper.sandbox.kernel import timetable


@dataclass(kw_only=True, slots=True)
class Lags:
    """How long changes take, in seconds by the sandbox's clock; settable at any time.

    Attributes:
        instance_s: An instance is `shutting-down` before it is `terminated`.
        nat_gateway_s: A NAT gateway is `deleting` before it is `deleted`.
        endpoint_s: A VPC endpoint is `deleting` before it is gone, its interfaces with it.
        load_balancer_s: The interfaces of a load balancer outlive it.
        group_s: An Auto Scaling group says `Delete in progress` before it is gone.
        stack_s: A stack is `DELETE_IN_PROGRESS` before its members go.
        table_s: A table is `DELETING` before it is gone.
        listed_s: How long terminated instances and deleted NAT gateways stay listed: an hour.
        name_s: How long the name of a deleted queue cannot be used: a minute, as AWS says.
    """

    instance_s: float = 0.0
    nat_gateway_s: float = 0.0
    endpoint_s: float = 0.0
    load_balancer_s: float = 0.0
    group_s: float = 0.0
    stack_s: float = 0.0
    table_s: float = 0.0
    listed_s: float = 3600.0
    name_s: float = 60.0

    def reset(self) -> None:
        """Let everything take its usual time again."""
        for field in fields(self):
            setattr(self, field.name, field.default)


class Timetable(timetable.Timetable):
    """Lets things happen later, or at once where that takes no time.

    Attributes:
        history: What the indexes have shown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lags = Lags()
        self.history = History()

    def after(self, delay_s: float, happen: Callable[[], None]) -> None:
        """Let something happen in so many seconds; with 0: now."""
        if delay_s <= 0:
            happen()
        else:
            super().after(delay_s, happen)

    def clear(self) -> None:
        """Forget what was and was to happen, and let everything take its usual time again."""
        super().clear()
        self.history.clear()
        self.lags.reset()


TIMETABLE = Timetable()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """How badly an index sees: how late it hears of what is new, and of what is gone."""

    lag: timedelta
    ghost: timedelta


# How the index that is being asked sees; None: perfectly.
sight: ContextVar[Sight | None] = ContextVar("sight", default=None)

# The fault that lets the deletion which is being carried out fail later.
late: ContextVar[Fault | None] = ContextVar("late", default=None)
