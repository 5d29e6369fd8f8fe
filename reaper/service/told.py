"""What the service answers over HTTP, as the OpenAPI description shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from reaper.model import Decision


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class RunTold(Told):
    """A run as the ledger knows it."""

    id: str
    realm: str
    owner: str | None
    origin: str | None
    host: str | None
    started: AwareDatetime
    expires: AwareDatetime
    """The value of its `reaper-expires` tag."""

    promised: bool
    alive: bool
    lease_s: float
    lease_until: AwareDatetime
    away: str | None
    """Why its lease cannot lapse at present; null where it can."""

    ended: AwareDatetime | None
    ending: str | None


class RunsTold(Told):
    """Runs, those that started last first."""

    items: list[RunTold]


class JournalTaken(Told):
    """How many entries of the batch the ledger has now."""

    taken: int


class EntryTold(Told):
    """One entry of a run's journal."""

    writer: str
    seq: int
    at: AwareDatetime
    phase: str
    kind: str
    scope: str
    id: str | None
    incarnation: str | None
    name: str | None
    taggable: bool
    test: str | None
    detail: str | None


class JournalTold(Told):
    """A run's journal, in the order of writing."""

    items: list[EntryTold]


class GapTold(Told):
    """What could not be seen."""

    provider: str | None
    scope: str | None
    kind: str | None
    reason: str


class ResourceTold(Told):
    """A resource, what was decided, and what became of it; as in every list of reaper."""

    provider: str
    scope: str
    kind: str
    id: str
    incarnation: str | None
    name: str | None
    run: str | None
    owner: str | None
    created: AwareDatetime | None
    tags: dict[str, str]
    verdict: Decision | None
    rule: str | None
    reason: str | None
    outcome: str | None
    blocked_by: list[str]
    until: AwareDatetime | None
    detail: str | None


class ResourcesTold(Told):
    """A list of resources."""

    schema_number: Annotated[int, Field(alias="schema")]
    complete: bool
    """False if there is a gap: then nothing may be concluded from what is absent."""

    gaps: list[GapTold]
    items: list[ResourceTold]


class CellTold(Told):
    """A cell, its last sweep, and the next."""

    cell: str
    label: str
    daemon: str | None
    """Whose the last sweep was."""

    mode: str | None
    started: AwareDatetime | None
    finished: AwareDatetime | None
    result: str | None
    detail: str
    failures: int
    failing_since: AwareDatetime | None
    starved: bool
    plan: str | None
    held: str | None
    next: AwareDatetime | None
    """When it is due here; null: this daemon has no such cell."""

    doing: str | None
    """What this daemon does there at the moment; null: nothing."""


class CellsTold(Told):
    """All cells."""

    mode: str
    unreachable: list[GapTold]
    """Places whose cells could not be told."""

    items: list[CellTold]


class PlanTold(Told):
    """The last plan of a cell."""

    plan: str
    cell: str
    label: str
    at: AwareDatetime | None
    held: str | None


class PlansTold(Told):
    """The last plan of each cell."""

    items: list[PlanTold]


class Released(Told):
    """A plan from which the brake is lifted."""

    released: str
    by: str
    at: AwareDatetime


class PauseTold(Told):
    """Who paused sweeping and why."""

    by: str
    reason: str
    at: AwareDatetime


class Paused(Told):
    """Whether sweeping is paused; null: it goes on."""

    paused: PauseTold | None


class SweepTold(Told):
    """Which cells will be swept as soon as there is a worker."""

    cells: list[str]
    mode: str


class MarkTold(Told):
    """What was written down of a resource; the next sweep judges by it."""

    ref: str
    incarnation: str | None
    by: str
    at: AwareDatetime
    keep_until: AwareDatetime | str | None
    resolution: str | None
    rule: str | None


class EventTold(Told):
    """A line of the history."""

    at: AwareDatetime
    event: str
    run: str | None
    by: str | None
    detail: str


class ExplainTold(Told):
    """All that the ledger knows of one resource."""

    ref: str
    item: ResourceTold | None
    """As the last sweep of its cell saw it; null: it did not."""

    seen: AwareDatetime | None
    """When that sweep ended."""

    outcome: ResourceTold | None
    history: list[EventTold]


class Health(Told):
    """Whether all is well."""

    ok: bool
    problem: str | None


class ProblemTold(Told):
    """An error, by RFC 9457."""

    model_config = ConfigDict(title="Problem", extra="allow")

    type: str
    """`urn:reaper:problem:` and the problem's name; docs/api.md lists them."""

    title: str
    status: int
    detail: str
