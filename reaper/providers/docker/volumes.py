"""Volumes: their names are used again, so each is known by its creation time too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docker.errors import NotFound

from reaper.model import Edge, Kind, Ref, Relation, Resource
from reaper.providers.docker.answers import says_absent
from reaper.providers.docker.client import EngineClient
from reaper.providers.docker.containers import volumes_mounted
from reaper.providers.docker.names import CONTAINER, SERVICE, VOLUME, VOLUME_NAME
from reaper.providers.docker.surroundings import Listed, Surroundings, first_name
from reaper.providers.docker.verbs import Item, Verbs, label_filter, of_labels, parse_time
from reaper.providers.protocol import Answer, Reply


def _list(client: EngineClient, key: str | None) -> Sequence[Item]:
    answer = client.volumes(filters=label_filter(key))
    return [dict(item) for item in answer.get("Volumes") or ()]


def _called(client: EngineClient, name: str) -> Sequence[Item]:
    try:
        return [_inspect(client, name)]
    except NotFound as error:
        if not says_absent(error):
            raise
        return []


def _inspect(client: EngineClient, name: str) -> Item:
    return dict(client.inspect_volume(name))


def incarnation(item: Item) -> str | None:
    """What tells this volume from a later one of its name; None where its driver tells nothing."""
    return str(item["CreatedAt"]) if parse_time(item.get("CreatedAt")) else None


def describe(item: Item, around: Surroundings) -> Resource:
    """What an inspection says of a volume."""
    name = str(item["Name"])
    created = parse_time(item.get("CreatedAt"))
    unaged = (
        None
        if created
        else "its driver tells no creation time, and a later volume may have the same name"
    )
    return Resource(
        ref=around.ref(VOLUME, name, incarnation(item)),
        name=name,
        tags=of_labels(item),
        created=created,
        edges=tuple(dict.fromkeys((*_containers(item, around), *_services(name, around)))),
        unread=around.unread(*VERBS.needs, also=(unaged,)),
    )


def _delete(client: EngineClient, resource: Resource) -> Answer:
    ref = resource.ref
    if ref.incarnation is None:
        return Answer(
            reply=Reply.FAILED,
            detail="nothing was sent: its creation time is not known, so another volume of this "
            "name could not be told from it",
        )
    now = incarnation(_inspect(client, ref.id))
    if now != ref.incarnation:
        return Answer(
            reply=Reply.ABSENT,
            detail=f"nothing was sent: the volume of this name was created {now}, "
            f"the one that was to go {ref.incarnation}",
        )
    client.remove_volume(ref.id, force=False)
    return Answer(reply=Reply.DONE)


def _containers(item: Item, around: Surroundings) -> Iterator[Edge]:
    name, path = str(item["Name"]), str(item.get("Mountpoint") or "")
    for container in around.all(Listed.CONTAINERS):
        if name in volumes_mounted(container) or (path and _binds(container, path)):
            yield Edge(
                relation=Relation.USED_BY,
                other=around.ref(CONTAINER, str(container["Id"])),
                name=first_name(container),
            )


def _binds(container: Item, path: str) -> bool:
    """Whether the container has the volume's directory by its path: the engine does not know."""
    sources = (str(mount.get("Source") or "") for mount in container.get("Mounts") or ())
    return any(source == path or source.startswith(path + "/") for source in sources)


def _services(name: str, around: Surroundings) -> Iterator[Edge]:
    for service in around.all(Listed.SERVICES):
        if name in sources(service):
            yield Edge(
                relation=Relation.USED_BY,
                other=around.ref(SERVICE, str(service["ID"])),
                name=(service.get("Spec") or {}).get("Name"),
            )


def sources(service: Item) -> frozenset[str]:
    """The volumes that a service's tasks mount by name."""
    template = (service.get("Spec") or {}).get("TaskTemplate") or {}
    mounts = (template.get("ContainerSpec") or {}).get("Mounts") or ()
    return frozenset(
        str(mount["Source"])
        for mount in mounts
        if mount.get("Source") and mount.get("Type") == "volume"
    )


VERBS = Verbs(
    kind=Kind(name=VOLUME, after=(CONTAINER, SERVICE)),
    list=_list,
    ref=lambda scope, item: Ref(
        kind=VOLUME, scope=scope, id=str(item["Name"]), incarnation=incarnation(item)
    ),
    labels=of_labels,
    inspect=_inspect,
    describe=describe,
    delete=_delete,
    needs=frozenset({Listed.CONTAINERS, Listed.SERVICES}),
    id_form=VOLUME_NAME,
    lookup=_called,
)
