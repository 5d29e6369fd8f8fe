import time
from datetime import timedelta

import pytest

from reaper.clock import SYSTEM_CLOCK


def test_the_system_clock_tells_aware_time() -> None:
    now = SYSTEM_CLOCK.now()

    assert now.utcoffset() == timedelta(0)


def test_elapsed_time_goes_on_while_the_clock_sleeps() -> None:
    before = SYSTEM_CLOCK.elapsed()

    SYSTEM_CLOCK.sleep(0.01)

    assert SYSTEM_CLOCK.elapsed() - before >= 0.01


def test_elapsed_time_is_monotonic_where_the_system_does_not_count_suspension(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    before = time.monotonic()

    elapsed = SYSTEM_CLOCK.elapsed()

    assert before <= elapsed <= time.monotonic()
