"""The ledger's tables.

A change here comes with a migration in `reaper/ledger/migrations/versions`, and with its name at
the end of `REVISIONS`; a test holds the two against each other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    and_,
    or_,
)

from reaper.ledger.columns import (
    Choice,
    Labels,
    Length,
    Listing,
    Moment,
    MomentOrForever,
    Words,
)
from reaper.ledger.records import Result, Role, identity
from reaper.model import Basis, Beats, Ending, Phase, Ref, Rule, Status

REVISIONS = ("0001", "0002")
VERSION_TABLE = "reaper_schema"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _counted() -> Column[int]:
    return Column(
        "seq",
        BigInteger().with_variant(Integer(), "sqlite"),  # only INTEGER counts by itself there
        primary_key=True,
        autoincrement=True,
    )


def _of_resource(*, optional: bool = False) -> tuple[Column[Any], ...]:
    return (
        Column("kind", Words, nullable=optional),
        Column("scope", Words, nullable=optional),
        Column("ref_id", Words, nullable=optional),
        Column("incarnation", Words),
    )


runs = Table(
    "runs",
    metadata,
    Column("id", Words, primary_key=True),
    Column("realm", Words, nullable=False),
    Column("started", Moment, nullable=False, index=True),
    Column("expires", Moment, nullable=False),
    Column("lease_length", Length, nullable=False),
    Column("lease_until", Moment, nullable=False),
    Column("lease_away", Words),
    Column("beats", Choice(Beats), nullable=False),
    Column("promised", Boolean, nullable=False),
    Column("owner", Words),
    Column("origin", Words),
    Column("host", Words),
    Column("ended", Moment, index=True),
    Column("ending", Choice(Ending)),
)

services = Table(
    "services",
    metadata,
    Column("server", Words, primary_key=True),
    Column("seen", Moment, nullable=False),
    Column("elapsed", Float, nullable=False),
    Column("every", Length, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("run", Words, primary_key=True),
    Column("writer", Words, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("phase", Choice(Phase), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", Words, nullable=False),
    Column("scope", Words, nullable=False, index=True),
    Column("ref_kind", Words),
    Column("ref_scope", Words),
    Column("ref_id", Words),
    Column("incarnation", Words),
    Column("name", Words),
    Column("taggable", Boolean, nullable=False),
    Column("test", Words),
    Column("detail", Words),
)

sightings = Table(
    "sightings",
    metadata,
    Column("identity", Words, primary_key=True),
    *_of_resource(),
    Column("run", Words),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False, index=True),
)

derived = Table(
    "derived",
    metadata,
    Column("identity", Words, primary_key=True),
    *_of_resource(),
    Column("run", Words),
    Column("reason", Words, nullable=False),
    Column("basis", Choice(Basis)),
    Column("expires", Moment),
    Column("owner", Words),
    Column("keep", MomentOrForever),
    Column("garbled", Words),
    Column("journaled", Boolean, nullable=False),
    Column("report_only", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "scope"),
)

locks = Table(
    "locks",
    metadata,
    Column("cell", Words, primary_key=True),
    Column("holder", Words),
    Column("token", BigInteger, nullable=False),
    Column("until", Moment, nullable=False),
)

intents = Table(
    "intents",
    metadata,
    _counted(),
    Column("id", Words, nullable=False, unique=True),
    Column("cell", Words, nullable=False),
    Column("identity", Words, nullable=False, index=True),
    *_of_resource(),
    Column("run", Words, nullable=False),
    Column("rule", Choice(Rule), nullable=False),
    Column("reason", Words, nullable=False),
    Column("name", Words),
    Column("owner", Words),
    Column("tags", Labels, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("holder", Words, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("handle", Words),
    Column("reply", Words),
    Column("detail", Words),
    Column("answered", Moment),
    Index(None, "cell", "answered"),
    Index(None, "scope", "at"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("identity", Words, primary_key=True),
    *_of_resource(),
    Column("cell", Words, nullable=False),
    Column("sweep", Words, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("run", Words, nullable=False, index=True),
    Column("status", Choice(Status), nullable=False),
    Column("detail", Words, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("name", Words),
    Column("rule", Choice(Rule)),
    Column("reason", Words, nullable=False),
    Column("tags", Labels, nullable=False),
    Column("owner", Words),
    Column("blocked_by", Listing, nullable=False),
    Column("until", Moment),
    Column("attempts", Integer, nullable=False),
    Index(None, "cell", "status"),
    Index(None, "scope", "ref_id"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Words, primary_key=True),
    Column("digest", Words, nullable=False, unique=True),
    Column("cell", Words, nullable=False, index=True),
    Column("payload", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("released_at", Moment),
    Column("released_by", Words),
)

holds = Table(
    "holds",
    metadata,
    Column("plan", Words, primary_key=True),
    Column("key", Words, primary_key=True),
)

marks = Table(
    "marks",
    metadata,
    Column("identity", Words, primary_key=True),
    Column("matter", Words, primary_key=True),
    *_of_resource(),
    Column("who", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("keep_until", MomentOrForever),
    Column("resolution", Words),
    Column("rule", Choice(Rule)),
    Index(None, "scope"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one or none
    Column("who", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", Moment, nullable=False),
)

pins = Table(
    "pins",
    metadata,
    Column("place", Words, primary_key=True),
    Column("pinned", Words, nullable=False),
    Column("at", Moment, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("role", Choice(Role), nullable=False),
    Column("hashed", Words, nullable=False),
    Column("made", Moment, nullable=False),
    Column("made_by", Words, nullable=False),
    Column("expires", Moment),
    Column("revoked", Moment),
)

mintings = Table(
    "mintings",
    metadata,
    Column("run", Words, primary_key=True),
    Column("minter", Words, nullable=False, index=True),
    Column("request", Words),
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("cell", Words, primary_key=True),
    Column("label", Words, nullable=False),
    Column("daemon", Words, nullable=False),
    Column("mode", Words, nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("full_at", Moment),
    Column("result", Choice(Result)),
    Column("detail", Words, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Moment),
    Column("starved", Boolean, nullable=False),
    Column("plan", Words),
    Column("held", Words),
    Column("document", Words),
)

events = Table(
    "events",
    metadata,
    _counted(),
    Column("event", Words, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    *_of_resource(optional=True),
    Column("run", Words, index=True),
    Column("who", Words),
    Column("detail", Words, nullable=False),
    Index(None, "scope", "ref_id"),
)


def resource_values(ref: Ref) -> dict[str, Any]:
    """Spread a reference over the columns of a table that has an `identity`."""
    return {"identity": identity(ref), **ref_values(ref)}


def ref_values(ref: Ref | None) -> dict[str, Any]:
    """Spread a reference over its four columns."""
    if ref is None:
        return {"kind": None, "scope": None, "ref_id": None, "incarnation": None}
    return {
        "kind": ref.kind,
        "scope": ref.scope,
        "ref_id": ref.id,
        "incarnation": ref.incarnation,
    }


def ref_of(row: Row[Any]) -> Ref:
    """Read a reference back from its four columns."""
    return Ref(kind=row.kind, scope=row.scope, id=row.ref_id, incarnation=row.incarnation)


def about(table: Table, ref: Ref) -> ColumnElement[bool]:
    """Select the rows of a resource: of one incarnation where the reference has it, else of all."""
    same = and_(table.c.scope == ref.scope, table.c.ref_id == ref.id, table.c.kind == ref.kind)
    return same if ref.incarnation is None else and_(same, table.c.incarnation == ref.incarnation)


def within(scope: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """Select the rows of a scope and of the narrower ones that it holds.

    Written as a range, for an index to answer it: `0` is what follows `/` among the characters.
    """
    return or_(scope == wanted, and_(scope > f"{wanted}/", scope < f"{wanted}0"))
