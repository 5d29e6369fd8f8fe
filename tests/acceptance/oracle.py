"""The emulated OCI of a test module, emptied before each test and strict with all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reaper.sandbox.oci import OciSandbox
from tests.hasty import HastyClock
from tests.ocibench import OciBench


@pytest.fixture(scope="module")
def clock() -> HastyClock:
    return HastyClock()


@pytest.fixture(scope="module")
def running(clock: HastyClock) -> Iterator[OciSandbox]:
    with OciSandbox(strict=True, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def bench(running: OciSandbox, clock: HastyClock, tmp_path: Path) -> Iterator[OciBench]:
    clock.reset()
    running.reset()
    yield OciBench(sandbox=running, directory=tmp_path, clock=clock)

    assert running.violations == [], running.violations
