"""Thousands of histories against what must always hold; `make simulate N=100000` for more.

A history that fails is printed as the calls that repeat it. REAPER_TEST_SHRINK=1 makes it shorter
first, which takes minutes.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.machine import TALLY, History

SHARD = 100
HISTORIES = int(
    os.environ.get("REAPER_TEST_HISTORIES") or ("2000" if os.environ.get("CI") else "200")
)
PHASES = (Phase.generate, Phase.shrink) if "REAPER_TEST_SHRINK" in os.environ else (Phase.generate,)


@pytest.mark.parametrize("shard", range(-(-HISTORIES // SHARD)))
def test_no_history_breaks_a_promise(shard: int) -> None:
    # Each shard has a seed of its own, so that the profile is fixed and its shards run anywhere.
    machine = seed(shard)(type("Shard", (History,), {}))
    histories = min(SHARD, HISTORIES - shard * SHARD)

    run_state_machine_as_test(machine, settings=profile(histories, phases=PHASES))

    assert TALLY["histories"] >= histories


def profile(histories: int, *, phases: tuple[Phase, ...] = (Phase.generate,)) -> settings:
    """How many histories, and how each is drawn."""
    return settings(
        max_examples=histories,
        stateful_step_count=15,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
