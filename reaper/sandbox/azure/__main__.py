"""Serve an Azure sandbox until told to stop: `python -m reaper.sandbox.azure [--port N]`."""

from __future__ import annotations

import argparse
import signal
import sys

from reaper.sandbox.azure import AzureSandbox
from reaper.sandbox.azure.server import SUBSCRIPTION


def main() -> None:
    """Print the endpoint, and serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m reaper.sandbox.azure", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="where to listen; default: any")
    parser.add_argument("--latency-ms", type=float, default=0, help="what each call takes")
    parser.add_argument(
        "--subscription", action="append", help=f"a subscription's ID; default: {SUBSCRIPTION}"
    )
    arguments = parser.parse_args()
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before any thread, so that none gets them
    with AzureSandbox(
        subscriptions=arguments.subscription or (SUBSCRIPTION,),
        port=arguments.port,
        latency_s=arguments.latency_ms / 1000,
    ) as sandbox:
        sys.stdout.write(f"{sandbox.endpoint}\n")
        sys.stdout.flush()
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
