"""The first tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# In PostgreSQL text is ordered by its code points, as SQLite does it.
WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "derived",
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("scope", WORDS, nullable=False),
        sa.Column("ref_id", WORDS, nullable=False),
        sa.Column("incarnation", WORDS, nullable=True),
        sa.Column("run", WORDS, nullable=True),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("owner", WORDS, nullable=True),
        sa.Column("keep", sa.BigInteger(), nullable=True),
        sa.Column("garbled", WORDS, nullable=True),
        sa.Column("journaled", sa.Boolean(), nullable=False),
        sa.Column("report_only", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_derived")),
    )
    op.create_index(op.f("ix_derived_scope"), "derived", ["scope"], unique=False)
    op.create_table(
        "events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", WORDS, nullable=True),
        sa.Column("scope", WORDS, nullable=True),
        sa.Column("ref_id", WORDS, nullable=True),
        sa.Column("incarnation", WORDS, nullable=True),
        sa.Column("run", WORDS, nullable=True),
        sa.Column("who", WORDS, nullable=True),
        sa.Column("detail", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"], unique=False)
    op.create_index(op.f("ix_events_run"), "events", ["run"], unique=False)
    op.create_index(op.f("ix_events_scope_ref_id"), "events", ["scope", "ref_id"], unique=False)
    op.create_table(
        "holds",
        sa.Column("plan", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("plan", "key", name=op.f("pk_holds")),
    )
    op.create_table(
        "intents",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("cell", WORDS, nullable=False),
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("scope", WORDS, nullable=False),
        sa.Column("ref_id", WORDS, nullable=False),
        sa.Column("incarnation", WORDS, nullable=True),
        sa.Column("run", WORDS, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=True),
        sa.Column("owner", WORDS, nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("handle", WORDS, nullable=True),
        sa.Column("reply", WORDS, nullable=True),
        sa.Column("detail", WORDS, nullable=True),
        sa.Column("answered", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_intents")),
        sa.UniqueConstraint("id", name=op.f("uq_intents_id")),
    )
    op.create_index(op.f("ix_intents_cell_answered"), "intents", ["cell", "answered"], unique=False)
    op.create_index(op.f("ix_intents_identity"), "intents", ["identity"], unique=False)
    op.create_index(op.f("ix_intents_scope_at"), "intents", ["scope", "at"], unique=False)
    op.create_table(
        "journal",
        sa.Column("run", WORDS, nullable=False),
        sa.Column("writer", WORDS, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("scope", WORDS, nullable=False),
        sa.Column("ref_kind", WORDS, nullable=True),
        sa.Column("ref_scope", WORDS, nullable=True),
        sa.Column("ref_id", WORDS, nullable=True),
        sa.Column("incarnation", WORDS, nullable=True),
        sa.Column("name", WORDS, nullable=True),
        sa.Column("taggable", sa.Boolean(), nullable=False),
        sa.Column("test", WORDS, nullable=True),
        sa.Column("detail", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("run", "writer", "seq", "phase", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_scope"), "journal", ["scope"], unique=False)
    op.create_table(
        "locks",
        sa.Column("cell", WORDS, nullable=False),
        sa.Column("holder", WORDS, nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cell", name=op.f("pk_locks")),
    )
    op.create_table(
        "marks",
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("matter", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("scope", WORDS, nullable=False),
        sa.Column("ref_id", WORDS, nullable=False),
        sa.Column("incarnation", WORDS, nullable=True),
        sa.Column("who", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("keep_until", sa.BigInteger(), nullable=True),
        sa.Column("resolution", WORDS, nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("identity", "matter", name=op.f("pk_marks")),
    )
    op.create_index(op.f("ix_marks_scope"), "marks", ["scope"], unique=False)
    op.create_table(
        "outcomes",
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("scope", WORDS, nullable=False),
        sa.Column("ref_id", WORDS, nullable=False),
        sa.Column("incarnation", WORDS, nullable=True),
        sa.Column("cell", WORDS, nullable=False),
        sa.Column("sweep", WORDS, nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("run", WORDS, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("detail", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("name", WORDS, nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("owner", WORDS, nullable=True),
        sa.Column("blocked_by", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_outcomes")),
    )
    op.create_index(op.f("ix_outcomes_at"), "outcomes", ["at"], unique=False)
    op.create_index(op.f("ix_outcomes_cell_status"), "outcomes", ["cell", "status"], unique=False)
    op.create_index(op.f("ix_outcomes_run"), "outcomes", ["run"], unique=False)
    op.create_index(op.f("ix_outcomes_scope_ref_id"), "outcomes", ["scope", "ref_id"], unique=False)
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("who", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_table(
        "pins",
        sa.Column("place", WORDS, nullable=False),
        sa.Column("pinned", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_pins")),
    )
    op.create_table(
        "plans",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("cell", WORDS, nullable=False),
        sa.Column("payload", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("released_by", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("digest", name=op.f("uq_plans_digest")),
    )
    op.create_index(op.f("ix_plans_cell"), "plans", ["cell"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("realm", WORDS, nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("lease_length", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("lease_away", WORDS, nullable=True),
        sa.Column("beats", sa.Text(), nullable=False),
        sa.Column("promised", sa.Boolean(), nullable=False),
        sa.Column("owner", WORDS, nullable=True),
        sa.Column("origin", WORDS, nullable=True),
        sa.Column("host", WORDS, nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_ended"), "runs", ["ended"], unique=False)
    op.create_index(op.f("ix_runs_started"), "runs", ["started"], unique=False)
    op.create_table(
        "services",
        sa.Column("server", WORDS, nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("elapsed", sa.Float(), nullable=False),
        sa.Column("every", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server", name=op.f("pk_services")),
    )
    op.create_table(
        "sightings",
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("scope", WORDS, nullable=False),
        sa.Column("ref_id", WORDS, nullable=False),
        sa.Column("incarnation", WORDS, nullable=True),
        sa.Column("run", WORDS, nullable=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_sightings")),
    )
    op.create_index(op.f("ix_sightings_last_seen"), "sightings", ["last_seen"], unique=False)
