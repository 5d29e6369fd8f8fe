"""One moment is one text, however many digits it was told with."""

from __future__ import annotations

import pytest

from reaper.model.instants import shortest


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("2026-01-02T03:04:05.428048000Z", "2026-01-02T03:04:05.428048Z"),
        ("2026-01-02T03:04:05.428048Z", "2026-01-02T03:04:05.428048Z"),
        ("2026-01-02T03:04:00.000Z", "2026-01-02T03:04:00Z"),
        ("2026-01-02T03:04:00Z", "2026-01-02T03:04:00Z"),
        ("4868496563917802100", "4868496563917802100"),
    ],
)
def test_zeros_after_the_last_digit_tell_nothing(told: str, wanted: str) -> None:
    assert shortest(told) == wanted
