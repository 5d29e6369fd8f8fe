"""A team's own fixtures on top of reaper's: nothing in here removes anything, and nothing leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import images
import nodes
import pytest
import yaml
from nodes import NodeArgs, ScyllaNode

from reaper.fixtures.events import Stream, following

HERE = Path(__file__).parent


def pytest_reaper_services() -> Mapping[str, Callable[[], str | None]]:
    """Tests of CQL itself need the real thing."""

    def scylla() -> str | None:
        if images.SCYLLA in images.STAND_INS:
            return "set SCYLLA_IMAGE to an image of ScyllaDB's: the stand-in speaks no CQL"
        return None if find_spec("cassandra") else "pip install scylla-driver"

    return {"scylla": scylla}


@pytest.fixture
def docker_scylla(container: Any, request: pytest.FixtureRequest, tmp_path: Path) -> ScyllaNode:
    """A node of ScyllaDB's, as the mark docker_scylla_args says."""
    return nodes.start(container, NodeArgs.of(request.node), tmp_path)


@pytest.fixture
def docker_scylla_2(
    docker_scylla: ScyllaNode, container: Any, request: pytest.FixtureRequest, tmp_path: Path
) -> ScyllaNode:
    """A second node that joins the first."""
    args = NodeArgs.of(request.node)
    return nodes.start(container, args, tmp_path, seeds=docker_scylla.ip_address)


@pytest.fixture
def docker_vector_store(
    docker_scylla: ScyllaNode, container: Any, request: pytest.FixtureRequest
) -> Any:
    """The vector store of the node; None unless the mark names its image."""
    args = NodeArgs.of(request.node)
    if args.vs_docker_image is None:
        return None
    return container(
        image=args.vs_docker_image,
        ports=[6080],
        network=True if args.docker_network else None,
        env={"VECTOR_STORE_SCYLLADB_URI": f"{docker_scylla.ip_address}:{nodes.CQL}"},
        ready=6080,
        within=nodes.READY_WITHIN_S,
    )


@pytest.fixture
def docker_kafka(container: Any) -> Any:
    """A broker."""
    return container(image=images.KAFKA, ports=[9092], ready=9092, within=nodes.READY_WITHIN_S)


@pytest.fixture
def params(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The configuration of the files that the mark sct_config names; the later goes before."""
    mark = request.node.get_closest_marker("sct_config")
    asked = mark.kwargs["files"] if mark else []
    files = [asked] if isinstance(asked, str) else list(asked)
    monkeypatch.setenv("SCT_CONFIG_FILES", str(files))
    monkeypatch.setenv("SCT_CLUSTER_BACKEND", "docker")
    merged: dict[str, Any] = {"cluster_backend": "docker"}
    for file in files:
        merged.update(yaml.safe_load((HERE / file).read_text()) or {})
    return merged


@pytest.fixture(scope="module")
def events() -> Iterator[Stream]:
    """What becomes of the resources of the module's tests."""
    with following() as stream:
        yield stream


@pytest.fixture
def events_function_scope() -> Iterator[Stream]:
    """What becomes of the resources of one test."""
    with following() as stream:
        yield stream
