"""What a daemon and its worker processes tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reaper.config import Config
from reaper.ledger import Result


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundCell:
    """A cell of a configured place.

    Attributes:
        number: Which of the provider's places it is, from 0, in the order of the configuration.
    """

    cell: str
    label: str
    provider: str
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfound:
    """A place whose cells could not be told."""

    provider: str
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cells:
    """What a look at all places found."""

    found: tuple[FoundCell, ...] = ()
    unfound: tuple[Unfound, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Find:
    """The task to ask each configured place for its cells."""

    config: Config
    json_log: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepTask:
    """The task to sweep one cell, or only to look at it.

    Attributes:
        act: Delete what is to go; otherwise the clients cannot delete.
        full: Ask the native lists too.
        named: Runs whose minter asked for this sweep: no grace for what they left.
    """

    config: Config
    at: FoundCell
    act: bool
    full: bool
    named: frozenset[str]
    json_log: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """How a sweep ended.

    Attributes:
        verdicts: How many resources got each verdict.
        outcomes: What became of how many, by the outcome's word.
        gaps: How many things could not be listed or read.
        held: Why the brake holds the plan; None where it does not.
    """

    result: Result
    detail: str = ""
    verdicts: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    gaps: int = 0
    plan: str | None = None
    held: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """A sign of life of a worker: what it does at present."""

    doing: str


Task = Find | SweepTask
Said = Progress | Cells | Swept
