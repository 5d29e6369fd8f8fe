"""What reaper remembers: runs and leases, journal, sightings, intents and outcomes."""

from reaper.ledger.ledger import Ledger
from reaper.ledger.records import (
    CellSweep,
    Event,
    Intent,
    Lock,
    Pause,
    Result,
    Role,
    SavedPlan,
    Token,
    identity,
)

__all__ = [
    "CellSweep",
    "Event",
    "Intent",
    "Ledger",
    "Lock",
    "Pause",
    "Result",
    "Role",
    "SavedPlan",
    "Token",
    "identity",
]
