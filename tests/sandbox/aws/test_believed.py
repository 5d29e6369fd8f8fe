"""What is only believed is said of rules that there are."""

from __future__ import annotations

import pytest

pytest.importorskip("moto")

from reaper.sandbox.aws.believed import BELIEVED
from reaper.sandbox.aws.strict import RULES


def test_beliefs_are_about_rules_that_there_are() -> None:
    rules = {rule.name for rule in RULES}

    assert {name for name in BELIEVED if not name.startswith("gateway: ")} - rules == set()
