"""A run's side of it: start, beat, journal and finish, by files in the run's directory."""

from reaper.client.active import ActiveRun
from reaper.client.configured import BEAT, LEASE, MAX
from reaper.client.directory import RunDirectory, directories, state_directory
from reaper.client.start import (
    ENDPOINTS_VARIABLE,
    REALM_VARIABLE,
    RUN_VARIABLE,
    STATE_VARIABLE,
    check_pace,
    mint,
    run,
)

__all__ = [
    "BEAT",
    "ENDPOINTS_VARIABLE",
    "LEASE",
    "MAX",
    "REALM_VARIABLE",
    "RUN_VARIABLE",
    "STATE_VARIABLE",
    "ActiveRun",
    "RunDirectory",
    "check_pace",
    "directories",
    "mint",
    "run",
    "state_directory",
]
