"""The emulated OCI of a test module, emptied before each test and strict with all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reaper.sandbox.oci import OciSandbox
from tests.ocibench import OciBench


@pytest.fixture(scope="module")
def running() -> Iterator[OciSandbox]:
    with OciSandbox(strict=True) as sandbox:
        yield sandbox


@pytest.fixture
def bench(running: OciSandbox, tmp_path: Path) -> Iterator[OciBench]:
    running.reset()
    yield OciBench(sandbox=running, directory=tmp_path)

    assert running.violations == []
