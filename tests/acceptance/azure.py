"""The emulated Azure of a test module, emptied before each test and strict with all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.server import SUBSCRIPTION
from tests.azurebench import OTHER, AzureBench


@pytest.fixture(scope="module")
def running() -> Iterator[AzureSandbox]:
    with AzureSandbox(subscriptions=(SUBSCRIPTION, OTHER), strict=True) as sandbox:
        yield sandbox


@pytest.fixture
def bench(running: AzureSandbox, tmp_path: Path) -> Iterator[AzureBench]:
    running.reset()
    yield AzureBench(sandbox=running, directory=tmp_path)

    assert running.violations == []
