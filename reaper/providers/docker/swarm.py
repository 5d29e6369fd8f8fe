"""What a swarm adds, on its managers: services, and the secrets and configs they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reaper.model import Edge, Kind, Ref, Relation, Resource
from reaper.providers.docker.client import EngineClient
from reaper.providers.docker.names import (
    CONFIG,
    CONTAINER,
    NETWORK,
    SECRET,
    SERVICE,
    SWARM_ID,
    VOLUME,
)
from reaper.providers.docker.networks import targets
from reaper.providers.docker.surroundings import Listed, Surroundings, first_name
from reaper.providers.docker.verbs import Item, Verbs, label_filter, parse_time
from reaper.providers.docker.volumes import sources
from reaper.providers.protocol import Answer, Reply


def _labels(item: Item) -> Mapping[str, str]:
    return dict((item.get("Spec") or {}).get("Labels") or {})


def _describe_service(item: Item, around: Surroundings) -> Resource:
    """A service's deletion is answered at once, and its containers end some seconds later."""
    edges = (
        *_tasks(str(item["ID"]), around),
        *_networks_used(item, around),
        *(_uses(around.ref(SECRET, id_), name) for id_, name in given(item, "Secret")),
        *(_uses(around.ref(CONFIG, id_), name) for id_, name in given(item, "Config")),
        *(_uses(around.ref(VOLUME, name), name) for name in sorted(sources(item))),
    )
    return _resource(SERVICE, item, around, edges, _SERVICE_NEEDS)


def _describe_secret(item: Item, around: Surroundings) -> Resource:
    return _resource(SECRET, item, around, _users(item, "Secret", around), _GIVEN_NEEDS)


def _describe_config(item: Item, around: Surroundings) -> Resource:
    return _resource(CONFIG, item, around, _users(item, "Config", around), _GIVEN_NEEDS)


def given(service: Item, what: str) -> tuple[tuple[str, str], ...]:
    """The secrets or configs (ID, name) of a service; `what` is `Secret` or `Config`."""
    template = (service.get("Spec") or {}).get("TaskTemplate") or {}
    container = template.get("ContainerSpec") or {}
    found = [(g.get(f"{what}ID"), g.get(f"{what}Name")) for g in container.get(f"{what}s") or ()]
    if what == "Config":
        credential = (container.get("Privileges") or {}).get("CredentialSpec") or {}
        found.append((credential.get("Config"), None))
    return tuple((str(id_), str(name or id_)) for id_, name in found if id_)


def _resource(
    kind: str,
    item: Item,
    around: Surroundings,
    edges: Sequence[Edge],
    needs: frozenset[Listed],
) -> Resource:
    created = parse_time(item.get("CreatedAt"))
    return Resource(
        ref=around.ref(kind, str(item["ID"])),
        name=(item.get("Spec") or {}).get("Name"),
        tags=_labels(item),
        created=created,
        edges=tuple(dict.fromkeys(edges)),
        unread=around.unread(
            *needs, also=(None if created else "the engine tells no creation time",)
        ),
    )


def _uses(ref: Ref, name: str) -> Edge:
    return Edge(relation=Relation.USES, other=ref, name=name)


def _tasks(service: str, around: Surroundings) -> Iterator[Edge]:
    """The containers of its tasks here. The swarm says so: a label could be anybody's."""
    here = {str(item["Id"]): first_name(item) for item in around.all(Listed.CONTAINERS)}
    for task in around.all(Listed.TASKS):
        status = (task.get("Status") or {}).get("ContainerStatus") or {}
        container = str(status.get("ContainerID") or "")
        if task.get("ServiceID") == service and container in here:
            yield Edge(
                relation=Relation.MADE,
                other=around.ref(CONTAINER, container),
                name=here[container],
            )


def _networks_used(item: Item, around: Surroundings) -> Iterator[Edge]:
    for target in sorted(targets(item)):
        for id_ in around.networks_called(target) or [target]:
            yield _uses(around.ref(NETWORK, id_), target)


def _users(item: Item, what: str, around: Surroundings) -> tuple[Edge, ...]:
    return tuple(
        Edge(
            relation=Relation.USED_BY,
            other=around.ref(SERVICE, str(service["ID"])),
            name=(service.get("Spec") or {}).get("Name"),
        )
        for service in around.all(Listed.SERVICES)
        if any(id_ == item["ID"] for id_, _ in given(service, what))
    )


def _service_delete(client: EngineClient, resource: Resource) -> Answer:
    client.remove_service(resource.ref.id)  # type: ignore[no-untyped-call]  # bare in types-docker
    return Answer(reply=Reply.DONE)


def _secret_delete(client: EngineClient, resource: Resource) -> Answer:
    client.remove_secret(resource.ref.id)
    return Answer(reply=Reply.DONE)


def _config_delete(client: EngineClient, resource: Resource) -> Answer:
    client.remove_config(resource.ref.id)  # type: ignore[no-untyped-call]  # bare in types-docker
    return Answer(reply=Reply.DONE)


def _ref(kind: str) -> Callable[[str, Item], Ref]:
    return lambda scope, item: Ref(kind=kind, scope=scope, id=str(item["ID"]))


def _listed(listing: Callable[..., Iterable[Mapping[str, Any]]], key: str | None) -> Sequence[Item]:
    return [dict(item) for item in listing(filters=label_filter(key))]


_SERVICE_NEEDS = frozenset({Listed.CONTAINERS, Listed.NETWORKS, Listed.TASKS})
_GIVEN_NEEDS = frozenset({Listed.SERVICES})

SERVICES = Verbs(
    kind=Kind(name=SERVICE),
    list=lambda client, key: _listed(client.services, key),
    ref=_ref(SERVICE),
    labels=_labels,
    inspect=lambda client, id_: dict(client.inspect_service(id_)),  # type: ignore[no-untyped-call]  # bare in types-docker
    describe=_describe_service,
    delete=_service_delete,
    needs=_SERVICE_NEEDS,
    id_form=SWARM_ID,
    swarm=True,
)
SECRETS = Verbs(
    kind=Kind(name=SECRET, after=(SERVICE,)),
    list=lambda client, key: _listed(client.secrets, key),
    ref=_ref(SECRET),
    labels=_labels,
    inspect=lambda client, id_: dict(client.inspect_secret(id_)),
    describe=_describe_secret,
    delete=_secret_delete,
    needs=_GIVEN_NEEDS,
    id_form=SWARM_ID,
    swarm=True,
)
CONFIGS = Verbs(
    kind=Kind(name=CONFIG, after=(SERVICE,)),
    list=lambda client, key: _listed(client.configs, key),
    ref=_ref(CONFIG),
    labels=_labels,
    inspect=lambda client, id_: dict(client.inspect_config(id_)),  # type: ignore[no-untyped-call]  # bare in types-docker
    describe=_describe_config,
    delete=_config_delete,
    needs=_GIVEN_NEEDS,
    id_form=SWARM_ID,
    swarm=True,
)
