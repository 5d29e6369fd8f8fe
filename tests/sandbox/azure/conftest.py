"""One emulated Azure for all tests of it, emptied before each and strict with all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("azure.mgmt.network")

from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.server import SUBSCRIPTION
from reaper.sandbox.azure.world.rest import Rest
from tests.sandbox.azure.asking import Group


@pytest.fixture(scope="session")
def running() -> Iterator[AzureSandbox]:
    with AzureSandbox(strict=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: AzureSandbox) -> Iterator[AzureSandbox]:
    """A sandbox in which everything that is asked and answered conforms to Azure's models."""
    running.reset()
    yield running

    assert running.violations == []


@pytest.fixture
def rest(sandbox: AzureSandbox) -> Iterator[Rest]:
    with Rest(sandbox.endpoint) as rest:
        yield rest


@pytest.fixture
def group(rest: Rest) -> Group:
    return Group.make(rest, SUBSCRIPTION, "rg")
