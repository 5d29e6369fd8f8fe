"""Finds the tenancy that the SDK's own configuration names, for `reaper init`."""

from __future__ import annotations

import configparser
import os
from importlib.util import find_spec
from pathlib import Path

from reaper.providers.discovery import Discovery, FoundPlace

_NONE = "OCI has no configuration here: `oci setup config` makes one"
_FILES = ("OCI_CONFIG_FILE", "OCI_CLI_CONFIG_FILE")  # the SDK's, and the command line's
_PROFILE = "OCI_CLI_PROFILE"


def own_tenancy() -> Discovery:
    """The tenancy of the default profile, if there is a configuration; else why there is none.

    Raises:
        ModuleNotFoundError: The SDK, which takes a second to load and is not needed here, is not
            installed: a place that is found would be of no use.
    """
    if find_spec("oci") is None:
        raise ModuleNotFoundError("No module named 'oci'", name="oci")
    named = next((os.environ[each] for each in _FILES if os.environ.get(each)), None)
    path = Path(named or "~/.oci/config").expanduser()
    if not path.is_file():
        return Discovery(notes=(_NONE,))
    profile = os.environ.get(_PROFILE) or "DEFAULT"
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
        section = parser[profile]
        tenancy = section["tenancy"]
    except (configparser.Error, KeyError, UnicodeDecodeError) as error:
        told = f"the configuration of OCI, {path}, is no use here: {type(error).__name__} {error}"
        return Discovery(notes=(told,))
    place: dict[str, str | tuple[str, ...]] = {"tenancy": tenancy, "compartments": (tenancy,)}
    if region := section.get("region"):
        place["regions"] = (region,)
    if named:
        place["config_file"] = str(path)
    if profile != "DEFAULT":
        place["profile"] = profile
    found = FoundPlace(
        place=place,
        address=tenancy,
        about=f"the profile {profile}",
        remarks={"compartments": "the root one: name those of your tests instead"},
    )
    return Discovery(places=(found,))
