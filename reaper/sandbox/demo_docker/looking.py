"""What the engine says of each thing, asked by inspection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from docker import APIClient
from docker.errors import NotFound

from reaper.sandbox.demo.things import Facts, Thing
from reaper.sandbox.demo_docker.making import CONTAINER, IMAGE, NETWORK, VOLUME


def look(client: APIClient, thing: Thing) -> Facts | None:
    """Ask the engine about one thing; None if the engine says that it is not there."""
    try:
        return _LOOKS[thing.kind](client, thing.id)
    except NotFound:
        return None


def _container(client: APIClient, id_: str) -> Facts:
    told: Mapping[str, Any] = client.inspect_container(id_)
    state = told["State"]
    networks = told["NetworkSettings"]["Networks"] or {}
    return {
        "ID": told["Id"],
        "created": told["Created"],
        "state": state["Status"],
        "started": state["StartedAt"],
        "process": str(state["Pid"]),
        "restarts": str(told["RestartCount"]),
        "volumes": _joined(mount.get("Name") or mount["Source"] for mount in told["Mounts"]),
        "networks": _joined(
            f"{name} {endpoint.get('NetworkID')}" for name, endpoint in networks.items()
        ),
        "labels": _joined(f"{key}={value}" for key, value in told["Config"]["Labels"].items()),
    }


def _network(client: APIClient, id_: str) -> Facts:
    told: Mapping[str, Any] = client.inspect_network(id_)
    return {
        "ID": told["Id"],
        "created": told["Created"],
        "containers": _joined(told.get("Containers") or {}),
        "labels": _joined(f"{key}={value}" for key, value in (told.get("Labels") or {}).items()),
    }


def _volume(client: APIClient, name: str) -> Facts:
    told: Mapping[str, Any] = client.inspect_volume(name)
    return {
        "ID": told["Name"],
        "created": told["CreatedAt"],
        "directory": told["Mountpoint"],
        "labels": _joined(f"{key}={value}" for key, value in (told.get("Labels") or {}).items()),
    }


def _image(client: APIClient, id_: str) -> Facts:
    told: Mapping[str, Any] = client.inspect_image(id_)  # type: ignore[no-untyped-call]  # bare in types-docker
    return {
        "ID": told["Id"],
        "created": told["Created"],
        "names": _joined(told.get("RepoTags") or ()),
    }


_LOOKS: Mapping[str, Callable[[APIClient, str], Facts]] = {
    CONTAINER: _container,
    NETWORK: _network,
    VOLUME: _volume,
    IMAGE: _image,
}


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(sorted(parts))
