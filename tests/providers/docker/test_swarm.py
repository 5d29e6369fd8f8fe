"""Services, secrets and configs on an engine that manages a swarm."""

from __future__ import annotations

import time
from collections.abc import Iterator

import docker
import pytest

from reaper.model import Cell, Relation
from reaper.providers.protocol import Absent, Provider, Query, Reply
from tests.providers.docker.conftest import Bench, look, others, see

pytestmark = pytest.mark.docker


class Stack:
    """One service with everything that a service can have."""

    def __init__(self, bench: Bench) -> None:
        api = bench.api
        labels = bench.labels()
        self.network = bench.network("overlay", driver="overlay")
        self.secret = api.create_secret(bench.name("s"), b"x", labels=labels)["ID"]
        self.config = api.create_config(bench.name("c"), b"x", labels=labels)["ID"]
        self.volume = bench.volume()
        made = bench.client.services.create(
            bench.image,
            ["sleep", "600"],
            name=bench.name("svc"),
            labels=labels,
            container_labels=labels,
            networks=[self.network],
            secrets=[docker.types.SecretReference(self.secret, bench.name("s"))],
            configs=[docker.types.ConfigReference(self.config, bench.name("c"))],
            mounts=[f"{self.volume}:/v"],
            stop_grace_period=0,
        )
        self.service = str(made.id)
        self.container = _task_of(bench)


def _task_of(bench: Bench) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        ours = {"label": [bench.key], "status": ["running"]}
        for container in bench.api.containers(filters=ours):
            return str(container["Id"])
        time.sleep(0.2)
    raise AssertionError("the service started no task")


def _wait_until_the_swarm_is_settled(bench: Bench) -> None:
    # An engine that is joining or leaving cannot tell which services there are.
    end = time.monotonic() + 60
    while time.monotonic() < end:
        swarm = bench.client.info()["Swarm"]
        if swarm["LocalNodeState"] == "inactive" or swarm["ControlAvailable"]:
            return
        time.sleep(0.2)


@pytest.fixture
def stack(swarm: docker.DockerClient, bench: Bench) -> Iterator[Stack]:
    yield Stack(bench)
    for service in bench.api.services(filters={"label": [bench.key]}):
        bench.api.remove_service(service["ID"])
    end = time.monotonic() + 60
    while bench.api.containers(all=True, filters={"name": [bench.name("svc")]}):
        assert time.monotonic() < end, "the service's tasks did not end"
        time.sleep(0.2)
    for secret in bench.api.secrets(filters={"label": [bench.key]}):
        bench.api.remove_secret(secret["ID"])
    for config in bench.api.configs(filters={"label": [bench.key]}):
        bench.api.remove_config(config["ID"])


def test_what_a_service_has_is_known_from_both_ends_and_goes_in_order(
    stack: Stack, bench: Bench, provider: Provider, cell: Cell
) -> None:
    """One test for all of it: a swarm is slow to start."""
    index = provider.index(cell, Query(keys=(bench.key,)))
    assert index.gaps == ()
    assert {ref.id for ref in index.candidates} == {
        stack.service,
        stack.container,
        stack.network,
        stack.volume,
        stack.secret,
        stack.config,
    }

    service = see(provider, cell, "docker:service", stack.service)
    container = see(provider, cell, "docker:container", stack.container)
    assert service.name == bench.name("svc")
    assert service.tags == {bench.key: "1"}
    assert service.created is not None
    assert service.unread is None
    assert others(service, Relation.MADE) == {stack.container}
    assert others(service, Relation.USES) == {
        stack.network,
        stack.secret,
        stack.config,
        stack.volume,
    }
    assert others(container, Relation.CONTROLLED_BY) == {stack.service}
    for kind, id_ in [
        ("docker:network", stack.network),
        ("docker:volume", stack.volume),
        ("docker:secret", stack.secret),
        ("docker:config", stack.config),
    ]:
        resource = see(provider, cell, kind, id_)
        assert stack.service in others(resource, Relation.USED_BY)
        answer = provider.delete(cell, resource)
        assert answer.reply is Reply.IN_USE, answer
        assert answer.blockers

    for kind in ("docker:service", "docker:secret", "docker:config"):
        assert provider.control(cell, kind) is None

    assert provider.delete(cell, service).reply is Reply.DONE
    assert isinstance(look(provider, cell, "docker:service", stack.service), Absent)
    assert provider.delete(cell, service).reply is Reply.ABSENT
    left = look(provider, cell, "docker:container", stack.container)
    if not isinstance(left, Absent):
        # Nothing controls it any more, however long its end takes.
        assert others(left, Relation.CONTROLLED_BY) == set()  # type: ignore[arg-type]  # a task that just ended reads whole
        gone = provider.delete(cell, left).reply  # type: ignore[arg-type]  # as above
        assert gone in {Reply.DONE, Reply.STARTED, Reply.ABSENT}
    for kind, id_ in [("docker:secret", stack.secret), ("docker:config", stack.config)]:
        resource = see(provider, cell, kind, id_)
        assert provider.delete(cell, resource).reply is Reply.DONE
        assert provider.delete(cell, resource).reply is Reply.ABSENT
        assert isinstance(look(provider, cell, kind, id_), Absent)
    network = see(provider, cell, "docker:network", stack.network)
    assert provider.delete(cell, network).reply is Reply.STARTED
    again = provider.delete(cell, network).reply
    assert again in {Reply.STARTED, Reply.ABSENT}
    end = time.monotonic() + 60
    while not isinstance(look(provider, cell, "docker:network", stack.network), Absent):
        assert time.monotonic() < end, "the node kept its copy of the network"
        time.sleep(0.5)


def test_a_container_with_somebody_elses_service_label_is_not_that_services(
    stack: Stack, bench: Bench, provider: Provider, cell: Cell
) -> None:
    impostor = bench.container(labels={"com.docker.swarm.service.id": stack.service})

    service = see(provider, cell, "docker:service", stack.service)

    assert impostor not in others(service, Relation.MADE)


def test_a_label_that_outlived_its_swarm_names_no_controller(
    bench: Bench, provider: Provider, cell: Cell
) -> None:
    _wait_until_the_swarm_is_settled(bench)
    id_ = bench.container(labels={"com.docker.swarm.service.id": "a" * 25})

    resource = see(provider, cell, "docker:container", id_)

    assert others(resource, Relation.CONTROLLED_BY) == set()
