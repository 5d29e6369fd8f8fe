"""Cases for the judge; a test changes the part that it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reaper.model import (
    Decision,
    Kind,
    Mark,
    Rule,
    Unknown,
)
from reaper.policy import Case, Policy, judge
from tests.examples import (
    HOUR,
    NOW,
    RUN_ID,
    a_claim,
    a_resource,
    a_run,
)

POLICY = Policy()
KEEP, REAP, QUARANTINE = Decision.KEEP, Decision.REAP, Decision.QUARANTINE
UNKNOWN = Unknown(id=RUN_ID)
MICROSECOND = timedelta(microseconds=1)
# A run that nobody registered and that tells no start, as a profile's.
STARTLESS = {"claim": a_claim(run="4711", expires=None), "run": Unknown(id="4711")}

# A kind that is reported only.
KEY = Kind(name="aws:kms:key", report_only=True)


def a_case(**changes: Any) -> Case:
    """What a finished run left, long ago; it would be reaped."""
    resource = {key: changes.pop(key) for key in ("created", "unread", "used") if key in changes}
    values: dict[str, Any] = {
        "resource": a_resource(**resource),
        "claim": a_claim(),
        "run": a_run(),
        "now": NOW,
    }
    return Case(**{**values, **changes})


def a_mark(**changes: Any) -> Mark:
    return Mark(**{"by": "alice", "at": NOW - HOUR, **changes})


def ruled(case: Case, policy: Policy = POLICY) -> tuple[Decision | None, Rule]:
    verdict = judge(case, policy)
    return verdict.decision, verdict.rule
