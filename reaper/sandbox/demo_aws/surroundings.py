"""Keeps the demo's AWS calls on this machine, whatever is configured on it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

_FAKE: Mapping[str, str] = MappingProxyType(
    {
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
)
_LOOPBACK = "127.0.0.1,localhost"


@contextmanager
def own_credentials(directory: Path) -> Iterator[None]:
    """Give this process and those that it starts the sandbox's credentials and no others.

    A person's own profiles, endpoints and proxies do not count inside.
    """
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    empty = str(directory / "no-aws-configuration")
    os.environ.update(_FAKE, AWS_CONFIG_FILE=empty, AWS_SHARED_CREDENTIALS_FILE=empty)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (before.get(name), _LOOPBACK)))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
