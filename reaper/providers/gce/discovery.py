"""Finds the project that Application Default Credentials name, for `reaper init`."""

from __future__ import annotations

import os
from pathlib import Path

import google.auth
import google.auth.exceptions
from google.auth import environment_vars


def own_project() -> list[str]:
    """The project's ID, if there are credentials in a file and something names one; else nothing.

    The metadata server is not asked: elsewhere than on Google's machines it lets one wait.
    """
    if not _has_file():
        return []
    try:
        _, project = google.auth.default()
    except (google.auth.exceptions.GoogleAuthError, OSError, ValueError):
        return []
    return [str(project)] if project else []


def _has_file() -> bool:
    named = os.environ.get(environment_vars.CREDENTIALS)
    if named:
        return Path(named).is_file()
    folder = os.environ.get(environment_vars.CLOUD_SDK_CONFIG_DIR)
    home = Path(folder) if folder else Path.home() / ".config" / "gcloud"
    return (home / "application_default_credentials.json").is_file()
