"""What a test expects of a call that AWS refuses, and of what takes a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refused(code: str, ask: Callable[..., object], **arguments: Any) -> str:
    """Hold a call to be refused with this code, and tell what was said."""
    with pytest.raises(ClientError) as caught:
        ask(**arguments)
    assert caught.value.response["Error"]["Code"] == code, str(caught.value)
    return str(caught.value)


def wait_until(holds: Callable[[], bool], *, timeout_s: float = 10) -> None:
    """Wait for something that takes a while."""
    until = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
