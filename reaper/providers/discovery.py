"""What `reaper init` finds: the places that answer from this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPlace:
    """One place that answers.

    Attributes:
        place: What the configuration says of it: text by key, or several.
        address: What it is called: an engine's address, an account's number.
        about: More about it, for a person; empty: nothing.
        remarks: What a person may want to change, by key.
    """

    place: Mapping[str, str | tuple[str, ...]]
    address: str
    about: str = ""
    remarks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovery:
    """What was found of one provider.

    Attributes:
        notes: Why there is not more, in sentences.
    """

    places: tuple[FoundPlace, ...] = ()
    notes: tuple[str, ...] = ()
