"""What reaper remembers: runs and leases, journal, sightings, intents and outcomes."""

from reaper.ledger.ledger import Ledger
from reaper.ledger.records import Event, Intent, Lock, Pause, SavedPlan, identity

__all__ = ["Event", "Intent", "Ledger", "Lock", "Pause", "SavedPlan", "identity"]
