"""Networks: an engine lets go of one under stopped containers, which then never start again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docker.errors import APIError

from reaper.model import Edge, Kind, Ref, Relation, Resource
from reaper.providers.docker.answers import CALL_ERRORS, classify
from reaper.providers.docker.client import EngineClient
from reaper.providers.docker.names import (
    CONTAINER,
    LONG_ID,
    NETWORK,
    NETWORK_ID,
    PREDEFINED_NETWORKS,
    SERVICE,
)
from reaper.providers.docker.surroundings import Listed, Surroundings, Swarm, first_name
from reaper.providers.docker.verbs import Item, Verbs, label_filter, of_labels, parse_time
from reaper.providers.protocol import Answer, Reply


def _list(client: EngineClient, key: str | None) -> Sequence[Item]:
    return [dict(item) for item in client.networks(filters=label_filter(key))]


def _called(client: EngineClient, name: str) -> Sequence[Item]:
    # The name filter matches parts of names.
    return [dict(item) for item in client.networks(names=[name]) if item.get("Name") == name]


def _inspect(client: EngineClient, id_: str) -> Item:
    return dict(client.inspect_network(id_))


def describe(item: Item, around: Surroundings) -> Resource:
    """What an inspection says of a network."""
    id_, name = str(item["Id"]), str(item.get("Name") or "")
    created = parse_time(item.get("Created"))
    foreign = item.get("Scope") == "swarm" and around.swarm is not Swarm.MANAGER
    predefined = name in PREDEFINED_NETWORKS or item.get("Ingress")
    return Resource(
        ref=around.ref(NETWORK, id_),
        name=name or None,
        tags=of_labels(item),
        created=created,
        edges=tuple(
            dict.fromkeys((*_containers(id_, name, around), *_services(id_, name, around)))
        ),
        unread=around.unread(
            *VERBS.needs,
            also=(
                None if created or predefined else "the engine tells no creation time",
                "it is a swarm's, and this engine is not its manager" if foreign else None,
            ),
        ),
        protection="it is the engine's own" if predefined else None,
    )


def _delete(client: EngineClient, resource: Resource) -> Answer:
    try:
        client.remove_network(resource.ref.id)
    except APIError as error:
        answer = classify(error)
        if answer.reply is not Reply.IN_USE or answer.blockers:
            raise
        return Answer(
            reply=Reply.IN_USE, detail=answer.detail, blockers=_connected(client, resource.ref)
        )
    if LONG_ID.fullmatch(resource.ref.id):
        return Answer(reply=Reply.DONE)
    return Answer(reply=Reply.STARTED, detail="the swarm takes it from its nodes one by one")


def _connected(client: EngineClient, ref: Ref) -> tuple[str, ...]:
    try:
        endpoints = client.inspect_network(ref.id).get("Containers") or {}
    except CALL_ERRORS:
        return ()  # the refusal stands without its reasons
    return tuple(str(Ref(kind=CONTAINER, scope=ref.scope, id=id_)) for id_ in sorted(endpoints))


def _containers(id_: str, name: str, around: Surroundings) -> Iterator[Edge]:
    for item in around.all(Listed.CONTAINERS):
        networks: Mapping[str, Any] = (item.get("NetworkSettings") or {}).get("Networks") or {}
        for key, endpoint in networks.items():
            # By name before a container's first start, and always on Podman.
            if ((endpoint or {}).get("NetworkID") or key) in {id_, name}:
                yield Edge(
                    relation=Relation.USED_BY,
                    other=around.ref(CONTAINER, str(item["Id"])),
                    name=first_name(item),
                )


def _services(id_: str, name: str, around: Surroundings) -> Iterator[Edge]:
    for service in around.all(Listed.SERVICES):
        if {id_, name} & targets(service):
            yield Edge(
                relation=Relation.USED_BY,
                other=around.ref(SERVICE, str(service["ID"])),
                name=(service.get("Spec") or {}).get("Name"),
            )


def targets(service: Item) -> frozenset[str]:
    """The networks that a service names, by ID or by name."""
    spec = service.get("Spec") or {}
    networks = [*((spec.get("TaskTemplate") or {}).get("Networks") or ())]
    networks += spec.get("Networks") or ()
    return frozenset(str(network["Target"]) for network in networks if network.get("Target"))


VERBS = Verbs(
    kind=Kind(name=NETWORK, after=(CONTAINER, SERVICE)),
    list=_list,
    ref=lambda scope, item: Ref(kind=NETWORK, scope=scope, id=str(item["Id"])),
    labels=of_labels,
    inspect=_inspect,
    describe=describe,
    delete=_delete,
    needs=frozenset({Listed.CONTAINERS, Listed.SERVICES}),
    id_form=NETWORK_ID,
    lookup=_called,
)
