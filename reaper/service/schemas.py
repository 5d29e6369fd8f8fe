"""What is sent and answered over HTTP, as the OpenAPI description shows it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from reaper.errors import InvalidRunId
from reaper.model import Decision, JournalEntry, Phase, Ref
from reaper.model.run_id import check_run_id

_MOST_SECONDS = timedelta(days=3650).total_seconds()
_MOST_ENTRIES = 1000

Seconds = Annotated[float, Field(gt=0, le=_MOST_SECONDS, allow_inf_nan=False)]
Line = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=1000)]


def _run_id(text: str) -> str:
    try:
        return check_run_id(text)
    except InvalidRunId as error:
        raise ValueError(str(error)) from error


RunId = Annotated[
    str,
    AfterValidator(_run_id),
    Field(
        min_length=1,
        max_length=63,
        json_schema_extra={"pattern": "^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$"},
    ),
]


class Sent(BaseModel):
    """A body."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class RunStart(Sent):
    """A run that begins now."""

    id: RunId
    """The run's ID, made by the client; it is never used twice."""

    realm: Name | None = None
    """Must be the service's; null: it is."""

    lease_s: Seconds | None = None
    """How long the run counts as alive after a beat; null: as the service is configured."""

    max_s: Seconds | None = None
    """After how long what the run made may go if nobody knows the run; null: as configured."""

    promised: bool = True
    """Whether the client stops creating once its lease has lapsed."""

    owner: Line | None = None
    origin: Line | None = None
    host: Line | None = None

    request: Annotated[str, Field(max_length=100)] | None = None
    """Any text that is this request's alone: sent again with the same one, it is answered with
    the run that the first try started."""


class RunFinish(Sent):
    """The end of a run."""

    clean: bool = False
    """Remove what it left at once, without the grace."""


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


class RefSent(Sent):
    """A resource's address."""

    kind: Name
    scope: Name
    id: Name
    incarnation: Name | None = None

    def ref(self) -> Ref:
        """Give it as the model has it."""
        return Ref(kind=self.kind, scope=self.scope, id=self.id, incarnation=self.incarnation)


class EntrySent(Sent):
    """One entry of a run's journal; (run, `writer`, `seq`, `phase`) names it."""

    writer: Name
    seq: Annotated[int, Field(ge=1, lt=2**31)]
    at: AwareDatetime
    phase: Phase
    kind: Name
    scope: Name
    ref: RefSent | None = None
    name: Line | None = None
    taggable: bool = True
    test: Line | None = None
    detail: Line | None = None

    def entry(self, run: str) -> JournalEntry:
        """Give it as the model has it."""
        return JournalEntry(
            run=run,
            writer=self.writer,
            seq=self.seq,
            at=self.at,
            phase=self.phase,
            kind=self.kind,
            scope=self.scope,
            ref=None if self.ref is None else self.ref.ref(),
            name=self.name,
            taggable=self.taggable,
            test=self.test,
            detail=self.detail,
        )


class JournalSent(Sent):
    """A batch of entries; those that are known already are left as they are."""

    entries: Annotated[list[EntrySent], Field(max_length=_MOST_ENTRIES)]


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


class PauseSent(Sent):
    """Why sweeping is to stop."""

    reason: Line = "no reason was given"


class PauseTold(Told):
    """Who paused sweeping and why."""

    by: str
    reason: str
    at: AwareDatetime


class Paused(Told):
    """Whether sweeping is paused; null: it goes on."""

    paused: PauseTold | None


class SweepSent(Sent):
    """Which cells are to be swept soon."""

    cells: Annotated[list[Name], Field(max_length=1000)] | None = None
    """As `GET /v1/cells` names them; null: all."""


class SweepTold(Told):
    """Which cells will be swept as soon as there is a worker."""

    cells: list[str]
    mode: str


class Resolution(StrEnum):
    """How a quarantine ends."""

    ADOPT = "adopt"
    DISMISS = "dismiss"


class KeepSent(RefSent):
    """A resource that is to stay."""

    until: AwareDatetime | None
    """Until when; null: for ever."""


class ResolveSent(RefSent):
    """How a resource's quarantine is to end."""

    resolution: Resolution


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
