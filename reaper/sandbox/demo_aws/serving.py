"""The AWS sandbox as a process of its own, for as long as the demo lives."""

from __future__ import annotations

import sys

from reaper.sandbox.aws import AwsSandbox
from reaper.sandbox.guard import forbid_leaving


def main() -> None:
    """Print the endpoint and the account, and serve until standard input ends."""
    forbid_leaving()
    with AwsSandbox() as sandbox:
        print(sandbox.endpoint, sandbox.account, flush=True)  # noqa: T201 - the parent reads it
        sys.stdin.read()
