"""One emulated AWS for all tests of it, emptied before each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

pytest.importorskip("moto")

import boto3
from botocore.config import Config

from reaper.sandbox.aws import AwsSandbox

REGION = "eu-west-1"

Client = Callable[..., Any]


@pytest.fixture
def sandbox(aws_sandbox: AwsSandbox) -> AwsSandbox:
    return aws_sandbox


@pytest.fixture(scope="session")
def _clients(aws_running: AwsSandbox) -> Client:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x")
    config = Config(retries={"total_max_attempts": 1})

    @cache
    def make(service: str, region: str) -> Any:
        return session.client(
            service, region_name=region, endpoint_url=aws_running.endpoint, config=config
        )

    return make


@pytest.fixture
def client(sandbox: AwsSandbox, _clients: Client) -> Client:
    """Make clients of the sandbox that do not retry."""
    return lambda service, region=REGION: _clients(service, region)
