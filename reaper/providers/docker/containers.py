"""Containers: what they use, what they made, and who lives with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docker.errors import NotFound

from reaper.model import Edge, Kind, Ref, Relation, Resource
from reaper.providers.docker.answers import CALL_ERRORS, explain, says_absent
from reaper.providers.docker.client import EngineClient
from reaper.providers.docker.names import (
    CONTAINER,
    IMAGE,
    LONG_ID,
    NETWORK,
    NETWORK_ID,
    PREDEFINED_MODES,
    SERVICE,
    VOLUME,
)
from reaper.providers.docker.surroundings import (
    ImageLabels,
    Listed,
    Surroundings,
    Swarm,
    joined,
)
from reaper.providers.docker.verbs import Item, Verbs, label_filter, of_labels, parse_time
from reaper.providers.protocol import Answer, Reply

SERVICE_LABEL = "com.docker.swarm.service.id"


def _list(client: EngineClient, key: str | None) -> Sequence[Item]:
    return [dict(item) for item in client.containers(all=True, filters=label_filter(key))]


def _called(client: EngineClient, name: str) -> Sequence[Item]:
    # The filter is a regular expression over names with their slash, and over links' names.
    found = client.containers(all=True, filters={"name": [f"^/{re.escape(name)}$"]})
    return [dict(item) for item in found if f"/{name}" in (item.get("Names") or ())]


def _inspect(client: EngineClient, id_: str) -> Item:
    return dict(client.inspect_container(id_))


def describe(item: Item, around: Surroundings) -> Resource:
    """What an inspection says of a container."""
    id_ = str(item["Id"])
    state = item.get("State") or {}
    labels = dict((item.get("Config") or {}).get("Labels") or {})
    image = around.image_labels(str(item["Image"]))
    made, volumes_unknown = _made(item, around)
    edges = [
        *_networks(item, around),
        *_volumes(item, around),
        Edge(relation=Relation.USES, other=around.ref(IMAGE, str(item["Image"]))),
        *_services(labels, around),
        *(Edge(relation=Relation.MADE, other=ref, name=ref.id) for ref in made),
        *(Edge(relation=Relation.TAKES, other=ref, name=ref.id) for ref in _taken(item, around)),
        *_containers_used(item, around),
        *_linkers(id_, around),
        *(
            Edge(relation=Relation.USED_BY, other=around.ref(CONTAINER, user), name=name)
            for user, name in around.joined_by(id_)
        ),
    ]
    return Resource(
        ref=around.ref(CONTAINER, id_),
        name=str(item.get("Name") or "").removeprefix("/") or None,
        tags=labels,
        created=parse_time(item.get("Created")),
        state=state.get("Status"),
        going=state.get("Status") == "removing",
        inherited=inherited(labels, image),
        edges=tuple(dict.fromkeys(edges)),
        unread=around.unread(*VERBS.needs, also=(image.failure, volumes_unknown, _ageless(item))),
        protection="reaper itself runs in it" if id_ in around.own else None,
    )


def _delete(client: EngineClient, resource: Resource) -> Answer:
    # v=False: anonymous volumes are resources of their own and go in their own right.
    client.remove_container(resource.ref.id, v=False, force=True)
    return Answer(reply=Reply.DONE)


def inherited(labels: Mapping[str, str], image: ImageLabels) -> frozenset[str]:
    """Which labels a container bears because its image does.

    Where the image is gone nobody can tell any more, and each may be inherited.
    """
    if image.gone:
        return frozenset(labels)
    return frozenset(key for key, value in labels.items() if image.labels.get(key) == value)


def _ageless(item: Item) -> str | None:
    return None if parse_time(item.get("Created")) else "the engine tells no creation time"


def _networks(item: Item, around: Surroundings) -> Iterator[Edge]:
    networks = (item.get("NetworkSettings") or {}).get("Networks") or {}
    for name, endpoint in networks.items():
        if name in PREDEFINED_MODES:
            continue
        # Before its first start a container knows its networks by name only, on Podman always.
        id_ = str((endpoint or {}).get("NetworkID") or name)
        for network in [id_] if NETWORK_ID.fullmatch(id_) else around.networks_called(id_):
            yield Edge(relation=Relation.USES, other=around.ref(NETWORK, network), name=name)


def _volumes(item: Item, around: Surroundings) -> Iterator[Edge]:
    for name in volumes_mounted(item):
        yield Edge(relation=Relation.USES, other=around.ref(VOLUME, name), name=name)


def volumes_mounted(item: Item) -> tuple[str, ...]:
    """The names of the volumes that a container, listed or inspected, has."""
    mounts = item.get("Mounts") or ()
    names = (str(m.get("Name") or "") for m in mounts if m.get("Type") == "volume")
    return tuple(dict.fromkeys(name for name in names if name))


def _services(labels: Mapping[str, str], around: Surroundings) -> Iterator[Edge]:
    service = labels.get(SERVICE_LABEL)
    if not service or around.swarm is Swarm.OUTSIDE:
        return  # a label that outlived its swarm: nothing would make the container anew
    known = around.swarm is Swarm.MANAGER and not around.unread(Listed.SERVICES)
    if known and all(s.get("ID") != service for s in around.all(Listed.SERVICES)):
        return
    yield Edge(
        relation=Relation.CONTROLLED_BY,
        other=around.ref(SERVICE, service),
        name=labels.get("com.docker.swarm.service.name"),
    )


def _made(item: Item, around: Surroundings) -> tuple[list[Ref], str | None]:
    """The anonymous volumes that came with this container, and what could not be told."""
    named, started = named_sources(item), parse_time(item.get("Created"))
    made: list[Ref] = []
    for name in volumes_mounted(item):
        if name in named or not LONG_ID.fullmatch(name) or started is None:
            continue
        try:
            volume = around.client.inspect_volume(name)
        except CALL_ERRORS as error:
            if isinstance(error, NotFound) and says_absent(error):
                continue
            return [], f"its volume {name} could not be inspected: {explain(error)}"
        born, floor = parse_time(volume.get("CreatedAt")), started.replace(microsecond=0)
        # Volumes are dated to the second. One that came by --volumes-from is older, or of the
        # same second, and then it may be the other container's.
        shared = bool((item.get("HostConfig") or {}).get("VolumesFrom"))
        if born is not None and (born > floor or (born == floor and not shared)):
            made.append(around.ref(VOLUME, name, str(volume["CreatedAt"])))
    return made, None


def _taken(item: Item, around: Surroundings) -> list[Ref]:
    """The volumes that go along, where the engine removes the container by itself at its end."""
    if not (item.get("HostConfig") or {}).get("AutoRemove"):
        return []
    # Podman lists anonymous volumes among those asked for by name, and takes them along too.
    named = {name for name in named_sources(item) if not LONG_ID.fullmatch(name)}
    return [around.ref(VOLUME, name) for name in volumes_mounted(item) if name not in named]


def named_sources(item: Item) -> frozenset[str]:
    """The volumes that whoever made the container asked for by name."""
    host: Mapping[str, Any] = item.get("HostConfig") or {}
    binds = (str(bind).partition(":")[0] for bind in host.get("Binds") or ())
    mounts = (str(mount.get("Source") or "") for mount in host.get("Mounts") or ())
    return frozenset(name for name in (*binds, *mounts) if name)


def _containers_used(item: Item, around: Surroundings) -> Iterator[Edge]:
    for id_ in joined(item):
        yield Edge(relation=Relation.USES, other=around.ref(CONTAINER, id_))
    for link in (item.get("HostConfig") or {}).get("Links") or ():
        name = str(link).partition(":")[0].removeprefix("/")
        if (other := around.container_called(name)) is not None:
            yield Edge(relation=Relation.USES, other=around.ref(CONTAINER, other), name=name)


def _linkers(id_: str, around: Surroundings) -> Iterator[Edge]:
    """Those with a legacy link to this one: the engine lists it under `/user/alias` too."""
    for item in around.all(Listed.CONTAINERS):
        if item["Id"] != id_:
            continue
        for alias in item.get("Names") or ():
            name, slash, _ = str(alias).removeprefix("/").partition("/")
            if slash and (user := around.container_called(name)) is not None:
                yield Edge(relation=Relation.USED_BY, other=around.ref(CONTAINER, user), name=name)


VERBS = Verbs(
    kind=Kind(name=CONTAINER, after=(SERVICE,)),
    list=_list,
    ref=lambda scope, item: Ref(kind=CONTAINER, scope=scope, id=str(item["Id"])),
    labels=of_labels,
    inspect=_inspect,
    describe=describe,
    delete=_delete,
    needs=frozenset({Listed.CONTAINERS, Listed.NAMESPACES, Listed.NETWORKS, Listed.SERVICES}),
    id_form=LONG_ID,
    lookup=_called,
)
