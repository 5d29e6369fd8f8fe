"""The configuration: files and environment variables become one validated, frozen model."""

from reaper.config.keys import Key, known_keys
from reaper.config.loading import find, load
from reaper.config.places import DockerPlace, ProviderSettings, TlsSettings
from reaper.config.profiles import ProfileSettings
from reaper.config.schema import json_schema
from reaper.config.settings import Config, RunSettings

__all__ = [
    "Config",
    "DockerPlace",
    "Key",
    "ProfileSettings",
    "ProviderSettings",
    "RunSettings",
    "TlsSettings",
    "find",
    "json_schema",
    "known_keys",
    "load",
]
