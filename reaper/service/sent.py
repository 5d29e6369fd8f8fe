"""What is sent to the service over HTTP, as the OpenAPI description shows it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from reaper.errors import InvalidRunId
from reaper.model import JournalEntry, Phase, Ref
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


class PauseSent(Sent):
    """Why sweeping is to stop."""

    reason: Line = "no reason was given"


class SweepSent(Sent):
    """Which cells are to be swept soon."""

    cells: Annotated[list[Name], Field(max_length=1000)] | None = None
    """As `GET /v1/cells` names them; null: all."""


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
