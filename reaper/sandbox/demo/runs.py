"""The test runs of a demo: processes that beat until they are killed, or the demo ends."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import reaper.client
from reaper.client import REALM_VARIABLE, STATE_VARIABLE, RunDirectory
from reaper.clock import SYSTEM_CLOCK
from reaper.errors import ReaperError
from reaper.sandbox.demo.checks import Check
from reaper.sandbox.demo.parts import Part, Thing
from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.guard import forbid_leaving

READY = "ready "
_LONGEST_CALL_S = 15

# The killed run's lease is short, for nobody likes to wait; the live run's is not, for a machine
# under load must not make it look dead.
_PACE = {
    Part.KILLED: ("nightly", timedelta(seconds=5), timedelta(seconds=0.3)),
    Part.LIVE: ("smoke", timedelta(seconds=30), timedelta(seconds=1)),
}
# The package may not be installed: then it is found where this one is, after all others.
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from importlib import import_module; import_module(sys.argv.pop(1)).main()"
)


class DemoBroken(ReaperError):
    """The demo could not set up its world; it was taken down again."""


@dataclass(kw_only=True, slots=True)
class Runs:
    """Starts the test runs, and ends them.

    Attributes:
        worker: The module whose `main` is a run.
        directory: Where the runs beat, and write what went wrong.
        things: What was made so far, by anybody.
    """

    worker: str
    directory: Path
    realm: str
    stopping: Stopping
    things: list[Thing] = field(default_factory=list)
    _started: dict[Part, subprocess.Popen[str]] = field(default_factory=dict)
    _ready: dict[Part, RunDirectory] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """Where they beat."""
        return self.directory / "state"

    def start(self, part: Part, *arguments: str, **environment: str) -> None:
        """Start a run; what it makes is told by `wait`."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("REAPER_")}
        env |= {STATE_VARIABLE: str(self.state), REALM_VARIABLE: self.realm, **environment}
        root = Path(__file__).parents[3]
        with self._log(part).open("w", encoding="utf-8") as stderr, self.stopping.put_off():
            self._started[part] = subprocess.Popen(  # noqa: S603 - our own program
                [
                    *(sys.executable, "-P", "-c", _START, str(root), self.worker),
                    *(part.value, *arguments),
                ],
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,  # Ctrl-C is for the demo, which then ends it
            )

    def wait(self, part: Part) -> None:
        """Wait until a run has made everything.

        Raises:
            DemoBroken: It ended before.
        """
        output = self._started[part].stdout
        assert output is not None
        for line in output:
            if line.startswith(READY):
                run_id = line.removeprefix(READY).strip()
                self._ready[part] = RunDirectory.open(run_id, state=self.state)
                return
            self.things.append(Thing.read(line))
        log = self._log(part).read_text(encoding="utf-8")
        raise DemoBroken(f"the {part.value} of the demo broke off:\n{log.strip()}")

    def run(self, part: Part) -> RunDirectory:
        """The directory of a run that has made everything."""
        return self._ready[part]

    def kill(self, part: Part) -> int:
        """Kill a run as a CI does: it has no chance to clean up; its process's ID."""
        process = self._started[part]
        process.kill()
        process.wait()
        return process.pid

    def lives(self, part: Part) -> Check:
        """Claim that a run is still at work."""
        process, wrong = self._started[part], []
        if process.poll() is not None:
            wrong.append(f"its process ended with code {process.returncode}")
        if not self._ready[part].read().alive(SYSTEM_CLOCK.now()):
            wrong.append("its lease has lapsed, or it was ended")
        return Check(claim=f"The {part.value} is at work and its lease holds", wrong=tuple(wrong))

    def end(self) -> None:
        """End all runs between two of their calls: what is being made might appear later."""
        for process in self._started.values():
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LONGEST_CALL_S)
            process.kill()
            process.wait()
            process.stdout.close()

    def _log(self, part: Part) -> Path:
        return self.directory / f"{part.name.lower()}.log"


# --- within the run's own process ---------------------------------------------------------------


def run_of(arguments: Sequence[str]) -> tuple[Part, Any]:
    """The part that a worker plays, and the run to enter for it."""
    part = Part(arguments[1])
    prefix, lease, beat = _PACE[part]
    return part, reaper.client.run(prefix=prefix, lease=lease, beat=beat)


def be_a_run(make: Callable[[Any, Part, str], Iterable[Thing]]) -> None:
    """Be the run that the process's arguments name, make its world, and stop with the demo.

    Args:
        make: Makes everything, for a run, its part and the name of its things.
    """
    forbid_leaving()
    part, started = run_of(sys.argv)
    with started as run:
        for thing in make(run, part, "nightly" if part is Part.KILLED else "smoke"):
            tell(thing)
        stay(run.id)


def tell(thing: Thing) -> None:
    """Tell the demo what was made."""
    print(thing.line(), flush=True)  # noqa: T201 - the parent reads it


def stay(run_id: str) -> None:
    """Say that everything is made, and beat until the demo ends, however that comes about."""
    print(READY + run_id, flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.read()


def stop_with_the_demo() -> None:
    """Leave where the demo has ended.

    Raises:
        SystemExit: It has.
    """
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    if readable:  # nothing is ever written to it, so it has ended
        raise SystemExit
