"""The steps that bring a ledger's tables from one reaper's state to the next, run by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date, within the transaction that is open on `connection`."""
    configuration = _configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def revisions() -> tuple[str, ...]:
    """Name the steps there are, the first one first."""
    steps = ScriptDirectory.from_config(_configuration()).walk_revisions()
    return tuple(reversed([step.revision for step in steps]))


def _configuration() -> Config:
    configuration = Config()
    # A percent sign in a path would be read as the beginning of a reference.
    location = str(Path(__file__).parent).replace("%", "%%")
    configuration.set_main_option("script_location", location)
    configuration.set_main_option("path_separator", "os")
    return configuration
