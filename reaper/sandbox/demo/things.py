"""What the demo makes: things, whose they are, and what the story expects of some of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


class Part(StrEnum):
    """Whose a thing of the demo is."""

    KILLED = "killed run"
    LIVE = "live run"
    STRANGER = "stranger"


class Role(StrEnum):
    """What a thing is to show, other than that a leftover goes and all else stays."""

    BLOCKED = "a leftover that a stranger uses"
    BLOCKER = "the stranger's thing that uses it"
    KEPT = "a leftover that a person asked to keep"
    SCHEDULED = "a leftover that the place itself purges later"
    GARBLED = "a thing whose tag cannot be read"


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """One object that the demo made.

    Attributes:
        id: As reaper's references have it.
        about: What it stands for, in a few words.
        seen: What the place's own lists call it, where that is something else than `id`.
    """

    part: Part
    kind: str
    id: str
    name: str
    about: str
    role: Role | None = None
    seen: str = ""

    @property
    def provider(self) -> str:
        """Whose kind it is."""
        return self.kind.partition(":")[0]

    def line(self) -> str:
        """Write it for the parent process."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, line: str) -> Thing:
        """Read it as `line` wrote it."""
        told = json.loads(line)
        role = told.pop("role")
        return cls(part=Part(told.pop("part")), role=Role(role) if role else None, **told)


# Told each thing as soon as it is there.
Tell = Callable[[Thing], None]

# What tells that a thing is untouched, by what it is called in the table of the proof.
Facts = Mapping[str, str]
