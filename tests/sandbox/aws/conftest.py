"""One emulated AWS for all tests of it, emptied before each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

pytest.importorskip("moto")

import boto3
from botocore.config import Config

from reaper.sandbox.aws import AwsSandbox

REGION = "eu-west-1"

Client = Callable[..., Any]


@pytest.fixture(scope="session")
def running() -> Iterator[AwsSandbox]:
    with AwsSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: AwsSandbox) -> AwsSandbox:
    running.reset()
    return running


@pytest.fixture(scope="session")
def _clients(running: AwsSandbox) -> Client:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x")
    config = Config(retries={"total_max_attempts": 1})

    @cache
    def make(service: str, region: str) -> Any:
        return session.client(
            service, region_name=region, endpoint_url=running.endpoint, config=config
        )

    return make


@pytest.fixture
def client(sandbox: AwsSandbox, _clients: Client) -> Client:
    """Make clients of the sandbox that do not retry."""
    return lambda service, region=REGION: _clients(service, region)
