"""How long a process takes to start: what every command, and every test run, pays."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROUNDS = 20
BOUND_S = 0.25  # for `reaper --help`: a command that hesitates is not used
ROOT = Path(__file__).parents[1]

NOTHING, HELP = "python -c pass", "reaper --help"
COMMANDS: Mapping[str, Sequence[str]] = {
    NOTHING: ("-c", "pass"),
    HELP: ("-m", "reaper", "--help"),
    "import reaper": ("-c", "import reaper"),
    "reaper.run (a test's side)": ("-c", "import reaper; reaper.run"),
    "the configuration": ("-c", "import reaper.config"),
}


def main() -> int:
    """Measure all in turns, and print the medians; the exit code says if the bound holds."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for name in COMMANDS:
        _timed(name)  # compiles what was not, and fills the disk's cache
    for _ in range(ROUNDS):
        for name, times in taken.items():
            times.append(_timed(name))
    nothing = statistics.median(taken[NOTHING])
    print(f"{'':<28} {'median':>8} {'on top':>8}   of {ROUNDS}")
    for name, times in taken.items():
        median = statistics.median(times)
        spread = f"{min(times) * 1000:.0f} to {max(times) * 1000:.0f} ms"
        print(
            f"{name:<28} {median * 1000:>5.0f} ms {(median - nothing) * 1000:>5.0f} ms   {spread}"
        )
    within = statistics.median(taken[HELP]) <= BOUND_S
    print(f"{HELP} is {'within' if within else 'BEYOND'} its bound of {BOUND_S * 1000:.0f} ms")
    return 0 if within else 1


def _timed(name: str) -> float:
    command = (sys.executable, *COMMANDS[name])
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
