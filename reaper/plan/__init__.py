"""From verdicts to a plan: what blocks, in which waves things go, and the brake; all of it pure."""

from reaper.plan.ordering import Brake, digest, digest_of, order, plan_id, reviewed
from reaper.plan.stay import Stay, forbidden, stay

__all__ = [
    "Brake",
    "Stay",
    "digest",
    "digest_of",
    "forbidden",
    "order",
    "plan_id",
    "reviewed",
    "stay",
]
