"""The demo's world: a temporary directory, stages, two test runs as processes; and its end.

Whatever happens inside, every stage is taken down when it is left.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from reaper.client import REALM_VARIABLE, STATE_VARIABLE, RunDirectory
from reaper.config import Config, load
from reaper.errors import ReaperError
from reaper.sandbox.demo.stage import Ground, Look, Stage
from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.demo.things import Part, Role, Thing
from reaper.sandbox.demo.worker import READY


class DemoBroken(ReaperError):
    """The demo could not set up its world, or not take it down."""


@dataclass(kw_only=True, slots=True)
class World:
    """What the demo works in.

    Attributes:
        things: Everything that was made so far.
    """

    ground: Ground
    stages: Sequence[Stage]
    things: list[Thing] = field(default_factory=list)
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """Where its runs beat."""
        return self.ground.directory / "state"

    def on(self, stage: Stage, *parts: Part) -> tuple[Thing, ...]:
        """The things of these parts on a stage; without parts: of all."""
        return tuple(
            thing
            for thing in self.things
            if thing.provider == stage.name and (not parts or thing.part in parts)
        )

    def playing(self, stage: Stage, role: Role) -> Thing | None:
        """The thing that plays this role on a stage, if any does there."""
        return next((thing for thing in self.on(stage) if thing.role is role), None)

    def look(self) -> dict[str, Look]:
        """Ask each stage itself about everything, by the stage's name."""
        return {stage.name: stage.look(self.on(stage)) for stage in self.stages}

    def config(self) -> Config:
        """Write a configuration as anybody would, and read it; no environment variable counts."""
        path = self.ground.directory / "reaper.yaml"
        enables = [kind for stage in self.stages for kind in stage.enables]
        places = "".join(f"  {stage.name}: [{stage.place()}]\n" for stage in self.stages)
        path.write_text(
            f"realm: {self.ground.realm}\n"
            f"ledger: sqlite:///{self.ground.directory / 'ledger.db'}\n"
            f"policy: {{grace: 0s, enable: [{', '.join(enables)}]}}\n"
            f"providers:\n{places}",
            encoding="utf-8",
        )
        return load(path, {})


@contextmanager
def demo_world(stages: Sequence[Stage]) -> Iterator[World]:
    """Make the demo's surroundings on these stages, and take all of it away again.

    Raises:
        DemoBroken: Something could not be made, or not be removed; the message says what.
    """
    stopping = Stopping()
    refusals = tuple(error for stage in stages for error in stage.errors)
    with (
        stopping.heeded(),
        tempfile.TemporaryDirectory(prefix="reaper-demo-", ignore_cleanup_errors=True) as directory,
    ):
        ground = Ground(mark=secrets.token_hex(3), directory=Path(directory), stopping=stopping)
        world = World(ground=ground, stages=stages)
        with ExitStack() as exits:
            for stage in stages:
                exits.callback(_take_down, world, stage)
            exits.callback(_end_all, world.workers)
            try:
                for stage in stages:
                    with stopping.put_off():
                        stage.set_up(ground)
                yield world
            except refusals as error:
                raise DemoBroken(f"a part of the demo was refused: {error}") from error


def start_run(world: World, part: Part) -> subprocess.Popen[str]:
    """Start a test run as a process of its own; what it makes is told by `await_run`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("REAPER_")}
    env |= {STATE_VARIABLE: str(world.state), REALM_VARIABLE: world.ground.realm}
    arguments = json.dumps({stage.name: dict(stage.arguments()) for stage in world.stages})
    with world.ground.stopping.put_off():
        process = start_program(
            "reaper.sandbox.demo.worker", part.value, arguments, log=_log(world, part), env=env
        )
        world.workers.append(process)
    return process


def start_program(
    module: str, *arguments: str, log: Path, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a module's `main` as a process that Ctrl-C does not reach: the demo ends it."""
    # The package may not be installed: then it is found where this one is, after all others.
    start = f"import sys; sys.path.append(sys.argv.pop(1)); from {module} import main; main()"
    with log.open("w", encoding="utf-8") as stderr:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", "-c", start, str(Path(__file__).parents[3]), *arguments],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )


def await_run(
    world: World, part: Part, process: subprocess.Popen[str], told: Callable[[], None]
) -> RunDirectory:
    """Wait until a test run has made everything, and find its directory.

    `told` is called after each thing.

    Raises:
        DemoBroken: It ended before.
    """
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(READY):
            return RunDirectory.open(line.removeprefix(READY).strip(), state=world.state)
        world.things.append(Thing.read(line))
        told()
    why = _log(world, part).read_text(encoding="utf-8").strip()
    raise DemoBroken(f"the {part.value} of the demo broke off:\n{why}")


def make_strangers(world: World) -> None:
    """Make what others have in the same places; one of them uses something of the killed run."""
    with world.ground.stopping.put_off():
        for stage in world.stages:
            stage.make_strangers(world.things.append)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a test run as a CI does: it has no chance to clean up."""
    process.kill()
    process.wait()


def living(process: subprocess.Popen[str]) -> bool:
    """Whether a test run is still at work."""
    return process.poll() is None


# --- the end ------------------------------------------------------------------------------------

_LONGEST_CALL_S = 15


def end(process: subprocess.Popen[str]) -> None:
    """End a process between two of its calls: what a place is making might appear later."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LONGEST_CALL_S)
    kill(process)
    process.stdout.close()


def _take_down(world: World, stage: Stage) -> None:
    stage.take_down(world.on(stage))


def _end_all(workers: Sequence[subprocess.Popen[str]]) -> None:
    for process in workers:
        end(process)


def _log(world: World, part: Part) -> Path:
    return world.ground.directory / f"{part.name.lower()}.log"
