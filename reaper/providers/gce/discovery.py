"""Finds the project that Application Default Credentials name, for `reaper init`."""

from __future__ import annotations

import google.auth
import google.auth.exceptions


def own_project() -> list[str]:
    """The project's ID, if there are credentials and they name one; else nothing."""
    try:
        _, project = google.auth.default()
    except (google.auth.exceptions.GoogleAuthError, OSError, ValueError):
        return []
    return [str(project)] if project else []
