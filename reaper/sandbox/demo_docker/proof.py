"""The proof: what the engine says of each thing before and after, asked by inspection.

`look_at_all` asks the engine alone, not reaper. `checks` then holds what reaper said against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from docker import APIClient
from docker.errors import NotFound

from reaper.model import Outcome, Plan, Rule, Status
from reaper.sandbox.demo.checks import Check, Facts, Finding, judged_by, untouched
from reaper.sandbox.demo.parts import DEBUGGER, GARBLED, Part, Thing
from reaper.sandbox.demo_docker.things import CONTAINER, IMAGE, NETWORK, VOLUME
from reaper.sandbox.demo_docker.worker import SHARED_NETWORK
from reaper.sandbox.demo_docker.world import World


def look(client: APIClient, thing: Thing) -> Facts | None:
    """Ask the engine about one thing; None if the engine says that it is not there."""
    try:
        return _LOOKS[thing.kind](client, thing.id)
    except NotFound:
        return None


def look_at_all(client: APIClient, things: Iterable[Thing]) -> dict[Thing, Facts | None]:
    """Ask the engine about each of these things."""
    return {thing: look(client, thing) for thing in things}


def checks(
    world: World,
    plans: Sequence[Plan],
    outcomes: Mapping[str, Outcome],
    findings: Sequence[Finding],
    killed: Mapping[Thing, Facts | None],
) -> tuple[Check, ...]:
    """Hold everything against what has to be.

    `outcomes` are by `ref.id`; `killed` is what the engine says of the killed run's things now.
    """
    shared, debugger = world.named(SHARED_NETWORK), world.named(DEBUGGER)
    garbled = world.named(GARBLED)
    return (
        untouched(Part.LIVE, findings),
        untouched(Part.STRANGER, findings),
        Check(
            claim=f"All of the killed run is gone, but for {shared.name}",
            wrong=tuple(
                f"{thing.kind} {thing.name} is still there"
                for thing, facts in killed.items()
                if facts is not None and thing != shared
            ),
        ),
        Check(
            claim=f"{shared.name} is there, and {debugger.name} is named as who blocks it",
            wrong=_not_blocked(killed[shared], outcomes.get(shared.id), debugger),
        ),
        judged_by(Rule.GARBLED, garbled, plans),
    )


def _not_blocked(
    network: Facts | None, outcome: Outcome | None, debugger: Thing
) -> tuple[str, ...]:
    if network is None:
        return ("it is gone, though somebody uses it",)
    if outcome is None or outcome.status is not Status.BLOCKED:
        return (f"its outcome is {outcome.status if outcome is not None else 'none'}",)
    if not any(debugger.id in blocker for blocker in outcome.blocked_by):
        return (f"named instead: {', '.join(outcome.blocked_by) or 'nobody'}",)
    return ()


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
