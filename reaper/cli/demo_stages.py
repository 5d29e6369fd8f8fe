"""Finds where `reaper demo` can be played, and says how to get what is not there."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reaper.cli.failures import say

if TYPE_CHECKING:
    from reaper.providers.docker.address import Address
    from reaper.sandbox.demo.stage import Stage


def find_stages(only: str | None) -> Sequence[Stage]:
    """Find the stages, and say what is missing; none if it can be played nowhere.

    Args:
        only: The name of the one that is wanted; None: all there are.
    """
    found: list[Stage] = []
    missing: dict[str, tuple[str, str]] = {}
    for name, find in {"docker": _docker, "aws": _aws}.items():
        if only in {None, name}:
            stage = find()
            if isinstance(stage, tuple):
                missing[name] = stage
            else:
                found.append(stage)
    for name, (why, remedy) in missing.items():
        if found:
            first, *_ = remedy.splitlines()
            say(f"the demo goes on without {_CALLED[name]}: {why}. {first}")
        else:
            say(f"the demo needs {_CALLED[name]}: {why}\n\n{remedy}\n")
    return found


_CALLED = {"docker": "a Docker engine", "aws": "the AWS sandbox"}


def _aws() -> Stage | tuple[str, str]:
    """The AWS sandbox; else why there is none, and what to do."""
    absent = [package for package in ("boto3", "moto", "flask") if find_spec(package) is None]
    if absent:
        why = f"its packages are not installed ({', '.join(absent)})"
        return why, "To install it: pip install 'leak-reaper[sandbox]'"

    from reaper.sandbox.demo_aws.stage import AwsStage  # noqa: PLC0415 - just proven to be there

    return AwsStage()


def _docker() -> Stage | tuple[str, str]:
    """The engine, if it answers; else why not, and how to get one."""
    if find_spec("docker") is None:
        return "docker-py is not installed", "To install it: pip install 'leak-reaper[docker]'"

    from reaper.config import Config, DockerPlace, ProviderSettings  # noqa: PLC0415 - as above
    from reaper.errors import PlaceUnreachable  # noqa: PLC0415 - as above
    from reaper.providers.docker.address import resolve  # noqa: PLC0415 - as above
    from reaper.providers.opening import open_places  # noqa: PLC0415 - as above
    from reaper.sandbox.demo_docker.stage import DockerStage  # noqa: PLC0415 - as above

    place = DockerPlace()
    config = Config(providers=ProviderSettings(docker=(place,)))
    (engine,) = open_places(config, read_only=True)
    try:
        identity = engine.identity()
        (cell,) = engine.cells()
    except PlaceUnreachable as error:
        return f"none answers: {error}", _hint(resolve(place))
    finally:
        engine.close()
    return DockerStage(cell, version=identity.notes.get("version"))


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
Then try `reaper demo` again."""


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
