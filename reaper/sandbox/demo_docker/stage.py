"""The chapter of `reaper demo` on a Docker engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from reaper.config import Config
from reaper.model import Cell, Outcome, Plan
from reaper.providers.protocol import Identity
from reaper.sandbox.demo.checks import Facts, Finding, Proof, compare, were_there
from reaper.sandbox.demo.parts import DEBUGGER, GARBLED, Part, Thing
from reaper.sandbox.demo.runs import Runs
from reaper.sandbox.demo_docker.proof import checks, look_at_all
from reaper.sandbox.demo_docker.worker import SHARED_NETWORK
from reaper.sandbox.demo_docker.world import World, demo_world, make_strangers


@dataclass(kw_only=True, slots=True)
class DockerStage:
    """An engine with the demo's world on it."""

    world: World
    cell: Cell
    identity: Identity
    _there: Mapping[Thing, Facts | None] = field(default_factory=dict)
    _before: Mapping[Thing, Facts | None] = field(default_factory=dict)

    name = "Docker"
    asked = "docker inspect"
    closing = (
        f"  {SHARED_NETWORK} stays while {DEBUGGER} is on it; the next sweep after that takes it.\n"
        f"  {GARBLED} stays until a person says what it is: `reaper resolve`.\n"
    )

    @property
    def introduction(self) -> str:
        """What the engine is, and what of it the demo touches."""
        version = self.identity.notes.get("version")
        label = self.cell.label
        engine = f"Docker {version} at {label}" if version else f"the engine at {label}"
        return (
            f"This is {engine}.\n"
            f"All that the demo makes is in the realm {self.runs.realm} and bears the label "
            f"reaper-demo={self.world.mark};\nnothing else on this engine is a candidate, and all "
            "of it is removed at the end.\n"
        )

    @property
    def runs(self) -> Runs:
        """The test runs, and what was made."""
        return self.world.runs

    def set_scene(self) -> None:
        """Start the runs, let strangers make something, and note how everything is."""
        world = self.world
        for part in (Part.KILLED, Part.LIVE):
            self.runs.start(part, world.mark, world.scope, world.image)
        self.runs.wait(Part.LIVE)
        self.runs.wait(Part.KILLED)
        make_strangers(world)
        self._there = look_at_all(world.client, world.of(Part.KILLED))
        self._before = look_at_all(world.client, (*world.of(Part.LIVE), *world.of(Part.STRANGER)))

    def config(self) -> Config:
        """The configuration, written and read as anybody's."""
        return self.world.config()

    def prove(self, plans: Sequence[Plan], outcomes: Mapping[str, Outcome]) -> Proof:
        """Ask the engine what is left, and hold it against what has to be."""
        client = self.world.client
        findings = compare(self._before, look_at_all(client, self._before))
        left = look_at_all(client, self._there)
        return Proof(
            told=tuple((finding.thing, _told(finding)) for finding in findings),
            checks=(
                were_there(self._there),
                *checks(self.world, plans, outcomes, findings, left),
                self.runs.lives(Part.LIVE),
            ),
        )


@contextmanager
def docker_stage(cell: Cell, identity: Identity) -> Iterator[DockerStage]:
    """Make the demo's surroundings on an engine, and take all of it away again.

    Raises:
        DemoBroken: The engine refused something, or something could not be removed at the end.
    """
    with demo_world(cell.scope) as world:
        yield DockerStage(world=world, cell=cell, identity=identity)


def _told(finding: Finding) -> str:
    if finding.differences:
        return "; ".join(finding.differences)
    facts = finding.before
    state, started = facts.get("state"), facts.get("started", "")
    short = facts.get("ID", "").removeprefix("sha256:")[:12]
    if state in {"running", "paused"}:
        return f"the same {short}, {state} since {started[11:19]}Z"
    if state is not None:
        return f"the same {short}, {state}"
    return f"the same, of {facts['created'][:19].replace('T', ' ')}"
