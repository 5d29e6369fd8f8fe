"""What is only believed is said, of each rule that has no source, and of nothing else."""

from __future__ import annotations

from reaper.sandbox.azure.arm.rules import RULES
from reaper.sandbox.azure.believed import BELIEVED


def test_a_rule_has_a_source_or_is_said_to_be_believed() -> None:
    believed = {name for name in BELIEVED if ": " not in name}

    assert {rule.name for rule in RULES if not rule.source} == believed


def test_no_two_rules_have_one_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
