"""Runs every benchmark: `python -m benchmarks`, or only those named: `… judge_plan startup`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ALL = (
    "startup",
    "hooks",
    "judge_plan",
    "beats",
    "docker_clean",
    "aws_sweep",
    "gce_sweep",
    "azure_sweep",
    "oci_sweep",
)


def main(wanted: list[str]) -> int:
    """Run each as a process of its own, so that none warms up another."""
    failed: list[str] = []
    for name in wanted or ALL:
        print(f"== {name}", flush=True)
        done = subprocess.run(
            (sys.executable, "-m", f"benchmarks.{name}"), cwd=HERE.parent, check=False
        )
        if done.returncode != 0:
            failed.append(name)
        print()
    if failed:
        print(f"beyond a bound, or broken: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
