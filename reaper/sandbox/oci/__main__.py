"""Serve an OCI sandbox until told to stop: `python -m reaper.sandbox.oci [--port N]`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from reaper.sandbox.oci import OciSandbox


def main() -> None:
    """Print the endpoint, write the SDK's configuration, and serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m reaper.sandbox.oci", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="where to listen; default: any")
    parser.add_argument("--latency-ms", type=float, default=0, help="what each call takes")
    parser.add_argument(
        "--config", type=Path, help="where to write the SDK's configuration, and the key beside it"
    )
    arguments = parser.parse_args()
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before any thread, so that none gets them
    with OciSandbox(port=arguments.port, latency_s=arguments.latency_ms / 1000) as sandbox:
        if arguments.config is not None:
            sandbox.key.write(arguments.config)
        sys.stdout.write(f"{sandbox.endpoint}\n")
        for name, ocid in sandbox.compartments.items():
            sys.stdout.write(f"{name} {ocid}\n")
        sys.stdout.flush()
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
