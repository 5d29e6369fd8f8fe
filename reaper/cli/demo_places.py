"""Finds out where `reaper demo` can be played, or says what that needs."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from reaper.cli.failures import say
from reaper.config import Config, DockerPlace, ProviderSettings
from reaper.errors import ConfigurationError, PlaceUnreachable
from reaper.model import Cell
from reaper.providers.docker.address import Address, resolve
from reaper.providers.opening import open_places
from reaper.providers.protocol import Identity

# What a cloud's sandbox needs, and the extra that brings it.
_NEEDS = {
    "AWS": (("boto3", "moto", "werkzeug"), "sandbox"),
    "Google": (("google.auth", "jmespath", "requests"), "gce"),
    "Azure": (("azure.core", "azure.identity", "azure.mgmt.compute", "jmespath"), "azure"),
    "OCI": (("jmespath", "oci"), "oci"),
}


def has_sandbox(cloud: str) -> bool:
    """Whether what a cloud's sandbox needs is installed; if not, it is said how to get it."""
    modules, extra = _NEEDS[cloud]
    missing = [name for name in modules if not _is_there(name)]
    if missing:
        say(
            f"the {cloud} sandbox is left out: it needs {', '.join(missing)}. To get it: "
            f"pip install 'leak-reaper[{extra}]'"
        )
    return not missing


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # what it would be in is not there
        return False


def find_engine(*, needed: bool) -> tuple[Cell, Identity] | None:
    """Ask the engine who it is; None if none answers, which is said.

    Args:
        needed: Nothing else can be played: it is said at length how to get an engine.

    Raises:
        ConfigurationError: It is needed, and docker-py is not installed, or DOCKER_HOST is no
            address.
    """
    place = DockerPlace()
    config = Config(providers=ProviderSettings(docker=(place,)))
    try:
        (engine,) = open_places(config, read_only=True)
    except ConfigurationError as error:
        if needed:
            raise
        say(f"the Docker engine is left out: {error}")
        return None
    try:
        identity = engine.identity()
        (cell,) = engine.cells()
    except PlaceUnreachable as error:
        if needed:
            hint = _hint(resolve(place))
            say(f"the demo needs a Docker engine, and none answers: {error}\n\n{hint}")
        else:
            say(
                f"Docker is left out, for no engine answers: {error}. "
                "`reaper demo --only docker` says how to get one"
            )
        return None
    finally:
        engine.close()
    return cell, identity


_INSTALL = """\
To get one:
  Debian, Ubuntu   sudo apt-get install docker.io
                   sudo systemctl enable --now docker
  macOS            brew install colima docker && colima start
                   (or Docker Desktop: brew install --cask docker, then open -a Docker)
  others           https://docs.docker.com/engine/install/
If it is installed but does not run:
                   sudo systemctl start docker
If it says «permission denied»:
                   sudo usermod -aG docker "$USER", then log in again
                   (whoever is in that group can do on this machine what root can)
Then try `reaper demo --only docker` again."""


def _hint(address: Address) -> str:
    """Say what is most likely the matter, then how to get an engine."""
    parts = urlsplit(address.url)
    socket = Path(parts.path)
    if parts.scheme == "unix" and socket.exists() and not os.access(socket, os.R_OK | os.W_OK):
        hint = (
            f"You may not use {socket}: add yourself to its group "
            '(sudo usermod -aG docker "$USER") and log in again.'
        )
    elif parts.scheme != "unix" or os.environ.get("DOCKER_HOST"):
        hint = (
            f"{address.found} says that it is at {address.url}: is it up, and is that right? "
            "Without DOCKER_HOST (or with `docker context use default`) the local one is taken."
        )
    elif shutil.which("dockerd") is not None:
        hint = "Docker is installed here, but it does not run: sudo systemctl start docker"
    elif sys.platform == "darwin" and shutil.which("docker") is not None:
        hint = "Docker is installed here, but it does not run: open -a Docker (or colima start)"
    else:
        hint = f"Nothing listens at {socket}: Docker seems not to be installed here."
    return f"{hint}\n\n{_INSTALL}"
