"""What tells one Docker engine from another: for who creates there, and for who sweeps there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any


def engine_id(told: Mapping[str, Any], info: Mapping[str, Any]) -> str:
    """The engine's own ID, by its /version and its /info; empty where it has none.

    Podman makes up a new one for each answer, so there it is drawn from its machine and its store.
    """
    if not is_podman(told):
        return str(info.get("ID") or "").replace("/", "_")
    place = f"{info.get('Name')}\0{info.get('DockerRootDir')}"
    return "podman-" + hashlib.sha256(place.encode()).hexdigest()[:32]


def is_podman(told: Mapping[str, Any]) -> bool:
    """Whether /version is Podman's."""
    parts = told.get("Components") or ()
    return any("podman" in str(part.get("Name", "")).lower() for part in parts)
