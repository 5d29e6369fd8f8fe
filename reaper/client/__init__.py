"""A run's side of it: start, beat, journal and finish, by files in its directory or over HTTP."""

from reaper.client.active import ActiveRun
from reaper.client.configured import BEAT, LEASE, MAX
from reaper.client.directory import RunDirectory, directories, state_directory
from reaper.client.service import Service, configured_service
from reaper.client.start import (
    ENDPOINTS_VARIABLE,
    REALM_VARIABLE,
    RUN_VARIABLE,
    STATE_VARIABLE,
    check_pace,
    join,
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
    "Service",
    "check_pace",
    "configured_service",
    "directories",
    "join",
    "mint",
    "run",
    "state_directory",
]
