"""The lab that the tests of the sweep work in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sweep.lab import Lab, new_lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    made = new_lab()
    yield made
    made.ledger.close()
