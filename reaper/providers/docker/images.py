"""Images: shared by tags, pulls and children, so only a journal entry makes one a run's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reaper.model import Edge, Kind, Ref, Relation, Resource
from reaper.providers.docker.client import EngineClient
from reaper.providers.docker.names import CONTAINER, IMAGE, IMAGE_ID, SERVICE
from reaper.providers.docker.surroundings import Listed, Surroundings, first_name
from reaper.providers.docker.verbs import Item, Verbs, label_filter, of_labels, parse_time
from reaper.providers.protocol import Answer, Reply

_UNTAGGED = "<none>:<none>"


def _list(client: EngineClient, key: str | None) -> Sequence[Item]:
    return [dict(item) for item in client.images(filters=label_filter(key))]


def _inspect(client: EngineClient, id_: str) -> Item:
    return dict(client.inspect_image(id_))  # type: ignore[no-untyped-call]  # bare in types-docker


def describe(item: Item, around: Surroundings) -> Resource:
    """What an inspection says of an image."""
    id_, tags = str(item["Id"]), tags_of(item)
    # Reproducible builds and imports date an image back: then it is older than its run, and kept.
    created = parse_time(item.get("Created"))
    edges = (*_containers(id_, around), *_children(id_, around), *_services(item, around))
    return Resource(
        ref=around.ref(IMAGE, id_),
        name=tags[0] if tags else None,
        tags=dict((item.get("Config") or {}).get("Labels") or {}),
        created=created,
        edges=tuple(dict.fromkeys(edges)),
        unread=around.unread(
            *VERBS.needs, also=(None if created else "the image tells no creation time",)
        ),
        indirect=True,
    )


def tags_of(item: Item) -> tuple[str, ...]:
    """The names under which people know an image, other than by its digest."""
    return tuple(str(tag) for tag in item.get("RepoTags") or () if tag != _UNTAGGED)


def _delete(client: EngineClient, resource: Resource) -> Answer:
    tags = tags_of(_inspect(client, resource.ref.id))
    if len(tags) > 1:
        return Answer(
            reply=Reply.IN_USE,
            detail=f"nothing was sent: it has {len(tags)} tags ({', '.join(tags)}), and each may "
            "be somebody's; it goes when one is left",
            blockers=tags,
        )
    # noprune: its untagged parents are images of their own.
    client.remove_image(resource.ref.id, force=False, noprune=True)
    return Answer(reply=Reply.DONE)


def _containers(id_: str, around: Surroundings) -> Iterator[Edge]:
    for item in around.all(Listed.CONTAINERS):
        if item.get("ImageID") == id_:
            yield Edge(
                relation=Relation.USED_BY,
                other=around.ref(CONTAINER, str(item["Id"])),
                name=first_name(item),
            )


def _children(id_: str, around: Surroundings) -> Iterator[Edge]:
    for item in around.all(Listed.IMAGES):
        if item.get("ParentId") == id_:
            tags = tags_of(item)
            yield Edge(
                relation=Relation.USED_BY,
                other=around.ref(IMAGE, str(item["Id"])),
                name=tags[0] if tags else None,
            )


def _services(image: Item, around: Surroundings) -> Iterator[Edge]:
    digests = {str(digest).rpartition("@")[2] for digest in image.get("RepoDigests") or ()}
    for service in around.all(Listed.SERVICES):
        spec = service.get("Spec") or {}
        container = (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
        name, _, digest = str(container.get("Image") or "").partition("@")
        if digest in digests or {name, f"{name}:latest", digest} & {image["Id"], *tags_of(image)}:
            yield Edge(
                relation=Relation.USED_BY,
                other=around.ref(SERVICE, str(service["ID"])),
                name=spec.get("Name"),
            )


VERBS = Verbs(
    kind=Kind(name=IMAGE, after=(CONTAINER, SERVICE)),
    list=_list,
    ref=lambda scope, item: Ref(kind=IMAGE, scope=scope, id=str(item["Id"])),
    labels=of_labels,
    inspect=_inspect,
    describe=describe,
    delete=_delete,
    needs=frozenset({Listed.CONTAINERS, Listed.IMAGES, Listed.SERVICES}),
    id_form=IMAGE_ID,
)
