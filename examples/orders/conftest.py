"""What the tests of the order service stand on: a network, and a database for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """A client of the local Docker engine."""
    docker = pytest.importorskip("docker")
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def image() -> str:
    """An image with `sh`."""
    return os.environ.get("ORDERS_IMAGE", "busybox:1")


@pytest.fixture(scope="session")
def network(engine: Any) -> Any:
    """The network of the services; nobody removes it."""
    return engine.networks.create(f"orders-{os.getpid()}")


@pytest.fixture
def database(engine: Any, image: str, network: Any) -> Iterator[Any]:
    """A database, which goes with its test unless the worker dies."""
    container = engine.containers.run(
        image, "sleep 3600", detach=True, network=network.name, volumes=["/var/lib/data"]
    )
    yield container
    container.remove(force=True, v=True)


@pytest.fixture(scope="session")
def queues() -> Any:
    """A client of an emulated SQS."""
    if not os.environ.get("AWS_ENDPOINT_URL"):
        pytest.skip("AWS_ENDPOINT_URL names no emulator")
    return pytest.importorskip("boto3").client("sqs", region_name="eu-west-1")
