"""Tokens, who minted which run, and the last sweep of each cell.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "mintings",
        sa.Column("run", WORDS, nullable=False),
        sa.Column("minter", WORDS, nullable=False),
        sa.Column("request", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_mintings")),
    )
    op.create_index(op.f("ix_mintings_minter"), "mintings", ["minter"], unique=False)
    op.create_table(
        "sweeps",
        sa.Column("cell", WORDS, nullable=False),
        sa.Column("label", WORDS, nullable=False),
        sa.Column("daemon", WORDS, nullable=False),
        sa.Column("mode", WORDS, nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("full_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("detail", WORDS, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("starved", sa.Boolean(), nullable=False),
        sa.Column("plan", WORDS, nullable=True),
        sa.Column("held", WORDS, nullable=True),
        sa.Column("document", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("cell", name=op.f("pk_sweeps")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("hashed", WORDS, nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("made_by", WORDS, nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
    )
