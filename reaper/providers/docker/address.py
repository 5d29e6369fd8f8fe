"""Where an engine is: a configured place, or what a Docker client would take, as one address."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from reaper.errors import ConfigurationError
from reaper.providers.docker.context import (
    DEFAULT,
    current_context,
    docker_directory,
    read_context,
)

CLASSIC_SOCKET = Path("/var/run/docker.sock")
_SCHEMES = frozenset({"unix", "tcp", "http", "https", "ssh"})


class Tls(Protocol):
    """The files of a TLS connection."""

    @property
    def ca(self) -> Path | str | None:
        """The authority that signed the engine's certificate; None: the system's."""

    @property
    def cert(self) -> Path | str | None:
        """Our certificate."""

    @property
    def key(self) -> Path | str | None:
        """Our certificate's key."""

    @property
    def verify(self) -> bool:
        """Whether to check the engine's certificate."""


class Place(Protocol):
    """One engine, as the configuration names it."""

    @property
    def host(self) -> str | None:
        """Its address; None: found as a Docker client finds it."""

    @property
    def context(self) -> str | None:
        """A Docker context to take the address from."""

    @property
    def tls(self) -> Tls | None:
        """For tcp://; None: none, unless the context or the environment has it."""

    @property
    def engine_id(self) -> str | None:
        """What its ID must be; None: whatever it is at first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsFiles:
    """A TLS connection's files, each of which is there."""

    ca: str | None
    cert: tuple[str, str] | None
    verify: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where to connect; `found` says who named it."""

    url: str
    found: str
    tls: TlsFiles | None = None


def resolve(place: Place, env: Mapping[str, str] | None = None) -> Address:
    """Say where a configured engine is; nothing is asked of it.

    Raises:
        ConfigurationError: The address or the context is none, or a certificate is not there.
    """
    env = os.environ if env is None else env
    if place.host:
        return _address(place.host, "the configuration", place.tls)
    if place.context:
        return _of_context(place.context, "the configuration", env, place.tls)
    if env.get("DOCKER_HOST"):
        return _address(env["DOCKER_HOST"], "DOCKER_HOST", place.tls or _tls_of(env))
    name = env.get("DOCKER_CONTEXT") or current_context(docker_directory(env))
    if name != DEFAULT:
        return _of_context(name, "the current Docker context", env, place.tls)
    sockets = local_sockets(env)
    there = next((path for path in sockets if path.exists()), CLASSIC_SOCKET)
    return _address(f"unix://{there}", "the local socket", None)


def local_sockets(env: Mapping[str, str]) -> tuple[Path, ...]:
    """Where engines listen on a machine: Docker, rootless Docker, Docker Desktop, Podman."""
    runtime = Path(env.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    return (
        CLASSIC_SOCKET,
        runtime / "docker.sock",
        docker_directory(env) / "run" / "docker.sock",
        runtime / "podman" / "podman.sock",
        Path("/run/podman/podman.sock"),
    )


def known_addresses(env: Mapping[str, str] | None = None) -> list[Address]:
    """Every address that this machine suggests, what a Docker client would take first.

    A context that cannot be read is left out: this is for suggestions, not for a scan.
    """
    env = os.environ if env is None else env
    found: list[Address] = []
    if env.get("DOCKER_HOST"):
        found.append(_address(env["DOCKER_HOST"], "DOCKER_HOST", _tls_of(env)))
    try:
        name = env.get("DOCKER_CONTEXT") or current_context(docker_directory(env))
        if name != DEFAULT:
            found.append(_of_context(name, "the current Docker context", env, None))
    except ConfigurationError:
        pass
    found += [
        _address(f"unix://{path}", "a local socket", None)
        for path in local_sockets(env)
        if path.exists()
    ]
    return found


def _of_context(name: str, found: str, env: Mapping[str, str], tls: Tls | None) -> Address:
    if name == DEFAULT:
        return _address(f"unix://{CLASSIC_SOCKET}", found, None)
    context = read_context(docker_directory(env), name)
    own = context if context.ca or context.cert else None
    return _address(context.host, f"{found} {name!r}", tls or own)


def _address(url: str, found: str, tls: Tls | None) -> Address:
    url = url.strip()
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not (parts.netloc or parts.path):
        raise ConfigurationError(
            f"{url!r} (from {found}) is no engine's address: write unix:///FILE, tcp://HOST:PORT "
            "or ssh://USER@HOST"
        )
    if parts.password:
        raise ConfigurationError(
            f"the engine's address (from {found}) must not hold a password: use the key of an SSH "
            "agent, or TLS"
        )
    local = parts.scheme in {"unix", "ssh"}
    return Address(url=url, found=found, tls=None if local or tls is None else _files(tls))


def _files(tls: Tls) -> TlsFiles:
    for path in (tls.ca, tls.cert, tls.key):
        if path is not None and not Path(path).expanduser().is_file():
            raise ConfigurationError(f"the TLS file {path} of a Docker engine is not there")
    if (tls.cert is None) != (tls.key is None):
        raise ConfigurationError("TLS to a Docker engine needs both cert and key, or neither")
    cert = (_path(tls.cert), _path(tls.key)) if tls.cert and tls.key else None
    return TlsFiles(ca=_path(tls.ca) if tls.ca else None, cert=cert, verify=tls.verify)


def _path(path: Path | str) -> str:
    return str(Path(path).expanduser())


@dataclass(frozen=True, kw_only=True, slots=True)
class _TlsOfEnvironment:
    ca: Path
    cert: Path
    key: Path
    verify: bool


def _tls_of(env: Mapping[str, str]) -> Tls | None:
    """TLS as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH ask for it."""
    verify = bool(env.get("DOCKER_TLS_VERIFY"))
    path = env.get("DOCKER_CERT_PATH")
    if not verify and not path:
        return None
    folder = Path(path) if path else docker_directory(env)
    return _TlsOfEnvironment(
        ca=folder / "ca.pem", cert=folder / "cert.pem", key=folder / "key.pem", verify=verify
    )
