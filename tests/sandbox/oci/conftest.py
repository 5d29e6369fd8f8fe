"""One emulated OCI for all tests of it, emptied before each and strict with all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("oci")

from reaper.sandbox.oci import OciSandbox
from reaper.sandbox.oci.world import Clients
from tests.sandbox.oci.asking import Tenant


@pytest.fixture(scope="session")
def running() -> Iterator[OciSandbox]:
    with OciSandbox(strict=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: OciSandbox) -> Iterator[OciSandbox]:
    """A sandbox in which everything that is asked and answered conforms to the SDK's models."""
    running.reset()
    yield running

    assert running.violations == []


@pytest.fixture
def clients(sandbox: OciSandbox) -> Clients:
    return Clients(sandbox.endpoint, sandbox.key.config(), "us-ashburn-1")


@pytest.fixture
def tenant(sandbox: OciSandbox, clients: Clients) -> Tenant:
    return Tenant(clients, sandbox.compartments["ci"])
