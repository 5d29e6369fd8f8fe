"""What is to become of a resource, and by which rule: pure, and without a clock of its own."""

from reaper.policy.case import Case, Consideration, Evaluation, Policy, Protection
from reaper.policy.judging import ADOPT, DISMISS, evaluate, judge

__all__ = [
    "ADOPT",
    "DISMISS",
    "Case",
    "Consideration",
    "Evaluation",
    "Policy",
    "Protection",
    "evaluate",
    "judge",
]
