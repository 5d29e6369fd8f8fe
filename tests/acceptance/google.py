"""The emulated Google Cloud of a test module, emptied before each test and strict with all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reaper.sandbox.gce import GoogleSandbox
from tests.googlebench import GoogleBench


@pytest.fixture(scope="module")
def running() -> Iterator[GoogleSandbox]:
    with GoogleSandbox(projects=("sandbox", "other"), strict=True) as sandbox:
        yield sandbox


@pytest.fixture
def bench(running: GoogleSandbox, tmp_path: Path) -> Iterator[GoogleBench]:
    running.reset()
    yield GoogleBench(sandbox=running, directory=tmp_path)

    assert running.violations == [], running.violations
