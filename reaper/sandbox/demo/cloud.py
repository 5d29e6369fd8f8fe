"""A chapter of the demo in a cloud's sandbox: all is noted by the sandbox's own lists."""

from __future__ import annotations

import json
import secrets
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from reaper.config import Config, load
from reaper.model import Outcome, Plan, Status
from reaper.sandbox.demo.checks import Check, Proof
from reaper.sandbox.demo.lists import hold
from reaper.sandbox.demo.parts import Part, Seen, Thing
from reaper.sandbox.demo.runs import Runs
from reaper.sandbox.demo.stopping import Stopping


@dataclass(kw_only=True)
class CloudStage(ABC):
    """A sandbox with two runs and strangers in it.

    Attributes:
        endpoint: The sandbox's address.
        place: Where in the cloud the demo plays: what a run's process is told besides the address.
        environment: What a run's process needs.
        whose: Whose everything is that had to stay.
        before: How it was before the sweep.
        killed: How what the killed run made was before the sweep.
    """

    endpoint: str
    place: str
    runs: Runs
    environment: Mapping[str, str] = field(default_factory=dict)
    whose: dict[Seen, Part] = field(default_factory=dict)
    before: Mapping[Seen, str] = field(default_factory=dict)
    killed: Mapping[Seen, str] = field(default_factory=dict)

    name: ClassVar[str]
    closing: ClassVar[str]
    enabled: ClassVar[Sequence[str]] = ()
    """Kinds that are swept only where that is asked for."""
    stays_as: ClassVar[frozenset[Status]] = frozenset({Status.BLOCKED, Status.SCHEDULED})
    """How what the killed run made may end and still be listed."""
    asked = "the sandbox's own lists"

    @property
    def introduction(self) -> str:
        """What the sandbox is."""
        return (
            f"This is a sandbox of {self.name} at {self.endpoint}, within this process: it needs "
            "no credentials,\nreaches nothing but this machine, and is gone when the demo ends. "
            f"It refuses what {self.name} refuses.\n"
        )

    @abstractmethod
    def providers(self) -> Mapping[str, Any]:
        """What the configuration says of the place."""

    @abstractmethod
    def look(self) -> dict[Seen, str]:
        """Everything that the sandbox lists, and how it is."""

    @abstractmethod
    def let_strangers_build(self) -> Sequence[Thing]:
        """Let strangers make one of each kind."""

    @abstractmethod
    def let_colleagues_intrude(self) -> Sequence[Thing]:
        """Let a colleague join the killed run's network, and tag something badly."""

    @abstractmethod
    def held_back(self, left: frozenset[str], outcomes: Mapping[str, Outcome]) -> Sequence[Check]:
        """Hold what stays of the killed run for a reason against what was told of it.

        Args:
            left: The IDs of what is listed still.
            outcomes: What became of it, by `ref.id`.
        """

    def set_scene(self) -> None:
        """Start the runs, let strangers make something, and note how everything is."""
        self.runs.start(Part.LIVE, self.endpoint, self.place, **self.environment)
        with self.runs.stopping.put_off():
            self.runs.things += self.let_strangers_build()
        self.runs.wait(Part.LIVE)
        before = self.look()
        self.runs.start(Part.KILLED, self.endpoint, self.place, **self.environment)
        self.runs.wait(Part.KILLED)
        intruders = self.let_colleagues_intrude()
        self.runs.things += intruders
        self.divide(before, self.look(), intruders)

    def divide(
        self, before: Mapping[Seen, str], full: Mapping[Seen, str], intruders: Sequence[Thing]
    ) -> None:
        """Note how all is; what is the killed run's is what came after it, but for intruders."""
        live = {thing.id for thing in self.runs.things if thing.part is Part.LIVE}
        theirs = {thing.id for thing in intruders}
        self.whose = {
            seen: Part.LIVE if seen[2] in live else Part.STRANGER
            for seen in full
            if seen in before or seen[2] in theirs
        }
        self.before = {seen: told for seen, told in full.items() if seen in self.whose}
        self.killed = {seen: told for seen, told in full.items() if seen not in self.whose}

    def config(self) -> Config:
        """The configuration, written and read as anybody's."""
        path = self.runs.directory / "reaper.yaml"
        told = {
            "realm": self.runs.realm,
            "ledger": f"sqlite:///{self.runs.directory / 'ledger.db'}",
            "policy": {"grace": "0s", "enable": [*self.enabled], "brake": {"max_share": 1}},
            "providers": dict(self.providers()),
        }
        path.write_text(json.dumps(told), encoding="utf-8")
        return load(path, {})

    def prove(self, plans: Sequence[Plan], outcomes: Mapping[str, Outcome]) -> Proof:
        """Ask the sandbox what is left, and hold it against what has to be."""
        return hold(self, self.look(), plans, outcomes)

    def made(self) -> Sequence[Thing]:
        """What the killed run made, as far as the lists show it."""
        return [thing for thing in self.runs.things if thing.part is Part.KILLED]

    def left(self, now: Mapping[Seen, str]) -> frozenset[str]:
        """The IDs of what the killed run made and is listed still."""
        return frozenset(seen[2] for seen in now if seen in self.killed)

    def thing(self, name: str) -> Thing:
        """What was made under this name."""
        return next(thing for thing in self.runs.things if thing.name == name)

    def killed_ones(self, kind: str) -> Sequence[str]:
        """The IDs of those of a kind that the killed run made."""
        return [thing.id for thing in self.made() if thing.kind == kind]


@contextmanager
def playing(worker: str) -> Iterator[Runs]:
    """Make the surroundings of two runs about to begin; all of it is gone in the end.

    Args:
        worker: The module whose `main` is a run.
    """
    stopping = Stopping()
    with (
        stopping.heeded(),
        tempfile.TemporaryDirectory(prefix="reaper-demo-", ignore_cleanup_errors=True) as directory,
    ):
        yield Runs(
            worker=worker,
            directory=Path(directory),
            realm=f"demo-{secrets.token_hex(3)}",
            stopping=stopping,
        )
