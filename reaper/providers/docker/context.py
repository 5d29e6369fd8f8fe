"""Docker contexts, read from the files of the Docker client.

docker-py reads them too, but raises bare exceptions for broken ones, and talks without TLS where a
context has an authority and no client certificate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reaper.errors import ConfigurationError

DEFAULT = "default"  # the local socket; it has no files


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Where a context leads."""

    host: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    verify: bool = True


def docker_directory(env: Mapping[str, str]) -> Path:
    """Where the Docker client keeps its configuration."""
    configured = env.get("DOCKER_CONFIG")
    return Path(configured) if configured else Path(env.get("HOME") or Path.home()) / ".docker"


def current_context(directory: Path) -> str:
    """The name of the context that the Docker client uses.

    Raises:
        ConfigurationError: Its configuration cannot be read.
    """
    path = directory / "config.json"
    if not path.exists():
        return DEFAULT
    return str(_read(path).get("currentContext") or DEFAULT)


def read_context(directory: Path, name: str) -> Context:
    """Read where a context leads.

    Raises:
        ConfigurationError: There is none of this name, or it cannot be read.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()
    path = directory / "contexts" / "meta" / digest / "meta.json"
    if not path.exists():
        raise ConfigurationError(
            f"there is no Docker context {name!r} in {directory}; `docker context ls` shows those "
            "that there are"
        )
    endpoint = (_read(path).get("Endpoints") or {}).get("docker") or {}
    if not endpoint.get("Host"):
        raise ConfigurationError(f"the Docker context {name!r} ({path}) names no Docker engine")
    files = directory / "contexts" / "tls" / digest / "docker"
    return Context(
        host=str(endpoint["Host"]),
        ca=_file(files / "ca.pem"),
        cert=_file(files / "cert.pem"),
        key=_file(files / "key.pem"),
        verify=not endpoint.get("SkipTLSVerify", False),
    )


def _file(path: Path) -> Path | None:
    return path if path.is_file() else None


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} of the Docker client cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} of the Docker client holds no JSON object")
    return content
