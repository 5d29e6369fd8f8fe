"""Finds the project that Application Default Credentials name, for `reaper init`."""

from __future__ import annotations

import os
from pathlib import Path

import google.auth
import google.auth.exceptions
from google.auth import environment_vars

from reaper.providers.discovery import Discovery, FoundPlace

_NONE = (
    "Google Cloud has no credentials here: `gcloud auth application-default login`, or "
    f"{environment_vars.CREDENTIALS}, gives some"
)
_NO_PROJECT = (
    f"the credentials of Google Cloud name no project; {environment_vars.PROJECT} can name one"
)


def own_project() -> Discovery:
    """The project, if there are credentials in a file and something names one; else why not.

    The metadata server is not asked: elsewhere than on Google's machines it lets one wait.
    """
    if not _has_file():
        return Discovery(notes=(_NONE,))
    try:
        credentials, project = google.auth.default()
    except (google.auth.exceptions.GoogleAuthError, OSError, ValueError) as error:
        return Discovery(notes=(f"the credentials of Google Cloud are no use here: {error}",))
    if not project:
        return Discovery(notes=(_NO_PROJECT,))
    who = getattr(credentials, "service_account_email", None)
    found = FoundPlace(
        place={"project": str(project)}, address=str(project), about=f"as {who}" if who else ""
    )
    return Discovery(places=(found,))


def _has_file() -> bool:
    named = os.environ.get(environment_vars.CREDENTIALS)
    if named:
        return Path(named).is_file()
    folder = os.environ.get(environment_vars.CLOUD_SDK_CONFIG_DIR)
    home = Path(folder) if folder else Path.home() / ".config" / "gcloud"
    return (home / "application_default_credentials.json").is_file()
