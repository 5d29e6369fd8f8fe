"""A stage: a place where the demo is played."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from reaper.sandbox.demo.stopping import Stopping
from reaper.sandbox.demo.things import Facts, Tell, Thing


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What all stages of one demo share.

    Attributes:
        mark: What distinguishes this demo from any other.
        directory: A temporary one, which goes with the demo.
    """

    mark: str
    directory: Path
    stopping: Stopping

    @property
    def realm(self) -> str:
        """The realm of the demo's runs: nobody else's resource bears it."""
        return f"demo-{self.mark}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a stage itself says, asked without reaper.

    Attributes:
        things: None where it says that a thing is not there.
        rest: All else that is there, where nobody but the demo can change it.
    """

    things: Mapping[Thing, Facts | None]
    rest: Facts = field(default_factory=dict)


class Stage(Protocol):
    """One place; what is made there is made by `make_strangers` and by the runs' own processes.

    Attributes:
        name: The provider's.
        enables: Kinds that are reported only, unless the configuration enables them.
        inspection: How the place is asked for the proof, as a column's title.
        errors: What its calls raise when it refuses something.
    """

    name: str
    enables: Sequence[str]
    inspection: str
    errors: tuple[type[Exception], ...]

    def set_up(self, ground: Ground) -> None:
        """Make what the runs need; `take_down` follows in any case."""

    def introduce(self) -> str:
        """Say what this place is, and how what is made there is kept apart, in a few lines."""

    def place(self) -> str:
        """Write its place for the configuration, as YAML in one line."""

    def arguments(self) -> Mapping[str, str]:
        """Tell what the runs' own processes must know of it."""

    def make_strangers(self, tell: Tell) -> None:
        """Make what others have there, when the killed run has made everything."""

    def look(self, things: Iterable[Thing]) -> Look:
        """Ask the place about these things, and about all else."""

    def same(self, facts: Facts) -> str:
        """Say of something untouched what is the same."""

    def take_down(self, things: Sequence[Thing]) -> None:
        """Remove everything that was made, when the runs' processes have ended.

        Raises:
            DemoBroken: Something is left; the message says what, and how to remove it.
        """
