"""Whose the things of a demo are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

# What a cloud's own list shows of one thing: its kind, where it is, and its ID.
Seen = tuple[str, str, str]

CORE_DUMP = "nightly-core-dump"  # somebody wants to look at it first
DEBUGGER = "colleague-debugging"  # something of theirs is in the killed run's network
GARBLED = "colleague-handmade"  # its tag names no run that can be read


class Part(StrEnum):
    """Whose a thing of the demo is."""

    KILLED = "killed run"
    LIVE = "live run"
    STRANGER = "stranger"


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """One object that the demo made.

    Attributes:
        id: As its place knows it: a Docker volume's is its name.
        about: What it stands for, in a few words.
    """

    part: Part
    kind: str
    id: str
    name: str
    about: str

    def line(self) -> str:
        """Write it for the parent process."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, line: str) -> Thing:
        """Read it as `line` wrote it."""
        told = json.loads(line)
        return cls(
            part=Part(told["part"]),
            kind=told["kind"],
            id=told["id"],
            name=told["name"],
            about=told["about"],
        )
