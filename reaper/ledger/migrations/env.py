"""What Alembic runs around the steps; the connection is handed over by `upgrade`."""

from alembic import context

from reaper.ledger.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
