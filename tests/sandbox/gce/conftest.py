"""One emulated Google Cloud for all tests of it, emptied before each and strict with all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("googleapiclient.discovery_cache")

from reaper.sandbox.gce import GoogleSandbox
from reaper.sandbox.gce.world.rest import Rest
from tests.sandbox.gce.asking import Project


@pytest.fixture(scope="session")
def running() -> Iterator[GoogleSandbox]:
    with GoogleSandbox(projects=("sandbox", "other"), strict=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: GoogleSandbox) -> Iterator[GoogleSandbox]:
    """A sandbox in which everything that is asked and answered conforms to Google's documents."""
    running.reset()
    yield running

    assert running.violations == []


@pytest.fixture
def rest(sandbox: GoogleSandbox) -> Iterator[Rest]:
    with Rest(sandbox.endpoint) as rest:
        yield rest


@pytest.fixture
def project(rest: Rest) -> Project:
    return Project(rest, "sandbox")
