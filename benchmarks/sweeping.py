"""One sweep by the command line in a sandbox, and what it took."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reaper.sandbox.kernel.requests import RequestLog


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One sweep.

    Attributes:
        calls: How often each operation was called.
        memory_mib: The most that the sweep's process held.
        statuses: How many outcomes of each status there were.
    """

    calls: Counter[str]
    seconds: float
    memory_mib: float
    statuses: Counter[str]

    def __str__(self) -> str:
        told = ", ".join(f"{number} {status}" for status, number in self.statuses.items())
        return (
            f"{self.calls.total()} calls, {self.seconds:.1f} s, {self.memory_mib:.0f} MiB; {told}"
        )


def by_method(_service: str, method: str) -> str:
    """Name a call by its method, which begins with the service's name."""
    return method


def sweep(
    config: Path,
    requests: RequestLog,
    *,
    environment: Mapping[str, str] = {},
    named: Callable[[str, str], str] = by_method,
) -> Measured:
    """Sweep once.

    Args:
        config: Where the configuration is.
        requests: Those of the sandbox; only the sweep's are counted.
        environment: What the command is told besides its own.
        named: Names a call by its service and operation.

    Raises:
        RuntimeError: It failed.
    """
    requests.reset()
    start = time.perf_counter()
    answer = command(config, "sweep", "--yes", "--json", accepted=(0, 3), environment=environment)
    seconds = time.perf_counter() - start
    calls: Counter[str] = Counter()
    for (_, service, operation), number in requests.counts.items():
        calls[named(service, operation)] += number
    return Measured(
        calls=calls,
        seconds=seconds,
        memory_mib=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        statuses=Counter(str(item["outcome"]) for item in answer["items"] if item["outcome"]),
    )


def command(
    config: Path,
    *arguments: str,
    accepted: Sequence[int] = (0,),
    environment: Mapping[str, str] = {},
) -> Any:
    """Let reaper do something; what it says, where that is JSON.

    Raises:
        RuntimeError: It failed.
    """
    asked = (sys.executable, "-m", "reaper", *arguments, "--config", str(config))
    own = {**os.environ, "REAPER_STATE": str(config.parent / "state"), **environment}
    done = subprocess.run(asked, env=own, capture_output=True, text=True, check=False)
    if done.returncode not in accepted:
        raise RuntimeError(
            f"reaper {' '.join(arguments)} gave {done.returncode}: {done.stderr}\n{done.stdout}"
        )
    return json.loads(done.stdout) if "--json" in arguments else None
